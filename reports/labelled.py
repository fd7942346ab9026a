"""What annotators said as lines of files: as it was made, what stands as training data, gold labels, coded samples."""

from collections.abc import Iterator, Sequence
from typing import Any

from grm_core.analysis import codebook, gold
from grm_core.analysis.labels import standing
from grm_core.errors import UsageError
from grm_core.formats import annotations, codebooks
from grm_core.formats.annotations import JudgedById
from grm_core.formats.lines import canonical
from grm_core.types import Annotation, CodeEvent
from reports import codes

Json = dict[str, Any]
KINDS = ("jsonl", *annotations.SHAPES, "gold", "codes")
"""jsonl: as it was made, code books first, to be imported again; gold: what stands for all annotators; codes: a line
per coded sample."""


def text(kind: str, made: Sequence[Annotation], judged: JudgedById, events: Sequence[CodeEvent]) -> str:
    """The file of this kind. Raises UsageError for an unknown one."""
    return "".join(f"{canonical(record)}\n" for record in records(kind, made, judged, events))


def records(kind: str, made: Sequence[Annotation], judged: JudgedById, events: Sequence[CodeEvent]) -> list[Json]:
    """The lines of the file of this kind."""
    if kind == "jsonl":
        return [*map(codebooks.event_record, events), *map(annotations.annotation_record, made)]
    if kind == "gold":
        return list(_gold(made, judged))
    if kind == "codes":
        return list(_codes(made, judged, events))
    if kind not in annotations.SHAPES:
        raise UsageError(f"labels are written as {', '.join(KINDS)}, not as {kind!r}")
    return list(annotations.SHAPES[kind](standing(made), judged))


def _gold(made: Sequence[Annotation], judged: JudgedById) -> Iterator[Json]:
    settled, _ = gold.gold(made)
    for one in settled:
        record: Json = {"item_id": judged[one.session][0].id if one.session in judged else None}
        record |= {"session_id": one.session, "kind": one.kind, "sample": one.sample, "place": one.place}
        record |= {"label": one.label, "how": one.how, "labels": one.labels}
        last = {"adjudicator": one.adjudicator, "settled_at": one.settled_at, "note": one.note}
        yield {name: value for name, value in (record | last).items() if value not in (None, "")}


def _codes(made: Sequence[Annotation], judged: JudgedById, events: Sequence[CodeEvent]) -> Iterator[Json]:
    for book in codebook.books(events).values():
        for row in codes.lines(book, made, judged).to_dict("records"):
            yield {"book": book.title} | {str(name): value for name, value in row.items()}
