"""A table, and its three forms: HTML, Markdown, CSV."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import pandas as pd
from markupsafe import Markup

from reports.escape import encodable, harmless, plain
from reports.page import page


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; a cell is a text, a number, None for what is not there, or what str() makes a text of."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    formats: Mapping[str, str] = field(default_factory=dict)
    """Column -> how a reader is shown its fractions, such as ".0f"; CSV holds them whole."""
    marked: frozenset[tuple[int, str]] = frozenset()
    """(row, column) of the cells that stand out in HTML."""

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        formats: Mapping[str, str] | None = None,
        marked: frozenset[tuple[int, str]] = frozenset(),
    ) -> Self:
        """The table of a data frame without its index; what is missing there is None here."""
        cells = frame.astype(object)
        rows = cells.where(cells.notna(), None).to_numpy().tolist()
        return cls(tuple(map(str, frame.columns)), tuple(map(tuple, rows)), formats or {}, marked)

    def html(self) -> Markup:
        """A table element; columns of words are marked as such, to be set to the left."""
        words = [any(isinstance(row[place], str) for row in self.rows) for place in range(len(self.columns))]
        rows = [
            [(text, (place, name) in self.marked) for text, name in zip(texts, self.columns, strict=True)]
            for place, texts in enumerate(self._shown())
        ]
        return Markup(page("table", columns=list(zip(self.columns, words, strict=True)), rows=rows))

    def markdown(self) -> str:
        """A pipe table, without a line's end after its last row."""
        lines = [list(self.columns), *self._shown()]
        head, *body = ["| " + " | ".join(map(plain, line)) + " |" for line in lines]
        return encodable("\n".join([head, "|" + " --- |" * len(self.columns), *body]))

    def csv(self) -> str:
        """A row a line, missing cells empty, for a spreadsheet: no text runs, and a byte-order mark says UTF-8."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        for row in (self.columns, *self.rows):
            writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
        text = encodable(out.getvalue())
        return text if text.isascii() else f"\ufeff{text}"

    def records(self) -> list[dict[str, object]]:
        """A row a record by column, for JSON: fractions to six digits."""
        return [
            {
                name: round(cell, 6) if isinstance(cell, float) else cell
                for name, cell in zip(self.columns, row, strict=True)
            }
            for row in self.rows
        ]

    def _shown(self) -> list[list[str]]:
        """The cells as a reader is shown them."""
        formats = [self.formats.get(name, ".3f") for name in self.columns]
        return [[_shown(cell, spec) for cell, spec in zip(row, formats, strict=True)] for row in self.rows]


def _shown(cell: object, spec: str) -> str:
    if cell is None:
        return "–"
    return format(cell, spec) if isinstance(cell, float) else str(cell)
