"""The GRM as its own meta RM: asked whether its judgment is right, or held to the verdicts that it expected."""

from collections.abc import Sequence
from contextlib import aclosing
from itertools import combinations

from grm_core import contexts, openings, prompts
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, UsageError
from grm_core.plan import Reading, SamplingPlan
from grm_core.types import Message, Request

OWN = ("self", "expected")


class OwnMetaRM:
    """The GRM that wrote a judgment as its own meta RM, in one of two ways: `self` and `expected`.

    `self` asks in one more turn whether the judgment is right: log P(Yes) - log P(No). Prompt and judgment are in the
    engine's prefix cache, so that little more than the question is computed. A sample of the single context is asked
    about response by response, and its logit is the mean.

    `expected` tells how far a judgment's scores agree with the verdicts that the GRM expected before it criticised,
    for samples of the single context by a GRM that opens every critique with a verdict word. Per response the expected
    level is the mean of 4 (Excellent) .. 0 (Bad) under the probabilities of the five words at that place; the logit is
    the mean over pairs of responses of the level expected of the one with the higher score less that of the other. One
    token a response is computed for all samples of an item, the rest is in the engine's prefix cache.
    """

    def __init__(self, engine: Engine, name: str = "self") -> None:
        """`name` is one of OWN; `engine` stays the caller's: it is neither started nor closed here."""
        self._engine, self.name = engine, name

    async def check(self) -> None:
        """Raise EngineError where the engine does not tell how likely the first token of a reply is."""
        question = (Message("user", "Is 2 + 2 = 4? Answer Yes or No."),)
        for first in await _firsts(self._engine, [Request(self.name, question, openings.ONE, 0)]):
            _check_probabilities(first, self.name)

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """One logit per reading, in their order. Raises EngineError when the engine does not tell it."""
        return await (_asked if self.name == "self" else _held_to)(self._engine, readings)

    async def close(self) -> None:
        """Nothing is held."""


async def _asked(engine: Engine, readings: Sequence[Reading]) -> list[float]:
    """The logits of `self`."""
    chats = [conversations(reading) for reading in readings]
    turns = [each for conversation in chats for each in conversation]
    requests = [Request(f"self/{place}", each, openings.ONE, 0) for place, each in enumerate(turns)]
    answers = iter([yes_over_no(first) for first in await _firsts(engine, requests)])
    return [sum(next(answers) for _ in each) / len(each) for each in chats]


async def _held_to(engine: Engine, readings: Sequence[Reading]) -> list[float]:
    """The logits of `expected`."""
    plans = [_plan(reading) for reading in readings]
    alike = {(plan.example, plan.principles): plan for plan in plans}
    requests = [openings.requests(plan, f"expected/{place}") for place, plan in enumerate(alike.values())]
    firsts = iter(await _firsts(engine, [each for some in requests for each in some]))
    levels = {key: [expected_level(next(firsts)) for _ in plan.example.responses] for key, plan in alike.items()}
    return [
        agreement(levels[plan.example, plan.principles], _scores(reading))
        for plan, reading in zip(plans, readings, strict=True)
    ]


def _check_probabilities(first: Sequence[tuple[str, float]], name: str) -> None:
    if not first:
        raise EngineError(
            f"this server tells no token probabilities, which --meta {name} needs", hint="Use another --meta, or none."
        )


async def _firsts(engine: Engine, requests: Sequence[Request]) -> list[tuple[tuple[str, float], ...]]:
    """The likeliest first tokens of every reply with their log-probabilities, by request."""
    firsts: dict[str, tuple[tuple[str, float], ...]] = {}
    async with aclosing(engine.generate(requests)) as replies:
        async for reply in replies:
            if isinstance(reply.result, EngineError):
                raise reply.result
            firsts[reply.key] = tuple(reply.result.first)
    return [firsts[request.key] for request in requests]


def _plan(reading: Reading) -> SamplingPlan:
    """The plan of a reading whose critiques open with verdict words; UsageError where they do not."""
    plan = reading.plan
    if plan is None or not (plan.single and plan.opens):
        raise UsageError(
            "the meta RM `expected` needs a GRM that judges one response at a time and opens each critique with a "
            "verdict word; use another --meta, or none"
        )
    return plan


def _scores(reading: Reading) -> list[int]:
    parsed = contexts.read(reading.text, len(reading.example.responses))
    if parsed.shown_scores is None:
        raise UsageError("the meta RM `expected` reads judgments whose scores can be read")
    return list(parsed.shown_scores)


def expected_level(first: Sequence[tuple[str, float]]) -> float:
    """The level 4 (Excellent) .. 0 (Bad) expected of a reply's first token; a word that is not listed counts nothing.

    Raises EngineError where none of the five words is among the tokens.
    """
    _check_probabilities(first, "expected")
    chances = openings.chances(first)
    if not sum(chances):
        raise EngineError(
            "this GRM opens its critiques with no verdict word, which --meta expected needs",
            hint="Use another --meta, or none.",
        )
    return openings.expected_level(chances)


def agreement(levels: Sequence[float], scores: Sequence[int]) -> float:
    """Mean over pairs of responses of the difference in level that the scores' order claims; with a tie 0.

    With one response: minus how far the level of its score is from the expected one.
    """
    if len(scores) == 1:
        return -abs(levels[0] - (scores[0] - 1) / 2.25)
    pairs = list(combinations(range(len(scores)), 2))
    signs = [(scores[i] > scores[j]) - (scores[i] < scores[j]) for i, j in pairs]
    return sum(sign * (levels[i] - levels[j]) for sign, (i, j) in zip(signs, pairs, strict=True)) / len(pairs)


def conversations(reading: Reading) -> list[tuple[Message, ...]]:
    """The questions to the GRM about its own judgment: one conversation, or in the single context one a response."""
    plan, example = reading.plan, reading.example
    if plan is None:
        raise UsageError("the meta RM `self` has to know how the GRM was asked")
    if plan.apart:
        raise UsageError("the meta RM `self` cannot ask about samples that are put together of several replies")
    question = Message("user", contexts.QUESTION)
    if not plan.single:
        shown = prompts.fill(plan.template, example, reading.order, plan.principles)
        return [(*shown, Message("assistant", prompts.harmless(reading.text)), question)]
    principles, parts = contexts.parts(reading.text, len(example.responses))
    turns = [Message("assistant", prompts.harmless(contexts.judgment(principles, part))) for part in parts]
    template = prompts.alone(plan.template, example)
    return [(*prompts.fill(template, example, (own,)), each, question) for own, each in enumerate(turns)]


def yes_over_no(first: Sequence[tuple[str, float]]) -> float:
    """log P(Yes) - log P(No) of a reply's first token; one that is not listed is as likely as the last that is."""
    _check_probabilities(first, "self")
    least = min(chance for _, chance in first)
    yes, no = (max((c for token, c in first if token.strip() == word), default=least) for word in ("Yes", "No"))
    return yes - no
