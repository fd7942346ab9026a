"""SAMPLES.jsonl while it grows: samples are appended as they arrive, put in order at the end, taken up by --resume."""

import io
import os
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from grm_core.errors import UsageError
from grm_core.formats import sessions
from grm_core.formats.runs import run_line
from grm_core.formats.samples import sample_line
from grm_core.formats.sessions import Block
from grm_core.types import Example, Run, Sample, Session

_SYNC_EVERY_S = 1.0


class _Place(NamedTuple):
    """Where a line stands in the file, and where it belongs."""

    item: int
    sample: int
    """Index of the sample, -1 for the item line."""
    offset: int
    length: int


class SampleFile:
    """One run's file. Whenever the process ends, every line but the last is whole."""

    def __init__(self, path: Path, run: Run) -> None:
        """Begin a new file; UsageError when there is one already or it cannot be made."""
        self.path = path
        self.run = run
        self._places: list[_Place] = []
        self._items: dict[str, int] = {}
        self._synced = time.monotonic()
        try:
            self._file: BinaryIO = path.open("x+b")
        except FileExistsError:
            raise UsageError(f"{path} exists already; use --resume to go on with it, or another name") from None
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from None
        self._end = self._file.write(run_line(run).encode() + b"\n")
        self._file.flush()
        self._head = self._end

    def add_item(self, example: Example, session: Session) -> None:
        """Write an item's line; the order of these calls does not matter."""
        if example.id not in self._items:
            self._items[example.id] = len(self._items)
            self._append(self._items[example.id], -1, sessions.item_line(example, session))

    def add_sample(self, item_id: str, sample: Sample) -> None:
        """Write a sample; it survives a crash of this process at once, of the machine after a second."""
        self._append(self._items[item_id], sample.index, sample_line(item_id, sample))
        if time.monotonic() - self._synced > _SYNC_EVERY_S:
            self.sync()

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Keep what was written, in the order of its arrival."""
        if not self._file.closed:
            self.sync()
            self._file.close()

    def finish(self, order: list[str]) -> None:
        """Close the file with items in this order and samples by index: the same bytes whatever came first."""
        ranks = {self._items[item_id]: rank for rank, item_id in enumerate(order) if item_id in self._items}
        ordered = sorted(self._places, key=lambda place: (ranks.get(place.item, len(ranks)), place.item, place.sample))
        if ordered != self._places:
            with _replacing(self.path) as out:
                out.write(self._read(0, self._head))
                for place in ordered:
                    out.write(self._read(place.offset, place.length))
        self.close()

    def _append(self, item: int, index: int, line: str) -> None:
        data = line.encode() + b"\n"
        self._file.seek(self._end)
        self._file.write(data)
        self._file.flush()
        self._places.append(_Place(item, index, self._end, len(data)))
        self._end += len(data)

    def _read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)


class _replacing:
    """A file beside `path` that takes its place when the block ends well, and vanishes when it does not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")

    def __enter__(self) -> BinaryIO:
        self.file = self.part.open("wb")
        return self.file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.file.flush()
            os.fsync(self.file.fileno())
        self.file.close()
        if kind is None:
            self.part.replace(self.path)
        else:
            self.part.unlink(missing_ok=True)


def read_unfinished(path: Path) -> Block | None:
    """What a stopped run has written, without a last line that was cut; None when there is nothing whole."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    blocks = list(sessions.read_samples(io.BytesIO(data[: data.rfind(b"\n") + 1]), str(path)))
    if not blocks:
        return None
    if len(blocks) > 1 or blocks[0].run is None:
        raise UsageError(f"{path} is not the output of one run of score; choose another name")
    return blocks[0]


def begin(path: Path, run: Run) -> SampleFile:
    """Start a run's file; one that holds nothing whole, left by a run that was stopped at once, gives way."""
    if path.exists() and path.stat().st_size < 100_000:
        data = path.read_bytes()
        if b"\n" not in data and data[:7] == b'{"run":'[: len(data)]:
            path.unlink()
    return SampleFile(path, run)


def resume(path: Path, block: Block) -> SampleFile:
    """Go on with a stopped run's file: what it holds is kept, except for failed samples, which are asked for again."""
    assert block.run is not None  # read_unfinished has looked
    part = path.with_name(path.name + ".resume")
    part.unlink(missing_ok=True)
    file = SampleFile(part, block.run)
    try:
        for item in block.items:
            if item.example is None:
                raise UsageError(f"{path}, line {item.line}: item {item.item_id!r} has no item line")
            file.add_item(item.example, sessions.session_of(block.run, item, item.example))
            for sample in item.samples:
                if sample.error is None:
                    file.add_sample(item.item_id, sample)
        file.sync()
        part.replace(path)
    except BaseException:
        file.close()
        part.unlink(missing_ok=True)
        raise
    file.path = path
    return file
