"""A benchmark's report as a page to hand out: Markdown, or HTML that opens offline with its curves drawn by plotly.

No text of an item or of a model is in it: figures, our words, and names of subsets, which are escaped. The HTML
carries plotly.js inside; its content security policy allows that script and the one that draws, and no network.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from grm_core.benchmarks.report import Report, notes
from grm_core.benchmarks.study import Study
from grm_core.outcome import Invalid, Tie
from ui import render
from ui.panels import METHOD_COLOURS, Json, band, figure, line

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 1000px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 28px; }
.headline { font-size: 34px; font-weight: 700; } .note { color: #4b5563; font-size: 13px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: 2px 12px; text-align: right; border-bottom: 1px solid #d9dee6; overflow-wrap: anywhere; }
td:first-child, th:first-child, .words { text-align: left; } .mark { font-weight: 700; background: #e0edf8; }
"""
_DRAW = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const { data, layout } = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  Plotly.newPlot(place, data, layout, { responsive: true, displaylogo: false });
}
"""
_GROWTH = (
    "Accuracy over random subsets of the stored samples, ties shared, mean over items with 95% bootstraps over items. "
    "A sample that could not be read casts no vote; where none of k could, that is wrong. Exact for pairs and up to "
    "12 samples, otherwise 400 random orders an item."
)
_HEADLINES = "The official metric itself, with the first k samples of every item, under the chosen policy."
_DOMAINS = (
    "Share of items whose vote names a labelled best response, and the difference to all other items, with 95% "
    "bootstraps over items."
)
_LENGTHS = "A judge without a taste for length is right equally often whether the best response is the longest or not."
_COST = "Over all samples looked at; seconds are summed over samples, not by the clock."


Section = tuple[str, str, pd.DataFrame]
"""Title, note, table."""


def markdown(report: Report, behind: Study) -> str:
    """The report as Markdown."""
    title = f"{report.benchmark.name}: {_percent(report.result.headline)}"
    return text(title, _sentences(report), sections(report, behind))


def text(title: str, sentences: Sequence[str], found: "list[Section]") -> str:
    """A page in Markdown; `title` is ours."""
    lines = [f"# {title}", "", *map(_plain, sentences)]
    for title, note, table in found:
        lines += ["", f"## {title}", ""]
        lines += [_plain(note), ""] if note else []
        lines += [_row(table.columns), _row(["---"] * len(table.columns))]
        lines += [
            _row([_cell(name, value) for name, value in zip(table.columns, row, strict=True)]) for row in _rows(table)
        ]
    return render.sendable("\n".join(lines)) + "\n"


def html(report: Report, behind: Study) -> str:
    """The report as a self-contained page."""
    found, drawn = sections(report, behind), {}
    if len(behind.growth):
        drawn["Accuracy over k"] = curves(behind.growth, "mean", "accuracy")
    if len(behind.headlines):
        drawn["Headline over k"] = curves(behind.headlines, "headline", "headline")
    title = f"{report.benchmark.name}: {_percent(report.result.headline)}"
    head = [
        f"<h1>{escape(report.benchmark.name)}</h1>",
        f'<div class="headline">{_percent(report.result.headline)}</div>',
        *(f'<p class="note">{escape(sentence)}</p>' for sentence in _sentences(report) if sentence),
    ]
    return document(title, head, found, drawn, report)


def document(
    title: str, head: list[str], found: "list[Section]", drawn: dict[str, Json], chosen: Report | None = None
) -> str:
    """A page that opens offline: `head` is HTML already; `drawn` are figures by their section's title."""
    scripts = [get_plotlyjs(), _DRAW] if drawn else []
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts) or "'none'"
    security = f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src {allowed}"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{security}">',
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body>",
        *head,
    ]
    for heading, note, table in found:
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts += [f'<p class="note">{escape(note)}</p>'] if note else []
        parts += _figure(heading.lower().replace(" ", "-"), drawn[heading]) if heading in drawn else []
        parts.append(_table(table, chosen if heading == "Policies" else None))
    parts += [f"<script>{script}</script>" for script in scripts]
    return render.sendable("\n".join([*parts, "</body></html>"])) + "\n"


PAGES: dict[str, Callable[[Report, Study], str]] = {".md": markdown, ".html": html}
"""A file's ending -> what writes it."""


def _sentences(report: Report) -> list[str]:
    voting, policy, counts = report.voting, report.policy, report.counts
    kept = "" if voting.k_meta is None else f", k_meta {voting.k_meta}"
    how = f"{voting.method} voting over {'all samples' if voting.k is None else f'the first {voting.k} samples'}{kept}"
    seed = f" (seed {policy.seed})" if policy.tie is Tie.RANDOM else ""
    under = f"ties {policy.tie}{seed}, unreadable judgments {policy.invalid}"
    return [
        f"Headline: {report.benchmark.headline}; {how}; {under}.",
        *(each for told in at_random(report) for each in ("", told)),
        "",
        f"{counts.items} items: {counts.scored} with a vote, {counts.invalid} unreadable, {counts.not_scored} without "
        f"samples, {counts.unlabelled} without a label.",
        *(each for note in notes(report) for each in ("", note)),
    ]


def at_random(report: Report) -> list[str]:
    """What random scores would get, as one sentence; none where there is no headline."""
    lot = report.chance
    return [] if lot is None else [f"Scores drawn at random would get {_percent(lot)}% on these items."]


def sections(report: Report, behind: Study) -> "list[Section]":
    """(title, note, table) of all that has rows."""
    lines = [(line.kind, line.name, line.metric, line.items, line.value) for line in report.result.table]
    found = [
        ("Table", "", pd.DataFrame(lines, columns=["part", "name", "metric", "items", "value"])),
        ("Policies", "The same samples under every policy.", _policies(report)),
        ("Headline over k", _HEADLINES, behind.headlines),
        ("Accuracy over k", _GROWTH, behind.growth),
        ("Bias by domain", _DOMAINS, behind.domains),
        ("Bias by length", _LENGTHS, behind.lengths),
        ("Cost", _COST, behind.cost),
    ]
    return [section for section in found if len(section[2])]


def _policies(report: Report) -> pd.DataFrame:
    rows = [(str(tie), *(report.policies[tie][invalid] for invalid in Invalid)) for tie in Tie]
    return pd.DataFrame(rows, columns=["ties", *(f"unreadable: {invalid}" for invalid in Invalid)])


def curves(table: pd.DataFrame, column: str, y: str) -> Json:
    """One line per method over k, with a band where the table has low and high."""
    traces: list[Any] = []
    for name in table["method"].unique():
        mine, colour = table[table["method"] == name].dropna(subset=[column]), METHOD_COLOURS[str(name)]
        x = mine["k"].tolist()
        if "low" in mine:
            traces += band(x, mine["low"].tolist(), mine["high"].tolist(), colour)
        traces.append(line(x, mine[column].tolist(), str(name), colour))
    ticks = sorted(set(table["k"].tolist()))
    return figure(
        traces,
        "k, samples",
        y,
        xaxis={"type": "log", "tickvals": ticks, "ticktext": [str(k) for k in ticks]},
        height=320,
    )


def _figure(name: str, drawn: Json) -> list[str]:
    # "</" would end the element that holds the JSON.
    data = json.dumps(drawn).replace("</", "<\\/")
    return [f'<div data-figure="{name}"></div>', f'<script type="application/json" id="{name}">{data}</script>']


def _table(table: pd.DataFrame, chosen: Report | None) -> str:
    """A table; of the policies, the cell that is the headline is marked."""
    words = {name for name in table.columns if any(isinstance(value, str) for value in table[name])}
    named = [(str(name), ' class="words"' if name in words else "") for name in table.columns]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in named)
    body = []
    for row in _rows(table):
        cells = []
        for (name, kind), value in zip(named, row, strict=True):
            mark = (
                chosen is not None and row[0] == chosen.policy.tie and name == f"unreadable: {chosen.policy.invalid}"
            )
            cells.append(f"<td{' class=mark' if mark else kind}>{escape(_cell(name, value))}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    shown = table.astype(object)
    return list(shown.where(shown.notna(), None).to_numpy().tolist())


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}" if column in ("total", "per item", "per sample") else f"{value:.3f}"
    return str(value)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _row(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(_plain(str(cell)) if cell != '---' else cell for cell in cells)} |"


def _plain(text: str) -> str:
    """A line of Markdown in which nothing is markup."""
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>#|~$&" else mark for mark in " ".join(text.split()))


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
