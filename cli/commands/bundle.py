"""python app.py bundle RUN ... --out DIR: runs as a static site that opens from a disk or any web server.

RUN is the id of a run in the database (--db), or demo: the Demo with its recorded sessions. The site has the run's
items and plots, every session with matrix, cards, dials and Lab, and a search; several runs are compared on the items
that all of them judged, against the first. It asks no server and no other site.
"""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import add_db, counted, existing, say, unwritten

if TYPE_CHECKING:
    from types import ModuleType

HELP = "a run, several compared, or the Demo, as a static site that opens offline"
DEMO = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help=f"ids of runs in the database, or {DEMO}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    add_db(parser)


def run(args: argparse.Namespace, site: "ModuleType") -> int:
    """Write the site by the page's own module `site`, which app.py hands over; returns 0."""
    from storage.store import Store

    try:
        if args.runs == [DEMO]:
            with tempfile.TemporaryDirectory() as scratch:
                count = site.write_demo(args.out, Path(scratch))
        else:
            store = Store(existing(args.db), read_only=True)
            try:
                count = site.write(store, args.runs, args.out)
            finally:
                store.close()
    except OSError as error:
        raise unwritten(args.out, error) from None
    say(f"{counted(count, 'session')} in {args.out}; open {args.out / 'index.html'}")
    return 0
