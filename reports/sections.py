"""Documents that are a row of sections, each a title, a note and a table: Markdown, or HTML with its curves."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from reports.escape import encodable, plain
from reports.figures import Figure
from reports.page import page
from reports.table import Table

_FORMATS = dict.fromkeys(("total", "per item", "per sample"), ",.1f")
_DRAW = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const { data, layout } = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  Plotly.newPlot(place, data, layout, { responsive: true, displaylogo: false });
}
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document or of a page; a title is our words."""

    title: str
    note: str
    frame: pd.DataFrame
    figure: Figure | None = None
    marked: frozenset[tuple[int, str]] = frozenset()
    """(row, column) of the cells that stand out."""

    @property
    def name(self) -> str:
        """The title as an id."""
        return self.title.lower().replace(" ", "-")

    @property
    def table(self) -> Table:
        """The figures as a table to print."""
        return Table.of(self.frame, _FORMATS, self.marked)


def markdown(title: str, sentences: Sequence[str], sections: Sequence[Section]) -> str:
    """The document as Markdown."""
    parts = [f"# {plain(title)}", *map(plain, sentences)]
    for section in sections:
        parts += filter(None, (f"## {plain(section.title)}", plain(section.note), section.table.markdown()))
    return encodable("\n\n".join(parts)) + "\n"


def html(template: str, title: str, sentences: Sequence[str], sections: Sequence[Section], **more: object) -> str:
    """The document as a page that opens offline, by a template made from sections.html.j2; `more` is what that adds.

    Where there are figures the page carries plotly.js; its content security policy allows that script and the one that
    draws, and no network.
    """
    scripts = [get_plotlyjs(), _DRAW] if any(section.figure for section in sections) else []
    return page(
        template,
        title=title,
        sentences=sentences,
        sections=sections,
        scripts=[Markup(script) for script in scripts],
        digests=list(map(_digest, scripts)),
        **more,
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
