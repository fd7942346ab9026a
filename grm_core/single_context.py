"""Drawing samples with one response at a time: see `contexts` for what a sample then is.

All samples of an example share the prompt in which the principles are stated, and one prompt a response. The query and
the response stand before the principles, so that a server computes each of these prompts once and finds it in its
cache for every other sample. A sample's critiques are asked for as soon as its own principles are there.

How likely each verdict word is, a GRM that opens with one is asked once a response, before any principles but those
that were given to it: the principles that a small GRM states itself lead it astray (see `openings`).
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from grm_core import contexts, openings, prompts
from grm_core.engines.base import Engine, OnText
from grm_core.errors import EngineError
from grm_core.plan import SamplingPlan, grouped, request_key
from grm_core.shuffling import Slot
from grm_core.types import Completion, Message, Params, Parsed, Request


@dataclass(frozen=True, slots=True)
class Drawn:
    """The result of a slot: one completion put together of its parts, with its reading, or an error."""

    slot: Slot
    result: Completion | EngineError
    parsed: Parsed | None = None
    """None with an error."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The critique of one response, its beginning included."""

    text: str
    """It begins `Response 1:`."""
    completion: Completion
    draw: Completion | None
    """The token by which the score was drawn; None where the word left no choice, or the model wrote it itself."""
    began: float
    """By the monotonic clock."""


def longest(plan: SamplingPlan) -> tuple[Message, ...]:
    """The longest prompt of a plan: all responses where principles are stated, else the longest response alone."""
    if not plan.principles:
        return prompts.fill(plan.template, plan.example, range(len(plan.example.responses)))
    responses = plan.example.responses
    return _alone(plan)[max(range(len(responses)), key=lambda own: len(responses[own]))]


async def stream(engine: Engine, plan: SamplingPlan, on_text: OnText | None = None) -> AsyncGenerator[Drawn, None]:
    """Yield what became of every missing sample, in any order; closing the iterator frees the engine.

    `on_text` hears a sample's text in the order in which it is read, under (its request key, 0).
    """
    slots = plan.missing()
    if not slots:
        return
    work = _Work(engine, plan, on_text)
    work.begin(slots)
    try:
        for _ in slots:
            result = await work.arrived.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        await work.close()


class _Work:
    """The requests of one plan under way."""

    def __init__(self, engine: Engine, plan: SamplingPlan, on_text: OnText | None) -> None:
        self.arrived: asyncio.Queue[Drawn | BaseException] = asyncio.Queue()
        self._engine, self._plan, self._on_text = engine, plan, on_text
        self._prompts = _alone(plan)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opens = plan.opens
        """Whether verdict words are drawn by themselves; no longer once the engine told no probabilities."""
        self._chances: asyncio.Task[list[openings.First | None]] | None = None
        """How likely each verdict word is, by response: asked once for all samples, and again where it failed."""

    def begin(self, slots: Sequence[Slot]) -> None:
        if not self._plan.principles:
            self._spawn(self._state(slots))
            return
        principles = contexts.listed(self._plan.principles)
        for slot in slots:
            self._spawn(self._criticise(slot, principles, None))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (bug := task.exception()):
            self.arrived.put_nowait(bug)

    async def _state(self, slots: Sequence[Slot]) -> None:
        """Have the principles of all samples stated; each sample goes on as soon as it has its own."""
        groups = grouped(slots)
        waiting = {_key(self._plan, group[0], "principles"): group for group in groups}
        requests = [_stating(self._plan, group, key) for key, group in waiting.items()]

        def hear(key: str, child: int, piece: str) -> None:
            self._tell(waiting[key][child], piece)

        # Streamed even where nobody listens: a whole answer would come when the slowest of its children is done.
        streamed = self._on_text is not None or any(request.n > 1 for request in requests)
        async with aclosing(self._engine.generate(requests, hear if streamed else None)) as replies:
            async for reply in replies:
                slot = waiting[reply.key][reply.child]
                if isinstance(reply.result, EngineError):
                    self.arrived.put_nowait(Drawn(slot, reply.result))
                else:
                    self._spawn(self._criticise(slot, contexts.stated(reply.result.text), reply.result))

    async def _criticise(self, slot: Slot, principles: str, first: Completion | None) -> None:
        """Have every response criticised and scored by these principles, and put the sample together."""
        plan = self._plan
        began = time.monotonic() - first.seconds if first else math.inf
        places = {_key(plan, slot, str(own + 1)): own for own in range(len(self._prompts))}
        requests = [_telling(plan, slot, principles, self._prompts[own], own, key) for key, own in places.items()]
        words = await self._words(slot)
        starts = [
            contexts.opened(response, plan.opens) + _before(word)
            for response, word in zip(plan.example.responses, words, strict=True)
        ]
        telling = _Telling(starts, lambda piece: self._tell(slot, piece))
        telling.begin(first is not None)
        parts = [
            asyncio.create_task(self._criticise_one(requests[own], starts[own], words[own], own, telling))
            for own in range(len(requests))
        ]
        try:
            critiques = await asyncio.gather(*parts)
        except EngineError as error:
            self.arrived.put_nowait(Drawn(slot, error))
            return
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        began = min([began, *(each.began for each in critiques)])
        self.arrived.put_nowait(_together(slot, principles, critiques, first, time.monotonic() - began))

    async def _criticise_one(
        self, request: Request, opening: str, word: openings.Word | None, own: int, telling: "_Telling"
    ) -> _Told:
        """One response's critique and score; `opening`: what the critique begins with. Raises EngineError."""

        def hear(_key: str, _child: int, piece: str) -> None:
            telling.hear(own, piece)

        params = request.params
        if word:
            params = replace(params, stop=(*params.stop, contexts.STOP_SCORE))
        request = replace(request, start=request.start + _before(word), params=params)
        completion = await self._one(request, hear if self._on_text else None)
        began = time.monotonic() - completion.seconds
        added = contexts.continued(request.start, completion)
        text, draw, written = opening + added, None, added.rstrip()
        if word and written and completion.finish_reason != "length":
            if word.open:
                start = request.start + written + contexts.SCORE
                draw = await self._one(replace(request, key=f"{request.key}/score", params=openings.ONE, start=start))
            ending = f"{contexts.SCORE}{openings.score(draw.first if draw else (), word)}}}"
            telling.hear(own, ending)
            text = opening + written + ending
        telling.over(own)
        return _Told(text, completion, draw, began)

    async def _one(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The only completion of a request. Raises EngineError."""
        async with aclosing(self._engine.generate([request], on_text)) as replies:
            async for reply in replies:
                if isinstance(reply.result, EngineError):
                    raise reply.result
                return reply.result
        raise EngineError("the engine sent no answer")

    async def _words(self, slot: Slot) -> list[openings.Word | None]:
        """The verdict word of every response, drawn at the sample's place: see `openings`.

        None where the engine tells no probabilities, or fails: the critique then is asked for as a whole.
        """
        plan = self._plan
        if not self._opens:
            return [None] * len(self._prompts)
        if self._chances is None:
            self._chances = self._spawn(self._ask_chances())
        firsts = await asyncio.shield(self._chances)
        if None in firsts:
            self._chances = None
        at = openings.place(plan.seed, plan.example.id, slot.index)
        greedy = plan.params.temperature == 0
        return [None if first is None else openings.word(first, at, greedy) for first in firsts]

    async def _ask_chances(self) -> list[openings.First | None]:
        """The likeliest tokens in place of the verdict word, by response; None where the engine failed."""
        requests = openings.requests(self._plan, f"{self._plan.example.id}/verdict")
        firsts: dict[str, openings.First] = {}
        async with aclosing(self._engine.generate(requests)) as replies:
            async for reply in replies:
                if isinstance(reply.result, Completion):
                    self._opens = self._opens and bool(reply.result.first)
                    firsts[reply.key] = reply.result.first
        return [firsts.get(request.key) for request in requests]

    def _tell(self, slot: Slot, piece: str) -> None:
        if self._on_text is not None:
            self._on_text(request_key(self._plan.example.id, slot.order, slot.seed), 0, piece)


class _Telling:
    """Passes on what is written about n responses at the same time, one response after the other."""

    def __init__(self, starts: Sequence[str], tell: Callable[[str], None]) -> None:
        self._starts = [contexts.numbered(start, number) for number, start in enumerate(starts, 1)]
        self._tell = tell
        self._pieces: list[list[str]] = [[] for _ in starts]
        self._over: set[int] = set()
        self._at = -1

    def begin(self, goes_on: bool) -> None:
        """Open the first critique; `goes_on`: principles were told before it."""
        self._tell(contexts.STOP + "\n" if goes_on else contexts.CRITIQUE)
        self._next()

    def hear(self, own: int, piece: str) -> None:
        if own == self._at:
            self._tell(piece)
        else:
            self._pieces[own].append(piece)

    def over(self, own: int) -> None:
        """All of this response has been heard."""
        self._over.add(own)
        while self._at in self._over:
            self._next()

    def _next(self) -> None:
        self._at += 1
        if self._at < len(self._starts):
            for piece in ("\n" if self._at else "", self._starts[self._at], *self._pieces[self._at]):
                self._tell(piece)


def _alone(plan: SamplingPlan) -> list[tuple[Message, ...]]:
    """The prompt of each response by itself."""
    template, example = prompts.alone(plan.template, plan.example), plan.example
    return [prompts.fill(template, example, (own,)) for own in range(len(example.responses))]


def _before(word: openings.Word | None) -> str:
    """What stands between a critique's quotation and the rest of it."""
    return f" {word.text}" if word else ""


def _key(plan: SamplingPlan, slot: Slot, part: str) -> str:
    return f"{request_key(plan.example.id, slot.order, slot.seed)}/{part}"


def _stating(plan: SamplingPlan, group: Sequence[Slot], key: str) -> Request:
    params = _params(plan, prompts.principles_structure())
    messages = prompts.fill(plan.template, plan.example, group[0].order)
    return Request(key, messages, replace(params, stop=(contexts.STOP,)), group[0].seed, len(group))


def _telling(
    plan: SamplingPlan, slot: Slot, principles: str, messages: tuple[Message, ...], own: int, key: str
) -> Request:
    start = contexts.reply_start(prompts.harmless(principles), plan.example.responses[own], plan.opens)
    return Request(key, messages, _params(plan, prompts.told_structure()), slot.seed, start=start)


def _params(plan: SamplingPlan, structure: str) -> Params:
    """The plan's, where it holds the model to the format to that of this part."""
    return plan.params if plan.params.regex is None else replace(plan.params, regex=structure)


def _together(
    slot: Slot, principles: str, critiques: Sequence[_Told], first: Completion | None, seconds: float
) -> Drawn:
    """One sample of its parts."""
    read = [contexts.part_of(principles, each.text, each.completion.finish_reason) for each in critiques]
    scores = [part.score for part, _ in read]
    text = contexts.assembled(principles, [part.critique for part, _ in read], scores)
    every = [*([first] if first else []), *(each.completion for each in critiques)]
    done = combined(text, every, seconds, [each.draw for each in critiques if each.draw])
    return Drawn(slot, done, contexts.parsed(text, scores, [status for _, status in read]))


def combined(text: str, every: Sequence[Completion], seconds: float, probes: Sequence[Completion] = ()) -> Completion:
    """The completion that a text is which was put together of several; `asked`: others that had to be paid for."""
    reasons, paid = [each.finish_reason for each in every], [*every, *probes]
    return Completion(
        text=text,
        finish_reason="length" if "length" in reasons else reasons[-1],
        prompt_tokens=sum(each.prompt_tokens for each in paid),
        completion_tokens=sum(each.completion_tokens for each in paid),
        seconds=seconds,
        model=every[0].model,
        reasoning="\n\n".join(each.reasoning for each in every if each.reasoning) or None,
    )
