"""A headline in its parts: how it grows with k, where it is worse, whether length decides, what it cost.

Every interval is a 95% bootstrap over items. An item's credit here is the share of its vote that names a labelled
best response, under the report's policy; the official metric may weigh and pair differently (RM-Bench, Ties).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy, run_curves
from grm_core.analysis.accuracy import Judged
from grm_core.benchmarks.base import Benchmark, Policy, Scored, grouped
from grm_core.benchmarks.headline import Report
from grm_core.benchmarks.scoring import Samples, Voting, over_k
from grm_core.outcome import best_labels
from grm_core.types import Example, Method, Sample
from grm_core.voting import read_by_meta

_DRAWS = 2000
_ORDERS = 400
"""Random orders per item of an accuracy curve that is not exact: the mean over many items needs no more."""


@dataclass(frozen=True, slots=True)
class Study:
    """Tables for a page."""

    growth: pd.DataFrame
    """method, k, mean, low, high, n: accuracy over random subsets of k samples; empty for k = 1, single responses."""
    headlines: pd.DataFrame
    """method, k, items, headline: the official metric with the first k samples of every item; empty for k = 1.

    A benchmark in both orders has only those items at a small k whose first k samples show both.
    """
    domains: pd.DataFrame
    """subset, items, accuracy, low, high, against the others (difference, low, high)."""
    lengths: pd.DataFrame
    """best is (longest, shortest, between), items, accuracy, low, high."""
    cost: pd.DataFrame
    """what, total, per item, per sample."""


def study(report: Report, examples: Sequence[Example], samples: Samples) -> Study:
    """All tables of a report."""
    kept = {item.example.id: _first(samples[item.example.id], report.voting.k) for item in report.items}
    return Study(
        growth(report.items, kept),
        headlines(report.benchmark, examples, kept, report.voting, report.policy),
        domains(report.items, report.policy),
        lengths(report.items, report.policy),
        cost(kept.values()),
    )


def growth(items: Sequence[Scored], samples: Samples) -> pd.DataFrame:
    """Accuracy by method and k in powers of two (run_curves.growth) over items with two responses or more.

    Lists of more than 12 samples by 400 random orders each, pairs exactly.
    """
    chosen = [Judged.of(e, samples[e.id]) for e in (item.example for item in items) if len(e.responses) > 1]
    empty = pd.DataFrame(columns=["method", "k", "mean", "low", "high", "n"])
    return (
        run_curves.growth(chosen, draws=_ORDERS)
        if max((len(item.samples) for item in chosen), default=0) > 1
        else empty
    )


def headlines(
    benchmark: Benchmark, examples: Sequence[Example], samples: Samples, voting: Voting, policy: Policy
) -> pd.DataFrame:
    """The official headline with the first k samples, by every method that the samples allow."""
    most = max((len(mine) for mine in samples.values()), default=0)
    valid = [s for mine in samples.values() for s in mine if s.scores is not None]
    scored = bool(valid) and read_by_meta(valid)
    rows = []
    ks = run_curves.powers(most) if most > 1 else []
    for method in Method if scored else (Method.NAIVE,):
        how = replace(voting, method=method, k=None)
        for k, items, result in over_k(benchmark, examples, samples, how, policy, ks):
            rows.append((str(method), k, items, result.headline))
    return pd.DataFrame(rows, columns=["method", "k", "items", "headline"])


def domains(items: Sequence[Scored], policy: Policy) -> pd.DataFrame:
    """One row per subset, and how far it is from all other items."""
    credits = [(item.example.subset or "(none)", item.credit(policy)) for item in items if len(item.labels) > 1]
    scored = [(name, credit) for name, credit in credits if credit is not None]
    rows = []
    for name in grouped(scored, lambda each: each[0]):
        mine = np.array([credit for other, credit in scored if other == name])
        rest = np.array([credit for other, credit in scored if other != name])
        estimate = accuracy.estimate(mine, _DRAWS)
        rows.append((name, estimate.n, estimate.mean, estimate.low, estimate.high, *_difference(mine, rest)))
    head = ["subset", "items", "accuracy", "low", "high", "difference", "difference low", "difference high"]
    return pd.DataFrame(rows, columns=head)


def lengths(items: Sequence[Scored], policy: Policy) -> pd.DataFrame:
    """Accuracy where the labelled best is the longest response, the shortest, or neither (characters).

    A judge without a taste for length has the same accuracy in each. Items with several best responses are left out.
    """
    by_place: dict[str, list[float]] = {"longest": [], "shortest": [], "between": []}
    for item in items:
        if len(item.labels) < 2 or len(best_labels(item.labels)) != 1:
            continue
        credit = item.credit(policy)
        if credit is not None:
            by_place[_place(item.example)].append(credit)
    rows = []
    for place, credits in by_place.items():
        if credits:
            estimate = accuracy.estimate(np.array(credits), _DRAWS)
            rows.append((place, estimate.n, estimate.mean, estimate.low, estimate.high))
    return pd.DataFrame(rows, columns=["best is", "items", "accuracy", "low", "high"])


def cost(samples: Iterable[Sequence[Sample]]) -> pd.DataFrame:
    """Tokens and seconds of all samples that a model wrote; seconds are summed over samples, not by the clock."""
    kept = list(samples)
    done = [s.completion for mine in kept for s in mine if s.completion is not None]
    totals = {
        "prompt tokens": sum(c.prompt_tokens for c in done),
        "completion tokens": sum(c.completion_tokens for c in done),
        "seconds": sum(c.seconds for c in done),
    }
    rows = [(what, value, value / len(kept), value / len(done)) for what, value in totals.items() if done]
    return pd.DataFrame(rows, columns=["what", "total", "per item", "per sample"])


def _place(example: Example) -> str:
    best = best_labels(example.labels or ())[0]
    mine = len(example.responses[best])
    others = [len(text) for own, text in enumerate(example.responses) if own != best]
    return "longest" if mine > max(others) else "shortest" if mine < min(others) else "between"


def _difference(mine: "accuracy.Values", rest: "accuracy.Values") -> tuple[float | None, float | None, float | None]:
    """Difference of two groups' means with its interval: both are resampled."""
    if not len(rest):
        return None, None, None
    rng = np.random.default_rng(0)
    means = [rng.choice(part, (_DRAWS, len(part))).mean(axis=1) for part in (mine, rest)]
    low, high = np.quantile(means[0] - means[1], (0.025, 0.975))
    return float(mine.mean() - rest.mean()), float(low), float(high)


def _first(samples: Sequence[Sample], k: int | None) -> list[Sample]:
    return sorted(samples, key=lambda s: s.index)[:k]
