"""Drawing samples of judges that see one or two responses at a time: see `apart` for what a sample then is.

All samples of an example share their prompts: each prompt is one request for as many completions as there are samples.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from grm_core import apart, prompts
from grm_core.engines.base import Engine, OnText
from grm_core.errors import EngineError
from grm_core.plan import SamplingPlan, grouped, request_key
from grm_core.reading.parsing import Reader, answered
from grm_core.shuffling import Slot
from grm_core.single_context import Drawn, combined
from grm_core.types import Completion, Message, Request


def longest(plan: SamplingPlan) -> tuple[Message, ...]:
    """The longest prompt of a plan, in characters."""
    return max(_prompts(plan), key=lambda messages: sum(len(message.content) for message in messages))


async def stream(
    engine: Engine, plan: SamplingPlan, one: Reader, on_text: OnText | None = None
) -> AsyncGenerator[Drawn, None]:
    """Yield what became of every missing sample, in any order; closing the iterator frees the engine.

    `one` reads a single reply. `on_text` hears a sample's text at once, under (its request key, 0), when it is whole.
    """
    requests = _requests(plan)
    waiting = {request.key: (place, slots) for request, place, slots in requests}
    needed = len(_views(plan))
    replies: dict[int, dict[int, Completion]] = {slot.index: {} for _, _, slots in requests for slot in slots}
    async with aclosing(engine.generate([request for request, _, _ in requests])) as arriving:
        async for reply in arriving:
            place, slots = waiting[reply.key]
            slot = slots[reply.child]
            if slot.index not in replies:
                continue  # another reply of the sample has failed
            if isinstance(reply.result, EngineError):
                del replies[slot.index]
                yield Drawn(slot, reply.result)
                continue
            mine = replies[slot.index]
            mine[place] = reply.result
            if len(mine) == needed:
                sample = _together(plan, slot, [mine[each] for each in sorted(mine)], one)
                if on_text is not None and isinstance(sample.result, Completion):
                    on_text(request_key(plan.example.id, slot.order, slot.seed), 0, sample.result.text)
                yield sample


def _views(plan: SamplingPlan) -> tuple[tuple[int, ...], ...]:
    return apart.views(len(plan.example.responses), plan.context)


def _prompts(plan: SamplingPlan) -> list[tuple[Message, ...]]:
    return [prompts.fill(plan.template, plan.example, view, plan.principles) for view in _views(plan)]


def _requests(plan: SamplingPlan) -> list[tuple[Request, int, list[Slot]]]:
    """Each request with the number of its view and the slots that its completions go to."""
    shown = list(zip(_views(plan), _prompts(plan), strict=True))
    requests = []
    for group in grouped(plan.missing()):
        for place, (view, messages) in enumerate(shown):
            key = request_key(plan.example.id, view, group[0].seed)
            requests.append((Request(key, messages, plan.params, group[0].seed, len(group)), place, group))
    return requests


def _together(plan: SamplingPlan, slot: Slot, completions: Sequence[Completion], one: Reader) -> Drawn:
    """One sample of all its replies."""
    n, shown = len(plan.example.responses), 1 if plan.single else 2
    read = [answered(one(each.text, shown, each.finish_reason), each) for each in completions]
    text, parsed = apart.together([each.text for each in completions], read, n, plan.context)
    return Drawn(slot, combined(text, completions, max(each.seconds for each in completions)), parsed)
