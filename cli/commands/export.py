"""python app.py export [SESSION ...]: write sessions as SAMPLES.jsonl, or one as a report (HTML, Markdown, CSV)."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cli.common import add_db, say
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from storage.store import Store

HELP = "write sessions of the database as JSONL, or one as HTML, Markdown or CSV"
REPORTS = ("html", "md", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="ids of sessions (default: all)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: standard output)")
    parser.add_argument("--format", choices=("jsonl", *REPORTS), default="jsonl", help="default: %(default)s")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Write the sessions in the order given, or in order of arrival."""
    from storage.store import Store
    from storage.transfer import export_store

    if args.format != "jsonl" and len(args.sessions) != 1:
        raise UsageError(f"--format {args.format} writes one session; name it")
    store = Store(args.db, read_only=True)
    try:
        with nullcontext(sys.stdout) if args.out is None else new_file(args.out, args.format) as out:
            if args.format == "jsonl":
                count = export_store(store, args.sessions or None, out)
            else:
                count = _report(store, args.sessions[0], args.format, out)
    finally:
        store.close()
    say(f"{count} sessions written")
    return 0


def _report(store: "Store", session_id: str, kind: str, out: TextIO) -> int:
    from reports import session as documents

    session = store.session(session_id)
    if session is None:
        raise UsageError(f"there is no session {session_id}")
    report = documents.make(session, store.run(session.run_id), store.samples(session_id))
    out.write({"html": documents.html, "md": documents.markdown, "csv": documents.csv}[kind](report))
    return 1


def new_file(path: Path, kind: str) -> TextIO:
    """A file that was not there before, open for writing; UsageError where it is."""
    try:
        return path.open("x", encoding="ascii" if kind == "jsonl" else "utf-8", newline="\n")
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
