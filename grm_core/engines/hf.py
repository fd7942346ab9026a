"""Engine for machines without vLLM: transformers' `generate`, a batch at a time, in a thread of its own.

Slower than vLLM by about half, but it needs nothing besides torch and transformers. A completion depends on its prompt
and seed, not on the batch it travels in, rounding apart (see `_rows`).
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grm_core import precision
from grm_core.engines._chat import wire_messages
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply
from grm_core.errors import EngineError
from grm_core.models import known
from grm_core.types import Completion, Message, Request

if TYPE_CHECKING:
    from grm_core.engines._rows import Grammars, Row


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory."""

    model: Any
    tokenizer: Any
    grammars: "Grammars"
    limit: int
    """Context length in tokens."""
    ends: frozenset[int]
    """Ids of the tokens that end a completion."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one `generate` call wants, as the worker thread sees it."""

    places: Sequence[tuple[Request, int]]
    """(request, child) of every row."""
    deliver: Callable[[Reply], None]
    on_text: OnText | None
    stop: threading.Event


class HFEngine:
    """Completions from a model folder in Hugging Face's format; without one, from the default model.

    `batch` is the number of completions that are generated together; `dtype` is the weights' type, by
    default what this machine is fast with. The rounding of 16 bits may now and then let a neighbour in the batch
    change a token.
    """

    name = "hf"
    style: str
    """The family of templates that the model was trained on; '' for the general ones."""
    untrained: bool
    """Whether the model is known not to follow the format without structured output."""

    def __init__(self, model: str | Path | None = None, batch: int = 8, dtype: str = "") -> None:
        self.model = Path(model).resolve().name if model else ""
        self._folder = Path(model) if model else None
        # torch's threads spin while they wait for each other. Beside two busy processes on two cores that turns 7 s
        # into minutes; sleeping costs a fifth when alone. It has to be set before torch is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._batch = batch
        self._dtype = dtype
        self.style, self.untrained = known(self._folder)
        self._loaded: Loaded | None = None
        self._state = EngineState("idle")
        self._starting = asyncio.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="grm-hf")  # one thread: batches never overlap
        self._closed = threading.Event()

    def state(self) -> EngineState:
        """What the engine is doing."""
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
            except EngineError as error:
                self._state = EngineState("failed", str(error), error.hint)
                raise
            except asyncio.CancelledError:
                self._state = EngineState("idle")
                raise
            self._state = EngineState("ready", f"{self.model} on transformers ({self._loaded.model.device.type})")

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield every completion as it finishes; closing the iterator stops the batch within one token."""
        places = [(request, child) for request in requests for child in range(request.n)]
        try:
            await self.start()
        except EngineError as error:
            for request, child in places:
                yield Reply(request.key, child, error)
            return
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Reply | BaseException | None] = asyncio.Queue()

        def deliver(found: Reply | BaseException) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, found)

        def show(key: str, child: int, piece: str) -> None:
            if on_text is not None:
                loop.call_soon_threadsafe(on_text, key, child, piece)

        def ended(work: asyncio.Future[None]) -> None:
            arrived.put_nowait(None if work.cancelled() else work.exception())

        job = Job(places, deliver, None if on_text is None else show, threading.Event())
        work = loop.run_in_executor(self._worker, self._work, job)
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
        return PromptSize(len(_encode(self._loaded, messages)), self._loaded.limit)

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """Probability of each option as the next token, exactly. EngineError where an option is no single token."""
        await self.start()
        assert self._loaded is not None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, _next_token, self._loaded, messages, begun, options)

    async def close(self) -> None:
        """Stop generating and let the model go."""
        self._closed.set()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._loaded = None
        self._state = EngineState("closed")

    def _load(self) -> Loaded:
        folder = self._folder
        if folder is None:
            from grm_core.models import default_model

            found = default_model()
            folder, self.model = found.folder, found.name
        try:
            return load(folder, self._dtype)
        except ImportError as error:
            hint = "pip install torch transformers llguidance"
            raise EngineError(f"the hf engine needs a package that is missing: {error}", hint=hint) from error
        except (OSError, ValueError) as error:
            raise EngineError(f"{folder} holds no model that transformers can load: {error}") from error

    def _work(self, job: Job) -> None:
        """Generate a job's rows, batch by batch (in the worker thread)."""
        assert self._loaded is not None
        loaded, rows = self._loaded, []
        for place, (request, child) in enumerate(job.places):
            try:
                rows.append(_row(loaded, request, child, place))
            except EngineError as error:
                job.deliver(Reply(request.key, child, error))
        for start in range(0, len(rows), self._batch):
            batch = rows[start : start + self._batch]
            try:
                self._run(loaded, batch, job)
            except RuntimeError as error:  # what torch raises when memory runs out
                for row in batch:
                    request, child = job.places[row.place]
                    if not row.finish_reason:
                        job.deliver(Reply(request.key, child, EngineError(f"torch gave up: {str(error)[:300]}")))

    def _run(self, loaded: Loaded, rows: "Sequence[Row]", job: Job) -> None:
        from tokenizers.decoders import DecodeStream

        from grm_core.engines._rows import complete

        began = time.monotonic()
        streams = {row.place: DecodeStream(skip_special_tokens=True) for row in rows}

        def stopped() -> bool:
            return job.stop.is_set() or self._closed.is_set()

        def on_row(row: "Row") -> None:
            request, child = job.places[row.place]
            if job.on_text is not None:
                piece = streams[row.place].step(loaded.tokenizer.backend_tokenizer, row.tokens[-1])
                if piece:
                    job.on_text(request.key, child, piece)
            if row.finish_reason:
                text = loaded.tokenizer.decode(row.tokens, skip_special_tokens=True)
                spent = time.monotonic() - began
                done = Completion(text, row.finish_reason, len(row.prompt), len(row.tokens), spent, self.model)
                job.deliver(Reply(request.key, child, done))

        if not stopped():
            complete(loaded.model, rows, loaded.ends, stopped, on_row)


async def _until_ended(
    places: Sequence[tuple[Request, int]], arrived: "asyncio.Queue[Reply | BaseException | None]"
) -> AsyncIterator[Reply]:
    """A reply for each place; where the work ends (None) before all have one, the engine was closed."""
    told: Counter[tuple[str, int]] = Counter()
    for _ in places:
        found = await arrived.get()
        if isinstance(found, BaseException):
            raise found
        if found is None:
            break
        told[found.key, found.child] += 1
        yield found
    for request, child in places:
        told[request.key, child] -= 1
        if told[request.key, child] < 0:
            yield Reply(request.key, child, EngineError("the engine is closed"))


def load(folder: Path, dtype: str) -> Loaded:
    """Load model and tokenizer from a folder, without a network; `dtype` '' is what the device is fast with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    from grm_core.engines._rows import Grammars

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = dtype or precision.of(device)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
        .to(device)
        .eval()
    )
    if not tokenizer.chat_template:
        raise ValueError("its tokenizer has no chat template")
    found = model.generation_config.eos_token_id
    ends = frozenset([tokenizer.eos_token_id, *(found if isinstance(found, list) else [found])]) - {None}
    # The folder's own generation settings (top_k, penalties) must not reach the sampling.
    model.generation_config = GenerationConfig(pad_token_id=min(ends, default=0))
    grammars = Grammars(tokenizer, model.config.vocab_size)
    return Loaded(model, tokenizer, grammars, model.config.max_position_embeddings, ends)


def _encode(loaded: Loaded, messages: Sequence[Message]) -> list[int]:
    ids: list[int] = loaded.tokenizer.apply_chat_template(
        wire_messages(messages), add_generation_prompt=True, tokenize=True, return_dict=False
    )
    return ids


def _row(loaded: Loaded, request: Request, child: int, place: int) -> "Row":
    from grm_core.engines._rows import Row

    prompt, params = _encode(loaded, request.messages), request.params
    room = loaded.limit - len(prompt)
    if room < 1:
        message = f"the prompt is too long: {len(prompt)} tokens, and the model's context has {loaded.limit}"
        raise EngineError(message, hint="Shorten the query or the responses.")
    matcher = loaded.grammars.matcher(params.regex) if params.regex is not None else None
    return Row(place, prompt, params, request.seed + child, min(params.max_tokens, room), matcher)


def _next_token(loaded: Loaded, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
    import torch

    ids = [*_encode(loaded, messages), *loaded.tokenizer(begun, add_special_tokens=False).input_ids]
    tokens = [loaded.tokenizer(option, add_special_tokens=False).input_ids for option in options]
    if any(len(token) != 1 for token in tokens):
        raise EngineError(f"one of {', '.join(options)} is not a single token of this model")
    if len(ids) >= loaded.limit:
        raise EngineError(f"the prompt is too long: {len(ids)} tokens, and the model's context has {loaded.limit}")
    try:
        with torch.inference_mode():
            rows = torch.tensor([ids], device=loaded.model.device)
            logits = loaded.model(input_ids=rows, use_cache=False, logits_to_keep=1).logits[0, -1].float()
    except RuntimeError as error:  # what torch raises when memory runs out
        raise EngineError(f"torch gave up: {str(error)[:300]}") from error
    return tuple(logits.softmax(-1)[[token[0] for token in tokens]].tolist())
