"""A session as a document to hand out: HTML that opens offline, Markdown to paste, CSV for a table.

Everything that people or models wrote is escaped here; the HTML holds no script and asks nothing of a network, and
says so in its own content security policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from grm_core.analysis import audit
from grm_core.analysis.frames import letter, neutral, principles_frame, samples_frame
from grm_core.analysis.scaling import Curve, curves
from grm_core.types import Example, Finding, Run, Sample, Session, Verdict
from grm_core.voting import vote
from ui import render
from ui.detail import critique

COLOURS = ("#0072B2", "#8A5A00", "#00694E", "#A3467F", "#2A6F97", "#A83B00", "#5C4790", "#5A5A5A")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 1000px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 28px; } h3 { font-size: 14px; margin: 12px 0 4px; }
pre, .text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: inherit; }
pre.raw { font: 12.5px/1.4 ui-monospace, monospace; background: #f6f8fa; padding: 8px; border-radius: 4px; }
.response, .sample { border: 1px solid #d9dee6; border-radius: 6px; padding: 8px 12px; margin: 8px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: 2px 12px; text-align: right; }
td, th { border-bottom: 1px solid #d9dee6; } .dropped { color: #5b6472; } .best { font-weight: 700; }
.verdict { font-size: 17px; font-weight: 600; } .note { color: #4b5563; font-size: 13px; } svg { max-width: 100%; }
@media print { details { display: block; } details > * { display: block; } }
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a document is made of."""

    session: Session
    run: Run | None
    samples: tuple[Sample, ...]
    verdicts: tuple[Verdict, ...]
    """One per method that these samples allow, naive first."""
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]

    @property
    def example(self) -> Example:
        """What was judged."""
        return self.session.example


def make(session: Session, run: Run | None, samples: Sequence[Sample]) -> Report:
    """The report of a session's samples: votes, curves and findings are computed, nothing is asked of a model."""
    ordered = tuple(sorted(samples, key=lambda s: s.index))
    found = curves(ordered, labels=session.example.labels)
    verdicts = tuple(vote(ordered, each.method) for each in found)
    return Report(session, run, ordered, verdicts, found, audit.find(session.example, ordered))


def html(report: Report) -> str:
    """A self-contained HTML page."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f'<meta name="viewport" content="width=device-width"><title>{escape(report.session.title)}</title>',
        f"<style>{_STYLE}</style></head><body><h1>{escape(report.session.title)}</h1>",
        f'<p class="note">{escape(_origin(report))}</p>',
        *(f'<p class="verdict">{escape(line)}</p>' for line in _verdicts(report)),
        *_case(report.example),
        *_findings(report.findings),
        *_figure(report.curves[0]),
        *_matrix(report),
        "<h2>Samples</h2>",
        *(_sample(sample, report.verdicts) for sample in report.samples),
        "</body></html>",
    ]
    return render.sendable("\n".join(parts)) + "\n"


def markdown(report: Report) -> str:
    """The verdict, the findings and the score matrix as Markdown; what was written by others stands in code fences."""
    n = len(report.example.responses)
    lines = [f"# {plain(report.session.title)}", "", plain(_origin(report)), ""]
    lines += [line for verdict in _verdicts(report) for line in (f"**{plain(verdict)}**", "")]
    lines += ["## Query", "", *_fenced("\n\n".join(f"{m.role}: {m.content}" for m in report.example.query))]
    for own, text in enumerate(report.example.responses):
        lines += [f"## Response {letter(own)}", "", *_fenced(text)]
    if report.findings:
        lines += ["## Findings", "", *(f"* {f.kind}: {plain(f.evidence)}" for f in report.findings), ""]
    names = [letter(own) for own in range(n)]
    lines += ["## Scores", "", f"| sample | {' | '.join(names)} | meta |", f"|{' --- |' * (n + 2)}"]
    for sample in report.samples:
        cells = sample.scores or ("–",) * n
        meta = "–" if sample.meta_logit is None else f"{sample.meta_logit:.2f}"
        lines.append(f"| {sample.index + 1} | {' | '.join(map(str, cells))} | {meta} |")
    return render.sendable("\n".join(lines)) + "\n"


def csv(report: Report) -> str:
    """One row per sample: scores, order, cost, principles and text; cells that a spreadsheet would run are quoted."""
    frame = samples_frame(report.samples)
    stated = principles_frame(report.samples)
    told = {index: "; ".join(rows["principle"]) for index, rows in stated.groupby("index")}
    frame["principles"] = [told.get(index, "") for index in frame["index"]]
    frame["text"] = [s.completion.text if s.completion else "" for s in report.samples]
    frame["error"] = [s.error or "" for s in report.samples]
    return render.sendable(str(neutral(frame).to_csv(index=False)))


def _origin(report: Report) -> str:
    run = report.run
    if run is None:
        return f"Session {report.session.id}, {report.session.created_at}."
    params = f"T = {run.params.temperature}, {render.asked(run)}, seed {run.seed}, template {run.template}"
    return f"Judged by {run.model} on the {run.engine} engine, {report.session.created_at}; {params}."


def _verdicts(report: Report) -> list[str]:
    return [render.verdict_line(verdict, len(report.example.responses)) for verdict in report.verdicts]


def _case(example: Example) -> list[str]:
    parts = ["<h2>Query</h2>"]
    parts += [f'<h3>{escape(turn.role)}</h3><div class="text">{escape(turn.content)}</div>' for turn in example.query]
    if example.reference is not None:
        parts.append(f'<h3>reference answer</h3><div class="text">{escape(example.reference)}</div>')
    for own, text in enumerate(example.responses):
        colour = COLOURS[own % len(COLOURS)]
        head = f'<h3 style="color:{colour}">Response {letter(own)}</h3>'
        parts.append(f'<div class="response">{head}<div class="text">{escape(text)}</div></div>')
    return parts


def _findings(found: Sequence[Finding]) -> list[str]:
    items = [f"<li><b>{escape(each.kind)}</b> {escape(each.evidence)}</li>" for each in found]
    return ["<h2>Findings</h2><ul>", *items, "</ul>"] if items else []


def _figure(found: Curve) -> list[str]:
    """Margin over k as a drawing and as the table that it is drawn from."""
    points = [point for point in found.points if point.margin is not None]
    if len(points) < 2:
        return []
    low, high = min(p.low or 0 for p in points), max(p.high or 0 for p in points)
    low, high = min(low, 0.0), max(high, low + 1e-9)

    def at(k: int, value: float | None) -> str:
        x = 40 + 700 * (k - points[0].k) / (points[-1].k - points[0].k)
        return f"{x:.1f},{200 - 180 * ((value or 0) - low) / (high - low):.1f}"

    band = [at(p.k, p.high) for p in points] + [at(p.k, p.low) for p in reversed(points)]
    line = " ".join(at(p.k, p.margin) for p in points)
    zero = at(points[0].k, 0).split(",")[1]
    rows = "".join(
        f"<tr><td>{p.k}</td><td>{p.margin:.3f}</td><td>{p.low:.3f}</td><td>{p.high:.3f}</td></tr>" for p in points
    )
    return [
        "<h2>When does the verdict settle?</h2>",
        '<svg viewBox="0 0 760 230" role="img" aria-label="Margin per sample over k">',
        f'<polygon points="{" ".join(band)}" fill="#0072B2" fill-opacity="0.18"/>',
        f'<polyline points="{line}" fill="none" stroke="#0072B2" stroke-width="2"/>',
        f'<line x1="40" x2="740" y1="{zero}" y2="{zero}" stroke="#6b7280"/>',
        f'<text x="40" y="222">k = {points[0].k}</text>',
        f'<text x="740" y="222" text-anchor="end">k = {points[-1].k}</text></svg>',
        '<p class="note">Mean margin per sample and 90% band over random subsets of the samples, naive voting.</p>',
        f"<details><summary>Table</summary><table><tr><th>k</th><th>margin</th><th>low</th><th>high</th></tr>{rows}</table></details>",
    ]


def _matrix(report: Report) -> list[str]:
    names = "".join(f"<th>{letter(own)}</th>" for own in range(len(report.example.responses)))
    rows = [f"<h2>Scores</h2><table><tr><th>sample</th>{names}<th>meta</th><th>order</th></tr>"]
    for sample in report.samples:
        if sample.scores is None:
            cells = f'<td colspan="{len(sample.order)}">{escape(sample.error or str(sample.parsed.status))}</td>'
        else:
            best = max(sample.scores)
            cells = "".join(f"<td{' class=best' if score == best else ''}>{score}</td>" for score in sample.scores)
        meta = "–" if sample.meta_logit is None else f"{sample.meta_logit:.2f}"
        shown = "".join(letter(own) for own in sample.order)
        rows.append(f"<tr><td>{sample.index + 1}</td>{cells}<td>{meta}</td><td>{shown}</td></tr>")
    return [*rows, "</table>"]


def _sample(sample: Sample, verdicts: Sequence[Verdict]) -> str:
    dropped = [str(v.method) for v in verdicts if sample.scores is not None and sample.index not in v.voted]
    state = f", dropped by {' and '.join(dropped)} voting" if dropped else ""
    scores = (
        "" if sample.scores is None else ", ".join(f"{letter(i)} {score}" for i, score in enumerate(sample.scores))
    )
    stated = "".join(
        f"<li>{escape(p.text)}{'' if p.weight is None else f' ({p.weight:g})'}</li>" for p in sample.parsed.principles
    )
    text = sample.completion.text if sample.completion else ""
    told = f'<div class="text">{escape(critique(sample))}</div>'
    raw = f'<details><summary>raw text</summary><pre class="raw">{escape(text)}</pre></details>'
    said = escape(scores or sample.error or str(sample.parsed.status))
    head = f"<summary><b>Sample {sample.index + 1}</b>: {said}{state}</summary>"
    return f'<details class="sample">{head}<ul>{stated}</ul>{told}{raw}</details>'


def plain(text: str) -> str:
    """A line of Markdown in which nothing is markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>()#+-!|~$&" else mark for mark in flat)


def _fenced(text: str) -> list[str]:
    """Text in a code fence that it cannot close."""
    runs = [0]
    for before, mark in pairwise(" " + text):
        runs.append(runs[-1] + 1 if mark == "`" and before == "`" else int(mark == "`"))
    fence = "`" * max(3, max(runs) + 1)
    return [fence, text, fence, ""]
