"""From official files and samples to scored items, and to the headline under every policy. No model is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored
from grm_core.benchmarks.official_files import read
from grm_core.errors import UsageError
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example, Method, Sample, Verdict
from grm_core.voting import vote

Samples = Mapping[str, Sequence[Sample]]
"""Item id -> its samples."""
SWAPPED = (1, 0)


@dataclass(frozen=True, slots=True)
class Voting:
    """How samples become a verdict."""

    method: Method = Method.NAIVE
    k: int | None = None
    """None = all samples."""
    k_meta: int | None = None
    """None = half of the valid ones."""
    alone: bool = False
    """Each response was judged alone (context single): no order was shown, so one vote stands for both orders."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a benchmark's items by what became of them."""

    items: int
    """Of the data, those without labels too."""
    unlabelled: int
    """Without a gold label, such as human votes that name no winner: never counted."""
    not_scored: int
    """Labelled items without samples (for a benchmark in both orders: without samples in one of them)."""
    invalid: int
    """Labelled items with samples of which none could be read (in one of the orders): the policy counts them."""
    scored: int
    """Labelled items with a vote."""


def load(benchmark: Benchmark, source: str | Path) -> list[Example]:
    """The items of a benchmark's official files, in their order (see rows.read for what a source may be).

    Raises UsageError with the place of a record that is not the benchmark's, or whose id was there already.
    """
    examples: dict[str, Example] = {}
    for row in read(source, benchmark.choose, benchmark.password, benchmark.hubs):
        for example in benchmark.examples(row):
            if example.id in examples:
                row.fail(f"there is an item {example.id!r} already")
            examples[example.id] = example
    return list(examples.values())


def join(benchmark: Benchmark, examples: Sequence[Example], samples: Samples, how: Voting) -> list[Scored]:
    """Every item with its vote, or without one where it has no samples.

    Raises UsageError for samples of items that the data do not hold, that score another number of responses than an
    item has, or that lack the meta logits which a guided vote needs.
    """
    ids = {example.id for example in examples}
    strangers = [item for item in samples if item not in ids]
    if strangers:
        raise UsageError(
            f"there are samples of {len(strangers)} items that the data do not hold, the first is {strangers[0]!r}; "
            f"see docs/benchmarks.md for the ids of {benchmark.name}"
        )
    return [_scored(benchmark, example, samples.get(example.id, ()), how) for example in examples]


def _scored(benchmark: Benchmark, example: Example, samples: Sequence[Sample], how: Voting) -> Scored:
    n = len(example.responses)
    for sample in samples:
        if len(sample.order) != n and (sample.scores is not None or sample.order):
            raise UsageError(f"item {example.id!r} has {n} responses, its samples score {len(sample.order)}")
    looked_at = sorted(samples, key=lambda s: s.index)[: how.k]
    try:
        verdict = _vote(looked_at, how)
        if not benchmark.both_orders:
            return Scored(example, verdict)
        if how.alone:
            return Scored(example, verdict, (verdict, verdict))
        swapped = [sample.order == SWAPPED for sample in looked_at]
        halves = (
            [s for s, is_swapped in zip(looked_at, swapped, strict=True) if is_swapped is side]
            for side in (False, True)
        )
        first, second = (_vote(half, how) for half in halves)
    except UsageError as error:
        raise UsageError(f"item {example.id!r}: {error}") from None
    return Scored(example, verdict, (first, second))


def _vote(samples: Sequence[Sample], how: Voting) -> Verdict | None:
    return vote(samples, how.method, None, how.k_meta) if samples else None


def judged(benchmark: Benchmark, items: Sequence[Scored]) -> list[Scored]:
    """The labelled items that have samples, in both orders where the benchmark asks for both: what a metric sees."""
    return [item for item in items if item.labels and all(game is not None for game in _verdicts(benchmark, item))]


def _verdicts(benchmark: Benchmark, item: Scored) -> tuple[Verdict | None, ...]:
    return item.games if benchmark.both_orders else (item.verdict,)


def count(benchmark: Benchmark, items: Sequence[Scored]) -> Counts:
    """Counts of the items by what became of them."""
    seen = judged(benchmark, items)
    unlabelled = sum(not item.labels for item in items)
    readable = sum(all(v is not None and v.totals is not None for v in _verdicts(benchmark, item)) for item in seen)
    return Counts(len(items), unlabelled, len(items) - unlabelled - len(seen), len(seen) - readable, readable)


def policies(benchmark: Benchmark, items: Sequence[Scored], seed: int = 0) -> dict[str, dict[str, float | None]]:
    """The headline under every policy: tie -> invalid -> headline."""
    headlines: dict[str, dict[str, float | None]] = {}
    for tie, invalid in product(Tie, Invalid):
        result = benchmark.measure(items, Policy(tie, invalid, seed))
        headlines.setdefault(str(tie), {})[str(invalid)] = result.headline
    return headlines


def over_k(
    benchmark: Benchmark, examples: Sequence[Example], samples: Samples, how: Voting, policy: Policy, ks: Sequence[int]
) -> Iterator[tuple[int, int, Result]]:
    """(k, items that count, official metric) with the first k samples of every item, for each of these k."""
    for k in ks:
        items = judged(benchmark, join(benchmark, examples, samples, replace(how, k=k)))
        yield k, len(items), benchmark.measure(items, policy)


OVERALL = ("rewardbench", "ppe-preference", "ppe-correctness", "rmb-pairwise", "rmb-bon")


def overall(headlines: Mapping[str, float]) -> float:
    """The paper's Overall (Table 2): the mean of RewardBench, PPE preference, PPE correctness and RMB.

    RMB is the mean of its pairwise and best-of-n headlines, so of its four cells. UsageError when one is missing.
    """
    missing = [name for name in OVERALL if name not in headlines]
    if missing:
        raise UsageError(f"Overall needs {', '.join(OVERALL)}; missing: {', '.join(missing)}")
    rewardbench, preference, correctness, pairwise, best_of_n = (headlines[name] for name in OVERALL)
    return (rewardbench + preference + correctness + (pairwise + best_of_n) / 2) / 4
