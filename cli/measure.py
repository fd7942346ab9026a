"""python app.py measure items|rivals|report: held-out items, the rivals' accuracy on them, and the page of results.

The samples in between come from `score`; tools/measure.sh runs the whole of it.
"""

import argparse
import json
from pathlib import Path

from cli.common import say, whole
from grm_core.errors import UsageError

HELP = "measure a GRM on held-out items"
BENCHMARKS = ("llmbar", "rmb-bon")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="items|rivals|report")
    items = steps.add_parser("items", help="write held-out items")
    items.add_argument("set", choices=("everyday", "dev", "seen", "unseen", *BENCHMARKS))
    items.add_argument("--count", type=whole(1, 10**6), default=200)
    items.add_argument("--seed", type=whole(0, 2**31), default=0)
    items.add_argument("--pairs", type=Path, metavar="FILE", help="labelled pairs; for dev")
    items.add_argument("--data", metavar="PATH", help="official file or folder; for a benchmark")
    items.add_argument("--out", type=Path, required=True, metavar="ITEMS.jsonl")
    rivals = steps.add_parser("rivals", help="accuracy of the longer response and of a bag of words")
    rivals.add_argument("items", metavar="ITEMS.jsonl")
    rivals.add_argument("--pairs", type=Path, required=True, metavar="FILE", help="labelled pairs to fit on")
    rivals.add_argument("--out", type=Path, required=True, metavar="RIVALS.json")
    report = steps.add_parser("report", help="write the page of results from a folder of samples")
    report.add_argument(
        "folder", type=Path, help="holds <variant>.jsonl files of score, main.jsonl among them, and rivals.json"
    )
    report.add_argument("--out", type=Path, required=True, metavar="RESULTS.md")
    report.add_argument("--curves", type=Path, metavar="ACCURACY.json", help="accuracy over k as well, for the Demo")


def run(args: argparse.Namespace) -> int:
    """Do one step; returns 0."""
    if args.step == "items":
        return _items(args)
    return _rivals(args) if args.step == "rivals" else _report(args)


def _items(args: argparse.Namespace) -> int:
    from grm_core import benchmarks
    from grm_core.benchmarks.run import load
    from grm_core.formats.items import item_record
    from grm_core.training import held_out

    if args.set in BENCHMARKS:
        if args.data is None:
            raise UsageError(f"items of {args.set} come from its official files: give them with --data")
        examples = load(benchmarks.named(args.set), args.data)
        items = held_out.spread([each for each in examples if each.labels], args.count, args.seed)
    else:
        items = held_out.items(args.set, args.count, args.seed, args.pairs)
    args.out.write_text("".join(json.dumps(item_record(each)) + "\n" for each in items), encoding="utf-8")
    say(f"{len(items)} items written to {args.out}")
    return 0


def _rivals(args: argparse.Namespace) -> int:
    from grm_core.formats.items import read_items
    from grm_core.training import pairs, rivals

    examples = read_items(args.items)
    found = {
        "longer response wins": rivals.longer_wins(examples),
        "TF-IDF + logistic regression, responses only": rivals.bag_of_words(pairs.read(args.pairs, "train"), examples),
    }
    values = {
        name: dict(zip((each.id for each in examples), scores.tolist(), strict=True)) for name, scores in found.items()
    }
    args.out.write_text(json.dumps(values), encoding="utf-8")
    say("; ".join(f"{name}: {scores.mean():.3f}" for name, scores in found.items()))
    return 0


def _report(args: argparse.Namespace) -> int:
    from reports import results

    args.out.write_text(results.page(args.folder), encoding="utf-8")
    if args.curves:
        args.curves.write_text(json.dumps(results.curves(args.folder), indent=1) + "\n", encoding="utf-8")
    say(f"written to {args.out}")
    return 0
