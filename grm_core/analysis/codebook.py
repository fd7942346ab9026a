"""Code books: names for what samples show, made from notes (open coding), then renamed, merged, split (axial coding).

A book is what the changes made to it add up to. Labels keep the code that they were made with and follow it: a merged
code's labels count for the other one, a split code's labels for the part that each was moved to. The first book holds
the paper's four classes of failure (arXiv 2504.02495, App. F); the classes of samples are labels of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import pandas as pd

from grm_core.analysis.labels import CLASSES, standing
from grm_core.analysis.shares import wilson
from grm_core.errors import UsageError
from grm_core.types import GOOD, Annotation, CodeEvent

PAPER = "paper"
"""Id of the first book."""
CHANGES = ("book", "code", "rename", "merge", "split", "remove")
NAME_MOST, MEANING_MOST = 80, 1000
_MEANINGS = {
    "incorrect critique": "The critique says of a response what is not so, or misses what decides.",
    "imbalanced weights": "The principles fit, but the less important ones weigh more.",
    "improper principles": "The principles do not fit the query, so the critique looks at the wrong things.",
    "wrong ground truth": "The judgment is right and the data's label is wrong.",
}
FIRST: tuple[CodeEvent, ...] = (
    CodeEvent("paper", PAPER, "book", "", "", name="The paper's classes of failure"),
    *(
        CodeEvent(f"paper-{place}", PAPER, "code", "", "", code=name, name=name, meaning=_MEANINGS[name])
        for place, name in enumerate(CLASSES[1:], 1)
    ),
)
"""The changes that every database begins with; they are not stored."""


class Code(NamedTuple):
    """A code that stands."""

    id: str
    name: str
    meaning: str
    """When it is to be used."""
    who: str
    created_at: str


@dataclass(slots=True)
class Book:
    """A code book as it is now."""

    id: str
    title: str
    codes: dict[str, Code] = field(default_factory=dict)
    """Id -> code, in the order in which they were made."""
    gone: dict[str, CodeEvent] = field(default_factory=dict)
    """Id of a code that was merged, split or removed -> that change."""

    def now(self, label: Annotation) -> Code | None:
        """The code that a label stands for now; None where it is of another book, or its code was removed."""
        code = label.label
        while code in self.gone:
            change = self.gone[code]
            if not change.targets:
                return None
            code = dict(change.moves).get(label.id, change.targets[0])
        return self.codes.get(code)


def books(events: Iterable[CodeEvent]) -> dict[str, Book]:
    """Id -> book, the paper's first. Raises UsageError for a change that does not fit what was there before it."""
    made: dict[str, Book] = {}
    for event in (*FIRST, *events):
        _apply(made, event)
    return made


def codes(events: Iterable[CodeEvent]) -> set[str]:
    """The ids of all codes that were ever made."""
    return {event.code for event in (*FIRST, *events) if event.what == "code"}


def coded(book: Book, annotations: Iterable[Annotation]) -> pd.DataFrame:
    """One row per sample, code and author: session, sample, code (id), name, author, label (its id), note."""
    rows = []
    for each in standing(annotations):
        code = book.now(each) if each.kind in ("class", "code") and each.label != GOOD else None
        if code is not None:
            rows.append((each.session_id, each.sample, code.id, code.name, each.author, each.id, each.note))
    table = pd.DataFrame(rows, columns=["session", "sample", "code", "name", "author", "label", "note"])
    return table.drop_duplicates(["session", "sample", "code", "author", "note"])


def counts(book: Book, annotations: Sequence[Annotation]) -> pd.DataFrame:
    """One row per code: code (id), name, samples, items, annotators, n, share, low, high (95%, Wilson).

    n are the samples that somebody labelled or noted something of; a sample counts once, whoever gave it the code.
    """
    table, n = coded(book, annotations), len(read(annotations))
    rows = []
    for code in book.codes.values():
        mine = table[table["code"] == code.id]
        samples = len(mine.drop_duplicates(["session", "sample"]))
        people = mine["author"].nunique()
        rows.append((code.id, code.name, samples, mine["session"].nunique(), people, n, *wilson(samples, n)))
    columns = ["code", "name", "samples", "items", "annotators", "n", "share", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def read(annotations: Iterable[Annotation]) -> set[tuple[str, int]]:
    """(session, sample) of the samples that somebody labelled or noted something of."""
    kinds = ("class", "code", "span", "principle")
    return {(a.session_id, a.sample) for a in standing(annotations) if a.kind in kinds and a.sample is not None}


def together(book: Book, annotations: Sequence[Annotation]) -> pd.DataFrame:
    """How many samples have both codes: a row and a column per code, by name; the diagonal has a code's samples."""
    codes_of: dict[tuple[str, int], set[str]] = {}
    table = coded(book, annotations)
    for session, sample, code in zip(table["session"], table["sample"], table["code"], strict=True):
        codes_of.setdefault((session, sample), set()).add(code)
    both = Counter(pair for mine in codes_of.values() for pair in product(mine, repeat=2))
    rows = [(code.name, *(both[code.id, other] for other in book.codes)) for code in book.codes.values()]
    return pd.DataFrame(rows, columns=["code", *(code.name for code in book.codes.values())])


def open_notes(book: Book, annotations: Sequence[Annotation]) -> list[tuple[Annotation, list[Code]]]:
    """The notes in order of arrival, each with the codes of the book that were made from it."""
    made = standing(annotations)
    by_note: dict[tuple[str, int | None, object, str], list[Code]] = {}
    for each in made:
        code = book.now(each) if each.kind == "code" else None
        if code is not None and each.note:
            by_note.setdefault(_of_note(each), []).append(code)
    return [(each, by_note.get(_of_note(each), [])) for each in made if each.kind == "span" and each.note]


def _of_note(each: Annotation) -> tuple[str, int | None, object, str]:
    return each.session_id, each.sample, each.span, each.note


def _apply(made: dict[str, Book], event: CodeEvent) -> None:
    """Make one change, or raise UsageError."""
    if event.what not in CHANGES:
        raise UsageError(f"a code book is changed by {', '.join(CHANGES)}, not by {event.what!r}")
    if len(event.name) > NAME_MOST or len(event.meaning) > MEANING_MOST:
        raise UsageError(f"a name has at most {NAME_MOST} characters, a meaning {MEANING_MOST:,}")
    if event.what == "book":
        if not event.name.strip() or event.book in made or any(b.title == event.name for b in made.values()):
            raise UsageError("a code book needs a name that no other one has")
        made[event.book] = Book(event.book, event.name)
        return
    book = made.get(event.book)
    if book is None:
        raise UsageError(f"there is no code book {event.book}")
    if event.what == "code":
        _add(made, book, event)
    elif event.code not in book.codes:
        raise UsageError(f"the code book {book.title} has no code {event.code} any more")
    elif event.what == "rename":
        _check_name(book.codes, event)
        book.codes[event.code] = book.codes[event.code]._replace(name=event.name, meaning=event.meaning)
    else:
        _end(book, event)


def _add(made: Mapping[str, Book], book: Book, event: CodeEvent) -> None:
    if not event.code or any(event.code in each.codes or event.code in each.gone for each in made.values()):
        raise UsageError(f"there is a code {event.code} already")
    _check_name(book.codes, event)
    book.codes[event.code] = Code(event.code, event.name, event.meaning, event.who, event.created_at)


def _check_name(there: Mapping[str, Code], event: CodeEvent) -> None:
    if not event.name.strip():
        raise UsageError("a code needs a name")
    if any(code.name.casefold() == event.name.casefold() and code.id != event.code for code in there.values()):
        raise UsageError(f"there is a code {event.name!r} already; merge the two instead")


def _end(book: Book, event: CodeEvent) -> None:
    """Merge, split or remove a code."""
    least = {"merge": 1, "split": 2, "remove": 0}[event.what]
    if len(set(event.targets)) < least or (event.what != "split" and len(event.targets) > least):
        raise UsageError(f"to {event.what} a code needs {least} others")
    if event.code in event.targets or any(target not in book.codes for target in event.targets):
        raise UsageError(f"to {event.what} a code, name others of the same book")
    if any(code not in event.targets for _, code in event.moves):
        raise UsageError("a label can only move to a part of the code that is split")
    del book.codes[event.code]
    book.gone[event.code] = event
