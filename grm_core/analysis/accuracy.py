"""Accuracy over many labelled items: by method and k, with intervals from a bootstrap over items, and differences.

An item's accuracy at k is the expected share of the vote that the labelled best response gets over random subsets of
k of its samples. Those that could not be read cast no vote; a subset of which none could be read is wrong.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from grm_core import outcome
from grm_core.analysis.scaling import Only, Table, tables
from grm_core.formats.scores import ItemScores
from grm_core.outcome import Tie
from grm_core.types import CurvePoint, Example, Method, Sample

Values = NDArray[np.float64]
KS = (1, 2, 4, 8, 16, 32)
"""Where accuracy over k is told."""
_CELLS_AT_ONCE = 1_000_000
_DRAWS = 400
"""Random orders of an item's samples where its subsets are too many to enumerate: the mean is over items as well."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and its samples."""

    item_id: str
    subset: str
    labels: tuple[float, ...]
    """() where there are none: only what the vote does can be looked at (analysis.run_curves)."""
    samples: tuple[Sample, ...]
    example: Example

    @classmethod
    def of(cls, example: Example, samples: Iterable[Sample]) -> "Judged":
        """The example under its own id, with these samples."""
        return cls(example.id, example.subset or "", example.labels or (), tuple(samples), example)

    @property
    def numbers(self) -> ItemScores:
        """What the samples say in numbers."""
        numbers = ItemScores.of(self.item_id, self.samples, self.labels or None)
        return replace(numbers, subset=self.subset)


Items = Sequence[Judged] | Sequence[ItemScores]
"""Judged items with all that was said of them, or only its numbers."""


def in_numbers(items: Items) -> list[ItemScores]:
    """The items' numbers."""
    return [item if isinstance(item, ItemScores) else item.numbers for item in items]


def completed(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Without those that could not be had (a lost server): they say nothing of the judge; missing is not wrong."""
    return tuple(sample for sample in samples if sample.error is None)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over items with its 95% interval."""

    mean: float
    low: float
    high: float
    n: int
    """Items."""

    def __str__(self) -> str:
        """As in a table: per cent, with the interval in brackets."""
        return f"{100 * self.mean:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def at_k(items: Items, k: int, method: Method = Method.NAIVE, k_meta: int | None = None) -> Values:
    """(items,) accuracy 0..1 of each item with k samples; an item of which nothing could be read has 0."""
    return at_ks(items, (k,), method, k_meta)[0]


def at_ks(items: Items, ks: Sequence[int], method: Method = Method.NAIVE, k_meta: int | None = None) -> list[Values]:
    """The same for several k, from the same curves."""
    numbers = in_numbers(items)
    curves = tables(numbers, method, k_meta, draws=_DRAWS, only=Only("accuracy", tuple(ks)))
    return [shares(curves, numbers, k) for k in ks]


def shares(curves: Sequence[Table], items: Sequence[ItemScores], k: int) -> Values:
    """(items,) accuracy with k of each item's samples (see `share`), from the curves over those that could be read.

    That of one sample is the mean over all of them: no random orders are needed, and none blur it.
    """
    if k == 1:
        return alone(items)
    alike: dict[tuple[int, int], list[int]] = {}
    for place, (curve, item) in enumerate(zip(curves, items, strict=True)):
        alike.setdefault((curve.k, len(item.indices)), []).append(place)
    out = np.empty(len(items))
    for (read, total), places in alike.items():
        out[places] = _shares(np.stack([curves[place].accuracy for place in places]), read, total, k)
    return out


def alone(items: Sequence[ItemScores]) -> Values:
    """(items,) how often one of its samples is right, 0..1; 0 where nothing was sampled or labels prefer nothing."""
    out = np.zeros(len(items))
    asked = [place for place, item in enumerate(items) if len(item.indices) and outcome.has_preference(item.labels)]
    mine = [items[place] for place in asked]
    out[asked] = [worth.mean() for worth in worths([item.scores for item in mine], mine)]
    return out


def worths(totals: Sequence[NDArray[Any]], items: Sequence[ItemScores], ties: Tie = Tie.HALF) -> list[Values]:
    """By item (rows,), what each row of (rows, n) totals is worth by the item's labels (outcome.credit).

    0 where nothing was read.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, table in enumerate(totals):
        alike.setdefault(table.shape, []).append(place)
    out: list[Values] = [np.empty(0)] * len(totals)
    for (rows, n), places in alike.items():
        best = np.zeros((n + 1, len(places), 1))
        for number, place in enumerate(places):
            best[list(items[place].best) if n else [], number] = 1
        # By response: numpy is slow along an axis of few.
        planes = np.stack([totals[place] for place in places]).transpose(2, 0, 1)
        most = functools.reduce(np.maximum, planes, np.full((len(places), rows), -np.inf))
        leads = [plane > most - outcome.TIE for plane in planes]
        count = sum(leads, np.zeros(most.shape))
        right = sum((lead * mine for lead, mine in zip(leads, best, strict=False)), np.zeros(most.shape))
        worth = np.where(
            functools.reduce(np.logical_or, planes != 0, most > np.inf), right / np.maximum(1, count), 0.0
        )
        if ties != Tie.HALF:
            worth[count > 1] = 0.0
        for place, mine in zip(places, worth, strict=True):
            out[place] = mine
    return out


def share(points: Sequence[CurvePoint], k: int, total: int) -> float:
    """An item's accuracy with k of its `asked` samples, from the curve over those that could be read.

    j of k random samples can be read with hypergeometric probability; j = 0 names nothing and is wrong.
    """
    accuracies = np.array([[point.accuracy or 0.0 for point in points]])
    return float(_shares(accuracies, len(points), total, k)[0])


def _shares(accuracies: Values, read: int, total: int, k: int) -> Values:
    """(items,) from (items, read) accuracies by the number of samples that could be read, of `total` each."""
    first, chances = _chances(read, total, min(k, total))
    return np.asarray(np.nan_to_num(accuracies[:, first - 1 : first - 1 + len(chances)]) @ chances)


@lru_cache(4096)
def _chances(read: int, total: int, k: int) -> tuple[int, Values]:
    """The smallest j >= 1 of k random samples that can be read, and with which probabilities j, j + 1, ... can be."""
    first, last = max(1, k - (total - read)), min(k, read)
    ways = [math.comb(read, j) * math.comb(total - read, k - j) for j in range(first, last + 1)]
    return first, np.array([each / math.comb(total, k) for each in ways])


def valid_share(items: Sequence[Judged]) -> Values:
    """(items,) the share of each item's samples that could be read."""
    return np.array([np.mean([sample.scores is not None for sample in item.samples]) for item in items])


def estimate(values: Values, draws: int = 10_000, seed: int = 0) -> Estimate:
    """Mean and 95% interval over resampled items; for a paired difference give the items' differences."""
    return estimates([values], draws, seed)[0]


def estimates(columns: Sequence[Values], draws: int = 10_000, seed: int = 0) -> list[Estimate]:
    """The estimate of each column; columns of as many items are resampled together, each as it would be alone."""
    out: dict[int, Estimate] = {}
    for count in {len(column) for column in columns}:
        places = [place for place, column in enumerate(columns) if len(column) == count]
        if not count:
            out |= {place: Estimate(float("nan"), float("nan"), float("nan"), 0) for place in places}
            continue
        table = np.stack([columns[place] for place in places], axis=1)
        low, high = np.quantile(_resampled(table, draws, seed), (0.025, 0.975), axis=0)
        out |= {
            place: Estimate(float(columns[place].mean()), float(low[number]), float(high[number]), count)
            for number, place in enumerate(places)
        }
    return [out[place] for place in range(len(columns))]


def _resampled(table: Values, draws: int, seed: int) -> Values:
    """(draws, columns) the means of as many items, drawn with replacement."""
    count = len(table)
    rng, means = np.random.default_rng(seed), []
    at_once = max(1, _CELLS_AT_ONCE // count)
    for start in range(0, draws, at_once):
        some = min(at_once, draws - start)
        items = rng.integers(0, count, size=(some, count)) + np.arange(some)[:, None] * count
        times = np.bincount(items.ravel(), minlength=some * count).reshape(some, count)
        means.append(times @ table / count)
    return np.concatenate(means)


def auc(items: Sequence[Judged]) -> float | None:
    """How well the meta logit tells right samples from wrong ones, over all valid samples; None without both kinds."""
    pairs = [
        (outcome.correct(sample.scores, item.labels), sample.meta_logit)
        for item in items
        for sample in item.samples
        if sample.scores is not None and sample.meta_logit is not None
    ]
    right = [label for label, _ in pairs]
    return float(roc_auc_score(right, [logit for _, logit in pairs])) if len(set(right)) == 2 else None


def auc_within(items: Sequence[Judged]) -> Values:
    """How often a right sample of an item has a higher meta logit than a wrong one of the same item, ties half.

    One value in 0..1 per item that has both; what the filter of a guided vote lives on.
    """
    areas = []
    for item in items:
        read = [s for s in item.samples if s.scores is not None and s.meta_logit is not None]
        right = np.array([s.meta_logit for s in read if outcome.correct(s.scores, item.labels)], dtype=np.float64)
        wrong = np.array([s.meta_logit for s in read if not outcome.correct(s.scores, item.labels)], dtype=np.float64)
        if len(right) and len(wrong):
            above = right[:, None] - wrong
            areas.append(float(np.mean((np.sign(above) + 1) / 2)))
    return np.array(areas)
