"""A benchmark's report: official headline and table, the headline under every policy, what became of the items."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored
from grm_core.benchmarks.chance import chance
from grm_core.benchmarks.run import Counts, Samples, Voting, count, join, judged, policies
from grm_core.errors import UsageError
from grm_core.types import Example

_NAMED = 12
"""Subsets that a note names."""


@dataclass(frozen=True)
class Report:
    """One benchmark, one file of samples, one way to vote."""

    benchmark: Benchmark
    voting: Voting
    policy: Policy
    result: Result
    """Its table starts with what the headline is made of."""
    policies: dict[str, dict[str, float | None]]
    """tie -> invalid -> headline."""
    counts: Counts
    items: tuple[Scored, ...]
    """Those that the metric saw."""

    @cached_property
    def chance(self) -> float | None:
        """What random scores would get, 0..1: computed when it is first asked for, for all pages of the report."""
        return chance(self.benchmark, self.items)


def make(
    benchmark: Benchmark, examples: Sequence[Example], samples: Samples, voting: Voting, policy: Policy
) -> Report:
    """The report of these samples; UsageError where they do not belong to the data or none is of a labelled item."""
    joined = join(benchmark, examples, samples, voting)
    seen = judged(benchmark, joined)
    if not seen:
        both = " in both orders (score them with --order balanced and an even k)" if benchmark.both_orders else ""
        raise UsageError(f"no labelled item of {benchmark.name} has samples{both}; there is nothing to report")
    result = benchmark.measure(seen, policy)
    # A metric builds its table from subsets upwards; a reader looks for the parts of the headline first.
    kinds = list(dict.fromkeys(line.kind for line in result.table))
    result = replace(result, table=tuple(sorted(result.table, key=lambda line: -kinds.index(line.kind))))
    under = policies(benchmark, seen, policy.seed)
    return Report(benchmark, voting, policy, result, under, count(benchmark, joined), tuple(seen))


def record(report: Report) -> dict[str, Any]:
    """The report as JSON: headline 0..1, table, policies[tie][invalid], and all that they were computed with."""
    voting, policy = report.voting, report.policy
    return {
        "benchmark": report.benchmark.name,
        "headline": report.result.headline,
        "table": [asdict(line) for line in report.result.table],
        "policies": report.policies,
        "metric": report.benchmark.headline,
        "chance": report.chance,
        "method": str(voting.method),
        "k": voting.k,
        "k_meta": voting.k_meta,
        "tie": str(policy.tie),
        "invalid": str(policy.invalid),
        "seed": policy.seed,
        "counts": asdict(report.counts),
        "missing": list(report.result.missing),
        "notes": notes(report),
    }


def notes(report: Report) -> list[str]:
    """What a reader has to know before comparing the headline with a published one."""
    counts, result, found = report.counts, report.result, []
    if result.headline is None:
        subsets = list(dict.fromkeys(item.example.subset or "(none)" for item in report.items))
        told = ", ".join(subsets[:_NAMED]) + (f" and {len(subsets) - _NAMED} more" if len(subsets) > _NAMED else "")
        found.append(f"There is no headline: these items do not hold what it is made of. Their subsets: {told}.")
    elif result.missing:
        found.append(f"The headline is the mean of the parts that are there; missing: {', '.join(result.missing)}.")
    if result.lacking:
        found.append(f"Parts are the means of those subsets that are there; missing: {', '.join(result.lacking)}.")
    if counts.not_scored:
        orders = " in both orders" if report.benchmark.both_orders else ""
        labelled = counts.items - counts.unlabelled
        found.append(f"{counts.not_scored} of {labelled} labelled items have no samples{orders} and are in no figure.")
    if counts.invalid:
        items = "1 item" if counts.invalid == 1 else f"{counts.invalid} items"
        found.append(f"{items} could not be read and counted as '{report.policy.invalid}'.")
    if counts.unlabelled:
        found.append(f"{counts.unlabelled} items have no label and are in no figure.")
    return found
