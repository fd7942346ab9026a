"""Example + template + engine + k -> a stream of samples.

Samples that see the same order of responses travel as one request with n, requests in lexicographic order of what is
shown: a vLLM server then prefills each distinct prompt once and finds its prefix in the cache.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import groupby

from grm_core import prompts, shuffling, verdicts
from grm_core.engines.base import Engine, OnText, Sizer
from grm_core.errors import EngineError, UsageError
from grm_core.parsing import PARSER_VERSION, parse
from grm_core.prompts import Template
from grm_core.shuffling import Slot
from grm_core.types import Completion, Example, Params, Parsed, ParseStatus, Request, Sample

K_MAX = 1024
N_MAX = 32
_LEAST_ROOM = 256
"""Tokens a completion needs at least: principles, a critique and the scores of a few responses."""
_SPARE = 16
"""Two orders of the same responses may differ by a few tokens where they meet."""


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """What to sample."""

    example: Example
    template: Template
    params: Params
    k: int
    seed: int = 0
    order: str = "random"
    session_id: str = ""
    have: frozenset[int] = frozenset()
    """Indices that exist already and are not sampled again."""
    principles: tuple[str, ...] = ()
    """Principles given by the user; empty when the GRM generates its own."""


def check(example: Example, k: int, n_max: int = N_MAX) -> None:
    """Raise UsageError unless the example can be judged with k samples: a query, 1..n_max responses, k in 1..1024."""
    if not 1 <= k <= K_MAX:
        raise UsageError(f"k is {k}; it must be a whole number from 1 to {K_MAX}")
    if not any(message.content.strip() for message in example.query):
        raise UsageError("the query is empty; write what the responses answer")
    if not 1 <= len(example.responses) <= n_max:
        raise UsageError(f"{len(example.responses)} responses given; there must be 1 to {n_max}")
    for number, response in enumerate(example.responses, 1):
        if not response.strip():
            raise UsageError(f"response {number} is empty; fill it in or remove it")
    if example.labels is not None and len(example.labels) != len(example.responses):
        raise UsageError(f"{len(example.labels)} labels for {len(example.responses)} responses")


async def fit(engine: Sizer, plan: SamplingPlan) -> SamplingPlan:
    """The plan with max_tokens lowered to what the model's context leaves beside the prompt.

    For an engine whose model was not trained as a judge, structured output enforces the format.
    Raises UsageError with the token counts, before any completion is asked for, when too little is left.
    """
    n = len(plan.example.responses)
    prompts.check_count(plan.template.name, n)
    if engine.untrained and plan.params.regex is None:
        held = replace(plan.params, regex=prompts.structure_of(plan.template.name, n, bool(plan.principles)))
        plan = replace(plan, params=held)
    messages = prompts.fill(plan.template, plan.example, range(n), plan.principles)
    size = await engine.prompt_size(messages)
    if size is None:
        return plan
    room = size.limit - size.tokens - _SPARE
    if room < min(_LEAST_ROOM, plan.params.max_tokens):
        raise UsageError(
            f"the prompt is {size.tokens:,} tokens long and {engine.model} reads {size.limit:,}, completion included; "
            "shorten the query or the responses, or use a model with a longer context"
        )
    return replace(plan, params=replace(plan.params, max_tokens=min(room, plan.params.max_tokens)))


async def sample(engine: Engine, plan: SamplingPlan, on_text: OnText | None = None) -> AsyncGenerator[Sample, None]:
    """Yield the plan's missing samples as they finish, in any order.

    A sample whose completion could not be had carries `.error`; the others go on. Closing the iterator frees the
    engine. Raises UsageError when the example cannot be judged or its prompt does not fit.
    """
    check(plan.example, plan.k)
    async with aclosing(stream(engine, await fit(engine, plan), on_text)) as arriving:
        async for each in arriving:
            yield each


async def stream(engine: Engine, plan: SamplingPlan, on_text: OnText | None = None) -> AsyncGenerator[Sample, None]:
    """What `sample` does with a plan that was checked and fitted already."""
    asked = requests(plan)
    waiting = {request.key: slots for request, slots in asked}
    async with aclosing(engine.generate([request for request, _ in asked], on_text)) as replies:
        async for reply in replies:
            slot = waiting[reply.key][reply.child]
            yield sampled(plan.session_id, plan.example.id, plan.template.name, slot, reply.result)


def requests(plan: SamplingPlan) -> list[tuple[Request, list[Slot]]]:
    """The plan's missing samples as requests, each with the slots that its completions 0..n-1 fill."""
    slots = shuffling.plan(len(plan.example.responses), plan.k, plan.seed, plan.example.id, plan.order)
    missing = [slot for slot in slots if slot.index not in plan.have]
    return [(_request(plan, group), group) for group in _groups(missing)]


def request_key(example_id: str, order: Iterable[int], seed: int) -> str:
    """The name of a request: what it shows, in which order, and the seed of its first completion.

    A sample keeps the name under which it alone would be asked for: which others travelled with it depends on what a
    stopped run had already, and a run that was stopped is to end with the same bytes as one that was not.
    """
    return f"{example_id}|{'-'.join(map(str, order))}|{seed}"


def _groups(slots: list[Slot]) -> list[list[Slot]]:
    """Slots of one order and consecutive seeds, together; groups in lexicographic order."""
    ranked = sorted(slots, key=lambda slot: (slot.order, slot.seed))
    # Seeds that rise in step with their place belong to one run of consecutive seeds.
    runs = groupby(enumerate(ranked), key=lambda placed: (placed[1].order, placed[1].seed - placed[0]))
    return [[slot for _, slot in run] for _, run in runs]


def _request(plan: SamplingPlan, group: list[Slot]) -> Request:
    order, seed = group[0].order, group[0].seed
    messages = prompts.fill(plan.template, plan.example, order, plan.principles)
    return Request(request_key(plan.example.id, order, seed), messages, plan.params, seed, len(group))


def sampled(session_id: str, example_id: str, template: str, slot: Slot, result: Completion | EngineError) -> Sample:
    """The sample that an answer to a template makes of its slot; one without a completion carries the error."""
    if isinstance(result, EngineError):
        completion, error, parsed = None, str(result), Parsed(ParseStatus.EMPTY, version=PARSER_VERSION)
    else:
        completion, error = result, None
        parsed = read(result, len(slot.order), template)
    return Sample(
        id=f"{session_id}/{slot.index}",
        session_id=session_id,
        index=slot.index,
        order=slot.order,
        seed=slot.seed,
        request_key=request_key(example_id, slot.order, slot.seed),
        completion=completion,
        error=error,
        parsed=parsed,
    )


def read(completion: Completion, n: int, template: str = "") -> Parsed:
    """Parse a completion that scores n responses, or names the best of them where the template asks for that."""
    return reader(template)(completion.text, n, completion.finish_reason)


def reader(template: str) -> Callable[[str, int, str | None], Parsed]:
    """What reads the completions of a template: text, n, finish reason -> Parsed."""
    return verdicts.parse if template in prompts.LETTERED else parse
