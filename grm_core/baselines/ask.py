"""Completions for the generative baselines: one call of the engine for many items, so that it can batch them."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from grm_core import prompts, sampling
from grm_core.engines.base import Engine, Prober
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.sampling import SamplingPlan
from grm_core.shuffling import Slot
from grm_core.types import Completion, Example, Message, Params, Request

JUDGE, CRITIQUE = "judge", "critique"
"""Names of the templates."""
VOTES = ("majority", "probability")
MOST_NAMED = 9
"""Responses whose index is surely one token, as the token-probability vote needs it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a generative baseline is asked."""

    k: int
    seed: int = 0
    params: Params = field(default_factory=Params)
    vote: str = "majority"
    """Of judges: majority counts the names, probability adds up the probabilities of the names."""
    order: str = "random"
    """How responses are shuffled, see shuffling.plan."""
    template: str = JUDGE
    """Of judges: `judge` has the best response boxed by its number, `verdict` named by its letter."""


class Answer(NamedTuple):
    """One completion and what was asked."""

    slot: Slot
    messages: tuple[Message, ...]
    completion: Completion


Answers = list[Answer] | GRMError
"""All k answers by index; an item of which one could not be had is told as the error and judged another time."""


async def answers(engine: Engine, examples: Sequence[Example], template: str, settings: Settings) -> list[Answers]:
    """k completions for each of the examples, in their order, responses shuffled anew for every one.

    The ids of the examples must differ. Judges that were not trained for the template are held to its format.
    """
    plans = [await _plan(engine, example, template, settings) for example in examples]
    waiting: dict[str, tuple[int, Request, list[Slot]]] = {}
    by_example: list[list[Answer]] = [[] for _ in examples]
    failed: dict[int, GRMError] = {}
    for place, plan in enumerate(plans):
        if isinstance(plan, GRMError):
            failed[place] = plan
            continue
        waiting |= {request.key: (place, request, slots) for request, slots in sampling.requests(plan)}
    async with aclosing(engine.generate([request for _, request, _ in waiting.values()])) as replies:
        async for reply in replies:
            place, request, slots = waiting[reply.key]
            if isinstance(reply.result, EngineError):
                failed.setdefault(place, reply.result)
            else:
                by_example[place].append(Answer(slots[reply.child], request.messages, reply.result))
    return [failed.get(place) or sorted(each, key=lambda one: one.slot.index) for place, each in enumerate(by_example)]


def needed(answers: Answers) -> list[Answer]:
    """The answers; raises the error that stands in their place."""
    if isinstance(answers, GRMError):
        raise answers
    return answers


def tokens(answers: Sequence[Answer]) -> int:
    """Tokens that were generated for these answers."""
    return sum(answer.completion.completion_tokens for answer in answers)


async def probabilities(
    engine: Engine, messages: Sequence[Message], begun: str, n: int, template: str = JUDGE
) -> tuple[float, ...]:
    """Probability of each response's name as the token after `begun`; raises what the engine's `probe` does."""
    return await _prober(engine).probe(messages, begun, prompts.called(template, n))


def check_vote(engine: Engine, settings: Settings) -> None:
    """Raise UsageError for an unknown vote or template, and where this engine cannot tell wanted probabilities."""
    if settings.template not in (JUDGE, *prompts.LETTERED):
        raise UsageError(f"template {settings.template!r} names no best response; judge and verdict do")
    if settings.vote not in VOTES:
        raise UsageError(f"vote is {settings.vote!r}; it must be one of {', '.join(VOTES)}")
    if settings.vote == "probability":
        _prober(engine)


def check_choice(example: Example, vote: str) -> None:
    """Raise UsageError unless a judge can choose among the responses."""
    n = len(example.responses)
    if n < 2:
        raise UsageError(f"{n} response: a judge that names the best one needs at least 2; use scalar or semi-scalar")
    if vote == "probability" and n > MOST_NAMED:
        raise UsageError(f"{n} responses: the vote by probability reads at most {MOST_NAMED}")


def _prober(engine: Engine) -> Prober:
    if not isinstance(engine, Prober):
        raise UsageError(f"the {engine.name} engine tells no token probabilities; use hf, managed or a server")
    return engine


async def _plan(engine: Engine, example: Example, template: str, settings: Settings) -> SamplingPlan | GRMError:
    params = settings.params
    try:
        sampling.check(example, settings.k)
        if template != CRITIQUE:
            check_choice(example, settings.vote)
        if engine.untrained or engine.style:  # a GRM of ours knows the format of scores and no other
            n = len(example.responses)
            regex = prompts.critique_structure() if template == CRITIQUE else prompts.structure_of(template, n)
            params = replace(params, regex=regex)
        plan = SamplingPlan(example, prompts.load(template), params, settings.k, settings.seed, settings.order)
        return await sampling.fit(engine, plan)
    except GRMError as error:
        return error
