"""The numbers of an item's samples without their texts: all that votes and curves need.

`read_scores` says of a broken file what `sessions.read_samples` says, in a fraction of its time: a line that a plain
schema accepts is looked at no further, any other is read by the codec of samples.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, NamedTuple, Required

import numpy as np
from annotated_types import Ge, Le, Len
from numpy.typing import NDArray
from pydantic import AllowInfNan, ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

from grm_core.errors import UsageError
from grm_core.formats import lines, samples
from grm_core.formats.fields import INT_MAX, FieldError, logit
from grm_core.formats.items import read_item
from grm_core.formats.lines import Source, located
from grm_core.formats.runs import read_run
from grm_core.formats.samples import INDEX_MAX, SampleLine
from grm_core.formats.sessions import SESSION, read_line
from grm_core.types import N_MAX, SCORE_MAX, SCORE_MIN, ParseStatus, Sample

_ORDERS_MOST = 10_000
"""Different orders that are remembered as good."""
_STATUSES = frozenset(map(str, ParseStatus))


class Row(NamedTuple):
    """A sample in numbers."""

    at: int
    """The sample's index."""
    scores: tuple[int, ...] | None
    """In own order; None casts no vote."""
    logit: float | None
    """None = not scored by the meta RM."""


@dataclass(frozen=True)
class ItemScores:
    """What the samples of an item say in numbers, by index."""

    item_id: str
    indices: NDArray[np.int64]
    """(k,), ascending."""
    scores: NDArray[np.int8]
    """(k, n) in own order; a row of zeros casts no vote. n is 0 where no sample says it."""
    logits: NDArray[np.float64]
    """(k,), NaN where the meta RM said nothing."""
    labels: tuple[float, ...] | None = None
    subset: str = ""

    @cached_property
    def best(self) -> tuple[int, ...]:
        """Own indices of the highest label; () without labels."""
        most = max(self.labels or (0.0,))
        return tuple(place for place, label in enumerate(self.labels or ()) if label == most)

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """(k,), which samples cast a vote."""
        return np.asarray(self.scores.any(axis=1))

    @cached_property
    def scored(self) -> bool:
        """Whether a sample casts a vote and each that does has a meta logit."""
        return bool(self.valid.any() and not np.isnan(self.logits[self.valid]).any())

    @classmethod
    def of(cls, item_id: str, samples: Iterable[Sample], labels: Sequence[float] | None = None) -> "ItemScores":
        """Those of samples in any order; UsageError where they score different numbers of responses."""
        return cls.from_rows(item_id, [Row(s.index, s.scores, logit(s.meta_logit)) for s in samples], labels)

    @classmethod
    def from_rows(cls, item_id: str, rows: Iterable[Row], labels: Sequence[float] | None = None) -> "ItemScores":
        """Those of rows in any order; UsageError where they score different numbers of responses."""
        ordered = sorted(rows, key=lambda row: row.at)
        counts = {len(row.scores) for row in ordered if row.scores is not None}
        if len(counts) > 1:
            raise UsageError("the samples of one item score different numbers of responses")
        n = next(iter(counts), 0)
        unread = (0,) * n
        table = np.array([row.scores or unread for row in ordered], dtype=np.int8).reshape(len(ordered), n)
        logits = np.array([np.nan if row.logit is None else row.logit for row in ordered], dtype=np.float64)
        indices = np.array([row.at for row in ordered], dtype=np.int64)
        return cls(item_id, indices, table, logits, None if labels is None else tuple(labels))


def digest_of(items: Iterable[ItemScores]) -> str:
    """A short name that follows from all that the items say."""
    content = hashlib.sha256()
    for item in items:
        about = (item.item_id, item.subset, item.labels, item.scores.shape)
        content.update(lines.canonical(about).encode())
        for column in (item.indices, item.scores, item.logits):
            content.update(np.ascontiguousarray(column).tobytes())
    return content.hexdigest()


def read_scores(source: Source, name: str | None = None) -> Iterator[list[ItemScores]]:
    """The items of SAMPLES.jsonl block by block, in order of first mention; UsageError names file and line."""
    name = lines.name_of(source, name)
    block = _Block(name)
    for number, data in lines.read_raw(source, name):
        if block.add_plain(data):
            continue
        with located(name, number):
            line = read_line(data)
            if isinstance(line, SampleLine):
                block.add(line)
            elif "run" in line:
                read_run(line)
                if block.begun:
                    yield block.finish()
                block = _Block(name)
                block.begun = True
            else:
                block.add_item(line)
    if block.begun:
        yield block.finish()


class _Item:
    """An item while its block is read."""

    def __init__(self) -> None:
        self.named = False
        self.labels: tuple[float, ...] | None = None
        self.n: int | None = None
        self.rows: dict[int, Row] = {}


class _Block:
    """A block while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun = False
        self.items: dict[str, _Item] = {}
        self._orders: set[tuple[int, ...]] = set()
        """Some that hold each response once."""

    def add_plain(self, data: bytes) -> bool:
        """Take up a sample line in which nothing is unusual; False where it has to be looked at more closely."""
        if b'"run"' in data or b'"item"' in data:
            return False
        try:
            line = _plain().validate_json(data)
        except ValidationError:
            return False
        order, scores, status = line.get("order"), line.get("scores"), line.get("status")
        item = self.items.get(line["item_id"])
        if item is None or line["index"] in item.rows or not _in_order(line):
            return False
        if status is not None and (status not in _STATUSES or (status == "ok") != (scores is not None)):
            return False
        if (order is not None and not self._is_order(order, item.n)) or (scores and len(scores) != item.n):
            return False
        item.rows[line["index"]] = Row(line["index"], scores, line.get("meta_logit"))
        return True

    def add(self, line: SampleLine) -> None:
        """Take up a sample line; UsageError where it does not go with the others."""
        self.begun = True
        item = self.items.setdefault(line.item_id, _Item())
        if line.index in item.rows:
            raise FieldError(f"there is a sample {line.index} of item {line.item_id!r} already")
        if line.n is not None:
            _count(item, line.item_id, line.n)
        samples.check(line, item.n or 0)
        item.rows[line.index] = Row(line.index, line.scores, logit(line.meta_logit))

    def add_item(self, value: dict[str, Any]) -> None:
        """Take up an item line; UsageError where there is one of that id already."""
        example = read_item(value["item"])
        self.begun = True
        item = self.items.setdefault(example.id, _Item())
        if item.named:
            raise FieldError(f"there is an item {example.id!r} already")
        item.named, item.labels = True, example.labels
        if value.get("session") is not None:
            SESSION.read(value["session"])
        _count(item, example.id, len(example.responses))

    def finish(self) -> list[ItemScores]:
        """The block's items."""
        return [ItemScores.from_rows(item_id, item.rows.values(), item.labels) for item_id, item in self.items.items()]

    def _is_order(self, order: tuple[int, ...], n: int | None) -> bool:
        if order not in self._orders:
            if sorted(order) != list(range(len(order))):
                return False
            if len(self._orders) < _ORDERS_MOST:
                self._orders.add(order)
        return len(order) == n


def _count(item: _Item, item_id: str, n: int) -> None:
    if item.n is not None and item.n != n:
        raise FieldError(f"item {item_id!r} has {item.n} responses, not {n}")
    item.n = n


def _in_order(line: "_Line") -> bool:
    """Whether no place ends before it begins."""
    for principle in line.get("principles") or ():
        span = principle.get("span")
        if span is not None and span[0] > span[1]:
            return False
    critique = line.get("critique_span")
    if critique is not None and critique[0] > critique[1]:
        return False
    return all(span[0] <= span[1] for span in line.get("score_spans") or ())


_Whole = Annotated[int, Ge(-INT_MAX), Le(INT_MAX)]
_Count = Annotated[int, Ge(0), Le(INT_MAX)]
_Number = Annotated[float, AllowInfNan(False)]
_Span = tuple[_Count, _Count]
_Score = Annotated[int, Ge(SCORE_MIN), Le(SCORE_MAX)]
_STRICT = ConfigDict(strict=True)


@with_config(_STRICT)
class _Principle(TypedDict, total=False):
    text: Required[str]
    weight: _Number | None
    span: _Span | None


@with_config(_STRICT)
class _Line(TypedDict, total=False):
    """A sample line as samples.SampleLine accepts it, without what a usual one does not need."""

    item_id: Required[str]
    index: Required[Annotated[int, Ge(0), Le(INDEX_MAX)]]
    order: tuple[Annotated[int, Ge(0), Le(N_MAX - 1)], ...] | None
    seed: _Whole | None
    status: str | None
    scores: Annotated[tuple[_Score, ...], Len(1, N_MAX)] | None
    meta_logit: _Number | None
    text: str | None
    finish_reason: str | None
    prompt_tokens: _Count | None
    completion_tokens: _Count | None
    seconds: _Number | None
    model: str | None
    reasoning: str | None
    error: str | None
    request_key: str | None
    principles: tuple[_Principle, ...] | None
    critique_span: _Span | None
    score_spans: tuple[_Span, ...] | None
    parser_version: _Count | None


@cache
def _plain() -> SchemaValidator:
    validator = TypeAdapter(_Line).validator
    assert isinstance(validator, SchemaValidator)
    return validator
