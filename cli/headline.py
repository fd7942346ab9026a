"""--method, --tie and --invalid: how samples become a benchmark's headline, and the report that is printed of it."""

import argparse
from typing import TYPE_CHECKING, NamedTuple

from cli.common import print_json, say, whole
from grm_core.outcome import Invalid, Tie
from grm_core.types import Method

if TYPE_CHECKING:
    from grm_core.benchmarks.base import Benchmark
    from grm_core.benchmarks.headline import Report
    from grm_core.types import Example
    from runs.judged_files import Judgments


class Rules(NamedTuple):
    """How samples become a headline."""

    method: Method
    k_meta: int | None
    """Samples that guided voting keeps; None = half of the valid ones."""
    tie: str | None
    """Worth of a tie; None = the benchmark's own way."""
    invalid: str | None
    """Worth of an unreadable judgment; likewise."""
    seed: int
    """Of random ties."""


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Describe how samples become a headline."""
    parser.add_argument("--method", choices=list(map(str, Method)), default=str(Method.NAIVE))
    parser.add_argument("--k-meta", type=whole(1, 2**31), metavar="M", help="samples that guided voting keeps")
    ties, invalid = list(map(str, Tie)), list(map(str, Invalid))
    parser.add_argument("--tie", choices=ties, help="what a tie is worth (default: the benchmark's own way)")
    parser.add_argument("--invalid", choices=invalid, help="what an unreadable judgment is worth (default: likewise)")


def rules_of(args: argparse.Namespace) -> Rules:
    """The rules that `add_rules` describes."""
    return Rules(Method(args.method), args.k_meta, args.tie, args.invalid, args.seed)


def report_of(
    rules: Rules, benchmark: "Benchmark", examples: "list[Example]", judgments: "Judgments", k: int | None
) -> "Report":
    """The report of these judgments by the rules; `k` = samples of each item, None = all."""
    from grm_core.benchmarks import headline
    from grm_core.benchmarks.scoring import Voting

    voting = Voting(rules.method, k, rules.k_meta, judgments.alone)
    policy = benchmark.policy(rules.tie, rules.invalid, rules.seed)
    return headline.make(benchmark, examples, judgments.samples, voting, policy)


def print_report(report: "Report") -> None:
    """Print the report as one JSON object, and its notes for a reader to standard error."""
    from reports import benchmark as documents

    print_json(documents.record(report))
    for note in documents.notes(report):
        say(note)
