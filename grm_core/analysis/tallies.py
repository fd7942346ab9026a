"""How votes over random subsets end, for many items at once: margins with their band, and who wins how often.

Items are given as (items, K, n) what each of K samples adds to each of n responses, in whole numbers or floats. All of
them are of the same shape and `Sides`, so that each step is a few array operations for all.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grm_core.analysis.arrivals import Arrivals, arrivals
from grm_core.outcome import TIE

Array = NDArray[np.float64]
Planes = Sequence[NDArray[Any]]
"""(draws, items) by response: by how much the total of response 0 is above this one's; 0 itself first."""
_BAND = (0.05, 0.95)
_BLOCK = 640_000
"""Bytes of a lead of the items that are worked on together, in all draws: it fits into a cache."""
_SHARED_MOST, _SHARED_AT_ONCE = 6, 2048
"""Responses of which every share of a lead is a whole number of 60ths, so that four of them fit into a byte; draws."""
_EXACT = 2**16
"""Draws whose single bytes add up to what 32 bits hold exactly."""
_SMALL = 128
"""Leads below this fit into a byte each."""
_TURNED_AT_ONCE = 32_768
"""Bytes of a block that are turned by 90 degrees while they are in the cache next to the core."""


class Sides(NamedTuple):
    """Which columns are asked for."""

    winner: bool
    """Whether column 0 is the winner of the vote over all samples; False where there is none."""
    best: tuple[int, ...]
    """Columns of the responses that are labelled best; () without labels."""
    at: frozenset[int] | None = None
    """The k of which shares are asked for, and no margins: the others stay NaN. None = everything of every k."""


class Numbers(NamedTuple):
    """(items, K) by k; NaN where there is nothing to say."""

    margin: Array
    low: Array
    high: Array
    win: Array
    accuracy: Array


def drawn(values: NDArray[Any], keep: tuple[int, ...], sides: Sides, draws: int, seed: int) -> Numbers:
    """Over `draws` random orders, each of which gives a subset of every size; best samples first (see arrivals)."""
    orders, leads = arrivals(keep, draws, seed), np.stack(_leads(values))
    reach = np.abs(leads).sum(axis=2).max(axis=0)
    small = (reach < _SMALL) & (values.dtype.kind == "i")
    parts, places = [], []
    for mine, kind in ((np.flatnonzero(small), np.dtype(np.int8)), (np.flatnonzero(~small), _kind(values, reach))):
        at_once = max(1, _BLOCK // (draws * kind.itemsize))
        for start in range(0, len(mine), at_once):
            some = mine[start : start + at_once]
            steps = zip(keep, _arriving(list(leads[:, some].astype(kind)), orders, sides.at), strict=True)
            parts.append(_by_k(_numbers(planes, counts, kept, sides) for kept, (planes, counts) in steps))
            places.append(some)
    back = np.argsort(np.concatenate(places))
    return Numbers(*(np.concatenate(column)[back] for column in zip(*parts, strict=True)))


def _kind(values: NDArray[Any], reach: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.int32) if values.dtype.kind == "i" and reach.max(initial=0) >= 2**15 else values.dtype


def enumerated(values: NDArray[Any], keep: tuple[int, ...], sides: Sides) -> Numbers:
    """Over all subsets of few samples; best samples first."""
    total, leads = len(keep), _leads(values)
    members = (np.arange(2**total)[:, None] >> np.arange(total)) & 1
    sizes, place = members.sum(axis=1), np.cumsum(members, axis=1)
    columns = []
    for k, kept in enumerate(keep, 1):
        chosen = (sizes == k) & (sides.at is None or k in sides.at)
        counted = (members[chosen] * (place[chosen] <= kept)).astype(np.float64)
        columns.append(_numbers(_planes(counted, leads), np.ones(len(counted)), kept, sides))
    return _by_k(columns)


def _by_k(columns: Iterable[tuple[Array, ...]]) -> Numbers:
    return Numbers(*(np.stack(column, axis=1) for column in zip(*columns, strict=True)))


def _leads(values: NDArray[Any]) -> list[NDArray[Any]]:
    """(items, K) by response: by how much each sample scores response 0 above this one."""
    return [values[:, :, 0] - values[:, :, own] for own in range(values.shape[2])]


def _planes(members: Array, leads: Planes) -> Planes:
    """The leads of subsets, (subsets, K) of which samples count."""
    return [members @ lead.T.astype(np.float64) for lead in leads]


def _arriving(
    leads: Planes, orders: Arrivals, at: frozenset[int] | None = None
) -> Iterator[tuple[Planes, Array | None]]:
    """The leads after the first k = 1..K arrivals, and how often each of them was drawn where few are different.

    Each step changes the arrays of the one before. Nothing is looked at where k is not one of `at`: no draws.
    """
    asked = [at is None or k in at for k in range(1, 1 + len(orders.few))]
    last = max((k for k, few in enumerate(orders.few) if asked[k] and few is None), default=-1)
    """Until where each draw has to be followed."""
    kind, items = leads[0].dtype, len(leads[0])
    adds = [np.concatenate([np.zeros((1, items), kind), lead.T]) for lead in leads]
    draws = orders.comes.shape[1]
    now: Planes = [np.zeros((draws, items), kind) for _ in adds]
    change = np.empty_like(now[0])
    before = None
    nothing: Planes = [np.zeros((0, items)) for _ in leads]
    for k, (comes, goes, few) in enumerate(zip(orders.comes, orders.goes, orders.few, strict=True)):
        if few is not None and (asked[k] or (k < last and orders.few[k + 1] is None)):
            before = few, _planes(few.members, leads)
        if few is not None or k > last:
            yield (before[1], few.counts) if few is not None and asked[k] and before is not None else (nothing, None)
            continue
        if before is not None:
            now = [lead.take(before[0].draws, 0).astype(kind) for lead in before[1]]
            before = None
        come, go = comes.astype(np.intp), None if goes is None else goes.astype(np.intp)
        for add, lead in zip(adds[1:], now[1:], strict=True):
            lead += add.take(come, 0, change, "clip")
            if go is not None:
                lead -= add.take(go, 0, change, "clip")
        yield now if asked[k] else nothing, None


def _numbers(leads: Planes, counts: Array | None, kept: int, sides: Sides) -> tuple[Array, ...]:
    """Margin, low, high, win and accuracy of each item, over leads of so many samples, each drawn `counts` times."""
    draws, items = leads[0].shape
    margin, low, high, win, accuracy = (np.full(items, np.nan) for _ in range(5))
    if not draws:
        return margin, low, high, win, accuracy
    total = draws if counts is None else counts.sum()
    if sides.winner:
        ahead = _least(leads[1:])
        win = _share(ahead, leads, (0,), counts) / total
        if sides.at is None:
            margin, low, high = (each / kept for each in _band(ahead, counts))
    if sides.best == (0,):
        accuracy = win if sides.winner else _share(_least(leads[1:]), leads, (0,), counts) / total
    elif sides.best:
        best = sides.best
        others = [lead for own, lead in enumerate(leads) if own not in best]
        # Two leads that fit into a byte may be further apart than one can be.
        ahead = np.subtract(_least(others), _least([leads[own] for own in best]), dtype=_wide(leads[0].dtype))
        accuracy = _share(ahead, leads, best, counts) / total
    return margin, low, high, win, accuracy


def _share(ahead: NDArray[Any], leads: Planes, side: tuple[int, ...], counts: Array | None) -> Array:
    """(items,) the sum over draws of the side's share of the lead, 1/t of t that are level."""
    if ahead.dtype.kind == "i" and len(side) == 1 and len(leads) <= _SHARED_MOST:
        parts = (slice(start, start + _SHARED_AT_ONCE) for start in range(0, len(ahead), _SHARED_AT_ONCE))
        return sum((_whole_share(ahead[part], [lead[part] for lead in leads], side[0]) for part in parts), np.zeros(1))
    tie = 0 if ahead.dtype.kind == "i" else TIE
    above, reached = ahead > tie, ahead >= -tie
    alone = _sums(above, counts)
    places = np.flatnonzero(above != reached)
    if not len(places):
        return alone
    level = np.stack([lead.ravel()[places] for lead in leads])
    first = level <= level.min(axis=0) + tie
    share = first[list(side)].sum(axis=0) / first.sum(axis=0)
    items = ahead.shape[1]
    draw = places // items
    if counts is not None:
        share *= counts[draw]
    return alone + np.bincount(places - draw * items, weights=share, minlength=items)


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
    return _sums(share, None) / parts


def _sums(numbers: NDArray[Any], counts: Array | None) -> Array:
    """(items,) sums of (draws, items), exact where these are whole: faster as a product than as a sum of rows."""
    kind = np.float32 if numbers.itemsize == 1 and len(numbers) < _EXACT else np.float64
    times = np.ones(len(numbers), kind) if counts is None else counts.astype(kind)
    return np.asarray(times @ numbers.astype(kind), dtype=np.float64)


def _least(leads: Planes) -> NDArray[Any]:
    least = leads[0]
    for lead in leads[1:]:
        least = np.minimum(least, lead)
    return least


def _wide(kind: np.dtype[Any]) -> np.dtype[Any]:
    return np.promote_types(kind, np.int16)


def _turned(block: NDArray[Any]) -> NDArray[Any]:
    """A block's columns as rows."""
    # Of single bytes numpy has no vectorised selection.
    into = np.empty(block.shape[::-1], _wide(block.dtype))
    rows = max(1, _TURNED_AT_ONCE // (block.itemsize * block.shape[1]))
    for start in range(0, len(block), rows):
        into[:, start : start + rows] = block[start : start + rows].T
    return into


def _band(ahead: NDArray[Any], counts: Array | None) -> tuple[Array, Array, Array]:
    """(items,) mean and band of (draws, items): where cumulative shares reach 5% and 95%, in ascending order."""
    total = len(ahead) if counts is None else int(counts.sum())
    mean = _sums(ahead, counts) / total
    first, last = (max(0, math.ceil(share * total - 1e-9) - 1) for share in _BAND)
    values = _turned(ahead)
    if counts is not None:
        ranked = values.argsort(axis=1)
        reached = counts[ranked].cumsum(axis=1)
        places = [(reached > rank).argmax(axis=1)[:, None] for rank in (first, last)]
        low, high = (np.take_along_axis(values, np.take_along_axis(ranked, place, 1), 1)[:, 0] for place in places)
        return mean, low, high
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
