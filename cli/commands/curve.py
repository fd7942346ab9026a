"""python app.py curve SAMPLES.jsonl: margin, win probability and accuracy for every k, per item and method."""

import argparse
from typing import TYPE_CHECKING

from cli.common import print_json, whole
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from grm_core.analysis.scaling import Curve

HELP = "show how the vote's margin grows with k"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="SAMPLES.jsonl", help="samples; - reads standard input")
    parser.add_argument(
        "--k-meta", type=whole(1, 2**31), metavar="M", help="samples that guided voting keeps (default: half of k)"
    )


def run(args: argparse.Namespace) -> int:
    """Print a curve per item and method: naive, and the guided ones where every valid sample has a meta logit."""
    from grm_core.analysis.scaling import curves
    from grm_core.formats.sessions import read_samples

    blocks = list(read_samples(args.file))  # a broken line is told before anything is printed
    for block in blocks:
        for item in block.items:
            labels = None if item.example is None else item.example.labels
            try:
                item_curves = curves(item.samples, args.k_meta, labels)
            except UsageError as error:
                raise UsageError(f"item {item.item_id!r}: {error}") from None
            for curve in item_curves:
                print_json(record(item.item_id, curve))
    return 0


def record(item_id: str, curve: "Curve") -> dict[str, object]:
    """A curve as it is printed, with how it was computed."""
    how = {"exact": True} if curve.exact else {"draws": curve.draws, "seed": curve.seed}
    names = ("k", "margin", "low", "high", "win", "accuracy")
    points = [{name: getattr(point, name) for name in names} for point in curve.points]
    return {"item_id": item_id, "method": str(curve.method), **how, "points": points}
