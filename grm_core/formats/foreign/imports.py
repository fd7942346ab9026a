"""A file as `import` takes it: sessions of ours, finished judgments of others, or items that nobody has judged."""

import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

from grm_core.errors import UsageError
from grm_core.formats import lines, sessions
from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import (
    alpaca_eval,
    contents,
    inspect_log,
    judged,
    langfuse,
    reading,
    rewardbench2,
    telemetry,
)
from grm_core.formats.foreign.contents import Contents, Json, Record
from grm_core.formats.foreign.forms import form_of
from grm_core.formats.foreign.judged import Judgment
from grm_core.formats.foreign.reading import LeftOut, RightedError
from grm_core.formats.lines import Source
from grm_core.formats.sessions import Block, ItemSamples

OURS, ITEMS = "samples", "items"
_FIRST = 100
"""Records that are looked at to tell a form."""


class Imports(NamedTuple):
    """The contents of a file for a store."""

    form: str
    """samples, items, or the form of others' judgments."""
    blocks: list[Block]
    left_out: list[LeftOut]
    understood: str
    """In words; '' for a plain SAMPLES.jsonl."""


def read(source: Source, name: str | None = None) -> Imports:
    """Read a file; UsageError names file, line and what is wrong, and nothing of the file is used."""
    name = lines.name_of(source, name)
    data = lines.read_bytes(source, name)
    if inspect_log.matches(data):
        return _inspected(data, name)
    with reading.righted():
        opened = contents.of(data, name)
    if inspect_log.is_json(opened.whole):
        return _inspected(data, name)
    with reading.righted():
        first = next(opened.records, None)
    if first is None:
        raise UsageError(f"{name}: there is nothing in it")
    if opened.kind == "JSON Lines" and _is_ours(first.value):
        _, plain = contents.decoded(contents.unpacked(data, name), name)
        return Imports(OURS, list(sessions.read_samples(io.BytesIO(plain), name)), [], "")
    with reading.righted():
        records = [first, *opened.records]
    if _is_ours(first.value):
        text = "\n".join(lines.canonical(record.value) for record in records)
        return Imports(OURS, list(sessions.read_samples(io.BytesIO(text.encode()), name)), [], "")
    made = _foreign(records, opened, name)
    return made if made is not None else _items(data, name)


def _is_ours(record: Json) -> bool:
    return any(name in record for name in ("run", "item")) or ("item_id" in record and form_of(record) is None)


def _inspected(data: bytes, name: str) -> Imports:
    judgments, left_out = inspect_log.judgments(data, name)
    return _imports(inspect_log.FORM, "Inspect log", judgments, [LeftOut(*each) for each in left_out])


def _imports(form: str, kind: str, judgments: list[Judgment], left_out: list[LeftOut]) -> Imports:
    words = f"{kind}, {form}, {len(judgments):,} judgments"
    if left_out:
        words += f", {len(left_out):,} left out ({left_out[0].place}: {left_out[0].reason})"
    return Imports(form, judged.blocks(form, judgments), left_out, words)


def _foreign(records: list[Record], opened: Contents, name: str) -> Imports | None:
    """The judgments of a file of others; None where its records are no judgments."""
    kind = f"{opened.kind}, {opened.encoding}"
    head = [record.value for record in records[:_FIRST]]
    readers: tuple[tuple[str, str, Callable[[Json], bool], Callable[[Json], Iterator[Judgment]]], ...] = (
        (alpaca_eval.FORM, alpaca_eval.EXAMPLE, alpaca_eval.matches, alpaca_eval.judgments),
        (
            *(rewardbench2.FORM, rewardbench2.EXAMPLE, rewardbench2.matches),
            lambda record: rewardbench2.judgments(record, name),
        ),
        (langfuse.FORM, langfuse.EXAMPLE, langfuse.matches, langfuse.judgments),
    )
    for form, example, matches, convert in readers:
        if matches(head[0]):
            return _imports(form, kind, *_converted(records, name, example, matches, convert))
    if any(telemetry.matches(value) for value in head):
        try:
            judgments = list(telemetry.judgments([record.value for record in records]))
        except FieldError as error:
            raise RightedError(f"{name}: {error}; a line that would be right: {telemetry.EXAMPLE}") from None
        return _imports(
            telemetry.FORM, kind, judgments, [] if judgments else [LeftOut("the file", "no evaluation in it")]
        )
    return None


def _converted(
    records: list[Record],
    name: str,
    example: str,
    matches: Callable[[Json], bool],
    convert: Callable[[Json], Iterator[Judgment]],
) -> tuple[list[Judgment], list[LeftOut]]:
    judgments: list[Judgment] = []
    left_out = []
    for record in records:
        try:
            if not matches(record.value):
                raise FieldError("it is of another form than the records before")
            made = list(convert(record.value))
        except FieldError as error:
            words = f"{name}, {record.place}: {error}; a line that would be right: {example}"
            raise RightedError(words) from None
        judgments += made
        if not made:
            left_out.append(LeftOut(record.place, "it has no score"))
    return judgments, left_out


def _items(data: bytes, name: str) -> Imports:
    """Items as sessions without samples, under a run that is not known."""
    understood = reading.read_items(io.BytesIO(data), name)
    items = tuple(
        ItemSamples(example.id, len(example.responses), example, None, (), number)
        for number, example in enumerate(understood.items, 1)
    )
    return Imports(ITEMS, [Block(None, items)], understood.left_out, f"{understood.words()}, no judgments")
