"""Several judges on the same labelled items: accuracy over k and over the tokens they generate, paired differences.

What the paper's hypotheses ask (docs/benchmarks.md): does a small model with many samples reach a larger one with one
(H2), what size and k are worth (H3), whether baselines gain from k as the GRM does (H4), and what RL and principles
of its own add (H1). Accuracy at k is the mean over random subsets of the stored samples, as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy, run_curves
from grm_core.analysis.accuracy import Items, Judged, Values
from grm_core.analysis.scaling import tables
from grm_core.baselines import pairwise
from grm_core.baselines.poll import Poll, accuracy_at, as_they_are
from grm_core.errors import UsageError
from grm_core.formats.scores import ItemScores
from grm_core.outcome import has_preference
from grm_core.types import Baseline, Method

_DRAWS = 400
"""Random orders per item of a curve that is not exact: the mean over many items needs no more."""


class Contender(NamedTuple):
    """One judge under one way to vote."""

    name: str
    method: str
    ks: tuple[int, ...]
    values: Values
    """(items, ks) accuracy 0..1 of each common item."""
    tokens: float | None
    """Generated for one sample of an item, mean over items; None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contenders on their common items."""

    items: tuple[str, ...]
    """Ids of the items that all of them judged and whose labels prefer a response."""
    contenders: tuple[Contender, ...]


def compare(grms: Mapping[str, Items], baselines: Mapping[str, Sequence[Poll]]) -> Comparison:
    """The judges by name on the labelled items that all have; a GRM is guided too where its samples have logits.

    Of numbers alone nothing is known about tokens. Raises UsageError where they have no labelled item in common.
    """
    labelled = {
        name: {item.item_id: item for item in items if has_preference(item.labels)} for name, items in grms.items()
    }
    polls = {
        name: {item.example.id: item for item in items if has_preference(item.example.labels)}
        for name, items in baselines.items()
    }
    sets: list[Mapping[str, object]] = [*labelled.values(), *polls.values()]
    first, *others = sets
    common = tuple(name for name in first if all(name in other for other in others))
    if not common:
        raise UsageError("they have no labelled item in common; there is nothing to compare")
    contenders: list[Contender] = []
    for name, items in labelled.items():
        contenders += _grm(name, [items[each] for each in common])
    for name, judged in polls.items():
        contenders.append(_baseline(name, [judged[each] for each in common]))
    return Comparison(common, tuple(contenders))


def growth(comparison: Comparison) -> pd.DataFrame:
    """judge, method, k, tokens (generated per item), accuracy, low, high."""
    rows = []
    for each in comparison.contenders:
        for place, k in enumerate(each.ks):
            estimate = accuracy.estimate(each.values[:, place], 2000)
            tokens = None if each.tokens is None else round(each.tokens * k, 1)
            rows.append((each.name, each.method, k, tokens, estimate.mean, estimate.low, estimate.high))
    return pd.DataFrame(rows, columns=["judge", "method", "k", "tokens", "accuracy", "low", "high"])


def gains(comparison: Comparison) -> pd.DataFrame:
    """Gain of all samples over one, per judge: judge, method, k, gain, low, high (paired over items)."""
    rows = []
    for each in comparison.contenders:
        if each.ks[-1] > 1:
            estimate = accuracy.estimate(each.values[:, -1] - each.values[:, 0], 2000)
            rows.append((each.name, each.method, each.ks[-1], estimate.mean, estimate.low, estimate.high))
    return pd.DataFrame(rows, columns=["judge", "method", "k", "gain", "low", "high"])


def differences(comparison: Comparison) -> pd.DataFrame:
    """Every judge with all its samples against every other one with one and, said once, with all: this, against,
    difference, low, high (paired over items). The same judge under two ways to vote is not compared with itself.
    """
    rows = []
    for i, one in enumerate(comparison.contenders):
        for j, other in enumerate(comparison.contenders):
            for end in (0, -1) if i < j and len(other.ks) > 1 else (0,):
                if one.name != other.name:
                    estimate = accuracy.estimate(one.values[:, -1] - other.values[:, end], 2000)
                    names = (called(one, -1), called(other, end))
                    rows.append((*names, estimate.mean, estimate.low, estimate.high))
    return pd.DataFrame(rows, columns=["this", "against", "difference", "low", "high"])


def against_first(comparison: Comparison, method: Method = Method.NAIVE) -> pd.DataFrame:
    """Each judge's votes over all its samples beside the first one's: judge, k, k = 1, accuracy, low, high, and
    the difference from the first judge, paired over items, with its interval: difference, difference low, difference
    high (None for the first).
    """
    voting = [each for each in comparison.contenders if each.method == str(method)]
    rows: list[tuple[object, ...]] = []
    for place, each in enumerate(voting):
        own = accuracy.estimate(each.values[:, -1], 2000)
        change = accuracy.estimate(each.values[:, -1] - voting[0].values[:, -1], 2000)
        paired = (change.mean, change.low, change.high) if place else (None, None, None)
        rows.append((each.name, each.ks[-1], each.values[:, 0].mean(), own.mean, own.low, own.high, *paired))
    columns = ["judge", "k", "k = 1", "accuracy", "low", "high", "difference", "difference low", "difference high"]
    return pd.DataFrame(rows, columns=columns)


def called(each: Contender, place: int) -> str:
    """A contender with the k at this place of its ks, in words."""
    return f"{each.name}, {each.method}, k = {each.ks[place]}"


def _grm(name: str, items: Sequence[Judged | ItemScores]) -> list[Contender]:
    numbers = [item if isinstance(item, ItemScores) else item.numbers for item in items]
    most = max((len(item.indices) for item in numbers), default=0)
    if not most:
        raise UsageError(f"{name}: there are no samples of the common items")
    ks = tuple(run_curves.powers(most))
    samples = [sample for item in items if isinstance(item, Judged) for sample in item.samples]
    written = [sample.completion.completion_tokens for sample in samples if sample.completion is not None]
    tokens = float(np.mean(written)) if written and any(written) else None
    logits = any(not np.isnan(item.logits).all() for item in numbers)
    contenders = []
    for method in (Method.NAIVE, Method.GUIDED) if logits and run_curves.scored(numbers) else (Method.NAIVE,):
        curves = tables(numbers, method, draws=_DRAWS)
        values = np.stack([accuracy.shares(curves, numbers, k) for k in ks], axis=1)
        contenders.append(Contender(name, str(method), ks, values, tokens))
    return contenders


def _baseline(name: str, items: Sequence[Poll]) -> Contender:
    method = items[0].verdict.method
    most = max(item.verdict.k for item in items)
    totals = pairwise.strengths if method is Baseline.PAIRWISE else as_they_are
    ks = tuple(run_curves.powers(max(1, most)))
    values = np.array([accuracy_at(item, ks, totals) for item in items])
    tokens = [item.tokens / max(1, item.verdict.k) for item in items if item.tokens is not None]
    return Contender(name, str(method), ks, values, float(np.mean(tokens)) if len(tokens) == len(items) else None)
