"""Other ways of adding up the same samples: no model is asked again.

* sum: the paper's vote (Eq. 14); dividing it by the number of samples, the mean, names the same winner.
* median: of each response's scores; one wild sample moves it little.
* first places: each sample gives its best-scored response one vote, t leaders 1/t each.
* Borda: each sample gives a response as many points as there are responses that it scores lower, equal ones half.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from grm_core import outcome
from grm_core.analysis import accuracy
from grm_core.analysis.accuracy import Items, Values, in_numbers
from grm_core.formats.scores import ItemScores
from grm_core.types import Sample


def _first_places(scores: Values) -> Values:
    leaders = scores == scores.max(axis=1, keepdims=True)
    return np.asarray((leaders / leaders.sum(axis=1, keepdims=True)).sum(axis=0))


def _borda(scores: Values) -> Values:
    mine, others = scores[:, :, None], scores[:, None, :]
    # Each response is level with itself, too.
    return np.asarray((mine > others).sum(axis=(0, 2)) + ((mine == others).sum(axis=(0, 2)) - len(scores)) / 2)


RULES: dict[str, Callable[[Values], Values]] = {
    "sum": lambda scores: np.asarray(scores.sum(axis=0)),
    "median": lambda scores: np.asarray(np.median(scores, axis=0)),
    "first places": _first_places,
    "Borda": _borda,
}
"""(samples, n) scores -> (n,) totals, larger is better."""


def totals(samples: Sequence[Sample], rule: str) -> tuple[float, ...] | None:
    """Each response's total in own order by a rule's name; None where no sample could be read."""
    return _totals(ItemScores.of("", samples), rule)


def _totals(item: ItemScores, rule: str) -> tuple[float, ...] | None:
    scores = item.scores[item.valid].astype(np.float64)
    return tuple(RULES[rule](scores).astype(float).tolist()) if len(scores) else None


def table(items: Items, draws: int = 2000) -> pd.DataFrame:
    """Accuracy of labelled items by rule, all samples, ties shared: rule, accuracy, low, high (95%, bootstrap over
    items), and the paired difference from the sum in points with its interval: points, points low, points high.
    """
    right = [_right(items, rule) for rule in RULES]
    base = right[list(RULES).index("sum")]
    estimates = iter(accuracy.estimates([column for mine in right for column in (mine, 100 * (mine - base))], draws))
    rows = []
    for rule in RULES:
        share, paired = next(estimates), next(estimates)
        rows.append((rule, share.mean, share.low, share.high, paired.mean, paired.low, paired.high))
    columns = ["rule", "accuracy", "low", "high", "points", "points low", "points high"]
    return pd.DataFrame(rows, columns=columns)


def _right(items: Items, rule: str) -> Values:
    return np.array([outcome.credit(_totals(item, rule), item.labels or ()) or 0.0 for item in in_numbers(items)])
