"""The page of a run: many items judged under the same settings, best with labels."""

import json
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from grm_core.analysis import accuracy, gain, run_curves
from grm_core.analysis.accuracy import Items, in_numbers
from grm_core.analysis.run_curves import Value
from grm_core.formats.lines import compact, digest
from grm_core.formats.scores import ItemScores, digest_of
from reports.figures import COLOURS, METHOD_COLOURS, band, figure, line, whiskers
from reports.words import run_title
from storage import numbers
from storage.store import Store
from ui import vote_panels
from ui.panels import Json, panel
from ui.view import View, calls, served
from ui.wire.shared import Choice, Failed, Panel, Panels

_CALLED: dict[Value, str] = {"accuracy": "accuracy", "win": "probability of the final winner"}
_SINGLE_MOST = 50
"""Runs of one session that are offered where there are no larger ones."""
_DRAWS = 400
"""Orders drawn per item where a curve is not exact."""
_MAP_MOST = 200
"""Items that the map of k and k_meta looks at, evenly spaced: it votes for every cell."""
_EDITION = 1
"""Goes up when a panel of the same samples becomes another one: what was kept before is then made anew."""


class RunPage:
    """A view that asks the server for the run that its address names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        View("runs", calls(self)).place({}, elem_id="run")

    @served(wrong=[])
    def choices(self) -> list[Choice]:
        """The runs of more than one session; those of one where there are no others."""
        stored = self.store.runs(least=2) or self.store.runs(_SINGLE_MOST)
        return [Choice(id=run.id, title=f"{run_title(run)} ({count} sessions)") for run, count in stored]

    @served()
    def run(self, name: str, beside: str, part: str) -> Panels | Failed:
        """The panels of a run, all its items counted: "first" is what is shown while the others are computed, "rest".

        `beside` is another run of the same items, such as a greedy one. What was computed once is kept in the database
        by the samples' content.
        """
        run = self.store.run(name)
        if run is None:
            return Failed(error=f"There is no run {name}.")
        items = self._items(name)
        if not items:
            return Failed(error="No session of this run has two responses or more: there is nothing to vote on.")
        other = {item.item_id: item for item in self._items(beside)} if beside and part == "first" else {}
        same = [other[item.item_id] for item in items if item.item_id in other and other[item.item_id].labels]
        key = digest(f"runs {_EDITION} {part} {digest_of(items)} {digest_of(same)}")
        kept = self.store.kept(key)
        made: list[Panel] = json.loads(kept) if kept else (first if part == "first" else rest)(items, same)
        if kept is None:
            self.store.keep(key, compact(made))
        return Panels(title=run_title(run), said=[], panels=made)

    def _items(self, run: str) -> list[ItemScores]:
        """The run's items that have labels; all of them where none has."""
        items = numbers.of_run(self.store, run)
        items = [item for item in items if item.scores.shape[1] > 1 and len(item.indices)]
        return [item for item in items if item.labels] or items


def first(items: Items, beside: Items) -> list[Panel]:
    """Whether more samples help: what a run is opened for."""
    return [_growth(items, beside, _values(items)[0])]


def rest(items: Items, beside: Items) -> list[Panel]:
    """All else that can be asked of these items, which all have labels or all have none."""
    shown = [_settled(items)]
    if run_curves.scored(items):
        shown += [_map(_sampled(items), value) for value in _values(items)]
    if items[0].labels:
        shown += [_gain(items), _subsets(items), *vote_panels.panels(items)]
    return shown


def panels(items: Items, beside: Items) -> list[Panel]:
    """All panels of these items."""
    return first(items, beside) + rest(items, beside)


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
    bars = [
        go.Bar(x=names, y=by[name].tolist(), name=name, marker={"color": COLOURS[i]})
        for i, name in enumerate(list(by.columns)[2:])
    ]
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": {"range": [0, 1.03]}}
    shown = figure(bars, "", "accuracy", barmode="group", **axes) if len(by) > 1 else None
    return panel("subsets", "Where is it right, where not?", by, shown, f"{len(items)} labelled items.")


def _growth(items: Items, beside: Items, value: Value) -> Panel:
    table = run_curves.growth(items, value, _DRAWS)
    traces: list[Any] = []
    for name in table["method"].unique():
        mine, colour = table[table["method"] == name], METHOD_COLOURS[str(name)]
        x = mine["k"].tolist()
        traces += band(x, mine["low"].tolist(), mine["high"].tolist(), colour)
        traces.append(line(x, mine["mean"].tolist(), str(name), colour))
    said = f"Means over {len(items)} items, 95% bootstrap over items."
    if value == "accuracy" and beside:
        one = accuracy.estimate(accuracy.at_k(beside, 1), 2000)
        ends = [int(table["k"].min()), int(table["k"].max())]
        dash = {"mode": "lines", "line": {"dash": "dash", "color": COLOURS[7], "width": 2}}
        traces.append(line(ends, [one.mean] * 2, "the other run, k = 1", COLOURS[7], **dash))
        said += f" The other run at k = 1, on {one.n} of these items: {one}."
    axis = {"type": "log", "tickvals": table["k"].unique().tolist()}
    shown = figure(traces, "k, samples", _CALLED[value], xaxis=axis, yaxis={"range": [0, 1.03]})
    title = "Does more k help?" if value == "accuracy" else "How soon does the vote know its winner?"
    return panel(value, title, table, shown, said)


def _settled(items: Items) -> Panel:
    table = run_curves.settled(items)
    most = int(table["asked"].max())
    bars = [
        go.Bar(**_doublings(table[column], most), name=name, marker={"color": colour})
        for column, name, colour in (
            ("settles", "winner stays from here on", COLOURS[0]),
            ("stops", "adaptive k stops (5%)", COLOURS[1]),
        )
    ]
    total, needed = int(table["asked"].sum()), int(table["stops"].sum())
    said = f"Adaptive k would have drawn {needed:,} of {total:,} samples" if total else ""
    said += f", {1 - needed / total:.0%} fewer." if total else ""
    shown = figure(bars, "k", "items", barmode="group", xaxis={"type": "category"})
    return panel("settled", "When does the verdict settle?", table, shown, said)


def _doublings(ks: "pd.Series[float]", most: int) -> dict[str, list[Any]]:
    """How many k, 1 to `most`, lie between one power of two and the next; what is missing is left out."""
    edges = [0, *(2**i for i in range(1 + max(0, most - 1).bit_length()))]
    names = [str(high) if high - low == 1 else f"{low + 1}–{high}" for low, high in pairwise(edges)]
    counted = pd.cut(ks.astype(float), edges, labels=names).value_counts(sort=False)
    return {"x": names, "y": [int(count) for count in counted]}


def _map(items: Items, value: Value) -> Panel:
    table = run_curves.meta_map(items, value)
    wide = table.pivot(index="k_meta", columns="k", values="mean").sort_index()
    cells = wide.astype(object).where(wide.notna(), None)
    heat = go.Heatmap(
        x=[str(k) for k in wide.columns],
        y=[str(m) for m in wide.index],
        z=cells.to_numpy().tolist(),
        colorscale="Cividis",
        texttemplate="%{z:.2f}",
        hovertemplate="k = %{x}, k_meta = %{y}: %{z:.3f}<extra></extra>",
    )
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": {"type": "category"}}
    shown = figure([heat], "k, samples", "k_meta, samples kept", height=300, **axes)
    said = f"Guided vote, {_CALLED[value]}, mean of {len(items)} evenly spaced items, 400 random subsets a cell."
    title = "Does the choice of k_meta matter?" if value == "accuracy" else "Which k and k_meta name the final winner?"
    return panel("map" if value == "accuracy" else "win-map", title, table, shown, said)
