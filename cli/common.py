"""Shared by the commands: JSON to standard output, words to standard error, where the database is."""

import argparse
import codecs
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from grm_core.errors import UsageError
from storage.paths import default_path

if TYPE_CHECKING:
    from grm_core.types import Example


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def json_line(value: Any) -> str:
    """One line of JSON; ASCII, so that any text survives any terminal."""
    return json.dumps(value, allow_nan=False)


def print_json(value: Any) -> None:
    """Write one line of JSON."""
    print(json_line(value))


def print_text(text: str, otherwise: str = "backslashreplace") -> None:
    """Write text to standard output; what its encoding lacks is written as the error handler `otherwise` says."""
    encoding = sys.stdout.encoding or "utf-8"
    if codecs.lookup(encoding).name != "utf-8":
        text = text.removeprefix("\ufeff")  # a mark of UTF-8, and of nothing else
    sys.stdout.write(text.encode(encoding, otherwise).decode(encoding))


def escape_output() -> None:
    """From now on what a terminal cannot show is escaped; Python does so by itself for standard error only."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def hung_up() -> int:
    """End quietly when whoever read our output has enough: Python would complain once more when it flushes.

    Returns the exit code.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def say(words: str) -> None:
    """Tell the person something."""
    bars = sys.modules.get("tqdm")
    if bars is None:
        print(one_line(words), file=sys.stderr, flush=True)
    else:  # a line must not run into a bar that is being drawn
        bars.tqdm.write(one_line(words), file=sys.stderr)


def write(text: str, path: Path | None, kind: str) -> None:
    """Write a report to a new file or, where `path` is None, to standard output, whatever that can show."""
    if path is None:
        print_text(text, "xmlcharrefreplace" if kind == "html" else "backslashreplace")
        return
    with new_file(path, kind) as out:
        out.write(text)


def new_file(path: Path, kind: str) -> TextIO:
    """A file that was not there before, open for writing; UsageError where it is."""
    try:
        return path.open("x", encoding="ascii" if kind in ("jsonl", "pairs") else "utf-8", newline="\n")
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def add_pages(parser: argparse.ArgumentParser) -> None:
    """Add --out, which may be repeated: pages to write beside what is printed."""
    parser.add_argument(
        "--out", type=Path, action="append", default=[], metavar="FILE.md|FILE.html", help="also as a page; repeatable"
    )


def check_pages(paths: Sequence[Path]) -> None:
    """UsageError for a page that cannot be written."""
    for path in paths:
        if path.suffix not in (".md", ".html"):
            raise UsageError(f"{path}: a page is .md or .html")
        if path.exists():
            raise UsageError(f"{path} exists already; choose another name")


def write_pages(paths: Sequence[Path], pages: Mapping[str, str]) -> None:
    """Write each page, which `pages` holds by suffix, to a new file."""
    for path in paths:
        with new_file(path, path.suffix) as out:
            out.write(pages[path.suffix])
        say(f"written to {path}")


def unwritten(path: Path, error: OSError) -> UsageError:
    """The error to raise where an output could not be written, such as on a full disk."""
    return UsageError(f"{error.filename or path}: {error.strerror or error}")


def counted(number: int, noun: str) -> str:
    """A number and its noun: `1 session`, `2 sessions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_line(words: str) -> str:
    """Words as a single line that a terminal can show."""
    return words.replace("\n", " ").encode("utf-8", "backslashreplace").decode()


def read_items(file: str | Path) -> "list[Example]":
    """The items of a file in any form; where it is not plain ITEMS.jsonl, what was understood is told."""
    from grm_core.formats.foreign import reading

    understood = reading.read_items(file)
    if not understood.plain or understood.left_out:
        say(f"{file}: {understood.words()}")
    return understood.items


def add_db(parser: argparse.ArgumentParser) -> None:
    """Add --db."""
    parser.add_argument(
        "--db", type=Path, default=default_path(), metavar="FILE", help="database (default: %(default)s)"
    )


def existing(database: Path) -> Path:
    """The database; UsageError where there is none, so that a mistyped name does not become an empty one."""
    if not database.is_file():
        raise UsageError(f"database {database}: there is no such file")
    return database


def whole(low: int, high: int) -> Callable[[str], int]:
    """An argument type: a whole number in low..high."""
    return _number(int, "whole number", low, high)


def real(low: float, high: float) -> Callable[[str], float]:
    """An argument type: a number in low..high."""
    return _number(float, "number", low, high)


def _number(kind: Callable[[str], Any], name: str, low: float, high: float) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a {name} from {low} to {high}")
        return value

    return read
