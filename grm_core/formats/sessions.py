"""SAMPLES.jsonl as a whole: reading anybody's files, writing ours, and the sessions that their items become.

A file is a sequence of blocks, each opened by a run line (the first may lack it). An item line says what is judged, a
sample line holds one sample; both belong to the block they stand in, where an item id names one item. What we write
is canonical: the same sessions give the same bytes, and import followed by export changes none of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, TextIO

from grm_core.formats import lines, samples
from grm_core.formats.fields import Checked, Codec, Default, FieldError, Identifier, Text
from grm_core.formats.items import item_record, read_item
from grm_core.formats.lines import Source, canonical, digest, located
from grm_core.formats.runs import read_run, run_line, run_name
from grm_core.formats.samples import SampleLine, sample_line
from grm_core.formats.titles import plain_title
from grm_core.types import Example, Run, Sample, Session


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The fields of an item line about the session that it was saved as."""

    id: str
    title: str
    tags: tuple[str, ...]
    created_at: str


SessionField = Annotated[
    SessionInfo,
    Checked(id=Identifier, title=Default(Text, ""), tags=Default(tuple[Text, ...], ()), created_at=Default(Text, "")),
]
SESSION: Codec[SessionInfo] = Codec(SessionField, "session")


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
    """The items and samples of one run."""

    run: Run | None
    items: tuple[ItemSamples, ...]
    """In order of first mention."""


def item_line(example: Example, session: Session | None = None) -> str:
    """The line of an item, with the session that it was saved as."""
    line: dict[str, Any] = {"item": item_record(example)}
    if session is not None:
        tags = list(session.tags)
        line["session"] = {
            "id": session.id, "title": session.title, "tags": tags, "created_at": session.created_at
        }  # fmt: skip
    return canonical(line)


def read_samples(source: Source, name: str | None = None) -> Iterator[Block]:
    """Read SAMPLES.jsonl ('-' = standard input) block by block; UsageError names file and line.

    `name` is what messages call a stream. A sample line needs item_id, index and scores (null = no vote) only.
    """
    name = lines.name_of(source, name)
    block = _Reader(name, None)
    for number, data in lines.read_raw(source, name):
        with located(name, number):
            line = read_line(data)
            if isinstance(line, SampleLine):
                block.add_sample(number, line)
            elif "run" in line:
                run = read_run(line)
                if block.run is not None or block.items:
                    yield block.finish()
                block = _Reader(name, run)
            else:
                block.add_item(number, line)
    if block.run is not None or block.items:
        yield block.finish()


def read_line(data: bytes) -> SampleLine | dict[str, Any]:
    """A sample line as what it says, a run or item line as its object; UsageError where it is none of them."""
    # Most of a file is sample lines, which are read quickest as such. Inside a text quotation marks are escaped.
    if b'"run"' in data or b'"item"' in data:
        value = lines.parse(data)
        if "run" in value or "item" in value:
            return value
    try:
        return samples.LINE.line(data)
    except FieldError:
        if {"query", "responses"} <= lines.parse(data).keys():
            raise FieldError("this is an item that nobody has judged; `score` judges a file of items") from None
        raise


class _Item:
    """An item while its block is read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.example: Example | None = None
        self.session: SessionInfo | None = None
        self.n: int | None = None
        self.samples: dict[int, tuple[int, SampleLine]] = {}


class _Reader:
    """A block while it is read: samples may stand before their item line, so types are made at its end."""

    def __init__(self, name: str, run: Run | None) -> None:
        self.name = name
        self.run = run
        self.items: dict[str, _Item] = {}

    def add_item(self, number: int, value: dict[str, Any]) -> None:
        example = read_item(value["item"])
        item = self.items.setdefault(example.id, _Item(number))
        if item.example is not None:
            raise FieldError(f"there is an item {example.id!r} already")
        item.example = example
        if value.get("session") is not None:
            item.session = SESSION.read(value["session"])
        self._count(item, example.id, len(example.responses))

    def add_sample(self, number: int, line: SampleLine) -> None:
        item = self.items.get(line.item_id)
        if item is None:
            item = self.items[line.item_id] = _Item(number)
        if line.index in item.samples:
            raise FieldError(f"there is a sample {line.index} of item {line.item_id!r} already")
        if line.n is not None:
            self._count(item, line.item_id, line.n)
        # Most of a file is sample lines: what is wrong in one is told at once where n is known.
        if item.n is not None:
            samples.check(line, item.n)
        item.samples[line.index] = (number, line)

    def finish(self) -> Block:
        return Block(self.run, tuple(self._finished(item_id, item) for item_id, item in self.items.items()))

    def _finished(self, item_id: str, item: _Item) -> ItemSamples:
        session_id = item.session.id if item.session else item_id
        made = []
        for number, line in (item.samples[index] for index in sorted(item.samples)):
            with located(self.name, number):
                made.append(samples.read_sample(line, session_id, item.n or 0))
        return ItemSamples(item_id, item.n, item.example, item.session, tuple(made), item.line)

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


def title(example: Example) -> str:
    """A session's first title: the first line of the last user message in plain text, or the item's id."""
    turns = (turn.content for turn in reversed(example.query) if turn.role == "user")
    return plain_title(next(turns, "")) or example.id


def dump(blocks: Iterable[tuple[Run, Session, list[Sample]]], out: TextIO) -> int:
    """Write sessions; the run line is repeated where the run changes or an item id comes again. Returns how many."""
    run_id: str | None = None
    seen: set[str] = set()
    count = 0
    for run, session, stored in blocks:
        if run.id != run_id or session.example.id in seen:
            out.write(run_line(run) + "\n")
            run_id, seen = run.id, set()
        seen.add(session.example.id)
        out.write(item_line(session.example, session) + "\n")
        for sample in stored:
            out.write(sample_line(session.example.id, sample) + "\n")
        count += 1
    return count


def with_session(sample: Sample, session_id: str) -> Sample:
    """The same sample in another session."""
    return replace(sample, session_id=session_id, id=f"{session_id}/{sample.index}")
