"""A curve of one item as it is defined, subset by subset: what the curves of many items at once are held to.

Slow and simple on purpose: all subsets, or the totals of every random order, with each k's vote counted by itself.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from grm_core.analysis import subsets
from grm_core.outcome import TIE, best_labels
from grm_core.types import CurvePoint, Method, Sample
from grm_core.voting import leader, quality

PAIRS = True
"""Whether two responses' subsets are all looked at, however many."""


def curve(
    samples: Sequence[Sample],
    method: Method,
    k_meta: int | None,
    labels: Sequence[float] | None,
    draws: int,
    seed: int,
) -> list[CurvePoint]:
    """The points of an item's curve."""
    valid = sorted((s for s in samples if s.scores is not None), key=lambda s: s.index)
    if method is not Method.NAIVE:
        valid.sort(key=lambda s: (-(s.meta_logit or 0.0), s.index))
    if not valid:
        return []
    values = np.array([s.scores for s in valid], dtype=np.float64)
    if method is Method.GUIDED_WEIGHTED:
        values *= np.array([quality(s.meta_logit or 0.0) for s in valid])[:, None]
    total, n = values.shape

    def keep(k: int) -> int:
        return k if method is Method.NAIVE else min(k, k_meta or max(1, k // 2))

    winner = leader(values[: keep(total)].sum(axis=0).tolist())[0] if n > 1 else None
    best = best_labels(labels) if labels is not None and n > 1 and len(set(labels)) > 1 else ()
    exact = n == 1 or total <= subsets.ENUMERATION_LIMIT or (PAIRS and n == 2 and method is not Method.GUIDED_WEIGHTED)
    orders = None if exact else np.random.default_rng(seed).permuted(np.tile(np.arange(total), (draws, 1)), axis=1)
    points = []
    for k in range(1, total + 1):
        chosen = itertools.combinations(range(total), k) if orders is None else (sorted(row[:k]) for row in orders)
        totals = np.array([values[list(ranks[: keep(k)])].sum(axis=0) for ranks in chosen])
        points.append(point(k, keep(k), totals, winner, best))
    return points


def point(k: int, voted: int, totals: np.ndarray, winner: int | None, best: tuple[int, ...]) -> CurvePoint:
    """What votes with these totals (subsets, n) say of k samples."""
    leads = totals >= totals.max(axis=1, keepdims=True) - TIE
    level = leads.sum(axis=1)
    accuracy = float(np.mean(leads[:, list(best)].sum(axis=1) / level)) if best else None
    if winner is None:
        return CurvePoint(k, None, None, None, None, accuracy)
    ahead = np.sort(totals[:, winner] - np.delete(totals, winner, axis=1).max(axis=1)) / voted
    low, high = (float(ahead[max(0, math.ceil(q * len(ahead) - 1e-9) - 1)]) for q in (0.05, 0.95))
    return CurvePoint(k, float(ahead.mean()), low, high, float(np.mean(leads[:, winner] / level)), accuracy)
