"""Several judges on the same items as a page to hand out: Markdown, or HTML that opens offline with its curves."""

from typing import Any

import pandas as pd

from grm_core.benchmarks.comparison import Comparison, differences, gains, growth
from reports import sections
from reports.figures import COLOURS, Figure, band, figure, label, line
from reports.sections import Section
from reports.table import Table

_GROWTH = (
    "Mean over the common items of the accuracy over random subsets of k stored samples, ties shared, with 95% "
    "bootstraps over items. A sample that could not be read casts no vote; where none of k could, that is wrong. "
    "Tokens are those generated for an item (k times the mean of a sample), without prompts and without a meta RM's."
)
_GAINS = "Accuracy with all samples minus accuracy with one, paired over items, with 95% bootstraps over items."
_DIFFERENCES = (
    "Paired over items, with 95% bootstraps over items. A judge with all its samples stands against every other one "
    "with one sample and with all."
)


def record(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON: see benchmarks.comparison for the columns."""
    return {
        "items": len(comparison.items),
        "growth": Table.of(growth(comparison)).records(),
        "gains": Table.of(gains(comparison)).records(),
        "differences": Table.of(differences(comparison)).records(),
    }


def markdown(comparison: Comparison, headlines: pd.DataFrame | None = None) -> str:
    """The comparison as Markdown; `headlines` are official metrics, where there are any."""
    return sections.markdown(_title(comparison), [_sentence(comparison)], _parts(comparison, headlines))


def html(comparison: Comparison, headlines: pd.DataFrame | None = None) -> str:
    """The comparison as a self-contained page."""
    return sections.html("sections", _title(comparison), [_sentence(comparison)], _parts(comparison, headlines))


PAGES = {".md": markdown, ".html": html}
"""Suffix of a file -> the comparison as that page."""


def _parts(comparison: Comparison, headlines: pd.DataFrame | None) -> list[Section]:
    """The sections that have rows."""
    curves = growth(comparison)
    tokens = curves.dropna(subset=["tokens"]).sort_values("tokens", kind="stable")
    official = pd.DataFrame() if headlines is None else headlines
    by_k = curves_over(curves, "k", "k, samples")
    by_tokens = curves_over(curves, "tokens", "generated tokens per item") if len(tokens) else None
    every = [
        Section("Official headlines", "Of each run's own items, under the chosen method and policy.", official),
        Section("Accuracy over k", _GROWTH, curves.drop(columns="tokens"), by_k),
        Section("Accuracy over generated tokens", "The same figures by what they cost.", tokens, by_tokens),
        Section("What k adds", _GAINS, gains(comparison)),
        Section("Differences", _DIFFERENCES, differences(comparison)),
    ]
    return [section for section in every if len(section.frame)]


def curves_over(table: pd.DataFrame, x: str, title: str) -> Figure:
    """One line per judge and method over k or tokens, with a band; a judge's colour is the same in every figure."""
    traces: list[Any] = []
    for place, (name, method) in enumerate(dict.fromkeys(zip(table["judge"], table["method"], strict=True))):
        mine = table[(table["judge"] == name) & (table["method"] == method)].dropna(subset=[x])
        mine, colour = mine[mine[x] > 0], COLOURS[place % len(COLOURS)]
        at = mine[x].tolist()
        traces += band(at, mine["low"].tolist(), mine["high"].tolist(), colour)
        traces.append(line(at, mine["accuracy"].tolist(), label(f"{name}, {method}"), colour))
    axis: Figure = {"type": "log"}
    if x == "k":
        ticks = sorted(set(table["k"].tolist()))
        axis |= {"tickvals": ticks, "ticktext": list(map(str, ticks))}
    return figure(traces, title, "accuracy", xaxis=axis, yaxis={"tickformat": ".0%"}, height=360)


def _title(comparison: Comparison) -> str:
    names = dict.fromkeys(each.name for each in comparison.contenders)
    return f"{len(names)} judges on {len(comparison.items)} items"


def _sentence(comparison: Comparison) -> str:
    return f"Only the {len(comparison.items)} labelled items that every judge has judged are compared."
