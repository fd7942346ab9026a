"""The votes of many items at once, from their numbers: what `voting.vote` says of each."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grm_core.errors import UsageError
from grm_core.formats.scores import ItemScores
from grm_core.types import Method, Verdict
from grm_core.voting import as_method, check_counts, leader, no_logit, quality

Flags = NDArray[np.bool_]
_ITEMS_AT_ONCE = 2000
"""Items that are padded to the longest of them and voted together."""


def votes(
    items: Sequence[ItemScores], method: Method | str = Method.NAIVE, k: int | None = None, k_meta: int | None = None
) -> Iterator[Verdict]:
    """A verdict per item over its first k samples by index, as `voting.vote` gives it.

    Raises UsageError as that does; where a logit is missing it names the item.
    """
    method = as_method(method)
    check_counts(k, k_meta)
    for start in range(0, len(items), _ITEMS_AT_ONCE):
        yield from _votes(items[start : start + _ITEMS_AT_ONCE], method, k, k_meta)


def _votes(items: Sequence[ItemScores], method: Method, k: int | None, k_meta: int | None) -> Iterator[Verdict]:
    valid = padded([item.valid[:k] for item in items], False)
    kept = valid
    if method is not Method.NAIVE:
        logits = padded([item.logits[:k] for item in items], np.nan)
        _check(items, valid & np.isnan(logits))
        kept = best(valid, logits, k_meta)
    for item, among, read in zip(items, kept, valid.sum(axis=1).tolist(), strict=True):
        looked_at = len(item.indices[:k])
        mine = among[:looked_at]
        totals = _totals(item, k, mine, method) if read else None
        winner, margin = leader(totals)
        count = int(mine.sum())
        yield Verdict(
            method=method,
            k=looked_at,
            k_effective=read,
            k_meta=None if method is Method.NAIVE else count,
            voted=tuple(item.indices[:k][mine].tolist()),
            totals=totals,
            winner=winner,
            margin=margin,
            margin_mean=None if margin is None else margin / count,
        )


def best(valid: Flags, logits: NDArray[np.float64], k_meta: int | None) -> Flags:
    """(items, k), which valid samples a guided vote keeps: those of the highest logit, equal ones by lower index."""
    ranked = np.argsort(np.where(valid, -logits, np.inf), axis=1, kind="stable")
    places = np.empty_like(ranked)
    np.put_along_axis(places, ranked, np.arange(ranked.shape[1])[None], axis=1)
    read = valid.sum(axis=1)
    counts = np.minimum(read, np.maximum(1, read // 2) if k_meta is None else k_meta)
    return np.asarray(valid & (places < counts[:, None]))


def padded(rows: Sequence[NDArray[Any]], blank: float | bool) -> NDArray[Any]:
    """(items, longest) with `blank` where a row has ended."""
    lengths = np.array([len(row) for row in rows])
    table = np.full((len(rows), int(lengths.max(initial=0))), blank)
    table[np.arange(table.shape[1]) < lengths[:, None]] = np.concatenate([*rows, np.empty(0, table.dtype)])
    return table


def _check(items: Sequence[ItemScores], missing: Flags) -> None:
    for place in np.flatnonzero(missing.any(axis=1)):
        index = int(items[place].indices[missing[place].argmax()])
        raise UsageError(f"item {items[place].item_id!r}: {no_logit(index)}")


def _totals(item: ItemScores, k: int | None, kept: Flags, method: Method) -> tuple[float, ...]:
    scores = item.scores[:k][kept]
    if method is not Method.GUIDED_WEIGHTED:
        return tuple(scores.sum(axis=0, dtype=np.int64).tolist())
    weights = [quality(logit) for logit in item.logits[:k][kept].tolist()]
    # As in voting: the total must not depend on the order in which samples arrived.
    columns = scores.T.tolist()
    return tuple(math.fsum(score * q for score, q in zip(column, weights, strict=True)) for column in columns)
