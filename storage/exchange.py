"""SAMPLES.jsonl and ITEMS.jsonl: reading anybody's files, writing ours, moving sessions in and out of a store.

A file is a sequence of blocks, each opened by a run line (the first may lack it). An item line says what is judged, a
sample line holds one sample; both belong to the block they stand in, where an item id names one item. What we write
is canonical: the same sessions give the same bytes, and import followed by export changes none of them.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from grm_core.errors import UsageError
from grm_core.types import Example, Run, Sample, Session
from storage import fields, jsonlines, records, sample_records
from storage.fields import FieldError
from storage.jsonlines import canonical, located
from storage.records import SessionInfo


@dataclass(frozen=True, slots=True)
class ItemSamples:
    """One item of a block with the samples that the block holds of it."""

    item_id: str
    n: int | None
    """Responses; None when neither an item line nor any score says it."""
    example: Example | None
    """None when the file has no item line for it."""
    session: SessionInfo | None
    samples: tuple[Sample, ...]
    """By index; their session id is the file's, or the item id where it names no session."""
    line: int
    """Where the item is first mentioned, 1-based."""


@dataclass(frozen=True, slots=True)
class Block:
    """What was judged under one run."""

    run: Run | None
    items: tuple[ItemSamples, ...]
    """In order of first mention."""


def run_line(run: Run) -> str:
    """The line that opens a block."""
    return canonical({"run": records.run_record(run)})


def run_name(run: Run) -> str:
    """What ids that follow from a run are made of: its line, as older versions wrote it where they could."""
    record = records.run_record(run)
    if run.context == "joint":
        del record["context"]
    return canonical({"run": record})


def item_line(example: Example, session: Session | None = None) -> str:
    """The line of an item, with the session that it was saved as."""
    line: dict[str, Any] = {"item": records.item_record(example)}
    if session is not None:
        line["session"] = records.session_record(session)
    return canonical(line)


def sample_line(item_id: str, sample: Sample) -> str:
    """The line of a sample."""
    return canonical(sample_records.sample_record(item_id, sample))


def read_items(source: str | Path | BinaryIO, name: str | None = None) -> list[Example]:
    """Read ITEMS.jsonl ('-' = standard input); UsageError names file and line of whatever cannot be judged.

    A line has `responses`, with `models` beside it where they are known, or `answers` by model: records.read_item.

    `name` is what messages call a stream.
    """
    examples: dict[str, Example] = {}
    name, lines = _lines(source, name, unique=True)
    for number, value in lines:
        with located(name, number):
            example = records.read_item(value)
            if example.id in examples:
                raise FieldError(f"there is an item {example.id!r} already")
            examples[example.id] = example
    if not examples:
        raise UsageError(f"{name}: there are no items in it")
    return list(examples.values())


def read_samples(source: str | Path | BinaryIO, name: str | None = None) -> Iterator[Block]:
    """Read SAMPLES.jsonl ('-' = standard input) block by block; UsageError names file and line.

    `name` is what messages call a stream.

    A sample line needs item_id, index and scores (null = no vote) only; see sample_records.read_sample.
    """
    name, lines = _lines(source, name)
    block = _Reader(name, None)
    for number, value in lines:
        with located(name, number):
            if "run" in value:
                if block.run is not None or block.items:
                    yield block.finish()
                block = _Reader(name, records.read_run(value["run"], digest(canonical_or_error(value))))
            elif "item" in value:
                block.add_item(number, value)
            else:
                block.add_sample(number, value)
    if block.run is not None or block.items:
        yield block.finish()


def canonical_or_error(value: Any) -> str:
    """Canonical JSON; FieldError where a value is NaN or infinite."""
    try:
        return canonical(value)
    except ValueError:
        raise FieldError("NaN and Infinity are not JSON") from None


class _Item:
    """An item while its block is read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.example: Example | None = None
        self.session: SessionInfo | None = None
        self.n: int | None = None
        self.rows: dict[int, tuple[int, dict[str, Any]]] = {}


class _Reader:
    """A block while it is read: samples may stand before their item line, so types are made at its end."""

    def __init__(self, name: str, run: Run | None) -> None:
        self.name = name
        self.run = run
        self.items: dict[str, _Item] = {}

    def add_item(self, number: int, value: dict[str, Any]) -> None:
        example = records.read_item(value["item"])
        item = self.items.setdefault(example.id, _Item(number))
        if item.example is not None:
            raise FieldError(f"there is an item {example.id!r} already")
        item.example = example
        if value.get("session") is not None:
            item.session = records.read_session(value["session"])
        self._count(item, example.id, len(example.responses))

    def add_sample(self, number: int, value: dict[str, Any]) -> None:
        item_id = fields.string(fields.need(value, "item_id"), "item_id")
        index = fields.integer(fields.need(value, "index"), "index", 0, sample_records.INDEX_MAX)
        item = self.items.setdefault(item_id, _Item(number))
        if index in item.rows:
            raise FieldError(f"there is a sample {index} of item {item_id!r} already")
        scores = sample_records.read_scores(value)
        known = scores if scores is not None else value.get("order")
        if isinstance(known, tuple | list):
            self._count(item, item_id, len(known))
        item.rows[index] = (number, value)
        # Most of a file is sample lines: what is wrong in one is told at once where n is known.
        if item.n is not None:
            sample_records.read_sample(value, "", item.n)

    def finish(self) -> Block:
        return Block(self.run, tuple(self._finished(item_id, item) for item_id, item in self.items.items()))

    def _finished(self, item_id: str, item: _Item) -> ItemSamples:
        session_id = item.session.id if item.session else item_id
        samples = []
        for number, value in (item.rows[index] for index in sorted(item.rows)):
            with located(self.name, number):
                samples.append(sample_records.read_sample(value, session_id, item.n or 0))
        return ItemSamples(item_id, item.n, item.example, item.session, tuple(samples), item.line)

    def _count(self, item: _Item, item_id: str, n: int) -> None:
        if item.n is not None and item.n != n:
            raise FieldError(f"item {item_id!r} has {item.n} responses, not {n}")
        item.n = n


def session_of(run: Run, item: ItemSamples, example: Example) -> Session:
    """The session that an item of a file becomes."""
    info = item.session
    if info is None:
        return new_session(run, example)
    return Session(info.id, run.id, example, info.title, info.created_at, info.tags)


def new_session(run: Run, example: Example, tags: tuple[str, ...] = ()) -> Session:
    """A session of the run; its id follows from run and item, so that the same ones give the same session."""
    session_id = digest(run_name(run) + item_line(example))
    return Session(session_id, run.id, example, title(example), run.created_at, tags)


def title(example: Example, length: int = 80) -> str:
    """A session's first title: the beginning of the last user message."""
    words = " ".join(next((m.content for m in reversed(example.query) if m.role == "user"), example.id).split())
    return words if len(words) <= length else words[: length - 1] + "…"


def dump(blocks: Iterable[tuple[Run, Session, list[Sample]]], out: TextIO) -> int:
    """Write sessions; the run line is repeated where the run changes or an item id comes again. Returns how many."""
    run_id: str | None = None
    seen: set[str] = set()
    count = 0
    for run, session, samples in blocks:
        if run.id != run_id or session.example.id in seen:
            out.write(run_line(run) + "\n")
            run_id, seen = run.id, set()
        seen.add(session.example.id)
        out.write(item_line(session.example, session) + "\n")
        for sample in samples:
            out.write(sample_line(session.example.id, sample) + "\n")
        count += 1
    return count


def with_session(sample: Sample, session_id: str) -> Sample:
    """The same sample in another session."""
    return replace(sample, session_id=session_id, id=f"{session_id}/{sample.index}")


def _lines(
    source: str | Path | BinaryIO, name: str | None = None, unique: bool = False
) -> tuple[str, Iterator[jsonlines.Line]]:
    if not isinstance(source, str | Path):
        name = name or "input"
        return name, jsonlines.parse(source, name, unique=unique)
    if str(source) == "-":
        return "standard input", jsonlines.parse(sys.stdin.buffer, "standard input", unique=unique)
    return str(source), jsonlines.read(source, unique=unique)


def digest(text: str) -> str:
    """A short name that follows from content."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
