"""python app.py people export NAME --out FOLDER, or forget NAME [--delete]: all that one person made.

`export` writes the sessions that NAME began (sessions.jsonl), his or her labels (labels.jsonl), lines of the audit log
(audit.jsonl) and counts. `forget` puts another name in NAME's place; with --delete it also deletes those sessions and
labels for good. Both leave a line in the audit log. The page must not be running.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import add_db, existing, print_json, say, unwritten
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from storage.store import Store

HELP = "export all that one person made, or forget the person"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("act", choices=("export", "forget"))
    parser.add_argument("name", metavar="NAME", help="the login")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="of export: a new folder")
    parser.add_argument("--delete", action="store_true", help="of forget: also what NAME made, for good")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print what there was under the name; returns 0. UsageError where there is nothing."""
    from storage.store import Store

    if (args.act == "export") != (args.out is not None) or (args.delete and args.act == "export"):
        raise UsageError("export needs --out FOLDER, and only forget takes --delete")
    store = Store(existing(args.db))
    try:
        if store.read_only:
            raise UsageError(f"process {store.holder} uses {args.db}; stop the page first")
        made = store.people.made_by(args.name)
        counts = {
            "sessions": len(made.sessions), "labels": made.annotations, "assignments": made.assignments,
            "batches": made.batches, "acts": len(made.acts),
        }  # fmt: skip
        if not any(counts.values()):
            raise UsageError(f"nothing in {args.db} was made by {args.name!r}")
        now: dict[str, str] = {}
        if args.act == "export":
            _export(store, args.name, counts, args.out)
        else:
            alias = store.people.forget(args.name, args.delete)
            say(f"{args.name} is {alias} there now; copies made by backup and export still hold the name")
            now = {"now": alias}
        print_json({"name": args.name, **counts, **now})
    finally:
        store.close()
    return 0


def _export(store: "Store", name: str, counts: dict[str, int], folder: Path) -> None:
    from grm_core.formats import annotations
    from storage.transfer import export_store

    made = store.people.made_by(name)
    try:
        folder.mkdir(parents=True)
        if made.sessions:
            with (folder / "sessions.jsonl").open("x", encoding="ascii", newline="\n") as out:
                export_store(store, made.sessions, out)
        _lines(folder / "labels.jsonl", map(annotations.annotation_record, store.desk.annotations(author=name)))
        _lines(folder / "audit.jsonl", (act._asdict() for act in made.acts))
        (folder / "counts.json").write_text(json.dumps({"name": name, **counts}) + "\n")
    except FileExistsError:
        raise UsageError(f"{folder} exists already; choose another name") from None
    except OSError as error:
        raise unwritten(folder, error) from error
    store.acts.note("", "exported all that a person made", name)
    say(f"written to {folder}")


def _lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="ascii")
