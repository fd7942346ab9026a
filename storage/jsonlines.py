"""JSON Lines as we write them (one canonical form) and as we read them (anybody's, checked, with line numbers)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from grm_core.errors import UsageError

FILE_LIMIT = 2**30
"""Bytes of one file that are read, by default: it is held in memory while it is checked."""
LINE_LIMIT = 64 * 2**20
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One object of a file."""

    number: int
    """1-based."""
    value: dict[str, Any]


def canonical(value: Any) -> str:
    """One line of JSON without a line end: ASCII, compact, keys in the given order.

    Everything that is not ASCII is escaped, so that lone surrogates and NUL survive any tool. ValueError for NaN and
    infinities, which are not JSON.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def compact(value: Any) -> str:
    """As `canonical`, but readable: only where some text has a lone surrogate is everything escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return canonical(value)
    return text


def read(path: str | Path, limit: int = FILE_LIMIT, unique: bool = False) -> Iterator[Line]:
    """Yield the objects of a file, blank lines skipped; UsageError names the file and the line that is broken.

    `unique`: an object that has a key twice, of which JSON readers silently drop one, is broken too.
    """
    try:
        with open(path, "rb") as file:
            yield from parse(file, str(path), limit, unique)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def parse(stream: BinaryIO, name: str, limit: int = FILE_LIMIT, unique: bool = False) -> Iterator[Line]:
    """Yield the objects of a byte stream that messages call `name`; `unique` as in `read`."""
    total = 0
    number = 0
    # Only "\n" ends a line: U+2028 and its like are legal inside JSON strings.
    while raw := stream.readline(LINE_LIMIT + 1):
        number += 1
        total += len(raw)
        with located(name, number):
            if len(raw) > LINE_LIMIT:
                raise UsageError(f"the line is longer than {LINE_LIMIT:,} bytes")
            if total > limit:
                raise UsageError(f"the file is larger than {limit:,} bytes; split it")
            if number == 1:
                raw = raw.removeprefix(_BOM)
            if raw.strip():
                yield Line(number, _object(raw, unique))


@contextmanager
def located(name: str, number: int) -> Iterator[None]:
    """Put file and line before the message of a UsageError that is raised inside."""
    try:
        yield
    except UsageError as error:
        prefix = f"{name}, line {number}: "
        message = str(error)
        raise UsageError(message if message.startswith(prefix) else prefix + message) from None


def _object(raw: bytes, unique: bool) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once if unique else None)
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {error.msg} at column {error.colno}") from None
    except (RecursionError, ValueError) as error:
        # Thousands of open brackets, or a number of thousands of digits.
        raise UsageError(f"not JSON that can be read: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise UsageError("each line must be a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"{twice[:80]!r} stands there twice")
    return found
