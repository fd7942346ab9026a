"""Code books on the Queue page, labels as files, and the GRM against people's blind labels."""

import io
import uuid
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any

from grm_core.analysis import codebook, labels
from grm_core.analysis.codebook import Book
from grm_core.errors import UsageError
from grm_core.formats import codebooks
from grm_core.formats.annotations import JudgedById
from grm_core.types import Annotation, CodeEvent
from reports import against_people, codes, labelled
from reports.words import run_title
from runs import writing
from runs.logins import ADMIN, ANNOTATOR
from storage.store import Store
from ui import peers
from ui.panels import panel
from ui.people import person
from ui.view import served
from ui.wire.codes import (
    BookCodes,
    BookReport,
    Change,
    Changed,
    Coded,
    CodeLine,
    CodeName,
    Coding,
    File,
    HistoryLine,
    NoteLine,
    People,
    Taken,
)
from ui.wire.shared import Choice, Failed, Table

_QUOTED, _TITLE = 160, 90
"""Characters of a text that a line shows."""


class Codes:
    """What the Queue page asks about code books."""

    def __init__(self, store: Store) -> None:
        self.store, self.desk = store, store.desk

    @served()
    def books(self) -> list[BookCodes]:
        """All code books with their codes, the paper's first."""
        return [
            BookCodes(id=book.id, title=book.title, codes=[_name(code) for code in book.codes.values()])
            for book in self._books().values()
        ]

    @served()
    def book(self, book_id: str, queue: str, author: str) -> BookReport | Failed:
        """A code book with its counts over a queue, or over everything for ''."""
        book = self._book(book_id)
        made, hidden = peers.visible(self.desk, person().name or author, queue)
        judged = self.store.judged(sorted({each.session_id for each in made}))
        counts = codebook.counts(book, made).to_dict("records")
        said = codes.sentence(made) + (f" {peers.words(hidden)}" if hidden else "")
        together = codes.parts(book, made)[1].table
        return BookReport(
            id=book.id,
            title=book.title,
            said=said,
            note=codes.NOTE,
            codes=[_line(book.codes[str(row["code"])], row) for row in counts],
            together=Table(columns=list(together.columns), rows=[list(row) for row in together.rows]),
            notes=[_note(note, judged, [c.name for c in given]) for note, given in codebook.open_notes(book, made)],
            history=self._history(book),
            markdown=codes.markdown(book, made),
            html=codes.html(book, made),
        )

    @served()
    def cases(self, book_id: str, code: str, queue: str, author: str) -> list[NoteLine] | Failed:
        """The labels of a code, each with its sample."""
        book = self._book(book_id)
        made, _ = peers.visible(self.desk, person().name or author, queue)
        mine = [each for each in labels.standing(made) if each.kind in ("class", "code")]
        mine = [each for each in mine if (now := book.now(each)) is not None and now.id == code]
        judged = self.store.judged(sorted({each.session_id for each in mine}))
        return [_note(each, judged, []) for each in mine]

    @served(wrong=Failed(error="the change has not the right fields."))
    def change(self, change: Change) -> Changed | Failed:
        """Change a code book, or begin one."""
        who, events = _who(change["author"]), _events(change, _who(change["author"]))
        codebook.books([*self.store.codes.events(), *events])
        if change["what"] == "remove":
            self._check_unused(change["book"], change["code"])
        self.store.codes.add(events)
        self.store.acts.note(person().name and who, f"{change['what']} in a code book", change["name"][:80])
        return Changed(id=events[0].book if change["what"] == "book" else events[0].code)

    @served()
    def code_notes(self, coding: Coding) -> Coded | Failed:
        """Give a code to the samples of some notes."""
        who, made = _who(coding["author"]), self.desk.annotations()
        notes = [each for each in labels.standing(made) if each.id in coding["notes"] and each.kind == "span"]
        if coding["code"] not in codebook.codes(self.store.codes.events()):
            raise UsageError("there is no such code any more")
        here = {(a.session_id, a.sample, a.span, a.note, a.label) for a in labels.standing(made) if a.author == who}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        added = [
            Annotation(f"a-{uuid.uuid4().hex}", note.session_id, "code", coding["code"], who, now,
                       sample=note.sample, span=note.span, note=note.note, queue=note.queue)
            for note in notes
            if (note.session_id, note.sample, note.span, note.note, coding["code"]) not in here
        ]  # fmt: skip
        return Coded(added=self.desk.add_all(added))

    @served()
    def exported(self, kind: str, queue: str, author: str) -> File | Failed:
        """Labels as a file of this kind: see reports.labelled."""
        made, _ = peers.visible(self.desk, person().name or author, queue)
        judged = self.store.judged(sorted({each.session_id for each in made}))
        text = labelled.text(kind, made, judged, self.store.codes.events())
        return File(name=f"labels-{kind}.jsonl" if kind != "jsonl" else "labels.jsonl", text=text)

    @served()
    def imported(self, text: str) -> Taken | Failed:
        """Keep the labels and code books of a file; with logins, admins only, as labels carry names."""
        person().check(ADMIN)
        portion = codebooks.read_labels(io.BytesIO(text.encode("utf-8", "surrogatepass")))
        added = writing.keep_labels(self.store, portion.annotations, portion.events)
        self.store.acts.note(person().name, "imported labels", str(added))
        return Taken(said=f"{added} labels added, {len(portion.annotations) - added} were there.")

    @served()
    def people(self, run_id: str, author: str) -> People | Failed:
        """The GRM of a run against people's blind labels; '' takes the run that has most of them."""
        made, hidden = peers.visible(self.desk, person().name or author)
        counts = against_people.runs_of(self.store, labels.standing(made))
        if not counts:
            raise UsageError("nobody has said which response is best yet")
        run_id = run_id if run_id in counts else next(iter(counts))
        report = against_people.make(made, against_people.judged_of(self.store, run_id))
        runs = self.store.runs_by_id(counts)
        said = f"{report.said} {peers.words(hidden)}" if hidden else report.said
        return People(
            run=run_id,
            runs=[Choice(id=run, title=run_title(runs[run])) for run in counts],
            said=said,
            panels=[panel(p.name, p.title, p.frame, None, p.note) for p in against_people.parts(report)],
            markdown=against_people.markdown(report),
            html=against_people.html(report),
            csv=against_people.csv(report),
        )

    def _books(self) -> dict[str, Book]:
        return codebook.books(self.store.codes.events())

    def _book(self, book_id: str) -> Book:
        book = self._books().get(book_id)
        if book is None:
            raise UsageError("there is no such code book; choose one of the list")
        return book

    def _check_unused(self, book_id: str, code: str) -> None:
        book = self._book(book_id)
        made = labels.standing(self.desk.annotations())
        if any((now := book.now(each)) and now.id == code for each in made if each.kind in ("class", "code")):
            raise UsageError("samples have this code; merge it into another one instead")

    def _history(self, book: Book) -> list[HistoryLine]:
        """The changes in words, the last one first."""
        names: dict[str, str] = {}
        history = []
        for event in (*codebook.FIRST, *self.store.codes.events()):
            if event.book == book.id:
                history.append(HistoryLine(at=event.created_at[:16].replace("T", " "), who=event.who,
                                           what=_words(event, names)))  # fmt: skip
                names[event.code] = event.name or names.get(event.code, "")
        return history[::-1]


def _who(author: str) -> str:
    """Who changes something: the login, else the name that was given."""
    person().check(ANNOTATOR)
    name = person().name or author
    if not name.strip() or len(name) > labels.AUTHOR_MOST:
        raise UsageError("enter your name first")
    return name


def _events(change: Change, who: str) -> list[CodeEvent]:
    """A change as it is kept; a split also makes its parts."""
    now = datetime.now(UTC).isoformat(timespec="seconds")

    def event(what: str, code: str, name: str = "", meaning: str = "", **more: tuple[object, ...]) -> CodeEvent:
        return CodeEvent(f"e-{uuid.uuid4().hex}", book, what, who, now, code, name.strip(), meaning.strip(), **more)  # type: ignore[arg-type]

    what, book = change["what"], change["book"]
    if what == "book":
        book = f"b-{uuid.uuid4().hex[:12]}"
        return [event("book", "", change["name"])]
    if what == "code":
        return [event("code", f"c-{uuid.uuid4().hex[:12]}", change["name"], change["meaning"])]
    if what != "split":
        return [event(what, change["code"], change["name"], change["meaning"], targets=tuple(change["targets"]))]
    parts = [event("code", f"c-{uuid.uuid4().hex[:12]}", name) for name in change["targets"]]
    if any(not 0 <= move["part"] < len(parts) for move in change["moves"]):
        raise UsageError("a label can only move to a part of the code that is split")
    moves = tuple((move["label"], parts[move["part"]].code) for move in change["moves"])
    return [*parts, event("split", change["code"], targets=tuple(part.code for part in parts), moves=moves)]


def _words(event: CodeEvent, names: dict[str, str]) -> str:
    """A change in words."""
    before, now = names.get(event.code, event.code), [names.get(code, code) for code in event.targets]
    return {
        "book": f"began “{event.name}”",
        "code": f"made “{event.name}”",
        "rename": f"renamed “{before}” to “{event.name}”" if before != event.name else f"defined “{before}” anew",
        "merge": f"merged “{before}” into “{''.join(now)}”",
        "split": f"split “{before}” into “{'”, “'.join(now)}”",
        "remove": f"removed “{before}”",
    }[event.what]


def _name(code: codebook.Code) -> CodeName:
    return CodeName(id=code.id, name=code.name, meaning=code.meaning)


def _line(code: codebook.Code, row: dict[Hashable, Any]) -> CodeLine:
    return CodeLine(
        **_name(code),
        samples=row["samples"],
        items=row["items"],
        annotators=row["annotators"],
        share=row["share"] if row["n"] else None,
        low=row["low"] if row["n"] else None,
        high=row["high"] if row["n"] else None,
        who=code.who,
    )


def _note(each: Annotation, judged: JudgedById, codes: Sequence[str]) -> NoteLine:
    example, samples = judged.get(each.session_id, (None, []))
    text = next((s.completion.text for s in samples if s.index == each.sample and s.completion), "")
    part = text[each.span[0] : each.span[1]] if each.span and each.span[1] - each.span[0] < len(text) else ""
    title = "" if example is None else example.query[-1].content
    return NoteLine(
        id=each.id,
        session=each.session_id,
        sample=each.sample or 0,
        title=title if len(title) <= _TITLE else f"{title[:_TITLE]}…",
        author=each.author,
        note=each.note,
        quoted=part[:_QUOTED],
        codes=list(dict.fromkeys(codes)),
    )
