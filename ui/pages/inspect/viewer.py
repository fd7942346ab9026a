"""A session as the Inspect view shows it at one moment, from the store and the running job."""

import io
from typing import Protocol

from grm_core.analysis import audit
from grm_core.analysis.scaling import Curve, curve
from grm_core.errors import UsageError
from grm_core.types import FOREIGN, Example, Method, Run, Sample, Verdict
from grm_core.voting import read_by_meta, vote
from reports import session as documents
from reports.words import context, verdict_line
from runs.job import SETTLED, Snapshot
from storage.store import Store
from storage.transfer import export_store
from ui import plots, render
from ui.pages.inspect.dials import Dials
from ui.wire.inspect import Dialled, Drawn, Finding, Point, Recent, View, Voted

_CACHED = 32
"""Sessions whose curves and findings are kept."""
_LIVE_CURVE = 64
"""While samples still come, larger votes are drawn only at the end: their curve takes seconds."""


_State = tuple[tuple[int, str | None, tuple[int, ...] | None, float | None], ...]


class Sampled(Protocol):
    """Who samples sessions now, and what they judge."""

    def example(self, session_id: str) -> Example | None:
        """What a session judges."""

    def snapshot(self, session_id: str) -> Snapshot | None:
        """How far its sampling is; None where nobody samples it."""


class Viewer:
    """Builds views; keeps curves and findings, which are dear, until the samples change."""

    def __init__(self, store: Store, jobs: Sampled) -> None:
        self.store, self.jobs = store, jobs
        self._curves: dict[tuple[str, Method, int | None, _State], Curve] = {}
        self._findings: dict[tuple[str, _State], list[Finding]] = {}

    def view(self, session_id: str) -> View:
        """Rows, progress and findings; an unknown session gives no rows and says so."""
        example = self.jobs.example(session_id)
        if example is None:
            return View(rows=[], missing=True)
        session, progress = self.store.session(session_id), self.jobs.snapshot(session_id)
        run = self.store.run(session.run_id) if session else None
        running = progress is not None and progress.running
        samples = self._samples(session_id, progress)
        k = progress.k if progress else max(run.k if run else 0, len(samples))
        settled = session is not None and SETTLED in session.tags
        return View(
            session=session_id,
            n=len(example.responses),
            k=k if running else max([len(samples), *(s.index + 1 for s in samples)]),
            phase=progress.phase if progress else "stored",
            running=running,
            progress=render.progress_line(progress, len(samples), k, settled),
            rows=render.rows(samples),
            live={str(i): tail for i, tail in progress.live.items()} if progress else {},
            origin=_origin(run) if run else "",
            may=not running and not self.store.read_only,
            alone=run is not None and run.single,
            findings=[] if running else self._audit(session_id, samples, example),
        )

    def voted(self, session_id: str, dials: Dials) -> Voted | None:
        """The stored samples voted as the dials say; no model is asked. None: no such session."""
        example = self.jobs.example(session_id)
        if example is None:
            return None
        progress = self.jobs.snapshot(session_id)
        samples = self._samples(session_id, progress)
        voted = Voted(method=str(dials.method), dials=Dialled(k=dials.k, k_meta=dials.k_meta))
        n = len(example.responses)
        try:
            verdict = vote(samples, dials.method, dials.k, dials.k_meta)
            voted["verdict"] = verdict_line(verdict, n) if samples else ""
            voted["winner"], voted["totals"], voted["valid"] = verdict.winner, verdict.totals, verdict.k_effective
            voted["notes"] = _notes(samples, verdict, dials)
            if dials.method is not Method.NAIVE or verdict.k < len(samples):
                voted["kept"] = list(verdict.voted)
        except UsageError as refused:
            voted["verdict"] = f"No {dials.method} verdict: {_refusal(samples, dials, refused)}."
        return voted

    def over_k(self, session_id: str, dials: Dials) -> Drawn | None:
        """Margin over k as the dials say: plot, points, how it was computed. None: nothing to draw, or not yet.

        Apart from `voted`, because a curve of many samples takes a second and a verdict none.
        """
        example, progress = self.jobs.example(session_id), self.jobs.snapshot(session_id)
        if example is None:
            return None
        samples = self._samples(session_id, progress)
        valid = sum(sample.scores is not None for sample in samples)
        if progress is not None and progress.running and valid > _LIVE_CURVE:
            return None
        try:
            return drawn(self._curve(session_id, samples, dials, example.labels), len(example.responses))
        except UsageError:  # `voted` says why there is no such vote
            return None

    def recent(self, count: int = 6) -> list[Recent]:
        """The newest sessions, to read while nothing is judged yet: id, title, k and whether it is a recorded demo."""
        return [
            Recent(id=row.session.id, title=row.session.title, k=row.samples, demo="demo" in row.session.tags)
            for row in self.store.sessions(limit=count)
        ]

    def sample(self, session_id: str, index: int) -> Sample | None:
        """One stored sample."""
        return self.store.sample(f"{session_id}/{index}")

    def alone(self, session_id: str) -> bool:
        """Whether each response of a session was judged in a prompt of its own."""
        stored = self.store.session_and_run(session_id)
        return stored is not None and stored[1].single

    def document(self, session_id: str, kind: str) -> str | None:
        """A stored session as html, md, csv or jsonl; None where there is no such session or kind."""
        stored = self.store.session_and_run(session_id)
        if stored is None:
            return None
        if kind == "jsonl":
            out = io.StringIO()
            export_store(self.store, [session_id], out)
            return out.getvalue()
        write = {"html": documents.html, "md": documents.markdown, "csv": documents.csv}.get(kind)
        return write and write(documents.make(*stored, self.store.samples(session_id)))

    def _samples(self, session_id: str, progress: Snapshot | None) -> list[Sample]:
        """By index. A live run is looked at several times a second: its job has every stored sample at hand."""
        if progress is not None and progress.running:
            return sorted(progress.samples, key=lambda s: s.index)
        return self.store.samples(session_id)

    def _audit(self, session_id: str, samples: list[Sample], example: Example) -> list[Finding]:
        key = (session_id, _state(samples))
        if key not in self._findings:
            if len(self._findings) > _CACHED:
                self._findings.clear()
            self._findings[key] = render.findings(audit.find(example, samples), samples)
        return self._findings[key]

    def _curve(self, session_id: str, samples: list[Sample], dials: Dials, labels: tuple[float, ...] | None) -> Curve:
        key = (session_id, dials.method, dials.k_meta, _state(samples))
        if key not in self._curves:
            if len(self._curves) > _CACHED:
                self._curves.clear()
            self._curves[key] = curve(samples, dials.method, dials.k_meta, labels)
        return self._curves[key]


def _origin(run: Run) -> str:
    """Who judged and how, for the line under the vote."""
    if run.engine == FOREIGN:
        return f"judged elsewhere by {run.model}, imported from {run.template}"
    settings = f"{run.model} on the {run.engine} engine, temperature {run.params.temperature:g}"
    return f"{settings}, template {run.template}, {context(run)}"


def _refusal(samples: list[Sample], dials: Dials, refused: UsageError) -> str:
    """Why there is no verdict; the vote's own words name a sample from 0, the page counts from 1."""
    lacking = [s.index + 1 for s in samples if s.scores is not None and s.meta_logit is None]
    if dials.method is Method.NAIVE or not lacking:
        return str(refused)
    if all(s.meta_logit is None for s in samples):
        return "none of these samples has a meta logit (no meta RM has read them); vote naive"
    first = f"sample {lacking[0]} has" if len(lacking) == 1 else f"{len(lacking)} samples have"
    return f"{first} no meta logit, and this vote needs one of every valid sample; vote naive"


def _state(samples: list[Sample]) -> _State:
    """Key of curves and findings: a failed sample may be replaced by a good one of the same index."""
    return tuple((s.index, s.error, s.scores, s.meta_logit) for s in samples)


def drawn(over_k: Curve, n: int) -> Drawn:
    """A curve over k as the page draws it; `n` responses."""
    points: list[Point] = plots.table(over_k) if n > 1 else []
    return Drawn(plot=plots.margin_over_k(over_k), points=points, how=plots.how(over_k))


def _notes(samples: list[Sample], verdict: Verdict, dials: Dials) -> list[str]:
    """How far the samples agree, and what the meta RM's filter does where it has read them all."""
    notes = [render.agreement(samples, verdict)]
    valid = [s for s in samples if s.scores is not None]
    if len(valid) > 1 and verdict.margin is not None and read_by_meta(valid):
        guided = vote(samples, Method.GUIDED, dials.k, dials.k_meta)
        notes.append(render.filter_effect(vote(samples, k=dials.k), guided))
    return [note for note in notes if note]
