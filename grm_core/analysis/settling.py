"""When more samples would no longer change the verdict: how sure the vote is before all k are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
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
_LEAST_LEAD = 4.0
"""By so many points a made-up sample likes its response, at least: a judge that gives 7 to 6 may once give 2 to 10."""
_DRAWS = 8
"""Of the samples to come, this many times what it takes to see the level of a look once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When an item has samples enough: looked at after 4, 6, 8, 12, 18, 26, ... of them, it ends at `most` or before.

    It ends at a look where `chance_of_change` is below risk / number of looks. Each look takes an equal share of the
    risk because a vote that is looked at often has many occasions to seem settled (Bonferroni's bound): the verdict
    then differs from that of all `most` samples with at most `risk`, also where the judge cannot tell the responses
    apart. docs/adaptive.md has how often it did. Only the first samples by index are looked at, never the first to
    arrive, so what is drawn follows from the seed.
    """

    risk: float = 0.05
    most: int = 32
    method: Method = Method.NAIVE

    def __post_init__(self) -> None:
        """Raise UsageError for a risk that is no probability."""
        check_level(self.risk)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of samples after which the vote is looked at, ascending and even; `most` is not among them."""
        looks = [LEAST]
        while looks[-1] < self.most:
            looks.append(looks[-1] + max(2, looks[-1] // 4 * 2))
        return tuple(looks[:-1])

    def after(self, count: int) -> int:
        """How many samples an item has at the look that follows the one at `count` (0 = none so far)."""
        return next((look for look in self.looks if look > count), self.most)

    @property
    def level(self) -> float:
        """The share of the risk that each look has."""
        return self.risk / max(1, len(self.looks))

    def chance(self, samples: Sequence[Sample]) -> float | None:
        """`chance_of_change` of these first samples, never 0: draws show no smaller chance than one of them."""
        draws = max(500, round(_DRAWS / self.level))
        chance = chance_of_change(samples, self.most, self.method, draws)
        return None if chance is None else max(chance, 1 / draws)

    def settles(self, chance: float | None) -> bool:
        """Whether an item ends at a look with this chance."""
        return chance is not None and chance < self.level

    def stop(self, samples: Sequence[Sample]) -> int:
        """At how many of these samples (by index, `most` of them where they are all) the item ends or would have."""
        for look in self.looks:
            if look > len(samples) or self.settles(self.chance(samples[:look])):
                return min(look, len(samples))
        return min(self.most, len(samples))


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


def check_level(level: float) -> float:
    """The level at which a run may stop; UsageError unless it is a probability above 0 and below 1."""
    if not 0 < level < 1:
        raise UsageError(f"the level is {level}; it must lie between 0 and 1, such as 0.05")
    return level


@lru_cache(256)
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
    tied = (totals >= totals.max(axis=-1, keepdims=True) - TIE).sum(axis=-1) > 1
    return np.where(tied, -1, totals.argmax(axis=-1))
