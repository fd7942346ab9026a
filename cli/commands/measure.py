"""python app.py measure items|rivals|report: held-out items, the rivals' accuracy on them, and the page of results.

The samples in between come from `score`; tools/measure.sh runs the whole of it.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import read_items, say, whole
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from grm_core.types import Example

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
    if args.step == "items" and args.set in BENCHMARKS:
        return _items(_of_benchmark(args.set, args.data, args.count, args.seed), args.out)
    if args.step == "items":
        from grm_core.training import held_out

        return _items(held_out.items(args.set, args.count, args.seed, args.pairs), args.out)
    if args.step == "rivals":
        return _rivals(args.items, args.pairs, args.out)
    return _report(args.folder, args.out, args.curves)


def _items(examples: "Sequence[Example]", out: Path) -> int:
    from grm_core.formats.items import item_record

    out.write_text("".join(json.dumps(item_record(each)) + "\n" for each in examples), encoding="utf-8")
    say(f"{len(examples)} items written to {out}")
    return 0


def _of_benchmark(name: str, data: str | None, count: int, seed: int) -> "Sequence[Example]":
    from grm_core import benchmarks
    from grm_core.benchmarks.scoring import load
    from grm_core.training import held_out

    if data is None:
        raise UsageError(f"items of {name} come from its official files: give them with --data")
    examples = load(benchmarks.named(name), data)
    return held_out.spread([each for each in examples if each.labels], count, seed)


def _rivals(items: str, labelled: Path, out: Path) -> int:
    from grm_core.training import pairs, rivals

    examples = read_items(items)
    credits = {
        "longer response wins": rivals.longer_wins(examples),
        "TF-IDF + logistic regression, responses only": rivals.bag_of_words(pairs.read(labelled, "train"), examples),
    }
    values = {
        name: dict(zip((each.id for each in examples), scores.tolist(), strict=True))
        for name, scores in credits.items()
    }
    out.write_text(json.dumps(values), encoding="utf-8")
    say("; ".join(f"{name}: {scores.mean():.3f}" for name, scores in credits.items()))
    return 0


def _report(folder: Path, out: Path, curves: Path | None) -> int:
    from reports import results

    out.write_text(results.page(folder), encoding="utf-8")
    if curves:
        curves.write_text(json.dumps(results.curves(folder), indent=1) + "\n", encoding="utf-8")
    say(f"written to {out}")
    return 0
