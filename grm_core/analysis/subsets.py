"""Totals of every way to draw k of K rows: exactly where that is cheap, otherwise by seeded Monte Carlo.

Each function yields a `Draws` for k = 1..K. Curves of samples, of which a meta RM may keep some, are in `scaling`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PAIR_LIMIT = 256
"""Most samples for which a pair's exact distribution is worth its time (about a second)."""
ENUMERATION_LIMIT = 12
"""Most samples of which all 2^K subsets are looked at."""
_CHUNK_CELLS = 4_000_000
"""Draws are worked through in chunks of about this many numbers, to bound memory."""


class Draws(NamedTuple):
    """The possible results of a vote over k rows, each as likely as the others."""

    k: int
    totals: Array
    """(D, n), own order."""


def enumeration(values: Array) -> Iterator[Draws]:
    """All subsets of few samples; `values` is (K, n)."""
    total = len(values)
    members = (np.arange(2**total)[:, None] >> np.arange(total)) & 1
    sizes = members.sum(axis=1)
    for k in range(1, total + 1):
        yield Draws(k, members[sizes == k] @ values)


def monte_carlo(values: Array, draws: int, seed: int) -> Iterator[Draws]:
    """`draws` random arrival orders, each of which gives a subset of every size; `values` is (K, n)."""
    total, n = values.shape
    totals = np.empty((total, draws, n))
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // total)
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        orders = rng.permuted(np.tile(np.arange(total), (count, 1)), axis=1)
        totals[:, start : start + count] = np.cumsum(values[orders.T], axis=0)
    for k in range(1, total + 1):
        yield Draws(k, totals[k - 1])
