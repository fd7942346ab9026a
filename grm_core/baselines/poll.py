"""A baseline's poll of one item over k samples: a verdict, and how often random subsets of them are right.

A *row* is one sample's say: n numbers in own order, or None when nothing of it could be read. Rows are added up, as in
naive voting. Pairwise rows are n x n counts of games, flattened, and have to be turned into totals (`Totals`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grm_core.analysis import accuracy, subsets
from grm_core.outcome import TIE, best_labels
from grm_core.types import Baseline, CurvePoint, Example, Verdict
from grm_core.voting import leader

Row = tuple[float, ...]
Values = NDArray[np.float64]
Totals = Callable[[Values], Values]
"""(D, m) summed rows -> (D, n) totals of the responses in own order."""


def as_they_are(sums: Values) -> Values:
    """The totals of rows that hold one number per response."""
    return sums


@dataclass(frozen=True, slots=True)
class Poll:
    """A baseline's judgment of one item."""

    example: Example
    rows: tuple[Row | None, ...]
    """One per sample; () where none was asked for."""
    verdict: Verdict
    unread: Counter[str] = field(default_factory=Counter)
    """Completions that cast no vote: ParseStatus -> how many."""
    tokens: int | None = None
    """Generated for all samples; None where that is not known."""


def poll(
    method: Baseline,
    example: Example,
    rows: Sequence[Row | None],
    totals: Totals = as_they_are,
    unread: Counter[str] | None = None,
    tokens: int | None = None,
) -> Poll:
    """The vote over all rows; a row that is None counts in k, not in k_effective, and adds nothing."""
    voted = tuple(place for place, row in enumerate(rows) if row is not None)
    total: tuple[float, ...] | None = None
    if voted:
        sums = np.array([row for row in rows if row is not None], dtype=np.float64).sum(axis=0)
        total = tuple(totals(sums[None])[0].tolist())
    winner, margin = leader(total)
    mean = None if margin is None else margin / len(voted)
    verdict = Verdict(method, len(rows), len(voted), None, voted, total, winner, margin, mean)
    return Poll(example, tuple(rows), verdict, unread or Counter(), tokens)


_DRAWS = 400
"""Orders of an item's rows where its subsets are too many to enumerate: the mean is over items as well."""


def points(
    rows: Sequence[Row | None],
    labels: Sequence[float],
    totals: Totals = as_they_are,
    draws: int = 10_000,
    seed: int = 0,
) -> list[CurvePoint]:
    """Accuracy for k = 1..K of the K readable rows, over all subsets up to 12 of them, else seeded random ones.

    The share of the vote that goes to a labelled best response, t equal leaders 1/t each. Only `k` and `accuracy` of
    the points are set; with one response, or labels that are all equal, accuracy is None.
    """
    values = np.array([row for row in rows if row is not None], dtype=np.float64)
    if not len(values):
        return []
    best = list(best_labels(labels)) if len(set(labels)) > 1 else []
    few = len(values) <= subsets.ENUMERATION_LIMIT
    subset_draws = subsets.enumeration(values) if few else subsets.monte_carlo(values, draws, seed)
    return [
        CurvePoint(each.k, None, None, None, None, _right(each, best, totals) if best else None)
        for each in subset_draws
    ]


def accuracy_at(item: Poll, ks: Sequence[int], totals: Totals = as_they_are) -> list[float]:
    """Accuracy 0..1 of a labelled item with each of these k; what could not be read counts as at analysis.accuracy."""
    assert item.example.labels is not None
    curve = points(item.rows, item.example.labels, totals, _DRAWS)
    return [accuracy.share(curve, k, len(item.rows)) for k in ks]


def _right(draws: subsets.Draws, best: list[int], totals: Totals) -> float:
    values = totals(draws.totals)
    leads = values >= values.max(axis=1, keepdims=True) - TIE
    shares = leads / leads.sum(axis=1, keepdims=True)
    return float(shares[:, best].sum(axis=1).mean())
