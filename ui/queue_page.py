"""The Queue page: an annotator's desk. What it may show is decided here: nothing of the GRM before the blind label."""

import statistics
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import gradio as gr

from grm_core.analysis import agreement, labels, queues
from grm_core.analysis.queues import Case
from grm_core.embedders import Embedder
from grm_core.errors import EngineError, UsageError
from grm_core.formats.annotations import read_annotation
from grm_core.types import Annotation, Example, Sample
from grm_core.voting import vote
from reports import failures
from reports.failures import FailureReport
from reports.words import verdict_line
from storage.desk import Queue, QueueItem
from storage.errors import Refused, StoreError
from storage.listing import Wanted
from storage.store import Store
from ui import detail, render, script
from ui.panels import panel
from ui.principles import Vectors
from ui.run_page import called

_SESSIONS_MOST = 2000
_PAUSE_S = 600
"""A longer time between two items is a pause, not a pace."""
Json = dict[str, Any]


class QueuePage:
    """A view that asks the server for each item."""

    def __init__(self, store: Store) -> None:
        self.store, self.desk, self.vectors = store, store.desk, Vectors(Embedder())
        gr.HTML(
            {"may": not store.read_only, "rules": list(queues.RULES), "classes": list(labels.CLASSES)},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=script("dom.js", "plot.js", "queue"),
            server_functions=self._functions(),
            elem_id="queue",
        )

    def _functions(self) -> list[Callable[..., Any]]:
        # Public endpoints: each checks what it is given.
        def overview(author: Any) -> Any:
            return self._answer(self.overview, author)

        def make(given: Any) -> Any:
            return self._answer(self.make, given)

        def take(given: Any) -> Any:
            return self._answer(self.take, *_list(given, 3))

        def look(given: Any) -> Any:
            return self._answer(self.look, *_list(given, 3))

        def save(given: Any) -> Any:
            return self._answer(self.save, given)

        def agreed(given: Any) -> Any:
            return self._answer(self.agreed, *_list(given, 2))

        def failed(queue: Any) -> Any:
            return self._answer(self.failed, queue)

        return [overview, make, take, look, save, agreed, failed]

    def _answer(self, what: Callable[..., Json], *given: Any) -> Json:
        try:
            return dict(render.sendable(what(*given)))
        except UsageError as error:
            # A file that cannot be written now may be later: the browser keeps what was said.
            return {"error": f"{error}.", "later": isinstance(error, StoreError) and not isinstance(error, Refused)}

    def overview(self, author: Any) -> Json:
        """All queues with their progress, and what new ones can be made of."""
        found = []
        for queue in self.desk.queues():
            items = self.desk.items(queue.id)
            done = sum(len(item.done) >= item.need for item in items)
            mine = sum(author in item.done for item in items)
            found.append({"id": queue.id, "title": queue.title, "total": len(items), "done": done, "mine": mine})
        runs = [{"id": run.id, "title": f"{called(run)} ({n} sessions)"} for run, n in self.store.runs(least=2)]
        return {"queues": found, "runs": runs, "tags": self.store.facets()[0]}

    def make(self, given: Any) -> Json:
        """A new queue from a run, a tag or everything, by the rules in the order given."""
        given = given if isinstance(given, dict) else {}
        rules = [rule for rule in given.get("rules") or () if isinstance(rule, str)]
        run, tag = (str(given.get(name) or "") for name in ("run", "tag"))
        rows = self.store.sessions(Wanted(run=run, tag=tag, sort="oldest"), limit=_SESSIONS_MOST)
        cases = [Case(r.session.id, r.session.example, tuple(self.store.samples(r.session.id))) for r in rows]
        seed = _whole(given.get("seed"))
        items = queues.build(cases, rules, _share(given.get("overlap")), _share(given.get("control")), seed)
        if not items:
            raise UsageError("no session fits these rules; choose others")
        title = str(given.get("title") or "").strip()[:120] or " + ".join(rules) or "all sessions"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        queue = Queue(uuid.uuid4().hex[:12], title, tuple(rules), _share(given.get("overlap")), seed, now)
        self.desk.add_queue(queue, [(item.session_id, item.reason, item.need) for item in items])
        return {"id": queue.id, "total": len(items)}

    def take(self, queue_id: Any, author: Any, after: Any) -> Json:
        """The author's next item."""
        item = self.desk.take(self._queue(queue_id).id, _author(author), after if isinstance(after, int) else -1)
        if item is None:
            return {"end": True, "progress": self._progress(queue_id, author)}
        return self._shown(queue_id, item, author)

    def look(self, queue_id: Any, author: Any, place: Any) -> Json:
        """A certain item, which is the author's from then on."""
        if not isinstance(place, int):
            raise UsageError("an item has a number")
        self.desk.assign(self._queue(queue_id).id, place, _author(author))
        item = next(item for item in self.desk.items(queue_id) if item.place == place)
        return self._shown(queue_id, item, author)

    def save(self, given: Any) -> Json:
        """Keep an annotation; sent again, it changes nothing."""
        annotation = read(given)
        session = self.store.session(annotation.session_id)
        if session is None:
            raise UsageError(f"there is no session {annotation.session_id}")
        sample = None
        if annotation.sample is not None:
            sample = self.store.sample(f"{session.id}/{annotation.sample}")
        labels.check(annotation, session.example, sample)
        self.desk.add(annotation)
        return {"saved": annotation.id, "at": datetime.now().strftime("%H:%M:%S")}

    def agreed(self, queue_id: Any, author: Any) -> Json:
        """Kappa, alpha and disagreements over the items that all who had them have finished."""
        queue = self._queue(queue_id)
        items = {item.session_id: item for item in self.desk.items(queue.id)}
        ready = {name for name, item in items.items() if len(item.done) >= max(2, item.need)}
        known = [each for each in self.desk.annotations(queue=queue.id) if each.session_id in ready]
        differ = sorted(agreement.disagreements(known).to_dict("records"), key=lambda row: items[row["session"]].place)
        for row in differ:
            row |= {"item": items[row["session"]].place, **{name: _none(row[name]) for name in ("sample", "place")}}
        tables = {"kappas": agreement.kappas(known), "alphas": agreement.alphas(known)}
        told = {name: {"columns": list(t.columns), "rows": _rows(t)} for name, t in tables.items()}
        return {"items": len(ready), "waiting": len(items) - len(ready), "differ": differ, **told}

    def failed(self, queue_id: Any) -> Json:
        """The failure report of a queue, or of all annotations for ''."""
        name = "" if queue_id == "" else self._queue(queue_id).id
        known = self.desk.annotations(queue=name)
        judged = self._judged({each.session_id for each in known})
        try:
            clusters = failures.clusters(known, judged, self.vectors.of)
        except EngineError as error:
            lacks = f"No clusters of principles: {error}. {error.hint}"
            return _failures(failures.make(known, judged)) | {"lacks": lacks}
        return _failures(failures.make(known, judged, clusters))

    def _judged(self, sessions: set[str]) -> dict[str, tuple[Example, Sequence[Sample]]]:
        found = ((name, self.store.session(name)) for name in sorted(sessions))
        return {name: (s.example, self.store.samples(name)) for name, s in found if s is not None}

    def _queue(self, queue_id: Any) -> Queue:
        queue = self.desk.queue(queue_id) if isinstance(queue_id, str) else None
        if queue is None:
            raise UsageError("there is no such queue; choose one of the list")
        return queue

    def _shown(self, queue_id: str, item: QueueItem, author: str) -> Json:
        """Query and responses; what the GRM, the data and the rule say only after the author's blind label."""
        session = self.store.session(item.session_id)
        if session is None:
            raise UsageError(f"the session {item.session_id} is gone")
        made = [a for a in self.desk.annotations(item.session_id, queue_id) if a.author == author]
        mine, example = labels.standing(made), session.example
        revealed = any(each.kind == "best" for each in mine)
        told: Json = {
            "queue": queue_id, "place": item.place, "session": session.id, "revealed": revealed,
            "case": detail.case(example), "mine": [_record(each) for each in mine],
            "done": author in item.done, "progress": self._progress(queue_id, author),
        }  # fmt: skip
        if not revealed:
            told["case"] |= {"labels": None, "reference": None, "models": None}
            return told
        samples = self.store.samples(session.id)
        verdict = verdict_line(vote(samples), len(example.responses))
        told |= {"reason": item.reason, "verdict": verdict, "rows": render.rows(samples)}
        return told | {"samples": [detail.detail(example, sample) for sample in samples]}

    def _progress(self, queue_id: str, author: str) -> Json:
        """How many are done, by the author and by all, and the author's pace in seconds an item."""
        items = self.desk.items(queue_id)
        ends = [a for a in labels.standing(self.desk.annotations(queue=queue_id, author=author)) if a.kind == "done"]
        times = sorted(datetime.fromisoformat(each.created_at) for each in ends)
        gaps = [(late - early).total_seconds() for early, late in pairwise(times)]
        gaps = [gap for gap in gaps if 0 < gap < _PAUSE_S]
        return {
            "mine": len(ends),
            "done": sum(len(item.done) >= item.need for item in items),
            "total": len(items),
            "pace": round(statistics.median(gaps)) if gaps else None,
        }


def _failures(report: FailureReport) -> Json:
    """Panels, examples and the two documents."""
    note = "95% intervals (Wilson). A sample that two people labelled counts twice."
    classes = panel("classes", "What kind of failure?", report.classes, failures.shares(report.classes), note)
    groups = [panel(name, failures.TITLES[name], group, None) for name, group in report.groups.items()]
    return {
        "said": report.said,
        "panels": [classes, *groups],
        "examples": {label: list(map(asdict, cases)) for label, cases in report.examples.items()},
        "markdown": failures.markdown(report),
        "html": failures.html(report),
    }


def read(given: Any) -> Annotation:
    """An annotation as the page sends it. Raises UsageError for what has the wrong shape."""
    annotation = read_annotation(given)
    try:
        aware = datetime.fromisoformat(annotation.created_at).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise UsageError("the annotation has no time with its zone")
    return annotation


def _record(annotation: Annotation) -> Json:
    names = ("id", "kind", "label", "sample", "place", "span", "note")
    return {name: getattr(annotation, name) for name in names}


def _rows(table: Any) -> list[list[Any]]:
    return [[_none(cell) for cell in row] for row in table.itertuples(index=False)]


def _none(cell: Any) -> Any:
    return None if cell is None or cell != cell else int(cell) if isinstance(cell, float) and cell % 1 == 0 else cell


def _author(given: Any) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > labels.AUTHOR_MOST:
        raise UsageError("say who you are first")
    return given


def _list(given: Any, count: int) -> list[Any]:
    return given if isinstance(given, list) and len(given) == count else [None] * count


def _share(given: Any) -> float:
    if not isinstance(given, int | float):
        return 0.0
    if not 0 <= given <= 1:
        raise UsageError(f"{given:.0%} is no share of the items; give 0 to 100")
    return float(given)


def _whole(given: Any) -> int:
    return given if isinstance(given, int) and 0 <= given < 2**31 else 0
