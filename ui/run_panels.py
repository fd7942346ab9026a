"""Panels of a run: what all its items say together of k, of k_meta and of its subsets.

A bar or point that stands for some of the items carries them as its customdata: "name=value" narrows the list of items
(see assets/web/lib/items.js).
"""

from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from grm_core.analysis import gain, run_curves
from grm_core.analysis.accuracy import Items, in_numbers
from grm_core.analysis.scaling import Value
from grm_core.formats.scores import ItemScores
from reports.figures import COLOURS, METHOD_COLOURS, PERCENT, band, figure, line, whiskers
from ui import vote_panels
from ui.panels import Json, panel
from ui.wire.shared import Panel

_CALLED: dict[Value, str] = {"accuracy": "accuracy", "win": "probability of the final winner"}
_DRAWS = 400
"""Orders drawn per item where a curve is not exact."""
_MAP_MOST = 200
"""Items that the map of k and k_meta looks at, evenly spaced: it votes for every cell."""
_GAINS = {"ties broken": "gain=up", "wrong made right": "gain=up", "right made wrong": "gain=down", "gain": None}
"""What a bar of the gain shows of the items: those whose vote is worth more, or less, than one sample."""


def first(items: Items) -> list[Panel]:
    """Whether more samples help: what a run is opened for."""
    return [_growth(items, _values(items)[0])]


def rest(items: Items) -> list[Panel]:
    """All else that can be asked of these items, which all have labels or all have none."""
    shown = [_settled(items)]
    if run_curves.scored(items):
        shown += [_map(_sampled(items), value) for value in _values(items)]
    if items[0].labels:
        shown += [_gain(items), _subsets(items), *vote_panels.panels(items)]
    return shown


def panels(items: Items) -> list[Panel]:
    """All panels of these items."""
    return first(items) + rest(items)


def _values(items: Items) -> list[Value]:
    return ["accuracy", "win"] if items[0].labels else ["win"]


def _sampled(items: Items) -> list[ItemScores]:
    """So many items, evenly spaced in the order of their arrival."""
    numbers = in_numbers(items)
    return [numbers[place] for place in np.unique(np.linspace(0, len(numbers) - 1, _MAP_MOST).astype(int))]


def _gain(items: Items) -> Panel:
    table = gain.table(items)
    traces = [
        go.Bar(
            x=mine["kind"].tolist(),
            y=mine["points"].tolist(),
            name=f"ties: {ties}",
            marker={"color": COLOURS[place]},
            error_y=whiskers(mine, "points"),
            customdata=[_GAINS[kind] for kind in mine["kind"]],
        )
        for place, (ties, mine) in enumerate(table.groupby("ties", sort=False))
    ]
    shown = figure(traces, "", "points of accuracy", barmode="group", xaxis={"type": "category"})
    said = (
        f"All samples against one of them, {len(items)} items, 95% bootstrap over items. The first three sum to the "
        "gain, whether a tie is worth half or nothing."
    )
    return panel("gain", "Where does the gain of k come from?", table, shown, said)


def _subsets(items: Items) -> Panel:
    by = run_curves.subsets(items)
    names = [escape(name, quote=False) for name in by["subset"]]  # plotly reads tags in labels
    places = [f"subset={name}" for name in sorted({item.subset for item in in_numbers(items)})]
    bars = [
        go.Bar(x=names, y=by[name].tolist(), name=name, marker={"color": COLOURS[i]}, customdata=places)
        for i, name in enumerate(list(by.columns)[2:])
    ]
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": PERCENT}
    shown = figure(bars, "", "accuracy", barmode="group", **axes) if len(by) > 1 else None
    return panel("subsets", "Where is it right, where not?", by, shown, f"{len(items)} labelled items.")


def _growth(items: Items, value: Value) -> Panel:
    table = run_curves.growth(items, value, _DRAWS)
    traces: list[Any] = []
    for name in table["method"].unique():
        mine, colour = table[table["method"] == name], METHOD_COLOURS[str(name)]
        x = mine["k"].tolist()
        traces += band(x, mine["low"].tolist(), mine["high"].tolist(), colour)
        traces.append(line(x, mine["mean"].tolist(), str(name), colour))
    said = f"Means over {len(items)} items, 95% bootstrap over items."
    axis = {"type": "log", "tickvals": table["k"].unique().tolist()}
    shown = figure(traces, "k, samples", _CALLED[value], xaxis=axis, yaxis=PERCENT)
    title = "Does more k help?" if value == "accuracy" else "How soon does the vote know its winner?"
    return panel(value, title, table, shown, said)


def _settled(items: Items) -> Panel:
    table = run_curves.settled(items)
    most = int(table["asked"].max())
    bars = [
        go.Bar(**_doublings(table[column], most, filtered), name=name, marker={"color": colour})
        for column, name, colour, filtered in (
            ("settles", "winner stays from here on", COLOURS[0], "settles"),
            ("stops", "adaptive k stops (5%)", COLOURS[1], ""),
        )
    ]
    total, needed = int(table["asked"].sum()), int(table["stops"].sum())
    said = f"Adaptive k would have drawn {needed:,} of {total:,} samples" if total else ""
    said += f", {1 - needed / total:.0%} fewer." if total else ""
    shown = figure(bars, "k", "items", barmode="group", xaxis={"type": "category"})
    return panel("settled", "When does the verdict settle?", table, shown, said)


def _doublings(ks: "pd.Series[float]", most: int, filtered: str) -> dict[str, list[Any]]:
    """How many k, 1 to `most`, lie between one power of two and the next; what is missing is left out.

    `filtered` names what the list of items is narrowed by, '' nothing.
    """
    edges = [0, *(2**i for i in range(1 + max(0, most - 1).bit_length()))]
    names = [str(high) if high - low == 1 else f"{low + 1}–{high}" for low, high in pairwise(edges)]
    counted = pd.cut(ks.astype(float), edges, labels=names).value_counts(sort=False)
    bars: dict[str, list[Any]] = {"x": names, "y": [int(count) for count in counted]}
    return bars | (
        {"customdata": [f"{filtered}={low + 1}-{high}" for low, high in pairwise(edges)]} if filtered else {}
    )


def _map(items: Items, value: Value) -> Panel:
    table = run_curves.meta_map(items, value)
    wide = table.pivot(index="k_meta", columns="k", values="mean").sort_index()
    cells = wide.astype(object).where(wide.notna(), None)
    heat = go.Heatmap(
        x=[str(k) for k in wide.columns],
        y=[str(m) for m in wide.index],
        z=cells.to_numpy().tolist(),
        colorscale="Cividis",
        colorbar={"tickformat": ".0%"},
        texttemplate="%{z:.0%}",
        hovertemplate="k = %{x}, k_meta = %{y}: %{z:.1%}<extra></extra>",
    )
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": {"type": "category"}}
    shown = figure([heat], "k, samples", "k_meta, samples kept", height=300, **axes)
    said = f"Guided vote, {_CALLED[value]}, mean of {len(items)} evenly spaced items, 400 random subsets a cell."
    title = "Does the choice of k_meta matter?" if value == "accuracy" else "Which k and k_meta name the final winner?"
    return panel("map" if value == "accuracy" else "win-map", title, table, shown, said)


MADE = {"first": first, "rest": rest}
"""The parts of a run's panels by name."""
