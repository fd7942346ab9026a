"""What commands share: JSON to standard output, words to standard error, where the database is."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.store import Store


def print_json(value: Any) -> None:
    """Write one line of JSON; ASCII, so that any text survives any terminal."""
    print(json.dumps(value, allow_nan=False))


def say(words: str) -> None:
    """Tell the person something."""
    print(one_line(words), file=sys.stderr, flush=True)


def one_line(words: str) -> str:
    """Words as a single line that a terminal can show."""
    return words.replace("\n", " ").encode("utf-8", "backslashreplace").decode()


def default_db() -> Path:
    """Where sessions are kept unless --db says otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "grm-lens" / "grm-lens.db"


def add_db(parser: argparse.ArgumentParser) -> None:
    """Add --db."""
    parser.add_argument(
        "--db", type=Path, default=default_db(), metavar="FILE", help="database (default: %(default)s)"
    )


def open_store(path: Path, read_only: bool = False) -> "Store":
    """Open the database; its default folder is made when it is missing."""
    from storage.store import Store

    if path == default_db() and not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    return Store(path, read_only)


def whole(low: int, high: int) -> Callable[[str], int]:
    """An argument type: a whole number in low..high."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {low} to {high}")
        return value

    return read


def real(low: float, high: float) -> Callable[[str], float]:
    """An argument type: a number in low..high."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number from {low} to {high}")
        return value

    return read
