"""Random orders in which samples arrive, as what each arrival adds to a vote; items of as many samples share them.

Samples are numbered from the best, 0 stands for none. Of the first k arrivals a vote keeps the best keep[k - 1]; the
totals of a subset of k follow from those of k - 1 by adding sample `comes[k - 1]` and taking `goes[k - 1]` away.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.uint16] | NDArray[np.uint32]
Array = NDArray[np.float64]
_FEW = 0.25
"""Share of the draws up to which different subsets are few: each costs more than a draw that follows from the last."""
_CHUNK_CELLS = 4_000_000
"""Orders are drawn in chunks of about this many numbers, to bound memory."""


class Few(NamedTuple):
    """The different subsets among those of all orders, where they are few: after a few arrivals, and near the end."""

    members: Array
    """(subsets, K) 1 for a sample that is kept, else 0."""
    counts: Array
    """(subsets,) how many orders give each."""
    draws: NDArray[np.intp]
    """(draws,) which of them each order gives."""


class Arrivals(NamedTuple):
    """What changes with each arrival, by k and order."""

    comes: Places
    """(K, draws) the sample that is kept from now on: the one that arrives, or none."""
    goes: tuple[Places | None, ...]
    """By k, (draws,) the one that it takes the place of; None where nobody's."""
    few: tuple[Few | None, ...]
    """By k, what is kept where that is few different subsets."""


@lru_cache(4)
def arrivals(keep: tuple[int, ...], draws: int, seed: int) -> Arrivals:
    """`draws` random orders of len(keep) samples; `keep` grows by 0 or 1 with k."""
    total = len(keep)
    kind = np.uint16 if total < 2**16 - 1 else np.uint32
    comes, goes = np.zeros((total, draws), kind), np.zeros((total, draws), kind)
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // total)
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        orders = rng.permuted(np.tile(np.arange(total), (count, 1)), axis=1)
        if keep[-1] == total:  # everybody is kept
            comes[:, start : start + count] = orders.T + 1
        else:
            _walk(orders, keep, comes[:, start : start + count], goes[:, start : start + count])
    kept = (0, *keep)
    gone = tuple(None if kept[k] > kept[k - 1] else goes[k - 1] for k in range(1, total + 1))
    return Arrivals(comes, gone, tuple(_few(comes, goes, seed)))


def _few(comes: Places, goes: Places, seed: int) -> Iterator[Few | None]:
    total, draws = comes.shape
    # A subset is known by the sum of its samples' numbers: powers of two or, of more samples, random ones, of which
    # two sums are the same about once in 10^11 curves.
    names = np.random.default_rng(seed).integers(2**64, size=total + 1, dtype=np.uint64)
    names[0] = 0
    if total <= 64:
        names[1:] = np.uint64(1) << np.arange(total, dtype=np.uint64)
    sums, kept = np.zeros(draws, np.uint64), np.zeros((draws, total + 1), np.int8)
    for come, go in zip(comes, goes, strict=True):
        sums += names[come] - names[go]
        kept[np.arange(draws), come] += 1
        kept[np.arange(draws), go] -= 1
        ranked = np.sort(sums)
        if 1 + np.count_nonzero(ranked[1:] != ranked[:-1]) > draws * _FEW:
            yield None
            continue
        _, first, which, counts = np.unique(sums, return_index=True, return_inverse=True, return_counts=True)
        yield Few(kept[first, 1:].astype(np.float64), counts.astype(np.float64), which)


def _walk(orders: NDArray[np.int64], keep: tuple[int, ...], comes: Places, goes: Places) -> None:
    """Fill in who comes and who goes, from all arrivals back to the first.

    Those still there are a list linked by rank, so that whoever leaves or moves up is found beside the worst kept one,
    and no subset is sorted anew.
    """
    total, draw = len(keep), np.arange(len(orders))
    after = np.tile(np.arange(1, total + 3), (len(orders), 1))  # the place of rank r is r + 1
    before = after - 2
    worst = np.full(len(orders), keep[-1])
    for k in range(total, 1, -1):
        gone = orders[:, k - 1] + 1
        if keep[k - 2] < keep[k - 1]:
            comes[k - 1] = np.minimum(gone, worst)
            worst = np.where(gone < worst, worst, before[draw, worst])
        else:
            kept = gone <= worst
            up = np.where(kept, after[draw, worst], 0)
            comes[k - 1], goes[k - 1] = np.where(kept, gone, 0), up
            worst = np.where(kept, up, worst)
        left, right = before[draw, gone], after[draw, gone]
        after[draw, left], before[draw, right] = right, left
    comes[0] = orders[:, 0] + 1
