"""Traces and figures of plotly as plain JSON, for the pages' and the documents' own plotly.js.

Labels are our words and letters; anybody else's text goes through `label`.
"""

import json
from typing import Any

import pandas as pd
import plotly.graph_objects as go

Figure = dict[str, Any]
COLOURS = ("#0072B2", "#C27C00", "#008A65", "#B3588C", "#3A95C9", "#D55E00", "#7A5FC0", "#6F7580")
METHOD_COLOURS = {"naive": "#0072B2", "guided": "#D55E00", "guided-weighted": "#009E73"}
PERCENT: Figure = {"range": [0, 1.03], "tickformat": ".0%"}
"""An axis of a share."""
_POINTS_MOST = 64
_LAYOUT: Figure = {
    "height": 280,
    "margin": {"l": 52, "r": 16, "t": 8, "b": 44},
    "hovermode": "closest",
    "template": "none",
    "legend": {
        "orientation": "h",
        "y": 1.02,
        "yanchor": "bottom",
        "x": 0,
        "traceorder": "normal",
        "font": {"size": 11},
    },
}


def figure(traces: list[Any], x: str, y: str, **layout: Any) -> Figure:
    """Traces under one layout for all; `layout` adds to it or changes it."""
    plot = go.Figure(traces, layout=_LAYOUT | {"showlegend": sum(bool(t.name) for t in traces) > 1} | layout)
    plot.update_xaxes(title_text=x)
    plot.update_yaxes(title_text=y)
    return dict(json.loads(plot.to_json()))


def label(text: str, most: int = 200) -> str:
    """Anybody's text as a name in a plot, cut to `most` characters: plotly reads names as pseudo-HTML and formulas."""
    shown = text if len(text) <= most else text[: most - 1].rstrip() + "…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace("$", "&#36;")


def line(x: Any, y: Any, name: str, colour: str, **more: Any) -> go.Scatter:
    """A line with its points, or without where they would only thicken it."""
    marks = {
        "mode": "lines+markers" if len(x) <= _POINTS_MOST else "lines",
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5, "color": colour},
    }
    return go.Scatter(x=x, y=y, name=name, **(marks | more))


def band(x: Any, low: Any, high: Any, colour: str) -> list[go.Scatter]:
    """A filled band without a name of its own: the upper edge, then the lower one that is filled up to it."""
    rgb = ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return [
        go.Scatter(y=high, **edge),
        go.Scatter(y=low, fill="tonexty", fillcolor=f"rgba({rgb}, 0.15)", **edge),
    ]


def whiskers(table: pd.DataFrame, middle: str) -> Figure:
    """An `error_y` from a column to the interval in the columns `low` and `high`; none where they are missing."""
    above, below = table["high"] - table[middle], table[middle] - table["low"]
    return {"type": "data", "array": above.fillna(0).tolist(), "arrayminus": below.fillna(0).tolist()}
