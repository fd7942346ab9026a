"""A panel is a question, its plot, and the numbers behind it as a table; assets/inspect/ draws any of them.

Figures are plain JSON for the page's own plotly.js. Labels are our words and letters, never anybody's text.
"""

import json
from typing import Any

import pandas as pd
import plotly.graph_objects as go

Json = dict[str, Any]
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A6FC9", "#7A7A7A")
METHOD_COLOURS = {"naive": "#0072B2", "guided": "#D55E00", "guided-weighted": "#009E73"}
_POINTS_MOST = 64
_LAYOUT: Json = {
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


def figure(traces: list[Any], x: str, y: str, **layout: Any) -> Json:
    """Traces under the page's layout; `layout` adds to it or changes it."""
    drawn = go.Figure(traces, layout=_LAYOUT | {"showlegend": sum(bool(t.name) for t in traces) > 1} | layout)
    drawn.update_xaxes(title_text=x)
    drawn.update_yaxes(title_text=y)
    return dict(json.loads(drawn.to_json()))


def panel(name: str, title: str, table: pd.DataFrame, drawn: Json | None, note: str = "") -> Json:
    """What the page is sent; no figure means that the note says why there is nothing to draw."""
    rows = json.loads(table.round(6).to_json(orient="values")) if len(table) else []
    return {
        "name": name,
        "title": title,
        "columns": list(table.columns),
        "rows": rows,
        "figure": drawn,
        "note": note,
    }


def only_first(most: int, stored: int) -> list[str]:
    """A sentence where a page looks at the first `most` of the sessions that are stored."""
    return [f"Only the first {most:,} of {stored:,} sessions are looked at."] if stored > most else []


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
