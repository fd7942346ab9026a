"""A whole run: how accuracy grows with k over its labelled items, where verdicts settle, and what k_meta does.

Every figure is a mean over items; intervals are 95% bootstraps over items (see accuracy.estimate).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy, settling
from grm_core.analysis.accuracy import Items, Values, in_numbers
from grm_core.analysis.looks import LEAST
from grm_core.analysis.scaling import Only, Table, Value, tables
from grm_core.formats.scores import ItemScores
from grm_core.outcome import TIE
from grm_core.types import Method

_MAP_DRAWS = 400
"""Random subsets per item and cell of the map: it is read by colour."""
_SETTLE_DRAWS = 200


def powers(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`, which is the last."""
    ks = [1]
    while ks[-1] * 2 <= most:
        ks.append(ks[-1] * 2)
    return ks if ks[-1] == most or most < 1 else [*ks, most]


def scored(items: Items) -> bool:
    """Whether the meta RM has read every valid sample."""
    return not any(np.isnan(item.logits[item.valid]).any() for item in in_numbers(items))


def growth(items: Items, value: Value = "accuracy", draws: int = 10_000) -> pd.DataFrame:
    """Accuracy, or the probability of the full vote's winner, by method and k (powers of two): method, k, mean, low,
    high, n (items). `draws` are the random orders per item where a curve is not exact.
    """
    numbers = in_numbers(items)
    ks = _powers(numbers)
    names: list[tuple[str, int]] = []
    columns = []
    for method in Method if scored(numbers) else (Method.NAIVE,):
        curves = tables(numbers, method, draws=draws, only=Only(value, tuple(ks)))
        names += [(str(method), k) for k in ks]
        columns += [_at(curves, numbers, k, value) for k in ks]
    rows = [
        (*name, each.mean, each.low, each.high, each.n)
        for name, each in zip(names, accuracy.estimates(columns, 2000), strict=True)
    ]
    return pd.DataFrame(rows, columns=["method", "k", "mean", "low", "high", "n"])


def subsets(items: Items) -> pd.DataFrame:
    """One row per subset: subset, items, accuracy at k = 1 and with all samples, guided too where logits are."""
    rows = []
    numbers = in_numbers(items)
    for name in sorted({item.subset for item in numbers}):
        mine = [item for item in numbers if item.subset == name]
        most = max(len(item.indices) for item in mine)
        one, full = accuracy.at_ks(mine, (1, most))
        row = {"subset": name or "(none)", "items": len(mine), "k = 1": float(one.mean())}
        row[f"k = {most}"] = float(full.mean())
        if scored(mine):
            row[f"meta RM, k = {most}"] = float(accuracy.at_k(mine, most, Method.GUIDED).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def meta_map(items: Items, value: Value = "accuracy") -> pd.DataFrame:
    """The guided vote's accuracy or win probability for k and k_meta in powers of two: k, k_meta (<= k), mean.

    Needs all meta logits.
    """
    numbers = in_numbers(items)
    ks = _powers(numbers)
    rows = []
    for k_meta in ks:
        reached = tuple(k for k in ks if k_meta <= k)
        curves = tables(numbers, Method.GUIDED, k_meta, draws=_MAP_DRAWS, only=Only(value, reached))
        for k in reached:
            values = _at(curves, numbers, k, value)
            rows.append((k, k_meta, float(values.mean()) if len(values) else None))
    return pd.DataFrame(rows, columns=["k", "k_meta", "mean"])


def settled(items: Items, level: float = 0.05) -> pd.DataFrame:
    """Per item: item, asked (samples), settles (from which k on the winner stays), stops (where adaptive k ends).

    `stops` is the first k at which the verdict of all would differ with a probability below `level`, seen from there.
    """
    numbers = in_numbers(items)
    stops = _stops(numbers, level)
    rows = [(item.item_id, len(item.indices), settles(item), stop) for item, stop in zip(numbers, stops, strict=True)]
    return pd.DataFrame(rows, columns=["item", "asked", "settles", "stops"])


def settles(item: ItemScores) -> int | None:
    """From which k on the naive vote names the winner that it ends with; None where it ends without one."""
    if item.scores.shape[1] < 2 or not item.valid.any():
        return None
    totals = np.cumsum(item.scores, axis=0, dtype=np.int64)
    leads = totals >= totals.max(axis=1, keepdims=True) - TIE
    winners = np.where(leads.sum(axis=1) > 1, -1, leads.argmax(axis=1))
    if winners[-1] < 0:
        return None
    first = int(item.valid.argmax())
    others = np.flatnonzero(winners[first:] != winners[-1])
    return first + (int(others[-1]) + 2 if len(others) else 1)


def _stops(items: Sequence[ItemScores], level: float) -> list[int]:
    stops = np.array([len(item.indices) for item in items], dtype=np.int64)
    most = int(stops.max(initial=0))
    responses = np.array([item.scores.shape[1] for item in items], dtype=np.int64)
    # Of each item the samples that can be read, one after the other, and how many of them are among the first k.
    rows = np.zeros((len(items), most, int(responses.max(initial=0))), dtype=np.int8)
    read = np.zeros((len(items), most), dtype=np.int64)
    for place, item in enumerate(items):
        mine = item.scores[item.valid]
        rows[place, : len(mine), : responses[place]] = mine
        read[place, : stops[place]] = np.cumsum(item.valid)
    asked, running = stops.copy(), responses > 1
    for k in range(LEAST, most):
        looked = np.flatnonzero(running & (k < asked) & (read[:, k - 1] >= LEAST))
        about = np.stack([read[looked, k - 1], responses[looked], asked[looked] - k], axis=1)
        for count, n, missing in np.unique(about, axis=0).tolist():
            places = looked[(about == (count, n, missing)).all(axis=1)]
            scores = rows[places, :count, :n].astype(np.float64)
            chances = settling.chances_of_change(scores, missing, _SETTLE_DRAWS)
            settled_here = places[chances < level]
            stops[settled_here], running[settled_here] = k, False
    return [int(stop) for stop in stops]


def _powers(items: Sequence[ItemScores]) -> list[int]:
    most = max((len(item.indices) for item in items), default=0)
    return powers(most) if most else []


def _at(curves: Sequence[Table], items: Sequence[ItemScores], k: int, value: Value) -> Values:
    """One number per item; for `win` an item whose full vote has no winner is left out."""
    if value == "accuracy":
        return accuracy.shares(curves, items, k)
    wins = np.array([curve.win[min(k, curve.k) - 1] for curve in curves if curve.k])
    return np.asarray(wins[~np.isnan(wins)])
