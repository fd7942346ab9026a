"""python app.py export [SESSION ...]: write sessions as SAMPLES.jsonl."""

import argparse
import sys
from pathlib import Path
from typing import TextIO

from cli.common import add_db, say
from grm_core.errors import UsageError

HELP = "write sessions of the database as JSONL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="ids of sessions (default: all)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: standard output)")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Write the sessions in the order given, or in order of arrival."""
    from storage.store import Store
    from storage.transfer import export_store

    store = Store(args.db, read_only=True)
    try:
        wanted = args.sessions or None
        if args.out is None:
            count = export_store(store, wanted, sys.stdout)
        else:
            with _new(args.out) as out:
                count = export_store(store, wanted, out)
    finally:
        store.close()
    say(f"{count} sessions written")
    return 0


def _new(path: Path) -> TextIO:
    try:
        return path.open("x", encoding="ascii", newline="\n")
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
