"""The GRM as its own meta RM: asked in one more turn whether its judgment is right."""

from collections.abc import Sequence
from contextlib import aclosing

from grm_core import contexts, prompts
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, UsageError
from grm_core.plan import Reading
from grm_core.types import Message, Params, Request

_FIRST = 20
"""Likeliest first tokens that are told: the most that a vLLM server allows unless told otherwise."""


class SelfMetaRM:
    """The GRM that wrote a judgment, asked in one more turn whether it is right: log P(Yes) - log P(No).

    Prompt and judgment are in the engine's prefix cache, so that little more than the question is computed. A sample
    of the single context is asked about response by response, and its logit is the mean.
    """

    name = "self"

    def __init__(self, engine: Engine) -> None:
        """`engine` stays the caller's: it is neither started nor closed here."""
        self._engine = engine

    async def check(self) -> None:
        """Raise EngineError where the engine does not tell how likely the first token of a reply is."""
        await self._answers([(Message("user", "Is 2 + 2 = 4? Answer Yes or No."),)])

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """One logit per reading, in their order. Raises EngineError when the engine does not tell it."""
        asked = [conversations(reading) for reading in readings]
        found = iter(await self._answers([turns for each in asked for turns in each]))
        return [sum(next(found) for _ in each) / len(each) for each in asked]

    async def close(self) -> None:
        """Nothing is held."""

    async def _answers(self, asked: Sequence[tuple[Message, ...]]) -> list[float]:
        params = Params(temperature=0.0, max_tokens=1, first=_FIRST)
        requests = [Request(f"self/{place}", turns, params, 0) for place, turns in enumerate(asked)]
        found: dict[str, float] = {}
        async with aclosing(self._engine.generate(requests)) as replies:
            async for reply in replies:
                if isinstance(reply.result, EngineError):
                    raise reply.result
                found[reply.key] = yes_over_no(reply.result.first)
        return [found[request.key] for request in requests]


def conversations(reading: Reading) -> list[tuple[Message, ...]]:
    """What the GRM is asked about its own judgment: one conversation, or in the single context one a response."""
    plan, example = reading.plan, reading.example
    if plan is None:
        raise UsageError("the meta RM `self` has to know how the GRM was asked")
    question = Message("user", contexts.QUESTION)
    if not plan.single:
        shown = prompts.fill(plan.template, example, reading.order, plan.principles)
        return [(*shown, Message("assistant", prompts.harmless(reading.text)), question)]
    principles, parts = contexts.parts(reading.text, len(example.responses))
    told = [Message("assistant", prompts.harmless(contexts.judgment(principles, part))) for part in parts]
    template = prompts.alone(plan.template, example)
    return [(*prompts.fill(template, example, (own,)), each, question) for own, each in enumerate(told)]


def yes_over_no(first: Sequence[tuple[str, float]]) -> float:
    """log P(Yes) - log P(No) of a reply's first token; one that is not listed is as likely as the last that is."""
    if not first:
        raise EngineError(
            "this server tells no token probabilities, which --meta self needs", hint="Use another --meta, or none."
        )
    least = min(chance for _, chance in first)
    yes, no = (max((c for token, c in first if token.strip() == word), default=least) for word in ("Yes", "No"))
    return yes - no
