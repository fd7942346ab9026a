"""A session as a document to hand out: HTML that opens offline, Markdown to paste, CSV for a table.

The HTML holds no script and asks nothing of a network, and says so in its own content security policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grm_core.analysis import audit, critique
from grm_core.analysis.frames import letter, principles_frame, samples_frame
from grm_core.analysis.scaling import Curve, curves
from grm_core.types import FOREIGN, CurvePoint, Example, Finding, Run, Sample, Session, Verdict
from grm_core.voting import vote
from reports.escape import encodable, fenced, plain
from reports.page import page
from reports.table import Table
from reports.words import context, verdict_line

_COLOURS = ("#0072B2", "#8A5A00", "#00694E", "#A3467F", "#2A6F97", "#A83B00", "#5C4790", "#5A5A5A")
"""Of the responses' names, in own order."""


@dataclass(frozen=True, slots=True)
class SessionReport:
    """A session's samples with all that was computed of them."""

    session: Session
    run: Run | None
    samples: tuple[Sample, ...]
    verdicts: tuple[Verdict, ...]
    """One per method that these samples allow, naive first."""
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]

    @property
    def example(self) -> Example:
        """The query and the responses that were judged."""
        return self.session.example

    @property
    def origin(self) -> str:
        """Who judged, when, and under which settings, as a sentence."""
        run = self.run
        if run is None:
            return f"Session {self.session.id}, {self.session.created_at}."
        if run.engine == FOREIGN:
            return f"Judged elsewhere by {run.model}, imported from {run.template}; its settings are not known."
        settings = f"T = {run.params.temperature}, {context(run)}, seed {run.seed}, template {run.template}"
        return f"Judged by {run.model} on the {run.engine} engine, {self.session.created_at}; {settings}."

    @property
    def votes(self) -> list[str]:
        """The verdicts as sentences."""
        return [verdict_line(verdict, len(self.example.responses)) for verdict in self.verdicts]


def make(session: Session, run: Run | None, samples: Sequence[Sample]) -> SessionReport:
    """The report of a session's samples: votes, curves and findings are computed, nothing is asked of a model."""
    ordered = tuple(sorted(samples, key=lambda s: s.index))
    growth = curves(ordered, labels=session.example.labels)
    verdicts = tuple(vote(ordered, curve.method) for curve in growth)
    return SessionReport(session, run, ordered, verdicts, growth, audit.find(session.example, ordered))


def html(report: SessionReport) -> str:
    """A self-contained HTML page."""
    return page(
        "session",
        title=report.session.title,
        report=report,
        figure=_figure(report.curves[0]),
        samples=[_card(sample, report.verdicts) for sample in report.samples],
        colours=_COLOURS,
    )


def markdown(report: SessionReport) -> str:
    """The verdict, the findings and the score matrix as Markdown; what was written by others stands in code fences."""
    example = report.example
    parts = [f"# {plain(report.session.title)}", plain(report.origin)]
    parts += [f"**{plain(vote)}**" for vote in report.votes]
    parts += ["## Query", fenced("\n\n".join(f"{turn.role}: {turn.content}" for turn in example.query))]
    for own, text in enumerate(example.responses):
        parts += [f"## Response {letter(own)}", fenced(text)]
    if report.findings:
        parts += ["## Findings", "\n".join(f"* {each.kind}: {plain(each.evidence)}" for each in report.findings)]
    parts += ["## Scores", _matrix(report).markdown()]
    return encodable("\n\n".join(parts)) + "\n"


def csv(report: SessionReport) -> str:
    """One row per sample: scores, order, cost, principles and text."""
    frame = samples_frame(report.samples)
    stated = {index: "; ".join(rows["principle"]) for index, rows in principles_frame(report.samples).groupby("index")}
    frame["principles"] = [stated.get(index, "") for index in frame["index"]]
    frame["text"] = [sample.completion.text if sample.completion else "" for sample in report.samples]
    frame["error"] = [sample.error or "" for sample in report.samples]
    if report.run is not None and report.run.engine == FOREIGN:
        frame["imported_from"] = report.run.template
    return Table.of(frame).csv()


def _matrix(report: SessionReport) -> Table:
    n = len(report.example.responses)
    rows = [(s.index + 1, *(s.scores or (None,) * n), s.meta_logit) for s in report.samples]
    return Table(("sample", *map(letter, range(n)), "meta"), tuple(rows), {"meta": ".2f"})


def _card(sample: Sample, verdicts: Sequence[Verdict]) -> dict[str, object]:
    """A sample as the document shows it."""
    read = sample.scores is not None
    named = ", ".join(f"{letter(own)} {score}" for own, score in enumerate(sample.scores or ()))
    return {
        "number": sample.index + 1,
        "scores": sample.scores,
        "reason": sample.error or str(sample.parsed.status),
        "summary": named or sample.error or str(sample.parsed.status),
        "dropped": [str(verdict.method) for verdict in verdicts if read and sample.index not in verdict.voted],
        "meta": "–" if sample.meta_logit is None else f"{sample.meta_logit:.2f}",
        "order": sample.order,
        "principles": sample.parsed.principles,
        "critique": critique.critique_text(sample),
        "raw": sample.completion.text if sample.completion else "",
        "reasoning": sample.completion.reasoning if sample.completion else None,
    }


def _figure(curve: Curve) -> dict[str, object] | None:
    """Margin over k as a drawing of 760 x 230 and as the table that it is drawn from; None below two points."""
    points = [point for point in curve.points if point.margin is not None]
    if len(points) < 2:
        return None
    low, high = min(p.low or 0 for p in points), max(p.high or 0 for p in points)
    low, high = min(low, 0.0), max(high, low + 1e-9)

    def at(point: CurvePoint, value: float | None) -> str:
        x = 40 + 700 * (point.k - points[0].k) / (points[-1].k - points[0].k)
        return f"{x:.1f},{200 - 180 * ((value or 0) - low) / (high - low):.1f}"

    rows = tuple((point.k, point.margin, point.low, point.high) for point in points)
    return {
        "band": " ".join([at(p, p.high) for p in points] + [at(p, p.low) for p in reversed(points)]),
        "line": " ".join(at(point, point.margin) for point in points),
        "zero": at(points[0], 0).split(",")[1],
        "ks": (points[0].k, points[-1].k),
        "table": Table(("k", "margin", "low", "high"), rows),
    }
