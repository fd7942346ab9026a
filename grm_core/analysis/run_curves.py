"""A whole run: how accuracy grows with k over its labelled items, where verdicts settle, and what k_meta does.

Every figure is a mean over items; intervals are 95% bootstraps over items (see accuracy.estimate).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy, lab, settling
from grm_core.analysis.accuracy import Judged, Values, share
from grm_core.analysis.scaling import curve
from grm_core.types import CurvePoint, Method, Sample
from grm_core.voting import read_by_meta

Value = Literal["accuracy", "win"]
"""accuracy needs labels; win is the probability that a vote over k samples names the winner of all of them."""
_MAP_DRAWS = 400
"""Random subsets per item and cell of the map: it is read by colour."""
_SETTLE_DRAWS = 200


def powers(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`, which is the last."""
    ks = [1]
    while ks[-1] * 2 <= most:
        ks.append(ks[-1] * 2)
    return ks if ks[-1] == most or most < 1 else [*ks, most]


def scored(items: Sequence[Judged]) -> bool:
    """Whether the meta RM has read every valid sample."""
    return all(read_by_meta(item.samples) for item in items)


def growth(items: Sequence[Judged], value: Value = "accuracy", draws: int = 10_000) -> pd.DataFrame:
    """Accuracy, or the probability of the full vote's winner, by method and k (powers of two): method, k, mean, low,
    high, n (items). `draws` are the random orders per item where a curve is not exact.
    """
    most = max((len(item.samples) for item in items), default=0)
    rows = []
    for method in Method if scored(items) else (Method.NAIVE,):
        curves = [curve(item.samples, method, labels=item.labels or None, draws=draws).points for item in items]
        for k in powers(most) if most else []:
            estimate = accuracy.estimate(_at(curves, items, k, value), 2000)
            rows.append((str(method), k, estimate.mean, estimate.low, estimate.high, estimate.n))
    return pd.DataFrame(rows, columns=["method", "k", "mean", "low", "high", "n"])


def subsets(items: Sequence[Judged]) -> pd.DataFrame:
    """One row per subset: subset, items, accuracy at k = 1 and with all samples, guided too where logits are."""
    rows = []
    for name in sorted({item.subset for item in items}):
        mine = [item for item in items if item.subset == name]
        most = max(len(item.samples) for item in mine)
        row = {"subset": name or "(none)", "items": len(mine), "k = 1": float(accuracy.at_k(mine, 1).mean())}
        row[f"k = {most}"] = float(accuracy.at_k(mine, most).mean())
        if scored(mine):
            row[f"meta RM, k = {most}"] = float(accuracy.at_k(mine, most, Method.GUIDED).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def meta_map(items: Sequence[Judged], value: Value = "accuracy") -> pd.DataFrame:
    """The guided vote's accuracy or win probability for k and k_meta in powers of two: k, k_meta (<= k), mean.

    Needs all meta logits.
    """
    most = max((len(item.samples) for item in items), default=0)
    rows = []
    for k_meta in powers(most) if most else []:
        curves = [
            curve(item.samples, Method.GUIDED, k_meta, item.labels or None, draws=_MAP_DRAWS).points for item in items
        ]
        for k in powers(most):
            if k_meta <= k:
                values = _at(curves, items, k, value)
                rows.append((k, k_meta, float(values.mean()) if len(values) else None))
    return pd.DataFrame(rows, columns=["k", "k_meta", "mean"])


def settled(items: Sequence[Judged], level: float = 0.05) -> pd.DataFrame:
    """Per item: item, asked (samples), settles (from which k on the winner stays), stops (where adaptive k ends).

    `stops` is the first k at which the verdict of all would differ with a probability below `level`, seen from there.
    """
    rows = []
    for item in items:
        samples = sorted(item.samples, key=lambda s: s.index)
        rows.append((item.item_id, len(samples), lab.settled(lab.replay(samples)), _stops(samples, level)))
    return pd.DataFrame(rows, columns=["item", "asked", "settles", "stops"])


def _stops(samples: Sequence[Sample], level: float) -> int:
    for k in range(settling.LEAST, len(samples)):
        chance = settling.chance_of_change(samples[:k], len(samples), draws=_SETTLE_DRAWS)
        if chance is not None and chance < level:
            return k
    return len(samples)


def _at(curves: Sequence[Sequence[CurvePoint]], items: Sequence[Judged], k: int, value: Value) -> Values:
    """One number per item; for `win` an item whose full vote has no winner is left out."""
    if value == "accuracy":
        return np.array([share(points, k, len(item.samples)) for points, item in zip(curves, items, strict=True)])
    wins = [points[min(k, len(points)) - 1].win for points in curves if points]
    return np.array([win for win in wins if win is not None])
