"""Several judges on the same items as a page to hand out: Markdown, or HTML that opens offline with its curves."""

from collections.abc import Callable
from html import escape
from typing import Any

import pandas as pd

from grm_core.benchmarks import compare
from grm_core.benchmarks.compare import Comparison
from ui.bench_report import Section, document, text
from ui.panels import COLOURS, Json, band, figure, line

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


def markdown(found: Comparison, headlines: pd.DataFrame | None = None) -> str:
    """The comparison as Markdown."""
    return text(_title(found), ["", _sentence(found)], sections(found, headlines))


def html(found: Comparison, headlines: pd.DataFrame | None = None) -> str:
    """The comparison as a self-contained page."""
    told, table = sections(found, headlines), compare.growth(found)
    drawn = {"Accuracy over k": curves(table, "k", "k, samples")}
    if table["tokens"].notna().any():
        drawn["Accuracy over generated tokens"] = curves(table, "tokens", "generated tokens per item")
    head = [f"<h1>{escape(_title(found))}</h1>", f'<p class="note">{escape(_sentence(found))}</p>']
    return document(_title(found), head, told, drawn)


PAGES: dict[str, Callable[..., str]] = {".md": markdown, ".html": html}
"""A file's ending -> what writes it."""


def sections(found: Comparison, headlines: pd.DataFrame | None = None) -> list[Section]:
    """(title, note, table) of all that has rows; `headlines` are official metrics, where there are any."""
    growth = compare.growth(found)
    tokens = growth.dropna(subset=["tokens"]).sort_values("tokens", kind="stable")
    official = pd.DataFrame() if headlines is None else headlines
    told: list[Section] = [
        ("Official headlines", "Of each run's own items, under the chosen method and policy.", official),
        ("Accuracy over k", _GROWTH, growth.drop(columns="tokens")),
        ("Accuracy over generated tokens", "The same figures by what they cost.", tokens),
        ("What k adds", _GAINS, compare.gains(found)),
        ("Differences", _DIFFERENCES, compare.differences(found)),
    ]
    return [section for section in told if len(section[2])]


def curves(table: pd.DataFrame, x: str, title: str) -> Json:
    """One line per judge and method over k or tokens, with a band; a judge's colour is the same in every figure."""
    traces: list[Any] = []
    for place, (name, method) in enumerate(dict.fromkeys(zip(table["judge"], table["method"], strict=True))):
        mine = table[(table["judge"] == name) & (table["method"] == method)].dropna(subset=[x])
        mine, colour = mine[mine[x] > 0], COLOURS[place % len(COLOURS)]
        at = mine[x].tolist()
        traces += band(at, mine["low"].tolist(), mine["high"].tolist(), colour)
        # plotly reads a name as pseudo-HTML: a model's name is written with what opens a tag or an entity taken out.
        label = f"{name}, {method}".replace("&", "&amp;").replace("<", "&lt;").replace("$", "&#36;")
        traces.append(line(at, mine["accuracy"].tolist(), label, colour))
    ticks = sorted(set(table[x].tolist())) if x == "k" else None
    axis: Json = {"type": "log"}
    if ticks:
        axis |= {"tickvals": ticks, "ticktext": [str(each) for each in ticks]}
    return figure(traces, title, "accuracy", xaxis=axis, height=360)


def _title(found: Comparison) -> str:
    names = dict.fromkeys(each.name for each in found.contenders)
    return f"{len(names)} judges on {len(found.items)} items"


def _sentence(found: Comparison) -> str:
    return f"Only the {len(found.items)} labelled items that every judge has judged are compared."
