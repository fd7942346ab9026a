"""A benchmark's report: official headline and table, the headline under every policy, what became of the items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored
from grm_core.benchmarks.chance import chance
from grm_core.benchmarks.scoring import Counts, Samples, Voting, count, join, judged, policies
from grm_core.errors import UsageError
from grm_core.types import Example


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
        """The headline of random scores, 0..1: computed when it is first asked for, for all pages of the report."""
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
