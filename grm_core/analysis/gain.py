"""Where the gain of k samples over one comes from: ties broken, wrong made right, right made wrong.

Every sample of an item is set beside the vote of all of them. A sample that alone would be a tie, wrong or right is
worth 1/t (or nothing, by the policy for ties), 0 or 1; the vote is worth more or less, and the difference goes to the
kind that the sample was. The three sum to Voting@K - Voting@1 exactly, for every item and under each policy.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from grm_core import outcome
from grm_core.analysis import accuracy
from grm_core.analysis.accuracy import Judged, Values
from grm_core.outcome import Tie
from grm_core.types import Method
from grm_core.voting import vote

KINDS = ("ties broken", "wrong made right", "right made wrong")
POLICIES = (Tie.HALF, Tie.STRICT)
"""`random` is worth what `half` is on average."""


def split(items: Sequence[Judged], ties: Tie = Tie.HALF, method: Method = Method.NAIVE) -> dict[str, Values]:
    """By kind, (items,) its share -1..1 of each item's gain; items have labels and samples.

    A sample that cannot be read is wrong, as is a vote without a valid sample. A tie that stays a tie gives nothing; a
    sample that is right where the vote is tied is made wrong by what the tie falls short of it.
    """
    gains = {kind: np.zeros(len(items)) for kind in KINDS}
    for place, item in enumerate(items):
        verdict = vote(item.samples, method)
        voted = _worth(verdict.totals, item, ties)
        for sample in item.samples:
            alone = _worth(sample.scores, item, ties)
            gains[_kind(sample.scores, item)][place] += (voted - alone) / len(item.samples)
    return gains


def _worth(totals: Sequence[float] | None, item: Judged, ties: Tie) -> float:
    return outcome.settle(outcome.credit(totals, item.labels, ties), len(item.labels)) or 0.0


def _kind(scores: Sequence[float] | None, item: Judged) -> str:
    """The kind of a sample alone: the one that its difference to the vote belongs to."""
    half = _worth(scores, item, Tie.HALF)
    if half == 1.0:
        return KINDS[2]
    return KINDS[1] if half == 0.0 else KINDS[0]


def table(items: Sequence[Judged], draws: int = 2000) -> pd.DataFrame:
    """Points (0..100) by policy for ties and kind, the whole gain last: ties, kind, points, low, high (95%)."""
    rows = []
    for ties in POLICIES:
        parts = split(items, ties)
        for kind, values in [*parts.items(), ("gain", sum(parts.values(), np.zeros(len(items))))]:
            estimate = accuracy.estimate(values, draws)
            rows.append((str(ties), kind, 100 * estimate.mean, 100 * estimate.low, 100 * estimate.high))
    return pd.DataFrame(rows, columns=["ties", "kind", "points", "low", "high"])
