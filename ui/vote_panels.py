"""Panels of a run on its votes: how far they can be trusted, what k of them are worth, other ways of adding up."""

import math

import plotly.graph_objects as go

from grm_core.analysis import rules, trust
from grm_core.analysis.accuracy import Items
from reports.figures import COLOURS, PERCENT, band, figure, line, whiskers
from ui.panels import Json, panel
from ui.wire.shared import Panel

_DASH: Json = {"mode": "lines", "line": {"dash": "dash", "color": COLOURS[7], "width": 1.5}}


def panels(items: Items) -> list[Panel]:
    """Those that labelled items of two or more responses have something to say about."""
    made = (_calibration(items), _worth(items), _rules(items))
    return [each for each in made if each is not None]


def _calibration(items: Items) -> Panel | None:
    calibration = trust.calibration(items)
    if calibration is None:
        return None
    table = calibration.bins
    marks = go.Scatter(
        x=table["share"].tolist(),
        y=table["right"].tolist(),
        mode="lines+markers",
        name="votes",
        line={"color": COLOURS[0]},
        error_y=whiskers(table, "right"),
        customdata=[_range(share) for share in table["share"]],
    )
    shown = figure(
        [line([0, 1], [0, 1], "as often right as the share says", COLOURS[7], **_DASH), marks],
        "share of samples that name the winner",
        "votes that are right",
        xaxis=PERCENT,
        yaxis=PERCENT,
    )
    said = (
        f"{calibration.n} items with a winner, 95% Wilson intervals. Expected calibration error "
        f"{calibration.ece:.3f}, Brier score {calibration.brier:.3f}."
    )
    if calibration.tied:
        said += f" Left out: {calibration.tied} without a winner."
    return panel("calibration", "How often is a large majority right?", table, shown, said)


def _range(share: float) -> str:
    """The bin of a share, as it narrows the list of items."""
    place = min(int(share * trust.BINS), trust.BINS - 1)
    return f"agreement={place / trust.BINS:g}-{(place + 1) / trust.BINS:g}"


def _worth(items: Items) -> Panel | None:
    worth = trust.worth(items)
    if worth is None:
        return None
    table = worth.table
    k = table["k"].tolist()
    traces = [
        line(k, k, "independent samples", COLOURS[7], **_DASH),
        *band(k, table["low"].tolist(), table["high"].tolist(), COLOURS[0]),
        line(k, table["votes"].tolist(), "these samples", COLOURS[0]),
    ]
    axis: Json = {"type": "log", "tickvals": k, "ticktext": [str(each) for each in k]}
    shown = figure(traces, "k, samples", "independent votes", xaxis=axis, yaxis=axis)
    said = (
        f"Samples of one item are right or wrong together: correlation {worth.correlation:.2f} [{worth.low:.2f}, "
        f"{worth.high:.2f}], 95% bootstrap over items."
    )
    if math.isfinite(worth.ceiling):
        said += f" However large k is, it is worth fewer than {worth.ceiling:.1f} independent votes."
    return panel("worth", "How many independent votes are k samples worth?", table, shown, said)


def _rules(items: Items) -> Panel | None:
    table = rules.table(items)
    bar = go.Bar(
        x=table["rule"].tolist(),
        y=table["accuracy"].tolist(),
        marker={"color": COLOURS[0]},
        error_y=whiskers(table, "accuracy"),
    )
    axes: Json = {"xaxis": {"type": "category"}, "yaxis": PERCENT}
    shown = figure([bar], "", "accuracy", **axes)
    said = f"All samples of {len(items)} items, 95% bootstrap over items; points are paired differences from the sum."
    return panel("rules", "Would another way of adding up do better?", table, shown, said)
