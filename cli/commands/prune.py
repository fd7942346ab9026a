"""python app.py prune --older-than DAYS [--labelled] [--dry-run]: delete for good what is older than that.

Sessions with their samples, and batches that have ended; sessions that somebody labelled stay, unless --labelled. Run
it every night where data may be kept for so long only. It leaves a line in the audit log. The page must not run.
"""

import argparse
from datetime import UTC, datetime, timedelta

from cli.common import add_db, existing, print_json, whole
from grm_core.errors import UsageError

HELP = "delete for good what is older than a number of days"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--older-than", type=whole(1, 36_500), required=True, metavar="DAYS")
    parser.add_argument(
        "--labelled", action="store_true", help="also sessions that somebody labelled, with the labels"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say how much it would be")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print how many sessions and batches went, and how many sessions stay for their labels; returns 0."""
    from storage.store import Store

    before = datetime.now(UTC) - timedelta(days=args.older_than)
    store = Store(existing(args.db), read_only=args.dry_run)
    try:
        if store.read_only and not args.dry_run:
            raise UsageError(f"process {store.holder} uses {args.db}; stop the page first")
        if args.dry_run:
            aged = store.retention.aged(before, args.labelled)
        else:
            aged = store.retention.prune(before, args.labelled)
            store.acts.note("", "deleted what was older", f"{args.older_than} days: {aged.sessions} sessions")
        print_json({"before": before.isoformat(timespec="seconds"), **aged._asdict()})
    finally:
        store.close()
    return 0
