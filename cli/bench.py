"""python app.py bench NAME --data PATH: judge a reward benchmark and print its official metric.

Everything lands in one folder: samples.jsonl grows as samples arrive; report.json, .md and .html are written at the
end. Called again after a crash or Ctrl-C, it asks only for what is missing.
"""

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from cli import report, score
from cli.common import say, whole
from grm_core.errors import UsageError
from storage.paths import default_path

if TYPE_CHECKING:
    from grm_core.benchmarks.base import Benchmark
    from grm_core.types import Example

HELP = "run a reward benchmark"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("name", metavar="NAME", help="benchmark (docs/benchmarks.md lists them)")
    parser.add_argument("--data", required=True, help="official file, folder or zip; hub, or hub:OWNER/NAME")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="samples and reports (default: build/bench/NAME)")
    parser.add_argument("--items", type=whole(1, 10**7), metavar="N", help="only N items, drawn by --seed")
    parser.add_argument(
        "--db", default=str(default_path()), metavar="FILE", help="database that gets the sessions, or none"
    )
    score.add_sampling(parser, 8)
    report.add_policy(parser)
    parser.set_defaults(order=None)  # a benchmark that wants both orders gets them by itself


def run(args: argparse.Namespace) -> int:
    """Judge and report; exit code 1 when an item or sample failed, 130 when stopped."""
    from grm_core.benchmarks import named
    from grm_core.benchmarks.report import record

    benchmark = named(args.name)
    _check(benchmark, args)
    examples = _examples(benchmark, args)
    folder = args.out or Path("build/bench") / benchmark.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    args.out, args.resume, args.db = folder / "samples.jsonl", True, None if args.db == "none" else Path(args.db)
    code = score.judge(args, examples, (benchmark.name,))
    if code == 130:
        return code
    asked = {example.id for example in examples}
    samples = {name: found for name, found in report.read(str(args.out), examples).items() if name in asked}
    made = report.make(args, benchmark, examples, samples, args.k)
    for suffix, page in report.pages(made, examples, samples, {".md", ".html"}).items():
        (folder / f"report{suffix}").write_text(page, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(record(made), indent=1) + "\n", encoding="utf-8")
    report.tell(made)
    say(f"report.md and report.html are in {folder}")
    return code


def _check(benchmark: "Benchmark", args: argparse.Namespace) -> None:
    """Settle the order; UsageError for what cannot give this benchmark's headline."""
    if benchmark.password is not None:
        raise UsageError(
            f"{benchmark.name}: its authors ask that no item be written in plain text, and bench writes what it "
            "judges; score it with a program of your own and give the scores to report"
        )
    if benchmark.both_orders and (args.k % 2 or args.order == "random"):
        raise UsageError(
            f"{benchmark.name} counts pairs that were judged in both orders: give an even --k, no --order"
        )
    args.order = args.order or ("balanced" if benchmark.both_orders else "random")


def _examples(benchmark: "Benchmark", args: argparse.Namespace) -> "list[Example]":
    from grm_core.benchmarks.run import load

    examples = load(benchmark, args.data)
    if args.items is None or args.items >= len(examples):
        return examples
    places = random.Random(args.seed).sample(range(len(examples)), args.items)
    return [examples[place] for place in sorted(places)]
