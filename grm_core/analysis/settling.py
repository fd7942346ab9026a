"""When more samples would no longer change the verdict: how sure the vote is before all k are drawn."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from grm_core.errors import UsageError
from grm_core.outcome import TIE
from grm_core.types import Method, Sample
from grm_core.voting import as_method, keep_count, logit, quality

Array = NDArray[np.float64]
LEAST = 4
"""Below so many valid samples nothing is said: every guess would be too sure."""
_ITEMS_AT_ONCE = 256
_PRIOR = 1.0
"""Weight of one made-up sample per response that likes it best by the mean lead: keeps unanimous beginnings humble."""


def chance_of_change(
    samples: Sequence[Sample], k: int, method: Method | str = Method.NAIVE, draws: int = 2000, seed: int = 0
) -> float | None:
    """The probability 0..1 that the verdict of k samples differs from the verdict of those that are there.

    The samples still to come are drawn from those that came, weighted as a Bayesian bootstrap does (Rubin 1981),
    with a dissenting sample per response added. None below LEAST valid samples or for n = 1; 0 when none is missing.
    Raises UsageError for a guided method when a valid sample has no meta logit.
    """
    method = as_method(method)
    valid = [sample for sample in samples if sample.scores is not None]
    if len(valid) < LEAST or (n := len(valid[0].order)) < 2:
        return None
    missing = k - len(samples)
    if missing <= 0:
        return 0.0
    scores = np.array([sample.scores for sample in valid], dtype=float)
    if method is Method.NAIVE:
        return float(chances_of_change(scores[None], missing, draws, seed)[0])
    ranks = np.array([logit(sample) for sample in valid])
    now = _winners(scores[None], ranks[None], method)[0]
    pool, pool_ranks = np.concatenate([scores, _dissent(scores[None])[0]]), np.append(ranks, [np.median(ranks)] * n)
    picks = _picks(len(valid), n, missing, draws, seed)
    held = np.broadcast_to(scores, (draws, *scores.shape)), np.broadcast_to(ranks, (draws, len(ranks)))
    later = _winners(
        np.concatenate([held[0], pool[picks]], axis=1), np.concatenate([held[1], pool_ranks[picks]], axis=1), method
    )
    return float(np.mean(later != now))


def check_level(level: float) -> float:
    """The level at which a run may stop; UsageError unless it is a probability above 0 and below 1."""
    if not 0 < level < 1:
        raise UsageError(f"the level is {level}; it must lie between 0 and 1, such as 0.05")
    return level


def chances_of_change(scores: Array, missing: int, draws: int = 2000, seed: int = 0) -> Array:
    """(items,) the same for the naive votes of many items with `missing` samples to come each.

    `scores` are (items, k, n) of at least LEAST valid samples and two responses.
    """
    items, count, n = scores.shape
    pool = np.concatenate([scores, _dissent(scores)], axis=1)
    picks = _picks(count, n, missing, draws, seed)
    times = np.zeros((draws, count + n))
    np.add.at(times, (np.arange(draws)[:, None], picks), 1.0)
    voted = scores.sum(axis=1)
    out = np.empty(items)
    for start in range(0, items, _ITEMS_AT_ONCE):
        part = slice(start, start + _ITEMS_AT_ONCE)
        later = _leaders(voted[part, None] + times @ pool[part])
        out[part] = (later != _leaders(voted[part])[:, None]).mean(axis=1)
    return out


@lru_cache(256)
def _picks(count: int, n: int, missing: int, draws: int, seed: int) -> NDArray[np.int64]:
    """(draws, missing) which of `count` samples and n dissenting ones come: the same for all items of as many.

    Each draw weights them as a Bayesian bootstrap does and draws as `Generator.choice` with these weights would.
    """
    rng = np.random.default_rng(seed)
    prior = np.concatenate([np.ones(count), np.full(n, _PRIOR / n)])
    reached = rng.dirichlet(prior, size=draws).cumsum(axis=1)
    reached /= reached[:, -1:]
    points = rng.random((draws, missing))
    return np.array([row.searchsorted(point, side="right") for row, point in zip(reached, points, strict=True)])


def _dissent(scores: Array) -> Array:
    """(items, n, n): for each response of each item a sample that puts it first, by the item's mean lead."""
    n = scores.shape[2]
    lead = np.maximum(1.0, (scores.max(axis=2) - scores.min(axis=2)).mean(axis=1))[:, None, None]
    centre = scores.mean(axis=(1, 2))[:, None, None]
    return np.asarray(np.clip(centre - lead / 2 + np.eye(n) * lead, 1, 10))


def _winners(scores: Array, ranks: Array, method: Method) -> NDArray[np.int64]:
    """(draws,) own index of each vote's winner, -1 for a tie; scores (draws, k, n), ranks (draws, k)."""
    if method is not Method.NAIVE:
        count = keep_count(scores.shape[1], None)
        kept = np.argsort(-ranks, axis=1, kind="stable")[:, :count]
        scores = np.take_along_axis(scores, kept[:, :, None], axis=1)
        if method is Method.GUIDED_WEIGHTED:
            weights = np.vectorize(quality, otypes=[float])(np.take_along_axis(ranks, kept, axis=1))
            scores = scores * weights[:, :, None]
    return _leaders(scores.sum(axis=1))


def _leaders(totals: Array) -> NDArray[np.int64]:
    """The own index of the highest total along the last axis, -1 for a tie."""
    tied = (totals >= totals.max(axis=-1, keepdims=True) - TIE).sum(axis=-1) > 1
    return np.where(tied, -1, totals.argmax(axis=-1))
