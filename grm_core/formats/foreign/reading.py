"""A file of anybody's items -> our items, and what was understood of it. Either all of a file is read or nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import contents
from grm_core.formats.foreign.contents import Contents, Record
from grm_core.formats.foreign.forms import OWN, example_of, form_of
from grm_core.formats.foreign.mapping import by_choice, fields_of
from grm_core.formats.lines import Source
from grm_core.types import Example


class LeftOut(NamedTuple):
    """A record that gave nothing, and why."""

    place: str
    reason: str


class Understood(NamedTuple):
    """A file as it was understood."""

    kind: str
    encoding: str
    forms: dict[str, int]
    """Form -> how many records have it."""
    items: list[Example]
    left_out: list[LeftOut]
    fields: dict[str, tuple[str, ...]]
    """Key of the first records -> the fields of their items that it went into, () for none."""

    @property
    def plain(self) -> bool:
        """Whether it is ITEMS.jsonl as we write it, of which there is nothing to tell."""
        return self.kind == "JSON Lines" and self.encoding == "UTF-8" and [*self.forms] == [OWN.name]

    def words(self) -> str:
        """A sentence of what was understood."""
        forms = " and ".join(self.forms)
        labelled = sum(item.labels is not None for item in self.items)
        items = "1 item" if len(self.items) == 1 else f"{len(self.items):,} items"
        parts = [f"{self.kind}, {self.encoding}, {forms}", items]
        parts.append(f"{labelled:,} with labels")
        if self.left_out:
            first = self.left_out[0]
            parts.append(f"{len(self.left_out):,} left out ({first.place}: {first.reason})")
        return ", ".join(parts)


CSV_HEAD = "query,response_a,response_b,winner"
"""The columns of a CSV file of pairs; the winner is a, b or tie."""


_FIRST = 20
"""Records that are looked at to say what the keys of a file hold."""


def read_items(
    source: Source, name: str | None = None, prefix: str = "item", roles: Mapping[str, str] | None = None
) -> Understood:
    """Read a file of items in any form; UsageError names file, line, what is wrong, and a line that would be right.

    An item without an id is called by its number, `prefix`-1 and so on. `roles`: what each column holds, as a person
    chose it (see by_choice); without it that follows from the columns' names.
    """
    name = lines.name_of(source, name)
    data = lines.read_bytes(source, name)
    with righted():
        understood = contents.of(data, name)
        if roles is not None:
            understood = understood._replace(records=_chosen(understood.records, name, roles))
        return _collected(understood, name, prefix)


def columns_of(source: Source, name: str | None = None) -> dict[str, str]:
    """Every key of the first records and the first text that it holds; UsageError where nothing can be read."""
    name = lines.name_of(source, name)
    columns: dict[str, str] = {}
    for record in islice(contents.of(lines.read_bytes(source, name), name).records, _FIRST):
        for key, value in record.value.items():
            columns[str(key)] = columns.get(str(key)) or ("" if value is None else str(value))
    return columns


def _chosen(records: Iterator[Record], name: str, roles: Mapping[str, str]) -> Iterator[Record]:
    for record in records:
        try:
            yield record._replace(value=by_choice(record.value, roles))
        except FieldError as error:
            raise UsageError(f"{name}, {record.place}: {error}") from None


@contextmanager
def righted() -> Iterator[None]:
    """Put a line that would be right after the message of a UsageError that is raised inside."""
    try:
        yield
    except RightedError:
        raise
    except UsageError as error:
        raise RightedError(f"{error}; a line that would be right: {OWN.example}") from None


class RightedError(UsageError):
    """A file that cannot be read; the message ends with a line that would be right."""


def _collected(contents: Contents, name: str, prefix: str) -> Understood:
    items: dict[str, Example] = {}
    seen: dict[Example, str] = {}
    forms: Counter[str] = Counter()
    left_out = []
    fields: dict[str, tuple[str, ...]] = {}
    for number, record in enumerate(contents.records, 1):
        try:
            form, example = example_of(record.value, f"{prefix}-{number}")
            forms[form.name] += 1
            if number <= _FIRST:
                for key, mine in fields_of(record.value, example, f"{prefix}-{number}").items():
                    fields[key] = tuple(dict.fromkeys((*fields.get(key, ()), *mine)))
            if form is OWN and example.id in items:
                raise FieldError(f"there is an item {example.id!r} already")
        except FieldError as error:
            words = f"{name}, {record.place}: {error}"
            form_there = form_of(record.value)
            if form_there is None and contents.kind == "CSV":
                raise RightedError(f"{words}; a first line that would be right: {CSV_HEAD}") from None
            if form_there is None or form_there is OWN:
                raise UsageError(words) from None
            raise RightedError(f"{words}; a line that would be right: {form_there.example}") from None
        if example in seen:
            left_out.append(LeftOut(record.place, f"the same as {seen[example]}"))
            continue
        seen[example] = record.place
        items[_free(example.id, items)] = example
    if not items:
        raise UsageError(f"{name}: there are no items in it")
    made = [example if example.id == key else _renamed(example, key) for key, example in items.items()]
    return Understood(contents.kind, contents.encoding, dict(forms), made, left_out, fields)


def _free(item_id: str, items: dict[str, Example]) -> str:
    """The id, or with a number behind it where another item of a foreign file has it."""
    if item_id not in items:
        return item_id
    number = 2
    while f"{item_id}/{number}" in items:
        number += 1
    return f"{item_id}/{number}"


def _renamed(example: Example, name: str) -> Example:
    return Example(
        name, example.query, example.responses, example.labels, example.reference, example.source, example.subset,
        example.models,
    )  # fmt: skip
