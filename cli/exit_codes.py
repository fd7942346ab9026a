"""A run's accuracy, alone or beside another run's, and the exit codes by which CI is told of it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import add_db, print_json, real, say
from grm_core.errors import UsageError
from grm_core.types import Method

if TYPE_CHECKING:
    from grm_core.formats.scores import ItemScores

BELOW, REGRESSION = 3, 4
"""Exit codes: accuracy below what is wanted; worse than another run. Where both hold, the first."""


def add_gate(parser: argparse.ArgumentParser) -> None:
    """Describe when to fail, and where runs are."""
    parser.add_argument("--fail-below", type=real(0, 1), metavar="X", help=f"exit code {BELOW} below X (0..1)")
    parser.add_argument(
        "--fail-regression", metavar="RUN", help=f"exit code {REGRESSION} where that run is better on the same items"
    )
    add_db(parser)


def run_report(args: argparse.Namespace) -> int:
    """Print a run's accuracy as one JSON object; returns 0 or an exit code of CI."""
    for name in ("samples", "k", "k_meta", "tie", "invalid"):
        if getattr(args, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} belongs to a benchmark: give its --data")
    if args.out:
        raise UsageError("--out belongs to a benchmark; `compare` writes pages of runs")
    items = _items(args.name, args.db)
    record = {"run": args.name, "method": args.method} | _accuracy(args.name, items, Method(args.method))
    failed = ["below"] if args.fail_below is not None and record["accuracy"] < args.fail_below else []
    if args.fail_regression is not None:
        record["against"] = _against(items, args.fail_regression, args.db, Method(args.method))
        failed += ["regression"] if record["against"]["high"] < 0 else []
    print_json(record | {"failed": failed})
    _say(record, failed, args.fail_below)
    return BELOW if "below" in failed else REGRESSION if failed else 0


def _accuracy(name: str, items: "list[ItemScores]", method: Method) -> dict[str, Any]:
    from grm_core.analysis import accuracy, run_curves

    if not items:
        raise UsageError(f"{name} has no labelled item with samples")
    if method is not Method.NAIVE and not run_curves.scored(items):
        raise UsageError(f"{name}: {method} voting needs a meta logit for every valid sample")
    k = max(len(item.indices) for item in items)
    voted = accuracy.estimate(accuracy.at_k(items, k, method))
    alone = float(accuracy.at_k(items, 1).mean())
    return {
        "items": voted.n, "k": k, "accuracy": voted.mean, "low": voted.low, "high": voted.high, "alone": alone,
    }  # fmt: skip


def _against(items: "list[ItemScores]", other: str, db: Path, method: Method) -> dict[str, Any]:
    """The paired difference from the other run over the items of both."""
    from grm_core.benchmarks.comparison import against_first, compare

    theirs = {item.item_id: item for item in _items(other, db)}
    mine = [item for item in items if item.item_id in theirs and theirs[item.item_id].labels == item.labels]
    made = compare({"other": [theirs[item.item_id] for item in mine], "this": mine}, {})
    rows = {row["judge"]: row for row in against_first(made, method).to_dict("records")}
    if len(rows) < 2:
        raise UsageError(f"{method} voting needs a meta logit for every valid sample of both runs")
    row = rows["this"]
    return {
        "run": other, "items": len(made.items), "accuracy": rows["other"]["accuracy"],
        "difference": row["difference"], "low": row["difference low"], "high": row["difference high"],
    }  # fmt: skip


def _items(name: str, db: Path) -> "list[ItemScores]":
    """The labelled items of a run that have samples; of a file where there is one of that name."""
    from grm_core.outcome import has_preference

    items = _of_file(name) if Path(name).is_file() else _stored(name, db)
    return [item for item in items if has_preference(item.labels) and len(item.indices)]


def _of_file(name: str) -> "list[ItemScores]":
    from grm_core.formats.scores import read_scores

    blocks = [block for block in read_scores(name) if block]
    if len(blocks) != 1:
        raise UsageError(f"{name} holds {len(blocks)} runs with samples; report takes files of one run each")
    return blocks[0]


def _stored(name: str, db: Path) -> "list[ItemScores]":
    from storage import numbers
    from storage.store import Store

    if not db.is_file():
        raise UsageError(f"{name} is no file, and there is no database {db}")
    store = Store(db, read_only=True)
    try:
        if store.run(name) is None:
            raise UsageError(f"{name} is neither a file nor a run of {db}; a benchmark needs --data")
        return numbers.of_run(store, name)
    finally:
        store.close()


def _say(record: dict[str, Any], failed: list[str], least: float | None) -> None:
    from reports.words import interval, points

    share = interval(record["accuracy"], record["low"], record["high"])
    low = f", below the {100 * least:g}% that is wanted" if least is not None and "below" in failed else ""
    say(f"accuracy at k = {record['k']} of {record['items']} items: {share}{low}")
    against = record.get("against")
    if against:
        change = points(against["difference"], against["low"], against["high"])
        verdict = "worse" if "regression" in failed else "not worse, as far as these items tell"
        say(f"against {against['run']} on {against['items']} items: {change} points: {verdict}")
