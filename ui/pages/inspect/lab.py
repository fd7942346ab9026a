"""The Lab of one session: every question about its vote as a panel."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from grm_core.analysis import lab
from grm_core.analysis.audit import position_test
from grm_core.analysis.frames import letter
from grm_core.analysis.scaling import DRAWS, Curve, curves
from grm_core.types import Example, Method, Sample
from grm_core.voting import read_by_meta, vote
from reports.figures import COLOURS, METHOD_COLOURS, band, figure, line
from ui.pages.inspect.dials import Dials
from ui.panels import Json, panel
from ui.wire.shared import Panel

_GREY = "#7A7A7A"


def panels(
    example: Example, samples: list[Sample], dials: Dials, alone: bool = False, draws: int = DRAWS
) -> list[Panel]:
    """All panels that these samples allow, voted as the dials say; the first k of the dials is what is looked at.

    `alone`: each response was judged in a prompt of its own. `draws`: random orders where a curve is not exact.
    """
    looked_at = sorted(samples, key=lambda s: s.index)[: dials.k]
    valid = [sample for sample in looked_at if sample.scores is not None]
    if not valid:
        return []
    n, labels = len(example.responses), example.labels
    shown = [_space(looked_at, n)]
    if n > 1:
        over_k = curves(looked_at, dials.k_meta, labels, draws)
        shown = [_margin(looked_at, over_k), _win(over_k), *shown, _cost(looked_at, over_k[0])]
        shown += [_no_position() if alone else _position(valid, n)]
    if n > 1 and read_by_meta(valid):
        table = lab.filtered(looked_at, labels, dials.k_meta)
        shown += [_sweep(looked_at), _filter(table), *_calibration(table)]
    return shown


def _margin(samples: list[Sample], over_k: tuple[Curve, ...]) -> Panel:
    """Margin of every method over k, and the naive margin in the samples' own order."""
    table = pd.concat([curve.frame() for curve in over_k], ignore_index=True)
    traces: list[Any] = []
    for curve in over_k:
        points = [p for p in curve.points if p.margin is not None]
        x, colour = [p.k for p in points], METHOD_COLOURS[str(curve.method)]
        if curve.method is Method.NAIVE:
            traces += band(x, [p.low for p in points], [p.high for p in points], colour)
        traces.append(line(x, [p.margin for p in points], str(curve.method), colour))
    own = lab.replay(samples)
    thin: Json = {"mode": "lines", "line": {"color": _GREY, "width": 1}}
    thin["customdata"] = [[samples[k - 1].index + 1] for k in own["k"]]
    traces.append(line(own["k"].tolist(), own["margin"].tolist(), "naive, as they came", _GREY, **thin))
    settled = lab.settled(own)
    said = "The full vote is a tie: there is no winner to measure a margin for."
    if settled is not None:
        said = f"In the order of arrival the verdict stands from k = {settled} on; {_how(over_k[0])}"
    shown = figure(traces, "k, samples voted", "margin per sample") if any(len(t.x) for t in traces) else None
    return panel("margin", "How does the margin grow with k, and does the method matter?", table, shown, said)


def _win(over_k: tuple[Curve, ...]) -> Panel:
    table = pd.concat([curve.frame()[["method", "k", "win", "accuracy"]] for curve in over_k], ignore_index=True)
    traces = []
    for curve in over_k:
        points = [p for p in curve.points if p.win is not None]
        name = str(curve.method)
        traces.append(line([p.k for p in points], [p.win for p in points], name, METHOD_COLOURS[name]))
    shown = figure(traces, "k, samples voted", "probability", yaxis={"range": [0, 1.03]})
    said = "The probability that a vote over k of these samples names the winner of all of them."
    usable = any(len(trace.x) for trace in traces)
    return panel("win", "How many samples give the same winner?", table, shown if usable else None, said)


def _space(samples: list[Sample], n: int) -> Panel:
    """The values that a sum of k scores can take, and where the totals stand among them."""
    verdict = vote(samples)
    k, totals = verdict.k_effective, verdict.totals or ()
    table = pd.DataFrame({"response": [letter(own) for own in range(n)], "total": totals})
    table["of"] = f"{k} to {10 * k}"
    marks = go.Scatter(
        x=list(totals),
        y=[letter(own) for own in range(n)],
        mode="markers+text",
        text=[str(int(total)) for total in totals],
        textposition="middle right",
        marker={"size": 12, "color": [COLOURS[own % len(COLOURS)] for own in range(n)]},
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    shown = figure(
        [marks], f"total of {k} samples", "", xaxis={"range": [k - 0.5, 11 * k]}, yaxis={"autorange": "reversed"}
    )
    said = f"One sample can tell 10 values apart, {k} samples {9 * k + 1:,} ({k} to {10 * k})."
    return panel("space", "How finely can the vote distinguish?", table, shown, said)


def _cost(samples: list[Sample], curve: Curve) -> Panel:
    table = lab.cost(samples, curve.points)
    labelled = table["accuracy"].notna().any()
    value = "accuracy" if labelled else "win"
    points = table[table[value].notna()]
    hover = "%{x:,.0f} tokens, k = %{customdata}<br>" + value + " %{y:.2f}<extra></extra>"
    trace = line(
        points["tokens"].tolist(), points[value].tolist(), "", COLOURS[0],
        customdata=points["k"].tolist(), hovertemplate=hover,
    )  # fmt: skip
    shown = figure([trace], "completion tokens", value, yaxis={"range": [0, 1.03]}) if len(points) else None
    seconds = table["seconds"].iloc[-1] if len(table) else 0.0
    said = f"{len(table)} samples: {table['tokens'].iloc[-1]:,.0f} tokens, {seconds:,.0f} s one after the other."
    return panel("cost", "What does certainty cost?", table, shown, said if len(table) else "Nothing to draw.")


_POSITION = "Does it matter where a response is shown?"


def _no_position() -> Panel:
    said = "No: each response was judged in a prompt of its own, beside no other. No order bias can arise."
    return panel("position", _POSITION, pd.DataFrame(), None, said)


def _position(valid: list[Sample], n: int) -> Panel:
    table = lab.positions(valid)
    traces = []
    for own in range(n):
        mine = table[table["response"] == letter(own)]
        spread = {"type": "data", "array": (mine["high"] - mine["mean"]).fillna(0).tolist(), "thickness": 1}
        colour = COLOURS[own % len(COLOURS)]
        more = {"error_y": spread, "customdata": [_shown_at(valid, own, place - 1) for place in mine["position"]]}
        traces.append(line(mine["position"].tolist(), mine["mean"].tolist(), letter(own), colour, **more))
    axis = {"dtick": 1, "range": [0.7, n + 0.3]}
    shown = figure(traces, "position shown", "mean score", xaxis=axis, yaxis={"range": [0.5, 10.5]})
    test = position_test(valid)
    said = "Too few samples for a test (8 are needed)."
    if test is not None:
        shifts = ", ".join(f"{place}. {shift:+.2f}" for place, shift in enumerate(test[0], 1))
        said = f"Shift by position {shifts}; p = {test[1]:.3f} (permutation test of no effect)."
    return panel("position", _POSITION, table, shown, f"95% intervals. {said}")


def _shown_at(samples: list[Sample], own: int, place: int) -> list[int]:
    """Numbers of the samples that showed this response at this place: choosing the point chooses them."""
    return [sample.index + 1 for sample in samples if sample.order[place] == own]


def _sweep(samples: list[Sample]) -> Panel:
    table = lab.sweep(samples)
    traces = []
    for winner in sorted(table["winner"].dropna().unique()):
        mine = table[table["winner"] == winner]
        colour = COLOURS[(ord(winner) - 65) % len(COLOURS)]
        dots = {"mode": "markers", "marker": {"size": 7, "color": colour}}
        traces.append(line(mine["k_meta"].tolist(), mine["margin"].tolist(), f"{winner} wins", colour, **dots))
    ties = int(table["winner"].isna().sum())
    winners = [f"{letter} for {count}" for letter, count in table["winner"].value_counts().items()]
    said = f"Of {len(table)} choices of k_meta: {', '.join([*winners, *([f'a tie for {ties}'] if ties else [])])}."
    shown = figure(traces, "k_meta, samples kept", "margin per sample") if traces else None
    return panel("sweep", "Is the guided verdict an accident of k_meta?", table, shown, said)


def _filter(table: pd.DataFrame) -> Panel:
    """Meta logit against margin: kept filled, dropped hollow; right and wrong apart where labels are known."""
    labelled = table["right"].notna().any()
    groups = [(True, "right", COLOURS[2]), (False, "wrong", COLOURS[5])] if labelled else [(None, "", COLOURS[0])]
    traces: list[Any] = []
    for right, name, colour in groups:
        mine = table if right is None else table[table["right"].astype("boolean") == right]
        for kept in (True, False):
            part = mine[mine["kept"].astype(bool) == kept]
            marks = {"size": 9, "color": colour, "symbol": "circle" if kept else "circle-open", "line": {"width": 2}}
            label = f"{name} {'kept' if kept else 'dropped'}".strip()
            hover = "sample %{customdata}<br>meta %{x:.2f}, margin %{y}<extra></extra>"
            points = {"x": part["meta_logit"].tolist(), "y": part["margin"].tolist(), "mode": "markers"}
            numbers = [[number] for number in (part["index"] + 1).tolist()]
            traces.append(go.Scatter(name=label, marker=marks, customdata=numbers, hovertemplate=hover, **points))
    kept_least = table[table["kept"].astype(bool)]["meta_logit"].min()
    rule = {"type": "line", "x0": kept_least, "x1": kept_least, "yref": "paper", "y0": 0, "y1": 1}
    shapes = [rule | {"line": {"dash": "dash", "width": 1, "color": _GREY}}]
    shown = figure(traces, "meta logit", "margin for the naive winner", shapes=shapes, dragmode="select")
    counts = lab.removed(table)
    said = f"{counts['dropped']} dropped, {counts['dissenting']} of them against the naive winner."
    if labelled:
        auc = lab.told_apart(table)
        lost = f"{counts['right']} right ({counts['right and dissenting']} of these dissenting)"
        said += f" {counts['wrong']} were wrong, {lost}."
        said += "" if auc is None else f" AUC {auc:.2f}."
    numbered = table.assign(index=table["index"] + 1).rename(columns={"index": "sample"})  # counted as on the page
    return panel("filter", "Does the filter drop errors, or dissent?", numbered, shown, said)


def _calibration(table: pd.DataFrame) -> list[Panel]:
    """Only where labels tell right from wrong."""
    bins = lab.calibration(table) if table["right"].notna().any() else pd.DataFrame()
    if not len(bins):
        return []
    perfect = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": _GREY, "dash": "dot", "width": 1}, hoverinfo="skip"
    )
    sizes = {"mode": "markers+lines", "customdata": bins["n"].tolist()}
    hover = "said %{x:.2f}, was %{y:.2f}, %{customdata} samples<extra></extra>"
    trace = line(bins["said"].tolist(), bins["was"].tolist(), "", COLOURS[0], hovertemplate=hover, **sizes)
    axes = {"xaxis": {"range": [0, 1]}, "yaxis": {"range": [-0.03, 1.03]}}
    shown = figure([perfect, trace], "meta RM's probability", "share that is right", **axes)
    return [panel("calibration", "Is the meta RM as sure as it should be?", bins, shown, "Samples of one item only.")]


def _how(curve: Curve) -> str:
    return (
        "the curves are exact over all subsets."
        if curve.exact
        else f"the curves are means over {curve.draws:,} random orders, seed {curve.seed}."
    )
