"""How far a vote can be trusted: is a large share of the votes right more often, and what are k samples worth?

Both look at labelled items of two or more responses. An item's share is that of its valid samples that put the vote's
winner first; a sample whose best scores are equal gives each of t leaders 1/t. A vote that is tied, or that had no
valid sample, names no winner and has no share.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss

from grm_core.analysis.accuracy import Items, Values, in_numbers, worths
from grm_core.analysis.shares import wilson
from grm_core.formats.scores import ItemScores
from grm_core.voting import leader

KS = (1, 2, 4, 8, 16, 32, 64, 128)
BINS = 5
"""Equal ranges of the share that calibration looks at."""
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Calibration:
    """Shares of votes against how often they are right."""

    bins: pd.DataFrame
    """By equal ranges of the share: share (mean), right (0..1), low, high (95%, Wilson), n (items)."""
    ece: float
    """Expected calibration error: mean distance of share and right over the bins, weighted by n."""
    brier: float
    """Mean squared distance of an item's share from 1 (right) or 0 (wrong)."""
    n: int
    """Items with a winner."""
    tied: int
    """Items without one, which are left out."""


def calibration(items: Items, bins: int = BINS) -> Calibration | None:
    """Calibration of the naive vote over all samples of each item; None where no vote has a winner."""
    pairs = [pair for item in in_numbers(items) if (pair := _share_and_right(item)) is not None]
    if not pairs:
        return None
    share, right = np.array([pair[0] for pair in pairs]), np.array([float(pair[1]) for pair in pairs])
    places = np.minimum((share * bins).astype(int), bins - 1)
    rows = []
    for place in sorted(set(places.tolist())):
        mine = places == place
        count, correct = int(mine.sum()), int(right[mine].sum())
        rows.append((share[mine].mean(), *wilson(correct, count), count))
    table = pd.DataFrame(rows, columns=["share", "right", "low", "high", "n"])
    ece = float((table["n"] * (table["share"] - table["right"]).abs()).sum() / len(pairs))
    brier = float(brier_score_loss(right, share, pos_label=1.0))
    return Calibration(table, ece, brier, len(pairs), len(items) - len(pairs))


@dataclass(frozen=True, slots=True)
class Worth:
    """What samples of one item have in common, and what k of them are worth."""

    correlation: float
    """Intraclass correlation 0..1 of being right: 0 where samples are right or wrong independently of the item, 1
    where all samples of an item agree."""
    low: float
    high: float
    """95%, bootstrap over items."""
    table: pd.DataFrame
    """k, votes, low, high: k / (1 + (k - 1) correlation), the design effect of samples in clusters (Kish, 1965)."""

    @property
    def ceiling(self) -> float:
        """The number of independent votes that no k exceeds, 1 / correlation; infinity without correlation."""
        return 1 / self.correlation if self.correlation > 0 else float("inf")


def worth(items: Items, seed: int = 0) -> Worth | None:
    """How many independent votes k samples are worth: 1 where all are copies, k where they are independent.

    A sample is worth its credit 0..1 alone (a tie of t is 1/t, one that cannot be read 0). None with fewer than two
    items of two or more samples, or where all samples of all items are worth the same.
    """
    several = [item for item in in_numbers(items) if len(item.indices) > 1]
    credits = worths([item.scores for item in several], several)
    if len(credits) < 2:
        return None
    size, total, squares = np.array([(len(mine), mine.sum(), mine @ mine) for mine in credits]).T
    groups = np.stack([size, size**2, total, total**2 / size, squares, np.ones(len(size))], axis=1)
    correlation = _correlation(groups.sum(axis=0))
    if np.isnan(correlation):
        return None
    rng, count = np.random.default_rng(seed), len(groups)
    times = (np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(_DRAWS))
    resampled = [_correlation(each @ groups) for each in times]
    low, high = (float(bound) for bound in np.nanquantile(resampled, (0.025, 0.975)))
    most = max(len(mine) for mine in credits)
    rows = [(k, _votes(k, correlation), _votes(k, high), _votes(k, low)) for k in KS if k <= most]
    return Worth(correlation, low, high, pd.DataFrame(rows, columns=["k", "votes", "low", "high"]))


def _votes(k: int, correlation: float) -> float:
    return k / (1 + (k - 1) * correlation)


def _correlation(sums: Values) -> float:
    """ICC(1) by one-way analysis of variance, within 0..1; NaN where nothing varies.

    `sums` over items: of the number of an item's credits, its square, the sum of the credits, its square by their
    number, the sum of their squares, and how many items there are.
    """
    n, n_squares, total, total_squares, squares, k = sums.tolist()
    between = (total_squares - total**2 / n) / (k - 1)
    within = (squares - total_squares) / (n - k)
    typical = (n - n_squares / n) / (k - 1)
    spread = between + (typical - 1) * within
    return float(np.clip((between - within) / spread, 0.0, 1.0)) if spread > 1e-12 else float("nan")


def agreement(item: ItemScores) -> float | None:
    """The share 0..1 of the valid samples that put the vote's winner first, t leaders 1/t each; None without one."""
    scores = item.scores[item.valid]
    winner = _winner(item)
    if winner is None or item.scores.shape[1] < 2:
        return None
    leads = scores == scores.max(axis=1, keepdims=True)
    return float((leads[:, winner] / leads.sum(axis=1)).mean())


def _winner(item: ItemScores) -> int | None:
    scores = item.scores[item.valid]
    return leader(scores.sum(axis=0).tolist())[0] if len(scores) else None


def _share_and_right(item: ItemScores) -> tuple[float, bool] | None:
    share = agreement(item)
    return None if share is None or not item.labels else (share, _winner(item) in item.best)
