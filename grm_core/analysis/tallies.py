"""How votes over random subsets end, for many items at once: margins with their band, and who wins how often.

Items are given as (items, K, n) what each of K samples adds to each of n responses, in whole numbers or floats. All of
them are of the same shape and `Sides`, so that each step is a few array operations for all.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grm_core.analysis.arrivals import arrivals
from grm_core.outcome import TIE

Array = NDArray[np.float64]
Planes = list[NDArray[Any]]
"""(draws, items) by response: by how much the total of response 0 is above this one's; 0 itself first."""
_BAND = (0.05, 0.95)
_WHOLE_AT_ONCE, _REAL_AT_ONCE = (32, 2500), (32, 625)
"""Items and draws that are worked on together: their totals fit into a processor's cache."""
_TURNED_AT_ONCE = 32_768
"""Bytes of a block that are turned by 90 degrees while they are in the cache next to the core."""
_SHARED_MOST = 6
"""Responses of which every share of a lead is a whole number of 60ths, so that four of them fit into a byte."""


class Sides(NamedTuple):
    """Which columns are asked for."""

    winner: bool
    """Whether column 0 is the winner of the vote over all samples; False where there is none."""
    best: tuple[int, ...]
    """Columns of the responses that are labelled best; () without labels."""
    bands: bool = True
    """Whether margins and their bands are asked for: shares alone take less time."""


class Numbers(NamedTuple):
    """(items, K) by k; NaN where there is nothing to say."""

    margin: Array
    low: Array
    high: Array
    win: Array
    accuracy: Array


def drawn(values: NDArray[Any], keep: tuple[int, ...], sides: Sides, draws: int, seed: int) -> Numbers:
    """Over `draws` random orders, each of which gives a subset of every size; best samples first (see arrivals)."""
    whole = values.dtype.kind == "i"
    at_once, chunk = _WHOLE_AT_ONCE if whole else _REAL_AT_ONCE
    at_once *= max(1, chunk // draws)
    parts = []
    room = _room(min(at_once, len(values)), [draws] * len(keep), values, sides)
    for first in range(0, len(values), at_once):
        some = values[first : first + at_once]
        tally = _Tally(len(some), keep, sides, [margins[: len(some)] for margins in room], whole)
        for start in range(0, draws, chunk):
            for k, leads in enumerate(_arriving(some, keep, draws, seed, slice(start, start + chunk))):
                tally.add(k, leads, start)
        parts.append(tally.numbers())
    return Numbers(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def enumerated(values: NDArray[Any], keep: tuple[int, ...], sides: Sides) -> Numbers:
    """Over all subsets of few samples; best samples first."""
    total = len(keep)
    members = (np.arange(2**total)[:, None] >> np.arange(total)) & 1
    sizes, place = members.sum(axis=1), np.cumsum(members, axis=1)
    counts = [math.comb(total, k) for k in range(1, total + 1)]
    whole = values.dtype.kind == "i"
    tally = _Tally(len(values), keep, sides, _room(len(values), counts, values, sides), whole)
    for k in range(1, total + 1):
        chosen = sizes == k
        kept = (members[chosen] * (place[chosen] <= keep[k - 1])).astype(values.dtype)
        tally.add(k - 1, [kept @ lead.T for lead in _leads(values)], 0)
    return tally.numbers()


def _leads(values: NDArray[Any]) -> list[NDArray[Any]]:
    """(items, K) by response: by how much each sample scores response 0 above this one."""
    return [values[:, :, 0] - values[:, :, own] for own in range(values.shape[2])]


def _arriving(values: NDArray[Any], keep: tuple[int, ...], draws: int, seed: int, part: slice) -> Iterator[Planes]:
    """The leads after the first k = 1..K arrivals of some orders; each step changes the arrays of the one before."""
    orders = arrivals(keep, draws, seed)
    kind = np.int32 if values.dtype.kind == "i" and 10 * len(keep) >= 2**15 else values.dtype
    nobody = np.zeros((1, len(values)), kind)
    adds = [np.concatenate([nobody, lead.T.astype(kind)]) for lead in _leads(values)]
    count = len(orders.comes[0, part])
    leads = [np.zeros((count, len(values)), kind) for _ in adds]
    change = np.empty_like(leads[0])
    for comes, goes in zip(orders.comes, orders.goes, strict=True):
        come = comes[part].astype(np.intp)
        go = None if goes is None else goes[part].astype(np.intp)
        for add, lead in zip(adds[1:], leads[1:], strict=True):
            lead += add.take(come, 0, change, "clip")
            if go is not None:
                lead -= add.take(go, 0, change, "clip")
        yield leads


def _room(items: int, draws: Sequence[int], values: NDArray[Any], sides: Sides) -> list[NDArray[Any]]:
    """By k, (items, draws) room for the winner's margins, which one block after the other uses: new memory is slow."""
    kind = values.dtype if values.dtype.kind != "i" else np.int32 if 9 * len(draws) >= 2**15 else np.int16
    return [np.empty((items if sides.winner and sides.bands else 0, count), kind) for count in draws]


class _Tally:
    """Counts what happens in the draws of a block of items."""

    def __init__(
        self, items: int, keep: Sequence[int], sides: Sides, room: Sequence[NDArray[Any]], whole: bool
    ) -> None:
        self.items, self.keep, self.sides, self.whole = items, keep, sides, whole
        self.win = np.zeros((len(keep), items))
        """Sums over draws of the winner's share."""
        self.right = self.win if sides.winner and sides.best == (0,) else np.zeros((len(keep), items))
        """Sums over draws of the labelled best's share."""
        self.ahead = room
        """By k, (items, draws) by how much the winner is ahead."""

    def add(self, k: int, leads: Planes, start: int) -> None:
        """Count some draws of k + 1 samples, which are the draws from `start` on."""
        if self.sides.winner:
            ahead = _least(leads[1:])
            if self.sides.bands:
                _turn(ahead, self.ahead[k][:, start : start + len(ahead)])
            self.win[k] += self._share(ahead, leads, (0,))
        if self.sides.best and self.right is not self.win:
            best = self.sides.best
            others = [lead for own, lead in enumerate(leads) if own not in best]
            ahead = _least(others) - _least([leads[own] for own in best])
            self.right[k] += self._share(ahead, leads, best)

    def numbers(self) -> Numbers:
        """What was counted."""
        draws, keep = np.array([margins.shape[1] for margins in self.ahead]), np.array(self.keep)
        nothing = np.full((self.items, len(keep)), np.nan)
        accuracy = self.right.T / draws if self.sides.best else nothing
        if not self.sides.winner:
            return Numbers(nothing, nothing, nothing, nothing, accuracy)
        if not self.sides.bands:
            return Numbers(nothing, nothing, nothing, self.win.T / draws, accuracy)
        bands = [_band(ahead) for ahead in self.ahead]
        margin, low, high = (np.stack(column, axis=1) / keep for column in zip(*bands, strict=True))
        return Numbers(margin, low, high, self.win.T / draws, accuracy)

    def _share(self, ahead: NDArray[Any], leads: Planes, side: tuple[int, ...]) -> Array:
        """(items,) the sum over draws of the side's share of the lead, 1/t of t that are level."""
        if self.whole and len(side) == 1 and len(leads) <= _SHARED_MOST:
            return _whole_share(ahead, leads, side[0])
        above, reached = ahead > TIE, ahead >= -TIE
        alone = _sums(above)
        places = np.flatnonzero(above != reached)
        if not len(places):
            return alone
        level = np.stack([lead.ravel()[places] for lead in leads])
        first = level <= level.min(axis=0) + TIE
        share = first[list(side)].sum(axis=0) / first.sum(axis=0)
        return alone + np.bincount(places % self.items, weights=share, minlength=self.items)


def _whole_share(ahead: NDArray[Any], leads: Planes, own: int) -> Array:
    """As _share for one of few responses and whole numbers, of which many are level: by how many are."""
    beside = np.zeros(ahead.shape, np.uint8)
    for other, lead in enumerate(leads):
        if other != own:
            beside += lead == (leads[own] if own else 0)
    parts = math.lcm(*range(1, len(leads) + 1))
    share = np.full(ahead.shape, parts, np.uint8)
    for t in range(1, len(leads)):
        share -= (beside >= t).view(np.uint8) * np.uint8(parts // t - parts // (t + 1))
    share *= ahead >= 0
    return _sums(share) / parts


def _sums(counts: NDArray[np.bool_] | NDArray[np.uint8]) -> Array:
    """(items,) sums of (draws, items) small numbers: exact, and faster as a product than as a sum of rows."""
    return np.asarray(np.ones(len(counts), np.float32) @ counts.astype(np.float32), dtype=np.float64)


def _least(leads: Planes) -> NDArray[Any]:
    least = leads[0]
    for lead in leads[1:]:
        least = np.minimum(least, lead)
    return least


def _turn(block: NDArray[Any], into: NDArray[Any]) -> None:
    """Write a block's columns as rows."""
    rows = max(1, _TURNED_AT_ONCE // (block.itemsize * block.shape[1]))
    for start in range(0, len(block), rows):
        into[:, start : start + rows] = block[start : start + rows].T


def _band(values: NDArray[Any]) -> tuple[Array, Array, Array]:
    """(items,) mean and band of (items, draws) values, whose order is lost.

    The band is where cumulative shares reach 5% and 95%, in ascending order.
    """
    mean, draws = values.mean(axis=1), values.shape[1]
    first, last = (max(0, math.ceil(share * draws - 1e-9) - 1) for share in _BAND)
    # One place at a time: for several, numpy has no vectorised selection.
    values.partition(first, axis=1)
    low = values[:, first].astype(np.float64)
    above = values[:, first:]
    above.partition(last - first, axis=1)
    return mean, low, values[:, last].astype(np.float64)


def paired(difference: NDArray[np.int64], keep: tuple[int, ...], winner: int | None, best: int | None) -> Numbers:
    """Exactly, for one item with two responses, by dynamic programming over prefixes of its ranking.

    `difference[i]` = score of response 0 minus 1 of the i-th best sample; `winner` and `best` are own indices.
    """
    counts = _pair_counts(difference, keep)
    reach = counts.shape[1] // 2
    sums, ways = np.arange(-reach, reach + 1, dtype=np.float64), counts.sum(axis=1)
    above, level = counts[:, reach + 1 :].sum(axis=1), counts[:, reach]
    first = (above + level / 2) / ways
    nothing = np.full(len(keep), np.nan)
    accuracy = nothing if best is None else first if best == 0 else (ways - above - level / 2) / ways
    if winner is None:
        return Numbers(*(column[None] for column in (nothing, nothing, nothing, nothing, accuracy)))
    if winner == 1:
        counts, first = counts[:, ::-1], (ways - above - level / 2) / ways
    reached = np.cumsum(counts, axis=1) / ways[:, None]
    # A cumulated share such as 1/20 may fall short of 0.05 by rounding alone.
    low, high = (sums[(reached >= share - 1e-12).argmax(axis=1)] / keep for share in _BAND)
    columns = (counts @ sums / ways / keep, low, high, first, accuracy)
    return Numbers(*(column[None] for column in columns))


def _pair_counts(difference: NDArray[np.int64], keep: tuple[int, ...]) -> Array:
    """(K, sums) how many subsets of k samples have each summed difference among the kept.

    The m-th kept sample of a subset stands at some position p of the ranking: m - 1 are chosen before it, k - m after.
    """
    total, reach = len(keep), int(np.abs(difference).sum())
    ways = np.zeros((total + 1, 2 * reach + 1))
    ways[0, reach] = 1.0  # ways[j, s + reach]: choices of j samples so far whose differences sum to s
    if keep[-1] == total:
        for place, step in enumerate(difference.tolist()):
            ways[1 : place + 2] += np.roll(ways[: place + 1], step, axis=1)
        return ways[1:]
    counts = np.zeros((total, 2 * reach + 1))
    ks, kept = np.arange(1, total + 1), np.array(keep)
    for place, step in enumerate(difference.tolist()):
        after = total - place - 1
        moved = np.roll(ways[: place + 1], step, axis=1)
        mine = np.flatnonzero((kept - 1 <= place) & (ks - kept <= after))
        times = np.array([math.comb(after, int(rest)) for rest in (ks - kept)[mine]], dtype=np.float64)
        counts[mine] += moved[kept[mine] - 1] * times[:, None]
        ways[1 : place + 2] += moved
    return counts
