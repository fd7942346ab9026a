"""Each item of a run in one line: who wins by how much, how far samples agree, and whether it is right.

All follow from the naive vote over all samples of the item; nothing here is a mean over items.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from grm_core import outcome
from grm_core.analysis.accuracy import Items, alone, in_numbers, worths
from grm_core.analysis.run_curves import settles
from grm_core.analysis.trust import agreement
from grm_core.analysis.votes import votes
from grm_core.formats.scores import ItemScores
from grm_core.types import Verdict

Right = Literal["right", "wrong", "tie"]


class Standing(NamedTuple):
    """What became of an item."""

    item_id: str
    subset: str
    best: tuple[int, ...]
    """Own indices of the highest label; () without labels that prefer one."""
    winner: int | None
    """Own index; None for a tie or where nothing was read."""
    margin: float | None
    """Best total less the second best; None below two responses."""
    agreement: float | None
    """Share 0..1 of the valid samples that put the winner first; None without a winner."""
    alone: float | None
    """Share 0..1 of the samples that are right alone, ties shared, unreadable ones wrong: accuracy at k = 1."""
    right: Right | None
    """The vote of all samples against the label; None without one."""
    settles: int | None
    """From which k on the winner stays; None without one."""
    samples: int
    unread: int
    """Of them, those that cast no vote."""


def standings(items: Items) -> list[Standing]:
    """Each item's line, in the order of the items."""
    numbers = in_numbers(items)
    verdicts = list(votes(numbers))
    voted = worths([np.array([verdict.totals or ()]) for verdict in verdicts], numbers)
    each = zip(numbers, verdicts, alone(numbers).tolist(), voted, strict=True)
    return [_standing(item, verdict, one, float(worth[0])) for item, verdict, one, worth in each]


def crossed(pairs: Sequence[tuple[Standing, Standing]]) -> dict[tuple[Right, Right], int]:
    """How many items are right, wrong or tied in one run and in another, by both; only labelled ones count."""
    counts: dict[tuple[Right, Right], int] = {}
    for one, other in pairs:
        if one.right is not None and other.right is not None:
            key = (one.right, other.right)
            counts[key] = counts.get(key, 0) + 1
    return counts


def _standing(item: ItemScores, verdict: Verdict, one: float, worth: float) -> Standing:
    labelled = outcome.has_preference(item.labels) and bool(len(item.indices))
    return Standing(
        item_id=item.item_id,
        subset=item.subset,
        best=item.best if outcome.has_preference(item.labels) else (),
        winner=verdict.winner if item.scores.shape[1] > 1 else None,
        margin=verdict.margin,
        agreement=agreement(item),
        alone=one if labelled else None,
        right=("right" if worth == 1 else "wrong" if worth == 0 else "tie") if labelled else None,
        settles=settles(item),
        samples=len(item.indices),
        unread=int(len(item.indices) - item.valid.sum()),
    )
