"""python app.py doctor: say what works here and what does not, with what to do about it."""

import argparse
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.common import add_db, counted, print_json, say

HELP = "check this installation"

_SAFE_SQLITE = (3, 51, 3)
_NEEDED = ("gradio", "plotly", "pandas", "numpy", "sqlite_utils")
_GIB = 2**30
_NO_ENGINE = "neither vLLM nor transformers is installed; run make setup"


class Check(NamedTuple):
    """One finding."""

    name: str
    ok: bool
    message: str
    required: bool = True
    """Whether GRM Lens cannot work without it; others are warnings."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    add_db(parser)
    parser.add_argument(
        "--engine", metavar="URL", help="also ask this server what it can and cannot do (docs/servers.md)"
    )
    parser.add_argument(
        "--repair",
        action="store_true",
        help="save what can be read of a damaged database into a new file in its place",
    )
    parser.add_argument("--model", metavar="NAME", help="the model to ask there")


def run(args: argparse.Namespace) -> int:
    """Print {"ok", "versions", "checks"}; exit code 1 when a required check fails."""
    import asyncio

    from grm_core.provenance import commit, versions

    if args.repair:
        _repair(args.db)
    checks = [*_checks(args.db)]
    if args.engine is not None:
        checks += asyncio.run(_server(args.engine, args.model))
    failed = [check for check in checks if check.required and not check.ok]
    head, dirty = commit()
    print_json(
        {
            "ok": not failed,
            "versions": versions(),
            "commit": head,
            "dirty": dirty,
            "checks": [check._asdict() for check in checks],
        }
    )
    for check in checks:
        if not check.ok:
            say(f"{'FAILED' if check.required else 'warning'}: {check.name}: {check.message}")
    return 1 if failed else 0


def _repair(db: Path) -> None:
    """Mend a damaged database and say what was kept."""
    from storage import backup

    wrong = backup.problem(db)
    if not wrong:
        say(f"{db} is whole; there is nothing to repair")
        return
    mended = backup.repair(db)
    say(
        f"{db}: {wrong}. Kept: {counted(mended.sessions, 'session')}, "
        f"{counted(mended.samples, 'sample')}, {counted(mended.labels, 'label')}. "
        f"The damaged file is {mended.before}"
    )


def _checks(db: Path) -> Iterator[Check]:
    yield _python()
    yield from _sqlite()
    yield _packages()
    yield _engine()
    yield _model()
    yield _judge()
    yield _recipes()
    yield _database(db)
    yield _space(db)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", (3, 11) <= sys.version_info[:2] <= (3, 13), f"{version}; 3.11 to 3.13 are supported")


def _sqlite() -> Iterator[Check]:
    import sqlite3

    safe = sqlite3.sqlite_version_info >= _SAFE_SQLITE
    advice = (
        ""
        if safe
        else "; before 3.51.3 a rare fault can damage a file that several programs write: let only one write"
    )
    yield Check("sqlite", safe, sqlite3.sqlite_version + advice, required=False)
    conn = sqlite3.connect(":memory:")
    try:
        conn.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
        yield Check("sqlite-fts5", True, "full-text search is built in")
    except sqlite3.OperationalError as error:
        yield Check("sqlite-fts5", False, f"{error}: use a Python whose SQLite has FTS5")
    finally:
        conn.close()


def _packages() -> Check:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    return Check("packages", not missing, f"missing: {', '.join(missing)}; run make setup" if missing else "all found")


def _engine() -> Check:
    from grm_core import engines

    name = engines.auto()
    if name == "managed":
        return Check("engine", True, "auto = managed: vLLM is installed")
    installed = all(importlib.util.find_spec(package) is not None for package in ("torch", "transformers"))
    message = "auto = hf: vLLM is not installed, transformers generates (slower)"
    return Check("engine", installed, message if installed else _NO_ENGINE)


def _model() -> Check:
    from grm_core import models, prepared

    # The small one: make setup prepares it, and it serves where the 1.5B judge cannot.
    name = models.GRM if models.bundled() else models.BASE
    folders = sorted(prepared.cache_folder().glob(f"{name}-*/"))
    problems = [prepared.problem(folder) for folder in folders]
    if None in problems:
        return Check("model", True, f"the small model {name} is prepared", required=False)
    wrong = problems[0] if problems else f"the small model {name} is not prepared"
    return Check("model", False, f"{wrong}; run make setup, or give a server with --engine", required=False)


def _judge() -> Check:
    from grm_core import models, prepared

    why = models.why_small()
    if why is not None:
        return Check("judge", False, f"the small model judges: {why}", required=False)
    folders = prepared.cache_folder().glob(f"{models.JUDGE}-*/")
    made = any(prepared.problem(folder) is None for folder in folders)
    return Check("judge", True, "prepared" if made else "the first start downloads it (1.1 GB) and converts it")


def _recipes() -> Check:
    from grm_core import recipes

    wrong = [words for recipe in recipes.RECIPES.values() if (words := recipes.problem(recipe))]
    message = f"--recipe {', '.join(recipes.RECIPES)} (docs/recipes.md)"
    return Check("recipes", not wrong, "; ".join(wrong) or message, required=False)


def _database(path: Path) -> Check:
    from storage.errors import StoreError
    from storage.store import Store

    if not path.exists():
        return Check("database", True, f"{path} will be made when the first session is saved")
    try:
        store = Store(path, read_only=True)
        try:
            integrity, count = store.integrity(), store.count_sessions()
        finally:
            store.close()
    except StoreError as error:
        return Check("database", False, str(error))
    return Check("database", integrity == "ok", f"{path}: {counted(count, 'session')}, integrity {integrity}")


def _space(db: Path) -> Check:
    folder = next(folder for folder in db.absolute().parents if folder.exists())
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= _GIB, f"{free / _GIB:.1f} GiB free in {folder}; 1 GiB is advised", required=False)


async def _server(url: str, model: str | None) -> list[Check]:
    """Which optional features a server takes; three short completions."""
    from grm_core.engines import examine
    from grm_core.engines.server import ServerEngine
    from grm_core.errors import EngineError

    engine = ServerEngine(url, model)
    try:
        takes = await examine.examine(engine)
    except EngineError as error:
        return [Check("server", False, "; ".join(filter(None, (str(error), error.hint))))]
    finally:
        await engine.close()
    checks = [Check("server", True, f"{engine.model} at {engine.url} answers")]
    for extra, taken in takes.items():
        if taken is not None:
            message = "works" if taken else f"this server {examine.LOSSES[extra]}"
            checks.append(Check(f"server, {extra}", taken, message, required=False))
    return checks
