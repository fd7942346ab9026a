"""Engine that gives back recorded samples: demos and tests without a model. It never makes text up.

A request is answered from a SAMPLES.jsonl file by seed and item: seeds follow from the run's seed, the item's id and
the order of responses, so the same example under the same settings asks for exactly the recorded completions, however
they are grouped into requests. Anything else gets an EngineError that says the recording does not hold it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grm_core.engines._tasks import as_they_end
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply
from grm_core.errors import EngineError, UsageError
from grm_core.formats import lines, sessions
from grm_core.formats.items import read_item
from grm_core.formats.runs import read_run
from grm_core.formats.samples import SampleLine, completion_of
from grm_core.types import Completion, Example, Message, Request

PACES = ("recorded", "at-once")
CHUNK = 0.05  # seconds between two pieces of streamed text


@dataclass(frozen=True, slots=True)
class Record:
    """One recorded sample."""

    item_id: str
    result: Completion | EngineError


class ReplayEngine:
    """Completions from the recording at `path`.

    `pace` recorded: each completion takes as long as it once took, its text arriving evenly over that time; at-once:
    no waiting. Raises UsageError for a file that cannot be read, with the line, and for another pace.
    """

    name = "replay"
    style, untrained = "", False

    def __init__(self, path: Path | str, pace: str = "recorded") -> None:
        if pace not in PACES:
            raise UsageError(f"pace is {pace!r}; it must be one of {', '.join(PACES)}")
        self.path = Path(path)
        self.model, self._records, self.items = _read(self.path)
        self._paced = pace == "recorded"
        self._closed = False

    def state(self) -> EngineState:
        """Always ready until closed."""
        if self._closed:
            return EngineState("closed")
        return EngineState("ready", f"recorded samples of {self.model or 'an unnamed model'}, {self.path.name}")

    async def start(self) -> None:
        """Nothing to start."""
        if self._closed:
            raise EngineError("the engine is closed")

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield the recorded completions, the quickest first."""
        replies = [
            (request, child, self._find(request, request.seed + child))
            for request in requests
            for child in range(request.n)
        ]
        async with aclosing(as_they_end(self._play(*each, on_text) for each in replies)) as played:
            async for reply in played:
                yield reply

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Unknown: there is no tokenizer."""
        return None

    async def close(self) -> None:
        """Refuse further requests."""
        self._closed = True

    def _find(self, request: Request, seed: int) -> Completion | EngineError:
        if self._closed:
            return EngineError("the engine is closed")
        same_seed = self._records.get(seed, ())
        for record in same_seed:
            if request.key.startswith(f"{record.item_id}|"):
                return record.result
        return EngineError(
            f"this recording has no completion of {request.key!r} with seed {seed}",
            hint="Choose a recorded example and its settings, or judge with --engine auto.",
        )

    async def _play(
        self, request: Request, child: int, result: Completion | EngineError, on_text: OnText | None
    ) -> Reply:
        if isinstance(result, Completion):
            await self._pass_time(result, lambda piece: on_text and on_text(request.key, child, piece))
        return Reply(request.key, child, result)

    async def _pass_time(self, completion: Completion, show: Any) -> None:
        """Show the text piece by piece over the recorded seconds, or all of it at once."""
        text, seconds = completion.text, completion.seconds if self._paced else 0.0
        began, shown = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            reached = int(len(text) * passed / seconds)
            if reached > shown:
                show(text[shown:reached])
                shown = reached
            await asyncio.sleep(min(CHUNK, seconds - passed))
        if text[shown:]:
            show(text[shown:])


def _read(path: Path) -> tuple[str, dict[int, list[Record]], tuple[Example, ...]]:
    """Read a recording: the model's name, the records of each seed, and the items where it holds them."""
    items: list[Example] = []
    records: defaultdict[int, list[Record]] = defaultdict(list)
    model = ""
    try:
        recording = list(lines.read_raw(path))
    except UsageError as error:
        raise UsageError(f"cannot read the recording {error}") from None
    for number, data in recording:
        try:
            line = sessions.read_line(data)
            if isinstance(line, SampleLine):
                if line.seed is not None:
                    records[line.seed].append(_record(line, model))
            elif "run" in line:
                model = model or read_run(line).model
            elif "query" in line.get("item", {}):
                items.append(read_item(line["item"]))
        except UsageError as error:
            raise UsageError(f"{path}:{number}: not a line of a recording ({error})") from None
    if not records:
        raise UsageError(f"{path} holds no sample that can be replayed; each needs item_id, seed and text")
    return model, dict(records), tuple(items)


def _record(line: SampleLine, model: str) -> Record:
    completion = completion_of(line)
    if completion is None:
        return Record(line.item_id, EngineError(line.error or "this sample was recorded without a text"))
    return Record(line.item_id, replace(completion, model=completion.model or model))
