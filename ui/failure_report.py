"""The failure report: counts by class beside the paper's, by group, with examples; for the page, HTML and Markdown."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from grm_core.analysis import clusters as analysis_clusters
from grm_core.analysis import failures
from grm_core.analysis.failures import Judged
from grm_core.analysis.frames import letter
from grm_core.analysis.labels import CLASSES, standing
from grm_core.types import Annotation
from grm_core.voting import vote
from ui import render
from ui.panels import COLOURS, Json, figure, panel

Embed = Callable[[Sequence[str]], NDArray[Any]]
_CLUSTER_LEAST = 3
"""Samples that a cluster needs for a row of its own."""
_TITLES = {
    "benchmark": "By benchmark", "domain": "By domain", "length": "By length of the longest response",
    "position": "By where the response put first was shown", "cluster": "By the cluster of the weightiest principle",
}  # fmt: skip


def report(annotations: Sequence[Annotation], judged: Judged, cluster: dict[str, str] | None = None) -> Json:
    """Panels, examples and the two documents."""
    table = _folded(failures.labelled(annotations, judged, cluster))
    classes = failures.by_class(table)
    winners = {name: vote(samples).winner for name, (_, samples) in judged.items()}
    blind = failures.blind(annotations, judged, winners)
    groups = {name: failures.by_group(table, name) for name in failures.GROUPS}
    groups = {name: found for name, found in groups.items() if len(found)}
    said = _said(table, blind)
    shown = {name: _examples(table, judged, name) for name in CLASSES}
    return {
        "said": said,
        "panels": [_classes(classes), *(panel(n, _TITLES[n], t, None, "") for n, t in groups.items())],
        "examples": shown,
        "markdown": render.sendable(markdown(said, classes, groups)),
        "html": render.sendable(html(said, classes, groups, shown)),
    }


def clusters(annotations: Sequence[Annotation], judged: Judged, embed: Embed) -> dict[str, str]:
    """Text of a principle -> name of its cluster, over the principles of all labelled samples.

    `embed` turns texts into unit vectors. Raises EngineError where it cannot.
    """
    stated: dict[str, None] = {}
    for each in standing(annotations):
        if each.kind == "class" and each.session_id in judged:
            for sample in judged[each.session_id][1]:
                if sample.index == each.sample:
                    stated |= dict.fromkeys(principle.text for principle in sample.parsed.principles)
    texts = list(stated)
    if not texts:
        return {}
    places = analysis_clusters.cluster(embed(texts))
    called = analysis_clusters.names(texts, places)
    return {text: called[place] for text, place in zip(texts, places, strict=True)}


def _folded(table: pd.DataFrame) -> pd.DataFrame:
    """Clusters of one or two samples say nothing alone: they share a row."""
    counts = table["cluster"].value_counts()
    small = counts.index[counts < _CLUSTER_LEAST]
    other = f"{len(small)} clusters with fewer than {_CLUSTER_LEAST}"
    return table.assign(cluster=table["cluster"].replace(dict.fromkeys(small, other)))


def _said(table: pd.DataFrame, blind: pd.DataFrame) -> str:
    good = int((table["label"] == "good").sum())
    told = f"{len(table)} samples labelled by {table['author'].nunique()}, {good} of them good."
    known = blind[blind["label"].map(lambda label: len(label) <= 2)]
    if len(known):
        agreed = int((known["label"] == known["grm"]).sum())
        told += f" Blind, people and the GRM named the same best response in {agreed} of {len(known)} cases."
    return told


def _classes(classes: pd.DataFrame) -> Json:
    n = int(classes["n"].iloc[0]) if len(classes) else 0
    spread = {
        "type": "data", "symmetric": False,
        "array": (classes["high"] - classes["share"]).fillna(0).tolist(),
        "arrayminus": (classes["share"] - classes["low"]).fillna(0).tolist(),
    }  # fmt: skip
    names = classes["class"].tolist()
    bars = [
        go.Bar(x=names, y=classes["share"].fillna(0).tolist(), name=f"here (n = {n})", error_y=spread,
               marker={"color": COLOURS[0]}),
        go.Bar(x=names, y=classes["paper_share"].tolist(), name=f"the paper (n = {failures.PAPER_N})",
               marker={"color": COLOURS[7]}),
    ]  # fmt: skip
    shown = figure(bars, "", "share of failures", barmode="group", yaxis={"range": [0, 1.03]})
    note = "95% intervals (Wilson). A sample that two people labelled counts twice."
    return panel("classes", "What kind of failure?", classes, shown, note)


def _examples(table: pd.DataFrame, judged: Judged, label: str) -> list[Json]:
    found = []
    for session, index in failures.examples(table, label):
        example, samples = judged[session]
        sample = next(s for s in samples if s.index == index)
        scores = " ".join(f"{letter(own)} {score}" for own, score in enumerate(sample.scores or ()))
        found.append({"session": session, "sample": index, "query": example.query[-1].content[:200], "scores": scores})
    return found


def _cell(value: Any) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def markdown(said: str, classes: pd.DataFrame, groups: dict[str, pd.DataFrame]) -> str:
    """The report to paste; headings of groups are our words, their values are escaped."""
    parts = ["# Failure report\n", said + "\n", "## By class\n", _markdown_table(classes)]
    for name, table in groups.items():
        parts += [f"## {_TITLES[name]}\n", _markdown_table(table)]
    return "\n".join(parts)


def _markdown_table(table: pd.DataFrame) -> str:
    lines = [table.columns.tolist(), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    cells = [
        [_cell(value).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;") for value in row] for row in lines
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells) + "\n"


def html(said: str, classes: pd.DataFrame, groups: dict[str, pd.DataFrame], shown: dict[str, list[Json]]) -> str:
    """The report as a page that opens offline: no script, no network."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    style = "body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:24px auto;padding:0 16px;color:#1f2937}"
    style += "td,th{padding:2px 10px;border-bottom:1px solid #ddd;text-align:right}td:first-child{text-align:left}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><title>Failure report</title><style>{style}</style></head><body>',
        f"<h1>Failure report</h1><p>{escape(said)}</p><h2>By class</h2>{_html_table(classes)}",
    ]
    for name, table in groups.items():
        parts.append(f"<h2>{_TITLES[name]}</h2>{_html_table(table)}")
    for label, found in shown.items():
        if found:
            lines = "".join(f"<li>{escape(one['query'])} ({escape(one['scores'])}; session {escape(one['session'])}, "
                            f"sample {one['sample'] + 1})</li>" for one in found)  # fmt: skip
            parts.append(f"<h2>Examples: {escape(label)}</h2><ul>{lines}</ul>")
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _html_table(table: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in table.to_numpy().tolist()
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
