"""How a verdict grows with k: margin, win probability and accuracy over random subsets of the stored samples.

One definition for page, command line and reports. Drawing k of K samples without replacement, each method votes on
the subset; the band therefore closes at k = K by construction and says nothing about samples not yet drawn.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grm_core.analysis import subsets
from grm_core.outcome import TIE, best_labels
from grm_core.types import CurvePoint, Method, Sample
from grm_core.voting import as_method, leader, logit, quality

_BAND = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Curve:
    """One method's curve over k = 1..K valid samples, and how it was computed."""

    method: Method
    points: tuple[CurvePoint, ...]
    exact: bool
    draws: int | None
    """Monte Carlo orders; None when exact."""
    seed: int | None

    def frame(self) -> pd.DataFrame:
        """One row per k: columns method, k, margin, low, high, win, accuracy (NaN where undefined)."""
        columns = ["method", "k", "margin", "low", "high", "win", "accuracy"]
        return pd.DataFrame([{"method": str(self.method), **asdict(point)} for point in self.points], columns=columns)


def curve(
    samples: Sequence[Sample],
    method: Method | str = Method.NAIVE,
    k_meta: int | None = None,
    labels: Sequence[float] | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> Curve:
    """Margin, 90% band, win probability and accuracy for every k from 1 to the number of valid samples.

    Margin is (total of the full-K winner - best other total) / samples voted: it may be negative, and is None (as is
    win) when the full vote is a tie or n = 1. A guided subset keeps max(1, k // 2) samples unless k_meta is given.
    `labels` are in own order. Raises UsageError for a guided method when a valid sample has no meta logit.
    """
    method = as_method(method)
    valid = sorted((s for s in samples if s.scores is not None), key=lambda s: s.index)
    if not valid:
        return Curve(method, (), True, None, None)
    if method is not Method.NAIVE:
        valid.sort(key=lambda s: (-logit(s), s.index))
    values = _values(valid, method)
    total, n = values.shape

    def keep(k: int) -> int:
        return k if method is Method.NAIVE else min(k, k_meta or max(1, k // 2))

    winner, _ = leader(values[: keep(total)].sum(axis=0).tolist()) if n > 1 else (None, None)
    best = best_labels(labels) if labels is not None and n > 1 and len(set(labels)) > 1 else ()
    exact = _is_cheap(total, n, method)
    subset_draws = _draws(values, keep, method, draws, seed)
    points = tuple(_point(each, winner, best) for each in subset_draws)
    return Curve(method, points, exact, None if exact else draws, None if exact else seed)


def curves(
    samples: Sequence[Sample], k_meta: int | None = None, labels: Sequence[float] | None = None
) -> tuple[Curve, ...]:
    """Every method's curve that these samples allow: naive, and the guided ones where all meta logits are there."""
    valid = [s for s in samples if s.scores is not None]
    scored = bool(valid) and all(s.meta_logit is not None and s.meta_logit == s.meta_logit for s in valid)
    methods = tuple(Method) if scored else (Method.NAIVE,)
    return tuple(curve(samples, method, k_meta, labels) for method in methods)


def _values(valid: Sequence[Sample], method: Method) -> NDArray[np.float64]:
    """(K, n): what each sample adds to each response's total."""
    scores = np.array([s.scores for s in valid], dtype=np.float64)
    if method is Method.GUIDED_WEIGHTED:
        scores *= np.array([quality(logit(s)) for s in valid])[:, None]
    return scores


def _is_cheap(total: int, n: int, method: Method) -> bool:
    pair = n == 2 and method is not Method.GUIDED_WEIGHTED and total <= subsets.PAIR_LIMIT
    return n == 1 or pair or total <= subsets.ENUMERATION_LIMIT


def _draws(
    values: NDArray[np.float64], keep: subsets.Keep, method: Method, draws: int, seed: int
) -> Iterator[subsets.Draws]:
    total, n = values.shape
    if n == 1:  # neither margin nor winner: only the points' k remain
        ones = np.ones(1)
        return (subsets.Draws(k, keep(k), np.zeros((1, 1)), ones) for k in range(1, total + 1))
    if not _is_cheap(total, n, method):
        return subsets.monte_carlo(values, keep, draws, seed)
    if total <= subsets.ENUMERATION_LIMIT:
        return subsets.enumeration(values, keep)
    return subsets.pairs((values[:, 0] - values[:, 1]).astype(np.int64), keep)


def _point(draws: subsets.Draws, winner: int | None, best: tuple[int, ...]) -> CurvePoint:
    weight, totals = draws.weight, np.ascontiguousarray(draws.totals.T)  # numpy compares long rows best
    leads = totals >= totals.max(axis=0) - TIE
    level = leads.sum(axis=0)
    accuracy = _mean(leads[list(best)].sum(axis=0) / level, weight) if best else None
    if winner is None:
        return CurvePoint(draws.k, None, None, None, None, accuracy)
    ahead = totals[winner] - np.delete(totals, winner, axis=0).max(axis=0)
    low, high = _quantiles(ahead, weight)
    return CurvePoint(
        k=draws.k,
        margin=_mean(ahead, weight) / draws.voted,
        low=low / draws.voted,
        high=high / draws.voted,
        win=_mean(leads[winner] / level, weight),
        accuracy=accuracy,
    )


def _mean(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    return float(weight @ values / weight.sum())


def _quantiles(values: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """The 5th and 95th percentile by the inverse CDF: the smallest value whose cumulative share reaches them."""
    if weight[0] == weight[-1] and (weight == weight[0]).all():  # Monte Carlo: places are known without sorting all
        places = [max(0, math.ceil(q * len(values) - 1e-9) - 1) for q in _BAND]
        quantiles = np.partition(values, places)[places]
        return float(quantiles[0]), float(quantiles[1])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    # A cumulated share such as 1/20 may fall short of 0.05 by rounding alone.
    low, high = (min(int(np.searchsorted(reached, q - 1e-12)), len(values) - 1) for q in _BAND)
    return float(values[order[low]]), float(values[order[high]])
