"""Random orders in which samples arrive, as what each arrival adds to a vote; items of as many samples share them.

Samples are numbered from the best, 0 stands for none. Of the first k arrivals a vote keeps the best keep[k - 1]; the
totals of a subset of k follow from those of k - 1 by adding sample `comes[k - 1]` and taking `goes[k - 1]` away.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.uint16] | NDArray[np.uint32]
_CHUNK_CELLS = 4_000_000
"""Orders are drawn in chunks of about this many numbers, to bound memory."""


class Arrivals(NamedTuple):
    """What changes with each arrival, by k and order."""

    comes: Places
    """(K, draws) the sample that is kept from now on: the one that arrives, or none."""
    goes: tuple[Places | None, ...]
    """By k, (draws,) the one that it takes the place of; None where nobody's."""


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
    return Arrivals(comes, tuple(None if kept[k] > kept[k - 1] else goes[k - 1] for k in range(1, total + 1)))


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
