"""Where the gain of k samples over one comes from: ties broken, wrong made right, right made wrong.

Every sample of an item is set beside the vote of all of them. A sample that alone would be a tie, wrong or right is
worth 1/t (or nothing, by the policy for ties), 0 or 1; the vote is worth more or less, and the difference goes to the
kind that the sample was. The three sum to Voting@K - Voting@1 exactly, for every item and under each policy.
"""

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy
from grm_core.analysis.accuracy import Items, Values, in_numbers, worths
from grm_core.analysis.votes import votes
from grm_core.outcome import Tie
from grm_core.types import Method

KINDS = ("ties broken", "wrong made right", "right made wrong")
POLICIES = (Tie.HALF, Tie.STRICT)
"""`random` is worth what `half` is on average."""


def split(items: Items, ties: Tie = Tie.HALF, method: Method = Method.NAIVE) -> dict[str, Values]:
    """By kind, (items,) its share -1..1 of each item's gain; items have labels and samples.

    A sample that cannot be read is wrong, as is a vote without a valid sample. A tie that stays a tie gives nothing; a
    sample that is right where the vote is tied is made wrong by what the tie falls short of it.
    """
    gains = {kind: np.zeros(len(items)) for kind in KINDS}
    numbers = in_numbers(items)
    scores = [item.scores for item in numbers]
    totals = [np.array([verdict.totals or ()]) for verdict in votes(numbers, method)]
    halves = worths(scores, numbers)
    each = zip(worths(totals, numbers, ties), worths(scores, numbers, ties), halves, strict=True)
    for place, (voted, alone, half) in enumerate(each):
        change, count = voted[0] - alone, max(1, len(half))
        # The kind of a sample is the one that its difference to the vote belongs to.
        for kind, mine in zip(KINDS, ((half > 0) & (half < 1), half == 0, half == 1), strict=True):
            gains[kind][place] = change @ mine / count
    return gains


def table(items: Items, draws: int = 2000) -> pd.DataFrame:
    """Points (0..100) by policy for ties and kind, the whole gain last: ties, kind, points, low, high (95%)."""
    numbers = in_numbers(items)
    names, columns = [], []
    for ties in POLICIES:
        parts = split(numbers, ties)
        parts["gain"] = sum(parts.values(), np.zeros(len(items)))
        names += [(str(ties), kind) for kind in parts]
        columns += [100 * values for values in parts.values()]
    rows = [
        (*name, each.mean, each.low, each.high)
        for name, each in zip(names, accuracy.estimates(columns, draws), strict=True)
    ]
    return pd.DataFrame(rows, columns=["ties", "kind", "points", "low", "high"])
