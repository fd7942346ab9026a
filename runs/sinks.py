"""Where samples are kept: SAMPLES.jsonl while it grows, and the store."""

import io
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from grm_core.errors import UsageError
from grm_core.formats import sessions
from grm_core.formats.runs import run_line
from grm_core.formats.samples import sample_line
from grm_core.formats.sessions import Block, ItemSamples
from grm_core.resume_log import Log, whole_lines
from grm_core.types import Example, Run, Sample, Session
from runs.drive import Arrival
from storage.errors import Locked
from storage.store import Store

log = logging.getLogger(__name__)
_PATIENCE_S = 900.0


class FileSink:
    """One run's file: samples are appended as they arrive and put in order at the end."""

    def __init__(self, lines: Log, run: Run) -> None:
        """`begin` and `resume` make one."""
        self.run = run
        self._lines = lines
        self._places = [(-1, -1)]
        """(number of the item, index of the sample or -1 for the item line) of every line; the run line is first."""
        self._items: dict[str, int] = {}
        lines.append(run_line(run))

    @property
    def path(self) -> Path:
        """The file."""
        return self._lines.path

    def begin(self, session: Session) -> None:
        """Write an item's line, once; the order of these calls does not matter."""
        if session.example.id not in self._items:
            number = self._items[session.example.id] = len(self._items)
            self._lines.append(sessions.item_line(session.example, session))
            self._places.append((number, -1))

    def add(self, arrival: Arrival) -> bool:
        """Write a sample. One that the meta RM could not read is not kept: raises what went wrong."""
        if arrival.error is not None:
            raise arrival.error
        if arrival.sample is not None:
            self.write(arrival.example.id, arrival.sample)
        return True

    def write(self, item_id: str, sample: Sample) -> None:
        """Write a sample of an item that was begun."""
        self._lines.append(sample_line(item_id, sample))
        self._places.append((self._items[item_id], sample.index))

    def finish(self, order: list[str]) -> None:
        """Close the file with items in this order and samples by index: the same bytes whatever came first."""
        ranks = {self._items[item_id]: rank for rank, item_id in enumerate(order) if item_id in self._items}
        ranks[-1] = -1

        def rank(number: int) -> tuple[int, int, int]:
            item, index = self._places[number]
            return ranks.get(item, len(ranks)), item, index

        self._lines.arrange(sorted(range(len(self._places)), key=rank))

    def close(self) -> None:
        """Keep what was written, in the order of its arrival."""
        self._lines.close()

    def take_place(self, path: Path) -> None:
        """Go on as the file at `path`, in place of the one that is there."""
        self._lines.move(path)


def open_file(path: Path, run: Run, before: Block | None) -> FileSink:
    """The file of a run that begins, or of the one that was stopped and left `before`."""
    return begin(path, run) if before is None or before.run is None else resume(path, before.run, before)


def begin(path: Path, run: Run) -> FileSink:
    """Start a run's file; one that holds nothing whole, left by a run that was stopped at once, gives way."""
    if path.exists() and path.stat().st_size < 100_000:
        data = path.read_bytes()
        if b"\n" not in data and data[:7] == b'{"run":'[: len(data)]:
            path.unlink()
    return FileSink(Log.begin(path), run)


def resume(path: Path, run: Run, block: Block) -> FileSink:
    """Go on with a stopped run's file: what it holds is kept, except for failed samples, which are asked for again."""
    part = path.with_name(path.name + ".resume")
    part.unlink(missing_ok=True)
    file = FileSink(Log.begin(part), run)
    try:
        for item in block.items:
            file.begin(sessions.session_of(run, item, example_of(path, item)))
            for sample in item.samples:
                if sample.error is None:
                    file.write(item.item_id, sample)
        file.take_place(path)
    except BaseException:
        file.close()
        part.unlink(missing_ok=True)
        raise
    return file


def example_of(path: Path, item: ItemSamples) -> Example:
    """The example of an item of a file; UsageError where it has no item line."""
    if item.example is None:
        raise UsageError(f"{path}, line {item.line}: item {item.item_id!r} has no item line")
    return item.example


def read_unfinished(path: Path) -> Block | None:
    """The block of a stopped run, without a last line that was torn; None when there is nothing whole."""
    blocks = list(sessions.read_samples(io.BytesIO(whole_lines(path)), str(path)))
    if not blocks:
        return None
    if len(blocks) > 1 or blocks[0].run is None:
        raise UsageError(f"{path} is not the output of one run of score; choose another name")
    return blocks[0]


class StoreSink:
    """Sessions in the database; a sample that the meta RM could not read is kept without a logit."""

    def __init__(self, store: Store, run: Run, stored: frozenset[str] = frozenset()) -> None:
        """`stored`: sessions that the store has already."""
        self.store, self.run = store, run
        self._begun = set(stored)

    def begin(self, session: Session) -> None:
        """Keep the session and its run, once."""
        if session.id not in self._begun:
            _patiently(partial(self._begin, session))
            self._begun.add(session.id)

    def add(self, arrival: Arrival) -> bool:
        """Keep a sample; it is on disk when this returns."""
        if arrival.error is not None:
            log.warning("session %s, no meta logit: %s", arrival.sample and arrival.sample.session_id, arrival.error)
        if arrival.sample is not None:
            _patiently(partial(self.store.add_sample, arrival.sample))
        return True

    def _begin(self, session: Session) -> None:
        with self.store.transaction():
            self.store.add_run(self.run)
            self.store.add_session(session)


def _patiently(write: Callable[[], None]) -> None:
    """Write while another program holds the database's lock, for a quarter of an hour: what was drawn was dear."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            write()
            return
        except Locked as error:
            if time.monotonic() > until:
                raise
            log.warning("%s; what was drawn waits for it", error)
