"""When more samples would no longer change the verdict: how sure the vote is before all k are drawn."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grm_core.analysis.looks import LEAST, Rule
from grm_core.outcome import TIE
from grm_core.types import Method, Sample
from grm_core.voting import as_method, keep_count, logit, quality

Array = NDArray[np.float64]
_ITEMS_AT_ONCE = 256
_PRIOR = 1.0
"""Weight of one made-up sample per response that likes it best by the mean lead: keeps unanimous beginnings humble."""
_LEAST_LEAD = 4.0
"""By so many points a made-up sample likes its response, at least: a judge that gives 7 to 6 may once give 2 to 10."""
_DRAWS = 8
"""Of the samples to come, this many times what it takes to see the level of a look once."""


def chance(rule: Rule, samples: Sequence[Sample]) -> float | None:
    """`chance_of_change` of an item's first samples at a look of the rule, never 0: draws show no smaller one."""
    draws = max(500, round(_DRAWS / rule.level))
    change = chance_of_change(samples, rule.most, rule.method, draws)
    return None if change is None else max(change, 1 / draws)


def stop(rule: Rule, samples: Sequence[Sample]) -> int:
    """At how many of these samples (by index, `most` of them where they are all) the item ends or would have."""
    for look in rule.looks:
        if look > len(samples) or rule.settles(chance(rule, samples[:look])):
            return min(look, len(samples))
    return min(rule.most, len(samples))


def chance_of_change(
    samples: Sequence[Sample], k: int, method: Method | str = Method.NAIVE, draws: int = 2000, seed: int = 0
) -> float | None:
    """The probability 0..1 that the verdict of k samples differs from the verdict of those that are there.

    The samples still to come are drawn from those that came, weighted as a Bayesian bootstrap does (Rubin 1981, The
    Annals of Statistics 9:130-134), with a dissenting sample per response added. None below LEAST valid samples or for
    n = 1; 0 when none is missing.
    Raises UsageError for a guided method when a valid sample has no meta logit.
    """
    method = as_method(method)
    valid = [sample for sample in samples if sample.scores is not None]
    if len(valid) < LEAST or len(valid[0].order) < 2:
        return None
    missing = k - len(samples)
    if missing <= 0:
        return 0.0
    scores = np.array([sample.scores for sample in valid], dtype=float)
    if method is Method.NAIVE:
        return float(chances_of_change(scores[None], missing, draws, seed)[0])
    count, n = scores.shape
    ranks = np.array([logit(sample) for sample in valid])
    pool, pool_ranks = np.concatenate([scores, _dissent(scores[None])[0]]), np.append(ranks, [np.median(ranks)] * n)
    held = np.repeat([1, 0], [count, n])
    later = held + _times(count, n, missing, draws, seed)
    now = _winners(pool, pool_ranks, held[None], method)[0]
    return float(np.mean(_winners(pool, pool_ranks, later, method) != now))


def chances_of_change(scores: Array, missing: int, draws: int = 2000, seed: int = 0) -> Array:
    """(items,) the same for the naive votes of many items with `missing` samples to come each.

    `scores` are (items, k, n) of at least LEAST valid samples and two responses.
    """
    items, count, n = scores.shape
    pool = np.concatenate([scores, _dissent(scores)], axis=1)
    times = _times(count, n, missing, draws, seed).astype(float)
    voted = scores.sum(axis=1)
    chances = np.empty(items)
    for start in range(0, items, _ITEMS_AT_ONCE):
        part = slice(start, start + _ITEMS_AT_ONCE)
        later = _leaders(voted[part, None] + times @ pool[part])
        chances[part] = (later != _leaders(voted[part])[:, None]).mean(axis=1)
    return chances


@functools.lru_cache(256)
def _times(count: int, n: int, missing: int, draws: int, seed: int) -> NDArray[np.int64]:
    """(draws, count + n) how often each of `count` samples and of n dissenting ones comes, whatever the item."""
    rng = np.random.default_rng(seed)
    prior = np.concatenate([np.ones(count), np.full(n, _PRIOR / n)])
    return rng.multinomial(missing, rng.dirichlet(prior, size=draws))


def _dissent(scores: Array) -> Array:
    """(items, n, n): for each response of each item a sample that puts it first, by the item's mean lead."""
    n = scores.shape[2]
    lead = np.maximum(_LEAST_LEAD, (scores.max(axis=2) - scores.min(axis=2)).mean(axis=1))[:, None, None]
    centre = scores.mean(axis=(1, 2))[:, None, None]
    return np.asarray(np.clip(centre - lead / 2 + np.eye(n) * lead, 1, 10))


def _winners(scores: Array, ranks: Array, counts: NDArray[np.int64], method: Method) -> NDArray[np.int64]:
    """(draws,) own index of each guided vote's winner, -1 for a tie.

    scores (m, n), ranks (m,), counts (draws, m): how often each of the m samples is among those that are voted on.
    """
    best_first = np.argsort(-ranks, kind="stable")
    scores, ranks, counts = scores[best_first], ranks[best_first], counts[:, best_first]
    room = keep_count(int(counts[0].sum()), None) - (np.cumsum(counts, axis=1) - counts)
    weights = np.clip(room, 0, counts).astype(float)
    if method is Method.GUIDED_WEIGHTED:
        weights = weights * np.array([quality(rank) for rank in ranks])
    return _leaders(weights @ scores)


def _leaders(totals: Array) -> NDArray[np.int64]:
    """The own index of the highest total along the last axis, -1 for a tie."""
    # By response: numpy is slow along an axis of few.
    planes = [totals[..., own] for own in range(totals.shape[-1])]
    most = functools.reduce(np.maximum, planes)
    leading = [plane >= most - TIE for plane in planes]
    leaders = np.full(most.shape, -1)
    for own, leads in enumerate(leading):
        leaders[leads] = own
    leaders[functools.reduce(np.add, [leads.view(np.int8) for leads in leading]) > 1] = -1
    return leaders
