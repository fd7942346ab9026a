"""Totals of every way to draw k of K samples: exactly where that is cheap, otherwise by seeded Monte Carlo.

Each function yields, for k = 1..K, a `Draws`: possible total vectors with their weights. A guided vote sees its
samples best first (`ranked`), so the kept ones of a subset are its first m = keep(k) in that order.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Keep = Callable[[int], int]
"""Subset size k -> how many of its samples vote."""

PAIR_LIMIT = 256
"""Most samples for which a pair's exact distribution is worth its time (about a second)."""
ENUMERATION_LIMIT = 12
"""Most samples of which all 2^K subsets are looked at."""
_CHUNK_CELLS = 4_000_000
"""Draws are worked through in chunks of about this many numbers, to bound memory."""


class Draws(NamedTuple):
    """The possible results of a vote over k samples."""

    k: int
    voted: int
    totals: Array
    """(D, n), own order; for pairs only the difference to the second response is kept: columns (d, 0)."""
    weight: Array
    """(D,), counts of subsets: probability times their sum. Counts keep whole numbers free of rounding."""


def pairs(difference: NDArray[np.int64], keep: Keep) -> Iterator[Draws]:
    """Exact distribution of the summed score difference of two responses, by dynamic programming over prefixes.

    `difference[i]` = score of response 0 minus response 1 of the i-th best sample (-9..9). The m-th kept sample of a
    subset stands at some position p of the ranking: m - 1 are chosen before it, k - m after it.
    """
    total = len(difference)
    reach = int(np.abs(difference).sum())
    ways = np.zeros((total + 1, 2 * reach + 1))
    ways[0, reach] = 1.0  # ways[j, s + reach]: choices of j samples so far whose differences sum to s
    counts = np.zeros((total + 1, 2 * reach + 1))
    for p, d in enumerate(difference):
        after = total - p - 1
        for k in range(1, total + 1):
            m = keep(k)
            if m - 1 <= p and k - m <= after:
                counts[k] += np.roll(ways[m - 1], d) * math.comb(after, k - m)
        ways[1:] += np.roll(ways[:-1], d, axis=1)
    sums = np.arange(-reach, reach + 1, dtype=np.float64)
    for k in range(1, total + 1):
        possible = counts[k] > 0
        totals = np.stack([sums[possible], np.zeros(int(possible.sum()))], axis=1)
        yield Draws(k, keep(k), totals, counts[k][possible])


def enumeration(values: Array, keep: Keep) -> Iterator[Draws]:
    """All subsets of few samples; `values` is (K, n), best sample first."""
    total = len(values)
    members = (np.arange(2**total)[:, None] >> np.arange(total)) & 1
    sizes = members.sum(axis=1)
    place = np.cumsum(members, axis=1)
    for k in range(1, total + 1):
        chosen = sizes == k
        kept = members[chosen] * (place[chosen] <= keep(k))
        yield Draws(k, keep(k), kept @ values, np.ones(int(chosen.sum())))


def monte_carlo(values: Array, keep: Keep, draws: int, seed: int) -> Iterator[Draws]:
    """`draws` random arrival orders, each of which gives a subset of every size; `values` is (K, n), best first."""
    total, n = values.shape
    totals = np.empty((total, draws, n))
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // total)
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        orders = rng.permuted(np.tile(np.arange(total), (count, 1)), axis=1)
        totals[:, start : start + count] = _prefix_totals(values, orders, keep)
    for k in range(1, total + 1):
        yield Draws(k, keep(k), totals[k - 1], np.ones(draws))


def _prefix_totals(values: Array, orders: NDArray[np.int64], keep: Keep) -> Array:
    """Totals (K, D, n) of the first 1..K arrivals of D orders (D, K)."""
    total = len(values)
    if all(keep(k) == k for k in range(1, total + 1)):
        return np.cumsum(values[orders.T], axis=0)
    return _kept_totals(values, orders, keep)


def _kept_totals(values: Array, orders: NDArray[np.int64], keep: Keep) -> Array:
    """As _prefix_totals where only the best keep(k) arrivals count; keep grows by 0 or 1 with k.

    Walked from all arrivals back to the first. Those still there are a list linked by rank, so that whoever leaves or
    moves up is found beside the worst kept one, and no subset is sorted anew.
    """
    total, draw = len(values), np.arange(len(orders))
    after = np.tile(np.arange(1, total + 3), (len(orders), 1))  # the place of rank r is r + 1; 0 stands for none
    before = after - 2
    worst = np.full(len(orders), keep(total))
    adds = np.vstack([np.zeros(values.shape[1]), values])
    out = np.empty((total, len(orders), values.shape[1]))
    out[total - 1] = values[: keep(total)].sum(axis=0)
    for k in range(total - 1, 0, -1):
        gone = orders[:, k] + 1
        if keep(k) < keep(k + 1):
            out[k - 1] = out[k] - adds[np.minimum(gone, worst)]
            worst = np.where(gone < worst, worst, before[draw, worst])
        else:
            up = np.where(gone <= worst, after[draw, worst], 0)
            out[k - 1] = out[k] - adds[np.where(gone <= worst, gone, 0)] + adds[up]
            worst = np.where(gone <= worst, up, worst)
        left, right = before[draw, gone], after[draw, gone]
        after[draw, left], before[draw, right] = right, left
    return out
