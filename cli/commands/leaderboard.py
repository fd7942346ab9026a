"""python app.py leaderboard SAMPLES.jsonl, or --db FILE --run RUN: rank the models whose answers a run has judged.

Bradley-Terry ratings with 95% intervals from a bootstrap over items, and who beat whom; all items, then each subset.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import print_json, print_text, say, whole
from grm_core.errors import UsageError
from grm_core.types import Method
from storage.paths import default_path

if TYPE_CHECKING:
    from grm_core.analysis.accuracy import Judged
    from grm_core.analysis.leaderboard import Voted

HELP = "rank the models whose answers were judged"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", nargs="?", metavar="SAMPLES.jsonl", help="judged answers; - reads standard input")
    parser.add_argument("--db", type=Path, metavar="FILE", help="database, in place of a file (default: the page's)")
    parser.add_argument("--run", metavar="RUN", help="id of the run; needed where there is more than one")
    parser.add_argument("--method", choices=list(map(str, Method)), default=str(Method.NAIVE))
    parser.add_argument("--k", type=whole(1, 2**31), help="look at the first K samples by index (default: all)")
    parser.add_argument("--seed", type=whole(0, 2**31), default=0, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--format", choices=("json", "csv", "md"), default="json", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Print the leaderboard; json is one line for all items and one a subset."""
    from grm_core.analysis import leaderboard
    from reports import leaderboard as documents

    if args.file is not None and args.db is not None:
        raise UsageError("give a file or a database, not both")
    items = _stored(args.db or default_path(), args.run) if args.file is None else _read(args.file, args.run)
    voted = leaderboard.votes(items, args.method, args.k)
    if len(voted) < len(items):
        say(f"{len(items) - len(voted)} items name no models and are left out")
    scopes: list[tuple[str | None, list[Voted]]] = [(None, voted)]
    scopes += [(name, [each for each in voted if each.subset == name]) for name in leaderboard.subsets(voted)]
    boards = [(name, mine, leaderboard.board(mine, seed=args.seed)) for name, mine in scopes]
    if args.format == "json":
        for name, mine, board in boards:
            print_json({"subset": name, "method": args.method, "seed": args.seed} | documents.record(mine, board))
    else:
        write = {"csv": documents.csv, "md": documents.markdown}[args.format]
        print_text(write([(name, board) for name, _, board in boards]))
    return 0


def _stored(path: Path, run_id: str | None) -> "list[Judged]":
    from grm_core.analysis.accuracy import Judged
    from storage.listing import Wanted
    from storage.store import Store

    store = Store(path, read_only=True)
    try:
        runs = [run.id for run, _ in store.runs(limit=1000, models=True)]
        run = _chosen(runs, run_id, str(path))
        wanted = Wanted(run=run, models=True, sort="oldest")
        rows = store.sessions(wanted, limit=store.count_sessions(wanted))
        samples = store.samples_by_session(row.session.id for row in rows)
        return [Judged.of(row.session.example, samples[row.session.id]) for row in rows]
    finally:
        store.close()


def _read(path: str, run_id: str | None) -> "list[Judged]":
    from grm_core.analysis.accuracy import Judged
    from grm_core.formats.sessions import read_samples

    blocks = list(read_samples(path))
    names = ["" if block.run is None else block.run.id for block in blocks]
    run = _chosen(list(dict.fromkeys(names)), run_id, path)
    return [
        Judged.of(item.example, item.samples)
        for block, name in zip(blocks, names, strict=True)
        for item in (block.items if name == run else ())
        if item.example is not None
    ]


def _chosen(runs: list[str], run: str | None, where: str) -> str:
    """The run that is meant; different ones are different judges and are never mixed."""
    if run is None and len(runs) == 1:
        return runs[0]
    if run is not None and run in runs:
        return run
    if not runs:
        raise UsageError(f"{where}: no run's items name the models that answered")
    listed = ", ".join(runs[:10]) + (", ..." if len(runs) > 10 else "")
    raise UsageError(f"{where}: {'choose a run with --run' if run is None else f'no run {run}'}; there are {listed}")
