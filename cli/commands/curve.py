"""python app.py curve SAMPLES.jsonl: margin, win probability and accuracy for every k, per item and method."""

import argparse
from itertools import groupby
from typing import TYPE_CHECKING

from cli.common import json_line, whole
from grm_core.types import Method

if TYPE_CHECKING:
    from grm_core.analysis.scaling import Table
    from grm_core.formats.scores import ItemScores

HELP = "show how the vote's margin grows with k"
_AT_ONCE = 320
"""Items that one process works on at a time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="SAMPLES.jsonl", help="samples; - reads standard input")
    parser.add_argument(
        "--k-meta", type=whole(1, 2**31), metavar="M", help="samples that guided voting keeps (default: half of k)"
    )


def run(args: argparse.Namespace) -> int:
    """Print a curve per item and method: naive, and the guided ones where every valid sample has a meta logit."""
    from grm_core.formats.scores import read_scores
    from runs.abreast import abreast

    # A broken line is told before anything is printed.
    items = [item for block in read_scores(args.file) for item in block]
    slices = _slices([int(item.valid.sum()) for item in items])
    parts = abreast(_lines, [(args.k_meta, [items[place] for place in places]) for places in slices])
    texts = {
        place: lines
        for places, made in zip(slices, parts, strict=True)
        for place, lines in zip(places, made, strict=True)
    }
    for place in range(len(items)):
        for line in texts[place]:
            print(line)
    return 0


def _slices(counts: list[int]) -> list[list[int]]:
    """Places of items that go together: those of as many valid samples share their random orders."""
    order = sorted(range(len(counts)), key=counts.__getitem__)
    together = [list(same) for _, same in groupby(order, key=counts.__getitem__)]
    # Few items are not worth a process each.
    parts = together if len(counts) > _AT_ONCE else [order]
    return [part[start : start + _AT_ONCE] for part in parts for start in range(0, len(part), _AT_ONCE)]


def _lines(part: "tuple[int | None, list[ItemScores]]") -> list[list[str]]:
    """The lines of each item, its methods in their order."""
    from grm_core.analysis.scaling import methods, tables

    k_meta, items = part
    lines: list[list[str]] = [[] for _ in items]
    for method in Method:
        places = [place for place, item in enumerate(items) if method in methods(item)]
        for place, table in zip(places, tables([items[place] for place in places], method, k_meta), strict=True):
            lines[place].append(json_line(record(items[place].item_id, table)))
    return lines


def record(item_id: str, table: "Table") -> dict[str, object]:
    """A curve as it is printed, with how it was computed."""
    how = {"exact": True} if table.exact else {"draws": table.draws, "seed": table.seed}
    names = ("k", "margin", "low", "high", "win", "accuracy")
    points = [dict(zip(names, point, strict=True)) for point in table.points()]
    return {"item_id": item_id, "method": str(table.method), **how, "points": points}
