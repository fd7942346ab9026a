"""The page of a run: many items judged under the same settings, best with labels."""

from html import escape
from itertools import pairwise
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from grm_core.analysis import accuracy, gain, run_curves
from grm_core.analysis.accuracy import Judged
from grm_core.analysis.run_curves import Value
from reports.figures import COLOURS, METHOD_COLOURS, band, figure, line
from reports.words import run_title
from storage.listing import Wanted
from storage.store import Store
from ui.pages import run_votes
from ui.panels import Json, only_first, panel
from ui.view import View, calls, served
from ui.wire.shared import Choice, Failed, Panel, Panels

_CALLED: dict[Value, str] = {"accuracy": "accuracy", "win": "probability of the final winner"}
_ITEMS_MOST = 1000
_SINGLE_MOST = 50
"""Runs of one session that are offered where there are no larger ones."""
_DRAWS = 400
"""Orders drawn per item where a curve is not exact."""
_MAP_MOST = 60
"""Items that the map of k and k_meta looks at: it votes for every cell."""


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
    def run(self, name: str, beside: str) -> Panels | Failed:
        """The panels of a run; `beside` is another run of the same items, such as a greedy one."""
        run = self.store.run(name)
        if run is None:
            return Failed(error=f"There is no run {name}.")
        items = self._items(name)
        if not items:
            return Failed(error="No session of this run has two responses or more: there is nothing to vote on.")
        other = {item.item_id: item for item in self._items(beside)} if beside else {}
        same = [other[item.item_id] for item in items if item.item_id in other and other[item.item_id].labels]
        said = only_first(_ITEMS_MOST, self.store.count_sessions(Wanted(run=name)))
        return Panels(title=run_title(run), said=said, panels=panels(items, same))

    def _items(self, run: str) -> list[Judged]:
        """The run's items that have labels; all of them where none has."""
        sessions = [row.session for row in self.store.sessions(Wanted(run=run), limit=_ITEMS_MOST)]
        samples = self.store.samples_by_session(session.id for session in sessions)
        judged = [Judged.of(each.example, accuracy.completed(samples[each.id])) for each in sessions]
        items = [item for item in judged if len(item.example.responses) > 1 and item.samples]
        return [item for item in items if item.labels] or items


def panels(items: list[Judged], beside: list[Judged]) -> list[Panel]:
    """All that can be asked of these items, which all have labels or all have none."""
    labelled = bool(items[0].labels)
    values: list[Value] = ["accuracy", "win"] if labelled else ["win"]
    shown = [_growth(items, beside, values[0]), _settled(items)]
    if run_curves.scored(items):
        shown += [_map(items[:_MAP_MOST], value) for value in values]
    if labelled:
        shown += [_gain(items), _subsets(items), *run_votes.panels(items)]
    return shown


def _gain(items: list[Judged]) -> Panel:
    table = gain.table(items)
    traces = [
        go.Bar(
            x=mine["kind"].tolist(),
            y=mine["points"].tolist(),
            name=f"ties: {ties}",
            marker={"color": COLOURS[place]},
            error_y={
                "type": "data",
                "array": (mine["high"] - mine["points"]).tolist(),
                "arrayminus": (mine["points"] - mine["low"]).tolist(),
            },
        )
        for place, (ties, mine) in enumerate(table.groupby("ties", sort=False))
    ]
    shown = figure(traces, "", "points of accuracy", barmode="group", xaxis={"type": "category"})
    said = (
        f"All samples against one of them, {len(items)} items, 95% bootstrap over items. The first three sum to the "
        "gain, whether a tie is worth half or nothing."
    )
    return panel("gain", "Where does the gain of k come from?", table, shown, said)


def _subsets(items: list[Judged]) -> Panel:
    by = run_curves.subsets(items)
    names = [escape(name, quote=False) for name in by["subset"]]  # plotly reads tags in labels
    bars = [
        go.Bar(x=names, y=by[name].tolist(), name=name, marker={"color": COLOURS[i]})
        for i, name in enumerate(list(by.columns)[2:])
    ]
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": {"range": [0, 1.03]}}
    shown = figure(bars, "", "accuracy", barmode="group", **axes) if len(by) > 1 else None
    return panel("subsets", "Where is it right, where not?", by, shown, f"{len(items)} labelled items.")


def _growth(items: list[Judged], beside: list[Judged], value: Value) -> Panel:
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


def _settled(items: list[Judged]) -> Panel:
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


def _map(items: list[Judged], value: Value) -> Panel:
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
    said = f"Guided vote, {_CALLED[value]}, mean of {len(items)} items, 400 random subsets a cell."
    title = "Does the choice of k_meta matter?" if value == "accuracy" else "Which k and k_meta name the final winner?"
    return panel("map" if value == "accuracy" else "win-map", title, table, shown, said)
