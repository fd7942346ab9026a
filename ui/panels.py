"""A panel is a question, its plot and the numbers behind it as a table, drawn by assets/web/views/panel.js."""

import json
from typing import Any

import pandas as pd

from ui.wire.shared import Figure, Panel

Json = dict[str, Any]


def panel(name: str, title: str, table: pd.DataFrame, figure: Figure | None, note: str = "") -> Panel:
    """The panel as the page is sent it; no figure means that the note says why there is nothing to draw."""
    rows = json.loads(table.round(6).to_json(orient="values")) if len(table) else []
    return Panel(name=name, title=title, columns=list(table.columns), rows=rows, figure=figure, note=note)
