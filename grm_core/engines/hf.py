"""Engine for machines without vLLM: transformers' `generate`, a batch at a time, in a thread of its own.

Slower than vLLM by about half, but it needs nothing besides torch and transformers. A completion depends on its prompt
and seed, not on the batch it travels in, rounding apart (see `_rows`): rows of several calls may travel together.
"""

import asyncio
import os
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grm_core.engines._loaded import Loaded, Written, encode, load, next_token, row_of
from grm_core.engines._tasks import unstarted
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply, refusals
from grm_core.engines.bundled import Bundled
from grm_core.errors import EngineError
from grm_core.models import style_and_training
from grm_core.types import Completion, Message, Request

if TYPE_CHECKING:
    from grm_core.engines._rows import Row


@dataclass(frozen=True, slots=True)
class Job:
    """One `generate` call, as the worker thread sees it."""

    places: Sequence[tuple[Request, int]]
    """(request, child) of every row."""
    deliver: Callable[[Reply], None]
    on_text: OnText | None
    stop: threading.Event


class HFEngine:
    """Completions from a model folder in Hugging Face's format; without one, from the default model.

    `small`: without a folder, from the bundled GRM of 135M in any case.
    `batch` is the number of completions that are generated together; `dtype` is the weights' type, by
    default what this machine is fast with. The rounding of 16 bits may now and then let a neighbour in the batch
    change a token.
    """

    name = "hf"
    style: str
    """The family of templates that the model was trained on; '' for the general ones."""
    untrained: bool
    """Whether the model is known not to follow the format without structured output."""

    def __init__(
        self, model: str | Path | None = None, batch: int = 8, dtype: str = "", *, small: bool = False
    ) -> None:
        self.model = Path(model).resolve().name if model else ""
        self._folder = Path(model) if model else None
        # torch's threads spin while they wait for each other. Beside two busy processes on two cores that turns 7 s
        # into minutes; sleeping costs a fifth when alone. It has to be set before torch is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._batch = batch
        self._dtype = dtype
        self.style, self.untrained = style_and_training(self._folder, small)
        self._bundled = Bundled(self.name, small, self._report)
        self._loaded: Loaded | None = None
        self._state = EngineState("idle")
        self._starting = asyncio.Lock()
        self._jobs: deque[Job] = deque()
        self._due: list[_Due] = []
        """Rows of jobs that the worker thread has seen; only it looks at them."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="grm-hf")  # one thread: batches never overlap
        self._closed = threading.Event()

    def state(self) -> EngineState:
        """The present state."""
        return self._state

    async def start(self) -> None:
        """Load the model; EngineError when a package is missing or the folder holds no chat model."""
        async with self._starting:
            if self._closed.is_set():
                raise EngineError("the engine is closed")
            if self._loaded is not None:
                return
            self._state = EngineState("starting", "loading the model")
            try:
                self._loaded = await asyncio.get_running_loop().run_in_executor(self._worker, self._load)
            except (EngineError, asyncio.CancelledError) as error:
                self._state = unstarted(error)
                raise
            about = f"{self.model} on transformers ({self._loaded.model.device.type})"
            self._state = EngineState("ready", about, self._bundled.why)

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield every completion as it finishes; closing the iterator stops the batch within one token."""
        if (refused := await refusals(self.start, requests)) is not None:
            for reply in refused:
                yield reply
            return
        places = [(request, child) for request in requests for child in range(request.n)]
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Reply | BaseException | None] = asyncio.Queue()

        def deliver(reply: Reply | BaseException) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, reply)

        def show(key: str, child: int, piece: str) -> None:
            if on_text is not None:
                loop.call_soon_threadsafe(on_text, key, child, piece)

        def ended(work: asyncio.Future[None]) -> None:
            arrived.put_nowait(None if work.cancelled() else work.exception())

        job = Job(places, deliver, None if on_text is None else show, threading.Event())
        self._jobs.append(job)
        work = loop.run_in_executor(self._worker, self._work)
        work.add_done_callback(ended)
        try:
            async for reply in _until_ended(places, arrived):
                yield reply
        finally:
            job.stop.set()
            work.cancel()

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt's tokens, the chat template's included."""
        await self.start()
        assert self._loaded is not None
        return PromptSize(len(encode(self._loaded, messages)), self._loaded.limit)

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """Probability of each option as the next token, exactly. EngineError where an option is no single token."""
        await self.start()
        assert self._loaded is not None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, next_token, self._loaded, messages, begun, options)

    async def close(self) -> None:
        """Stop generating and let the model go."""
        self._closed.set()
        self._bundled.stop()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._loaded = None
        self._state = EngineState("closed")

    def _report(self, message: str, phase: str = "preparing") -> None:
        if not self._closed.is_set():
            self._state = EngineState(phase, message)

    def _load(self) -> Loaded:
        folder = self._folder
        if folder is None:
            base = self._bundled.prepare()
            folder, self.model = base.folder, base.name
            self._report("loading the model", "starting")
        try:
            return load(folder, self._dtype)
        except ImportError as error:
            hint = "pip install torch transformers llguidance"
            raise EngineError(f"the hf engine needs a package that is missing: {error}", hint=hint) from error
        except (OSError, ValueError) as error:
            raise EngineError(f"{folder} holds no model that transformers can load: {error}") from error

    def _work(self) -> None:
        """Generate what is wanted, batch by batch, whichever calls the rows belong to (in the worker thread)."""
        loaded = self._loaded
        assert loaded is not None
        while not self._closed.is_set():
            while self._jobs:
                self._due += _rows_of(loaded, self._jobs.popleft())
            self._due = [due for due in self._due if not due.job.stop.is_set()]
            batch, self._due = self._due[: self._batch], self._due[self._batch :]
            if not batch:
                return
            try:
                self._run(loaded, batch)
            except RuntimeError as error:  # what torch raises when memory runs out
                for due in batch:
                    if not due.row.finish_reason:
                        due.deliver(EngineError(f"torch gave up: {str(error)[:300]}"))

    def _run(self, loaded: Loaded, batch: "Sequence[_Due]") -> None:
        from grm_core.engines._rows import complete

        began = time.monotonic()
        texts = [due.written(loaded) for due in batch]
        for place, due in enumerate(batch):
            due.row.place = place

        def on_row(row: "Row") -> None:
            due, text = batch[row.place], texts[row.place]
            if due.job.stop.is_set():
                row.finish_reason = "stop"  # nobody waits for it any more
                return
            if text is not None:
                text.add(row.tokens[-1])
                row.finish_reason = "stop" if text.stopped else row.finish_reason
                due.show(text.news(bool(row.finish_reason)))
            if row.finish_reason:
                decoded = loaded.tokenizer.decode(row.tokens, skip_special_tokens=True)
                output = text.text if text is not None and text.stopped else decoded
                first = tuple((loaded.tokenizer.decode([token]), chance) for token, chance in row.first)
                spent, size = time.monotonic() - began, len(row.prompt)
                due.deliver(Completion(output, row.finish_reason, size, len(row.tokens), spent, self.model, first))

        complete(loaded.model, [due.row for due in batch], loaded.ends, self._closed.is_set, on_row)


@dataclass(frozen=True, slots=True)
class _Due:
    """A row that is still to be generated, and whose it is."""

    job: Job
    request: Request
    child: int
    row: "Row"

    def deliver(self, result: Completion | EngineError) -> None:
        self.job.deliver(Reply(self.request.key, self.child, result))

    def show(self, piece: str) -> None:
        if piece and self.job.on_text is not None:
            self.job.on_text(self.request.key, self.child, piece)

    def written(self, loaded: Loaded) -> Written | None:
        """The text as it grows; None where nobody looks at it before its end."""
        stops = self.request.params.stop
        return Written(loaded, stops) if stops or self.job.on_text is not None else None


def _rows_of(loaded: Loaded, job: Job) -> list[_Due]:
    """A job's rows; what cannot be had is told at once."""
    rows = []
    for request, child in job.places:
        try:
            rows.append(_Due(job, request, child, row_of(loaded, request, child)))
        except EngineError as error:
            job.deliver(Reply(request.key, child, error))
    return rows


async def _until_ended(
    places: Sequence[tuple[Request, int]], arrived: "asyncio.Queue[Reply | BaseException | None]"
) -> AsyncIterator[Reply]:
    """A reply for each place; where the work ends (None) before all have one, the engine was closed."""
    yielded: Counter[tuple[str, int]] = Counter()
    for _ in places:
        reply = await arrived.get()
        if isinstance(reply, BaseException):
            raise reply
        if reply is None:
            break
        yielded[reply.key, reply.child] += 1
        yield reply
    for request, child in places:
        yielded[request.key, child] -= 1
        if yielded[request.key, child] < 0:
            yield Reply(request.key, child, EngineError("the engine is closed"))
