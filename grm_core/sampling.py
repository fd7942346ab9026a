"""Example + template + engine + k -> a stream of samples.

Samples that see the same order of responses travel as one request with n, requests in lexicographic order of what is
shown: a vLLM server then prefills each distinct prompt once and finds its prefix in the cache.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from grm_core import apart_context, prompts, single_context
from grm_core.engines.base import Engine, OnText, Sizer
from grm_core.engines.replay import ReplayEngine
from grm_core.errors import EngineError, UsageError
from grm_core.families import FAMILIES
from grm_core.plan import SamplingPlan as SamplingPlan
from grm_core.plan import grouped, request_key
from grm_core.readers import reader
from grm_core.reading.parsing import PARSER_VERSION, answered
from grm_core.shuffling import Slot
from grm_core.types import N_MAX, Completion, Example, Parsed, ParseStatus, Request, Sample

K_MAX = 1024
_LEAST_ROOM = 256
"""Tokens a completion needs at least: principles, a critique and the scores of a few responses."""
_SPARE = 16
"""Two orders of the same responses may differ by a few tokens where they meet."""


def check(example: Example, k: int, n_max: int = N_MAX, blanks: bool = False) -> None:
    """Raise UsageError unless the example can be judged with k samples: a query, 1..n_max responses, k in 1..1024.

    `blanks`: a response may be empty, as where its model wrote nothing, but not all of them.
    """
    if not 1 <= k <= K_MAX:
        raise UsageError(f"k is {k}; it must be a whole number from 1 to {K_MAX}")
    if not any(message.content.strip() for message in example.query):
        raise UsageError("the query is empty; write what the responses answer")
    if not 1 <= len(example.responses) <= n_max:
        raise UsageError(f"{len(example.responses)} responses given; there must be 1 to {n_max}")
    empty = [number for number, response in enumerate(example.responses, 1) if not response.strip()]
    if len(empty) == len(example.responses) and blanks:
        raise UsageError("all responses are empty; there is nothing to judge")
    if empty and not blanks:
        raise UsageError(f"response {empty[0]} is empty; fill it in or remove it")
    if example.labels is not None and len(example.labels) != len(example.responses):
        raise UsageError(f"{len(example.labels)} labels for {len(example.responses)} responses")


async def fit(engine: Sizer, plan: SamplingPlan) -> SamplingPlan:
    """The plan with max_tokens lowered to what the model's context leaves beside the prompt.

    For an engine whose model was not trained as a judge, structured output enforces the format.
    Raises UsageError with the token counts, before any completion is asked for, when too little is left.
    """
    n = len(plan.example.responses)
    prompts.check_count(plan.template.name, n)
    if plan.apart:
        messages = apart_context.longest(plan)
    elif plan.single:
        messages = single_context.longest(plan)
    else:
        messages = prompts.fill(plan.template, plan.example, range(n), plan.principles)
    if engine.untrained and plan.params.regex is None and plan.template.name not in FAMILIES:
        shown = 2 if plan.apart else n
        structured = replace(plan.params, regex=prompts.structure_of(plan.template.name, shown, bool(plan.principles)))
        plan = replace(plan, params=structured)
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
    check(plan.example, plan.k, blanks=True)
    async with aclosing(stream(engine, await fit(engine, plan), on_text)) as arriving:
        async for each in arriving:
            yield each


async def stream(engine: Engine, plan: SamplingPlan, on_text: OnText | None = None) -> AsyncGenerator[Sample, None]:
    """Sample by a plan that was checked and fitted already."""
    # What is recorded are whole samples, in any context.
    if (plan.single or plan.apart) and not isinstance(engine, ReplayEngine):
        several = (
            apart_context.stream(engine, plan, reader(plan.template.name), on_text)
            if plan.apart
            else single_context.stream(engine, plan, on_text)
        )
        async with aclosing(several) as parts:
            async for each in parts:
                yield made(plan.session_id, plan.example.id, each.slot, each.result, each.parsed)
        return
    planned = requests(plan)
    waiting = {request.key: slots for request, slots in planned}

    def hear(key: str, child: int, piece: str) -> None:
        if on_text is not None:
            on_text(*_stream_name(plan, key, child, waiting[key][child]), piece)

    async with aclosing(engine.generate([request for request, _ in planned], hear if on_text else None)) as replies:
        async for reply in replies:
            slot = waiting[reply.key][reply.child]
            yield sampled(plan.session_id, plan.example.id, plan.template.name, slot, reply.result, plan.context)


def requests(plan: SamplingPlan) -> list[tuple[Request, list[Slot]]]:
    """The plan's missing samples as requests, each with the slots that its completions 0..n-1 fill."""
    return [(_request(plan, group), group) for group in grouped(plan.missing())]


def places(plan: SamplingPlan) -> dict[tuple[str, int], int]:
    """Whose text `on_text` hears: (key, child) -> index of the sample."""
    if plan.apart:
        return {_stream_name(plan, "", 0, slot): slot.index for slot in plan.missing()}
    return {
        _stream_name(plan, request.key, child, slot): slot.index
        for request, slots in requests(plan)
        for child, slot in enumerate(slots)
    }


def _stream_name(plan: SamplingPlan, key: str, child: int, slot: Slot) -> tuple[str, int]:
    """Under which name a sample's text is heard: it may come from several requests."""
    several = plan.single or plan.apart
    return (request_key(plan.example.id, slot.order, slot.seed), 0) if several else (key, child)


def _request(plan: SamplingPlan, group: list[Slot]) -> Request:
    order, seed = group[0].order, group[0].seed
    messages = prompts.fill(plan.template, plan.example, order, plan.principles)
    return Request(request_key(plan.example.id, order, seed), messages, plan.params, seed, len(group))


def sampled(
    session_id: str,
    example_id: str,
    template: str,
    slot: Slot,
    result: Completion | EngineError,
    context: str = "joint",
) -> Sample:
    """The sample that an answer to a template makes of its slot; one without a completion carries the error."""
    parsed = None if isinstance(result, EngineError) else read(result, len(slot.order), template, context)
    return made(session_id, example_id, slot, result, parsed)


def made(
    session_id: str, example_id: str, slot: Slot, result: Completion | EngineError, parsed: Parsed | None
) -> Sample:
    """The sample of a slot, of a completion that was read already or of the error in its place."""
    completion, error = (None, str(result)) if isinstance(result, EngineError) else (result, None)
    return Sample(
        id=f"{session_id}/{slot.index}",
        session_id=session_id,
        index=slot.index,
        order=slot.order,
        seed=slot.seed,
        request_key=request_key(example_id, slot.order, slot.seed),
        completion=completion,
        error=error,
        parsed=parsed or Parsed(ParseStatus.EMPTY, version=PARSER_VERSION),
    )


def read(completion: Completion, n: int, template: str = "", context: str = "joint") -> Parsed:
    """Parse a completion that scores n responses, or names the best of them where the template asks for that."""
    return answered(reader(template, context)(completion.text, n, completion.finish_reason), completion)
