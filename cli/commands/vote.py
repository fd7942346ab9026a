"""python app.py vote SAMPLES.jsonl: one verdict per item, from stored samples alone."""

import argparse

from cli.common import print_json, whole
from grm_core.types import Method, Verdict

HELP = "vote over the samples of a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="SAMPLES.jsonl", help="samples; - reads standard input")
    parser.add_argument("--method", choices=list(map(str, Method)), default=str(Method.NAIVE))
    parser.add_argument("--k", type=whole(1, 2**31), help="look at the first K samples by index (default: all)")
    parser.add_argument(
        "--k-meta",
        type=whole(1, 2**31),
        metavar="M",
        help="samples that guided voting keeps (default: half of the valid)",
    )


def run(args: argparse.Namespace) -> int:
    """Print one verdict per item; nothing when one of them cannot be had."""
    from grm_core.analysis.votes import votes
    from grm_core.formats.scores import read_scores

    items = [item for block in read_scores(args.file) for item in block]
    verdicts = list(votes(items, args.method, args.k, args.k_meta))
    for item, verdict in zip(items, verdicts, strict=True):
        print_json(record(item.item_id, verdict))
    return 0


def record(item_id: str, verdict: Verdict) -> dict[str, object]:
    """A verdict as it is printed; `winner` and `totals` in the item's own order, `voted` are sample indices."""
    return {
        "item_id": item_id,
        "method": str(verdict.method),
        "k": verdict.k,
        "k_effective": verdict.k_effective,
        "k_meta": verdict.k_meta,
        "voted": verdict.voted,
        "totals": verdict.totals,
        "winner": verdict.winner,
        "margin": verdict.margin,
        "margin_mean": verdict.margin_mean,
    }
