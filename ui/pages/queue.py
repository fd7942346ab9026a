"""The Queue page: an annotator's desk. What it may show is decided here: nothing of the GRM before the blind label."""

import statistics
import threading
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pandas as pd

from grm_core.analysis import agreement, codebook, gold, labels, queues
from grm_core.analysis.codebook import Code
from grm_core.errors import EngineError, UsageError
from grm_core.formats.annotations import read_annotation
from grm_core.types import Annotation, Example
from grm_core.voting import vote
from reports import failures
from reports.words import count, run_title, verdict_line
from runs import queueing
from runs.logins import ANNOTATOR
from runs.queueing import Source
from storage.desk import Queue, QueueItem
from storage.store import Store
from ui import detail, peers, render
from ui.codes import Codes
from ui.panels import panel
from ui.people import person
from ui.vectors import Vectors
from ui.view import View, calls, served
from ui.wire.queue import (
    Agreed,
    Differ,
    End,
    FailureReport,
    Item,
    Label,
    Made,
    NewQueue,
    Overview,
    Planned,
    Progress,
    QueueLine,
    QueueSettings,
    Said,
    Saved,
)
from ui.wire.queue import (
    Example as ShownExample,
)
from ui.wire.shared import Choice, Failed, Table

_PAUSE_S = 600
"""A longer time between two items is a pause, not a pace."""


class QueuePage:
    """A view that asks the server for each item."""

    def __init__(self, store: Store, vectors: Vectors) -> None:
        self.store, self.desk, self.vectors = store, store.desk, vectors
        self._growing = threading.Lock()
        settings = QueueSettings(may=not store.read_only, rules=list(queues.RULES), classes=list(labels.CLASSES))
        View("queue", (*calls(self), *calls(Codes(store)))).place(settings)

    @served()
    def overview(self, author: str) -> Overview:
        """All queues with their progress, and what new ones can be made of; a login is the author."""
        author = person().name or author
        lines = []
        for queue in self.desk.queues():
            with self._growing:
                queueing.grow(self.store, queue)
            items = self.desk.items(queue.id)
            done = sum(len(item.done) >= item.need for item in items)
            mine = sum(author in item.done for item in items)
            lines.append(
                QueueLine(
                    id=queue.id, title=queue.title, total=len(items), done=done, mine=mine, made=queue.created_at[:10]
                )
            )
        runs = [Choice(id=run.id, title=f"{run_title(run)} ({count(n, 'session')})") for run, n in self.store.runs()]
        return Overview(queues=lines, runs=runs, tags=self.store.facets()[0], author=person().name)

    @served()
    def plan(self, wanted: NewQueue) -> Planned | Failed:
        """The size of a queue before it is made."""
        planned = queueing.plan(self.store, _source(wanted))
        return Planned(
            total=len(planned.items),
            twice=sum(item.need > 1 for item in planned.items),
            sessions=len(planned.sessions),
            pending=planned.pending,
            rules=planned.by_rule,
        )

    @served()
    def make(self, wanted: NewQueue) -> Made | Failed:
        """A new queue from a run, a tag or everything, by the rules in the order given."""
        person().check(ANNOTATOR)
        source = _source(wanted)
        planned = queueing.plan(self.store, source)
        if not planned.items and not source.grows:
            raise UsageError("no session fits these rules; choose others")
        title = (wanted["title"].strip() or self._title(source))[:120]
        queue = queueing.make(self.store, title, source, planned)
        self.store.acts.note(person().name, "made a queue", f"{queue.id} {title}")
        return Made(id=queue.id, total=len(planned.items))

    def _title(self, source: Source) -> str:
        """Its rules, and where its sessions come from."""
        run = self.store.run(source.run)
        sources = [name for name in ("" if run is None else run_title(run), source.tag) if name]
        return " of ".join([" + ".join(source.rules) or "all sessions", *sources])

    @served()
    def take(self, queue_id: str, author: str, after: int) -> Item | End | Failed:
        """The author's next item."""
        author, queue = _author(author), self._queue(queue_id)
        with self._growing:
            queueing.grow(self.store, queue)
        item = self.desk.take(queue.id, author, after)
        if item is None:
            return End(end=True, progress=self._progress(queue_id, author))
        return self._shown(queue_id, item, author)

    @served()
    def look(self, queue_id: str, author: str, place: int) -> Item | Failed:
        """A certain item, which is the author's from then on."""
        author = _author(author)
        self.desk.assign(self._queue(queue_id).id, place, author)
        item = next(item for item in self.desk.items(queue_id) if item.place == place)
        return self._shown(queue_id, item, author)

    @served()
    def compare(self, queue_id: str, author: str, place: int) -> Item | Failed:
        """An item that all who had it have completed, with what each of them said."""
        author = _author(author)
        item = next((item for item in self.desk.items(self._queue(queue_id).id) if item.place == place), None)
        if item is None or not _is_ready(item):
            raise UsageError("not all annotators have completed this item")
        return self._compared(queue_id, item, author)

    @served(wrong=Failed(error="the annotation has not the right fields."))
    def save(self, said: Said) -> Saved | Failed:
        """Keep an annotation; sent again, it changes nothing."""
        annotation = read(said)
        annotation = replace(annotation, author=_author(annotation.author))
        self._check_own(annotation)
        session = self.store.session(annotation.session_id)
        if session is None:
            raise UsageError(f"there is no session {annotation.session_id}")
        sample = None
        if annotation.sample is not None:
            sample = self.store.sample(f"{session.id}/{annotation.sample}")
        labels.check(annotation, session.example, sample, codebook.codes(self.store.codes.events()))
        if annotation.kind.startswith(labels.GOLD):
            self._check_ready(annotation)
        self.desk.add(annotation)
        return Saved(saved=annotation.id, at=datetime.now().strftime("%H:%M:%S"))

    @served()
    def agreed(self, queue_id: str, author: str) -> Agreed | Failed:
        """Kappa, alpha and disagreements over the items that all who had them have finished."""
        queue = self._queue(queue_id)
        items = {item.session_id: item for item in self.desk.items(queue.id)}
        ready = {name for name, item in items.items() if _is_ready(item)}
        annotations = [each for each in self.desk.annotations(queue=queue.id) if each.session_id in ready]
        words = gold.last_words(annotations)
        rows = agreement.disagreements(annotations).to_dict("records")
        sessions = self.store.sessions_by_id(row["session"] for row in rows)
        differ = [
            _differ(row, items[row["session"]].place, words, len(sessions[row["session"]].example.responses))
            for row in rows
        ]
        differ.sort(key=lambda one: one["item"])
        return Agreed(
            items=len(ready),
            waiting=len(items) - len(ready),
            differ=differ,
            kappas=_table(agreement.kappas(annotations)),
            alphas=_table(agreement.alphas(annotations)),
        )

    @served()
    def failed(self, queue_id: str, author: str) -> FailureReport | Failed:
        """The failure report of a queue, or of all annotations for ''; without what the author must not see yet."""
        name = "" if queue_id == "" else self._queue(queue_id).id
        annotations, hidden = peers.visible(self.desk, person().name or author, name)
        judged = self.store.judged(sorted({each.session_id for each in annotations}))
        lacks = [peers.words(hidden)] if hidden else []
        try:
            clusters = failures.clusters(annotations, judged, self.vectors.of)
        except EngineError as error:
            clusters = None
            lacks.append(f"No clusters of principles: {error}. {error.hint}")
        report = _failures(failures.make(annotations, judged, clusters))
        return report | {"lacks": " ".join(lacks)} if lacks else report

    def _check_own(self, annotation: Annotation) -> None:
        """Refuse to take back or replace what another login said; an admin may, and it is noted."""
        who = person()
        if not (who.name and annotation.replaces):
            return
        authors = {a.id: a.author for a in self.desk.annotations(annotation.session_id)}
        author = authors.get(annotation.replaces, who.name)
        if author != who.name:
            who.check_owner(author)
            self.store.acts.note(who.name, f"replaced a label of {author}", annotation.session_id)

    def _check_ready(self, annotation: Annotation) -> None:
        """Refuse to settle what somebody still labels."""
        items = self.desk.items(annotation.queue)
        if not any(item.session_id == annotation.session_id and _is_ready(item) for item in items):
            raise UsageError("not all annotators have completed this item")

    def _queue(self, queue_id: str) -> Queue:
        queue = self.desk.queue(queue_id)
        if queue is None:
            raise UsageError("there is no such queue; choose one of the list")
        return queue

    def _shown(self, queue_id: str, item: QueueItem, author: str) -> Item:
        """Query and responses; what the GRM, the data and the rule say only after the author's blind label."""
        session = self.store.session(item.session_id)
        if session is None:
            raise UsageError(f"the session {item.session_id} is gone")
        made = [a for a in self.desk.annotations(item.session_id, queue_id) if a.author == author]
        mine, example = labels.standing(made), session.example
        revealed = any(each.kind == "best" for each in mine)
        shown = Item(
            queue=queue_id,
            place=item.place,
            session=session.id,
            revealed=revealed,
            case=detail.case(example),
            mine=self._labels(mine),
            done=author in item.done,
            progress=self._progress(queue_id, author),
        )
        if not revealed:
            shown["case"] = shown["case"] | {"labels": None, "reference": None, "models": None}
            return shown
        return self._reveal(shown, item, example)

    def _labels(self, made: list[Annotation]) -> list[Label]:
        """Labels as the page shows them; those whose code was removed are left out."""
        books = codebook.books(self.store.codes.events()).values() if any(a.kind == "code" for a in made) else ()
        codes = {a.id: code for a in made if a.kind == "code" for book in books if (code := book.now(a)) is not None}
        return [_label(each, codes.get(each.id)) for each in made if each.kind != "code" or each.id in codes]

    def _reveal(self, shown: Item, item: QueueItem, example: Example) -> Item:
        """The item with all that the GRM said of it."""
        samples = self.store.samples(item.session_id)
        shown["rows"] = render.rows(samples)
        if self._queue(shown["queue"]).rules:
            shown["reason"] = item.reason
        shown["verdict"] = verdict_line(vote(samples), len(example.responses))
        shown["samples"] = [detail.detail(example, sample) for sample in samples]
        return shown

    def _compared(self, queue_id: str, item: QueueItem, author: str) -> Item:
        """The item as it is revealed, with the labels of all in place of one's own."""
        session = self.store.session(item.session_id)
        if session is None:
            raise UsageError(f"the session {item.session_id} is gone")
        made = labels.standing(self.desk.annotations(item.session_id, queue_id))
        others = {name: self._labels([each for each in made if each.author == name]) for name in sorted(item.done)}
        shown = Item(
            queue=queue_id,
            place=item.place,
            session=session.id,
            revealed=True,
            case=detail.case(session.example),
            mine=[],
            done=True,
            progress=self._progress(queue_id, author),
            others=others,
        )
        return self._reveal(shown, item, session.example)

    def _progress(self, queue_id: str, author: str) -> Progress:
        """How many are done, by the author and by all, and the author's pace in seconds an item."""
        items = self.desk.items(queue_id)
        ends = [a for a in labels.standing(self.desk.annotations(queue=queue_id, author=author)) if a.kind == "done"]
        times = sorted(datetime.fromisoformat(each.created_at) for each in ends)
        gaps = [(late - early).total_seconds() for early, late in pairwise(times)]
        gaps = [gap for gap in gaps if 0 < gap < _PAUSE_S]
        return Progress(
            mine=len(ends),
            done=sum(len(item.done) >= item.need for item in items),
            total=len(items),
            pace=round(statistics.median(gaps)) if gaps else None,
        )


def _is_ready(item: QueueItem) -> bool:
    """Whether two or more, and all who were to, have completed the item."""
    return len(item.done) >= max(2, item.need)


def _differ(row: dict[Hashable, Any], place: int, words: dict[gold.Target, Annotation], n: int) -> Differ:
    sample, of = _none(row["sample"]), _none(row["place"])
    word = words.get((row["session"], row["kind"], sample, of))
    return Differ(
        session=row["session"],
        item=place,
        kind=row["kind"],
        sample=sample,
        place=of,
        labels=row["labels"],
        allowed=list(labels.allowed(row["kind"], n)),
        final=None if word is None else _label(word),
        adjudicator="" if word is None else word.author,
    )


def _failures(report: failures.FailureReport) -> FailureReport:
    """Panels, examples and the two documents."""
    note = "95% intervals (Wilson). A sample that two people labelled counts twice."
    classes = panel("classes", "What kind of failure?", report.classes, failures.shares(report.classes), note)
    groups = [panel(name, failures.TITLES[name], group, None) for name, group in report.groups.items()]
    return FailureReport(
        said=report.said,
        panels=[classes, *groups],
        examples={label: [_example(case) for case in cases] for label, cases in report.examples.items()},
        markdown=failures.markdown(report),
        html=failures.html(report),
    )


def _example(case: failures.Case) -> ShownExample:
    return ShownExample(session=case.session, sample=case.sample, query=case.query, scores=case.scores)


def read(said: Said) -> Annotation:
    """An annotation as the page sends it. Raises UsageError for what has the wrong shape."""
    annotation = read_annotation(said)
    try:
        aware = datetime.fromisoformat(annotation.created_at).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise UsageError("the annotation has no time with its zone")
    return annotation


def _label(annotation: Annotation, code: Code | None = None) -> Label:
    return Label(
        id=annotation.id,
        kind=annotation.kind,
        label=annotation.label if code is None else code.id,
        name="" if code is None else code.name,
        sample=annotation.sample,
        place=annotation.place,
        span=annotation.span,
        note=annotation.note,
    )


def _table(table: pd.DataFrame) -> Table:
    rows = [[_none(cell) for cell in row] for row in table.itertuples(index=False)]
    return Table(columns=list(table.columns), rows=rows)


def _none(cell: Any) -> Any:
    return None if cell is None or cell != cell else int(cell) if isinstance(cell, float) and cell % 1 == 0 else cell


def _author(name: str) -> str:
    """Who labels: the login, else the name that was given."""
    who = person()
    who.check(ANNOTATOR)
    name = who.name or name
    if not name.strip() or len(name) > labels.AUTHOR_MOST:
        raise UsageError("say who you are first")
    return name


def _source(wanted: NewQueue) -> Source:
    return Source(
        run=wanted["run"],
        tag=wanted["tag"],
        rules=tuple(wanted["rules"]),
        overlap=_share(wanted["overlap"]),
        control=_share(wanted["control"]),
        seed=wanted["seed"],
        grows=wanted.get("grows", False),
    )


def _share(part: float) -> float:
    if not 0 <= part <= 1:
        raise UsageError(f"{part:.0%} is no share of the items; give 0 to 100")
    return part
