"""JSON Lines as we write them (one canonical form) and as we read them (anybody's, checked, with line numbers)."""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

from grm_core.errors import UsageError

FILE_LIMIT = 2**30
"""Bytes of one file that are read, by default: it is held in memory while it is checked."""
LINE_LIMIT = 64 * 2**20
_BOM = b"\xef\xbb\xbf"

Source = str | Path | BinaryIO
"""A file, '-' for standard input, or a stream of bytes."""


NO_OBJECT = "each record must be a JSON object"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose keys stand there once; UsageError for one that does not."""
    record = dict(pairs)
    if len(record) < len(pairs):
        raise UsageError(f"{repeated(name for name, _ in pairs)[:80]!r} stands there twice")
    return record


def repeated(names: Iterable[str]) -> str:
    """The first name that stood there before; '' for none."""
    before: set[str] = set()
    for name in names:
        if name in before:
            return name
        before.add(name)
    return ""


def _no_constant(name: str) -> NoReturn:
    raise UsageError(f"not JSON that can be read: {name} is not JSON")


ANY = json.JSONDecoder()
UNIQUE = json.JSONDecoder(object_pairs_hook=_once)
"""Refuses an object that has a key twice, of which JSON readers silently drop one."""
FINITE = json.JSONDecoder(parse_constant=_no_constant)
"""Refuses NaN and infinities."""
_CANONICAL, _COMPACT = (
    json.JSONEncoder(ensure_ascii=is_ascii, allow_nan=False, separators=(",", ":")) for is_ascii in (True, False)
)


class Line(NamedTuple):
    """One object of a file."""

    number: int
    """1-based."""
    value: dict[str, Any]


class RawLine(NamedTuple):
    """One line of a file as it stands there."""

    number: int
    """1-based."""
    data: bytes


def canonical(value: Any) -> str:
    """One line of JSON without a line end: ASCII, compact, keys in the given order.

    Everything that is not ASCII is escaped, so that lone surrogates and NUL survive any tool. ValueError for NaN and
    infinities, which are not JSON.
    """
    return _CANONICAL.encode(value)


def compact(value: Any) -> str:
    """As `canonical`, but readable: only where some text has a lone surrogate is everything escaped."""
    text = _COMPACT.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return canonical(value)
    return text


def digest(text: str) -> str:
    """A short name that follows from content."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def name_of(source: Source, name: str | None = None) -> str:
    """The name of a source in messages; `name` is that of a stream."""
    if not isinstance(source, str | Path):
        return name or "input"
    return "standard input" if str(source) == "-" else str(source)


def read(
    source: Source, name: str | None = None, limit: int = FILE_LIMIT, decoder: json.JSONDecoder = ANY
) -> Iterator[Line]:
    """Yield the objects of a source, blank lines skipped; UsageError names the file and the line that is broken.

    `decoder` says what else is broken: with UNIQUE an object that has a key twice, with FINITE a NaN.
    """
    name = name_of(source, name)
    for number, data in read_raw(source, name, limit):
        with located(name, number):
            value = parse(data, decoder)
        yield Line(number, value)


def read_raw(source: Source, name: str | None = None, limit: int = FILE_LIMIT) -> Iterator[RawLine]:
    """Yield the lines of a source that are not blank; UsageError where it cannot be read or is too large."""
    name = name_of(source, name)
    try:
        with _opened(source) as stream:
            yield from _split(stream, name, limit)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None


def read_bytes(source: Source, name: str | None = None, limit: int = FILE_LIMIT) -> bytes:
    """All bytes of a source; UsageError where it cannot be read or is too large."""
    name = name_of(source, name)
    try:
        with _opened(source) as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None
    if len(data) > limit:
        raise UsageError(f"{name}: the file is larger than {limit:,} bytes; split it")
    return data


def where(error: json.JSONDecodeError) -> str:
    """The fault of JSON and its column."""
    if error.doc.startswith(("//", "/*", "#"), error.pos):
        return f"a comment at column {error.colno}; JSON has none, take it out"
    return f"{error.msg.removesuffix(' at')} at column {error.colno}"


def parse(data: bytes, decoder: json.JSONDecoder = ANY) -> dict[str, Any]:
    """The object of a line; UsageError says what is wrong with it."""
    try:
        value = decoder.decode(data.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {where(error)}") from None
    except (RecursionError, ValueError) as error:
        # Thousands of open brackets, or a number of thousands of digits.
        raise UsageError(f"not JSON that can be read: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise UsageError(NO_OBJECT)
    return value


@contextmanager
def located(name: str, number: int) -> Iterator[None]:
    """Put file and line before the message of a UsageError that is raised inside."""
    try:
        yield
    except UsageError as error:
        prefix = f"{name}, line {number}: "
        message = str(error)
        raise UsageError(message if message.startswith(prefix) else prefix + message) from None


def _opened(source: Source) -> AbstractContextManager[BinaryIO]:
    if not isinstance(source, str | Path):
        return nullcontext(source)
    return nullcontext(sys.stdin.buffer) if str(source) == "-" else open(source, "rb")


def _split(stream: BinaryIO, name: str, limit: int) -> Iterator[RawLine]:
    number = total = 0
    # Only "\n" ends a line: U+2028 and its like are legal inside JSON strings.
    while data := stream.readline(LINE_LIMIT + 1):
        number += 1
        total += len(data)
        if len(data) > LINE_LIMIT:
            raise UsageError(f"{name}, line {number}: the line is longer than {LINE_LIMIT:,} bytes")
        if total > limit:
            raise UsageError(f"{name}, line {number}: the file is larger than {limit:,} bytes; split it")
        if number == 1:
            data = data.removeprefix(_BOM)
        if data.strip():
            yield RawLine(number, data)
