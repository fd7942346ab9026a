"""A headline's level of chance: the same metric over scores drawn at random.

A share of best responses would mislead where a metric asks for more than naming one: two games (JudgeBench), margins
(RewardBench 2, Ties), a ranking (ROC-AUC). So the metric itself is computed, many times, over random scores.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from grm_core.benchmarks.base import Benchmark, Policy, Scored, mean
from grm_core.outcome import Tie
from grm_core.types import Verdict
from grm_core.voting import leader

_JUDGED = 20_000
"""Items over all draws: an accuracy then has a standard error of at most .004. More items need one draw only."""
_DRAWS_MOST = 200
"""Reached below a hundred items, where the headline itself is far less certain."""


def chance(benchmark: Benchmark, items: Sequence[Scored], seed: int = 0) -> float | None:
    """The mean headline, 0..1, of scores drawn uniformly from 1..10 for the same items; None where there is none.

    No two scores are equal and none is unreadable, so that policies do not matter.
    """
    rng, policy = random.Random(seed), Policy(Tie.STRICT)
    draws = min(_DRAWS_MOST, max(1, _JUDGED // max(1, len(items))))
    return mean(benchmark.measure([_at_random(item, rng) for item in items], policy).headline for _ in range(draws))


def _at_random(item: Scored, rng: random.Random) -> Scored:
    first, second = item.games
    return replace(
        item,
        verdict=_random(item.verdict, len(item.labels), rng),
        games=(_random(first, len(item.labels), rng), _random(second, len(item.labels), rng)),
    )


def _random(verdict: Verdict | None, n: int, rng: random.Random) -> Verdict | None:
    """As if one sample had been read."""
    if verdict is None:
        return None
    totals = tuple(rng.uniform(1, 10) for _ in range(n))
    winner, margin = leader(totals)
    return replace(verdict, k_effective=1, voted=(0,), totals=totals, winner=winner, margin=margin, margin_mean=margin)
