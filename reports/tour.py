"""The Demo's slides as a page to hand out: it opens offline, holds no script and asks nothing of a network."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.page import page
from reports.table import Table

_STEPS = (1, 4, 8, 16, 32)
"""The k of which the hand-out says who wins."""


def html(slides: Sequence[Mapping[str, Any]]) -> str:
    """The slides as the Demo page is sent them, one below the other."""
    return page("tour", title="GRM Lens: judging by voting", slides=slides, steps=_STEPS, table=_sets)


def _sets(sets: Sequence[Mapping[str, Any]]) -> Table:
    """Accuracy over k of the stored sets, in per cent."""
    ks = tuple(f"k = {k}" for k in sets[0]["k"]) if sets else ()
    rows = tuple((each["name"], each["n"], *(100 * share for share in each["voting"])) for each in sets)
    return Table(("set", "items", *ks), rows, dict.fromkeys(ks, ".1f"))
