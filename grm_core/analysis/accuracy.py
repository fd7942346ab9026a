"""Accuracy over many labelled items: by method and k, with intervals from a bootstrap over items, and differences.

An item's accuracy at k is the expected share of the vote that the labelled best response gets over random subsets of
k of its samples. Those that could not be read cast no vote; a subset of which none could be read is wrong.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from grm_core import outcome
from grm_core.analysis.scaling import curve
from grm_core.types import CurvePoint, Example, Method, Sample

Values = NDArray[np.float64]
KS = (1, 2, 4, 8, 16, 32)
"""Where accuracy over k is told."""
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


def at_k(items: Sequence[Judged], k: int, method: Method = Method.NAIVE, k_meta: int | None = None) -> Values:
    """(items,) accuracy 0..1 of each item with k samples; an item of which nothing could be read has 0."""
    return np.array(
        [share(_points(item.samples, method, k_meta, item.labels), k, len(item.samples)) for item in items]
    )


@lru_cache(512)  # several k of the same curves are asked for in a row; more would keep too many texts in memory
def _points(
    samples: tuple[Sample, ...], method: Method, k_meta: int | None, labels: tuple[float, ...]
) -> tuple[CurvePoint, ...]:
    return curve(samples, method, k_meta, labels, draws=_DRAWS).points


def share(points: Sequence[CurvePoint], k: int, total: int) -> float:
    """An item's accuracy with k of its `asked` samples, from the curve over those that could be read.

    j of k random samples can be read with hypergeometric probability; j = 0 names nothing and is wrong.
    """
    k, read = min(k, total), len(points)
    return sum(
        math.comb(read, j) * math.comb(total - read, k - j) / math.comb(total, k) * (points[j - 1].accuracy or 0.0)
        for j in range(max(1, k - (total - read)), min(k, read) + 1)
    )


def valid_share(items: Sequence[Judged]) -> Values:
    """(items,) the share of each item's samples that could be read."""
    return np.array([np.mean([sample.scores is not None for sample in item.samples]) for item in items])


def estimate(values: Values, draws: int = 10_000, seed: int = 0) -> Estimate:
    """Mean and 95% interval over resampled items; for a paired difference give the items' differences."""
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (draws, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(values.mean()), float(low), float(high), len(values))


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
