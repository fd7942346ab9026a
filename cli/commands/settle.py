"""python app.py settle SAMPLES.jsonl --risk 0.05: what --k auto would have saved on a run that has all its samples.

Prints a line per item, where it would have ended and whether all samples give another verdict, then one with the sums.
"""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cli.common import print_json, real, say, whole
from grm_core.analysis.looks import Rule
from grm_core.errors import UsageError
from grm_core.types import Method

if TYPE_CHECKING:
    from grm_core.analysis.savings import Savings

HELP = "what adaptive k saves on a run, and how often it changes a verdict"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="SAMPLES.jsonl", help="samples of a run with full k; - reads standard input")
    parser.add_argument("--risk", type=real(0.001, 0.5), default=0.05, help="as of score (default: %(default)s)")
    parser.add_argument("--k-max", type=whole(1, 1024), metavar="K", help="(default: all samples of each item)")
    parser.add_argument("--method", choices=list(map(str, Method)), default=str(Method.NAIVE))


def run(args: argparse.Namespace) -> int:
    """Print the lines; returns 0. UsageError for a run that was adaptive itself."""
    from grm_core.analysis.savings import savings, stop_of
    from grm_core.formats.sessions import read_samples

    rule, stops = Rule(args.risk, args.k_max or 1, Method(args.method)), []
    for block in read_samples(args.file):
        if block.run is not None and "adaptive" in block.run.extra:
            raise UsageError(f"{args.file}: this run was made with --k auto; measure on one that has all its samples")
        for item in block.items:
            if args.k_max is None:
                rule = replace(rule, most=max(1, len(item.samples)))
            try:
                stop = stop_of(item.item_id, item.samples, rule)
            except UsageError as error:
                raise UsageError(f"item {item.item_id!r}: {error}") from None
            stops.append(stop)
            print_json(
                {"item_id": stop.item_id, "k": stop.k, "full": stop.full, "winner": stop.winner,
                 "full_winner": stop.full_winner, "flipped": stop.flipped}
            )  # fmt: skip
    sums = savings(stops)
    print_json(record(sums, args.risk))
    say(words(sums, args.risk))
    return 0


def record(sums: "Savings", risk: float) -> dict[str, Any]:
    """The sums as they are printed."""
    names = ("items", "drawn", "full", "saved", "flips", "flip_rate", "low", "high")
    return {"risk": risk} | {name: getattr(sums, name) for name in names}


def words(sums: "Savings", risk: float) -> str:
    """The sums in one line for a person."""
    if sums.flip_rate is None or sums.low is None or sums.high is None:
        return "there are no items in it"
    return (
        f"{sums.drawn} of {sums.full} samples were enough ({sums.saved or 0:.0%} saved); the verdict of "
        f"{sums.flips} of {sums.items} items would have differed: {sums.flip_rate:.1%} "
        f"({sums.low:.1%} to {sums.high:.1%}), risk {risk:.1%}"
    )
