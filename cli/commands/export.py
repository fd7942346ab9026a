"""python app.py export [SESSION ...]: write sessions as SAMPLES.jsonl, or one as a report (HTML, Markdown, CSV).

`--format hf --out FOLDER` writes a Hugging Face dataset: samples and labels as Parquet, and a card. `--format pairs`
writes preference pairs for TRL: what the vote put first over every other response.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cli.common import add_db, counted, new_file, say, unwritten, write
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from storage.store import Store

HELP = "write sessions of the database as JSONL, a dataset or pairs, or one as HTML, Markdown or CSV"
REPORTS = ("html", "md", "csv")
FORMATS = ("jsonl", "hf", "pairs", *REPORTS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="ids of sessions (default: all)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="new file (default: standard output); of hf a folder")
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="default: %(default)s")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Write the sessions in the order given, or in order of arrival."""
    from storage.store import Store
    from storage.transfer import export_store

    if args.format in REPORTS and len(args.sessions) != 1:
        raise UsageError(f"--format {args.format} writes one session; name it")
    store = Store(args.db, read_only=True)
    try:
        if args.format == "hf":
            return _dataset(store, args.sessions, args.out)
        if args.format in REPORTS:
            write(_report(store, args.sessions[0], args.format), args.out, args.format)
            count = 1
        else:
            with nullcontext(sys.stdout) if args.out is None else new_file(args.out, args.format) as out:
                if args.format == "pairs":
                    return _pairs(store, args.sessions, out)
                count = export_store(store, args.sessions or None, out)
    finally:
        store.close()
    say(f"{counted(count, 'session')} written")
    return 0


def _dataset(store: "Store", session_ids: list[str], folder: Path | None) -> int:
    from reports import dataset
    from storage.transfer import sessions_of

    if folder is None:
        raise UsageError("--format hf writes a folder; name it with --out")
    if folder.exists():
        raise UsageError(f"{folder} exists already; choose another name")
    judged = (dataset.JudgedSession(*each) for each in sessions_of(store, session_ids or None))
    try:
        written = dataset.write(folder, judged, store.desk.annotations())
    except OSError as error:
        raise unwritten(folder, error) from None
    sessions, samples = counted(written.sessions, "session"), counted(written.samples, "sample")
    say(f"{sessions}, {samples} and {counted(written.labels, 'label')} written to {folder}")
    return 0


def _pairs(store: "Store", session_ids: list[str], out: TextIO) -> int:
    from grm_core.formats.lines import canonical
    from reports import dataset
    from storage.transfer import sessions_of

    count = 0
    for pair in dataset.pairs(dataset.JudgedSession(*each) for each in sessions_of(store, session_ids or None)):
        out.write(canonical(pair) + "\n")
        count += 1
    say(f"{counted(count, 'pair')} written")
    return 0


def _report(store: "Store", session_id: str, kind: str) -> str:
    from reports import session as documents

    session = store.session(session_id)
    if session is None:
        raise UsageError(f"there is no session {session_id}")
    report = documents.make(session, store.run(session.run_id), store.samples(session_id))
    return {"html": documents.html, "md": documents.markdown, "csv": documents.csv}[kind](report)
