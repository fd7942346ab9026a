"""Data -> plotly figures, as plain JSON for the page's own plotly.js. Labels are our words, never anybody's text."""

import json

import plotly.graph_objects as go

from grm_core.analysis.scaling import Curve
from grm_core.types import CurvePoint
from ui.wire.inspect import Point
from ui.wire.shared import Figure

LINE, BAND = "#0072B2", "rgba(0, 114, 178, 0.18)"
LAYOUT = {
    "height": 260,
    "margin": {"l": 52, "r": 16, "t": 8, "b": 44},
    "showlegend": False,
    "xaxis": {"title": {"text": "k, samples voted"}, "rangemode": "tozero", "tickformat": "d"},
    "yaxis": {"title": {"text": "margin per sample"}, "zeroline": True},
    "hovermode": "x",
    "template": "none",
}


def margin_over_k(curve: Curve) -> Figure | None:
    """Margin per sample over k with its 90% band; None when the vote is a tie or there is nothing to draw."""
    points = [p for p in curve.points if p.margin is not None]
    if not points:
        return None
    figure = go.Figure([_edge(points), _band(points), _mean(points)], layout=LAYOUT)
    if len(points) <= 12:  # Plotly would put ticks at halves and print 0, 1, 1, 2, 2
        figure.update_xaxes(dtick=1)
    return dict(json.loads(figure.to_json()))


def _edge(points: list[CurvePoint]) -> go.Scatter:
    """The band's upper edge: an invisible line that the band is filled up to."""
    x, y = [p.k for p in points], [p.high for p in points]
    return go.Scatter(x=x, y=y, mode="lines", line={"width": 0}, hoverinfo="skip")


def _band(points: list[CurvePoint]) -> go.Scatter:
    return go.Scatter(
        x=[p.k for p in points],
        y=[p.low for p in points],
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor=BAND,
        name="90% of subsets",
        hoverinfo="skip",
    )


def _mean(points: list[CurvePoint]) -> go.Scatter:
    return go.Scatter(
        x=[p.k for p in points],
        y=[p.margin for p in points],
        customdata=[[p.low, p.high, p.win] for p in points],
        mode="lines+markers",
        line={"color": LINE, "width": 2},
        marker={"size": 5},
        name="mean margin",
        hovertemplate="k = %{x}<br>margin %{y:.2f}<br>90% band %{customdata[0]:.2f} to %{customdata[1]:.2f}"
        "<br>same winner %{customdata[2]:.0%}<extra></extra>",
    )


def table(curve: Curve) -> list[Point]:
    """The same points as rows of numbers, for the table view and CSV."""
    return [
        Point(k=p.k, margin=p.margin, low=p.low, high=p.high, win=p.win, accuracy=p.accuracy) for p in curve.points
    ]


def how(curve: Curve) -> str:
    """How the curve was computed."""
    method = "exact over all subsets" if curve.exact else f"{curve.draws:,} random orders, seed {curve.seed}"
    return (
        f"Mean and 90% band over random subsets of the stored samples ({method}). "
        "The band closes at the last k by construction; it says nothing about samples not yet drawn."
    )
