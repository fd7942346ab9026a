"""VERDICTS.jsonl of the baselines: one item's verdict a line, with the rows that it was voted from."""

from dataclasses import dataclass
from typing import Annotated, Any

from grm_core.formats.fields import Codec, Count, Number, OneOf, Text
from grm_core.types import Baseline

RowField = tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """One item's verdict; a reader votes again from `rows`, so that the other numbers are for people."""

    item_id: Text
    method: Annotated[Baseline, OneOf(tuple(Baseline))]
    rows: tuple[RowField | None, ...]
    """One sample's numbers in own order, or null when nothing of it could be read."""
    unread: dict[Text, Count]
    """What became of completions that cast no vote: status and how many."""
    item: Text | None = None
    """A short SHA-256 of query and responses."""
    k: Count | None = None
    k_effective: Count | None = None
    totals: RowField | None = None
    winner: Count | None = None
    """The own index of the best response; null for a tie and where nothing could be read."""
    margin: Number | None = None
    margin_mean: Number | None = None
    credit: Number | None = None
    """What the totals are worth for the item's labels, 0..1."""
    completion_tokens: Count | None = None
    run: dict[str, Any] | None = None
    """The settings of the run."""


@dataclass(frozen=True, slots=True)
class CritiqueLine:
    """The critiques that the semi-scalar baseline wrote of an item's responses, kept in critiques.jsonl."""

    item_id: Text
    critiques: tuple[Text, ...]
    """In own order."""


VERDICT: Codec[VerdictLine] = Codec(VerdictLine, "line")
CRITIQUE: Codec[CritiqueLine] = Codec(CritiqueLine, "line")
