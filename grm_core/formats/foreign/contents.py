"""Bytes -> records. The kind of a file (JSON Lines, JSON, CSV, Parquet) and its encoding follow from its content."""

import ast
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from grm_core.errors import UsageError
from grm_core.formats import lines

Json = dict[str, Any]
_OTHERS = {
    re.compile(rb"\APK\x03\x04.*xl/", re.DOTALL): "an Excel workbook; save the sheet as CSV UTF-8",
    re.compile(rb"\A\xd0\xcf\x11\xe0"): "an old Excel workbook or another Office file; save it as CSV UTF-8",
    re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?://|/\*|#[^\n,;|\t]*\n)"): (
        "it begins with a comment or a heading, which neither JSON nor a table has; take it out"
    ),
    re.compile(rb"\APK\x03\x04"): "a ZIP archive or an Office file; unpack it, or save it as CSV UTF-8",
    re.compile(rb"\A\s*<(?:!doctype|html|\?xml)", re.IGNORECASE): "a page of HTML or XML; download the file itself",
    re.compile(rb"\Aversion https://git-lfs"): "a pointer of Git LFS; fetch the file itself with `git lfs pull`",
    re.compile(rb"\ASQLite format 3"): "a SQLite database; export what is to be judged as JSON Lines",
}
"""How files begin that hold no records of ours, and what to do."""
GZIP = b"\x1f\x8b"
"""How a gzipped file begins."""
_UTF8, _UTF16 = "UTF-8", "UTF-16"
_SPACE = re.compile(r"[ \t\r\n]*")
_JSON_START = re.compile(rb"""[\[{"]|-?\d|(?:true|false|null|NaN|-?Infinity)\b""")
_DELIMITERS = ",;\t|"
_HOLDERS = ("data", "rows", "items", "examples", "records", "instances", "train", "test", "validation")
_LISTS = (
    *("responses", "candidates", "completions", "generations", "outputs", "answers"),
    *("labels", "ratings", "scores", "rewards", "models"),
)
"""Columns of a table whose cells are lists, written as JSON or by Python."""

_UNPACKED_MOST = 100
"""Times its packed size that a large file may have unpacked: texts have ten, files made to fill memory a thousand."""


class Record(NamedTuple):
    """One record of a file."""

    place: str
    """Where it stands, for messages: line 3, row 3."""
    value: Json


class Contents(NamedTuple):
    """A file as it was understood."""

    kind: str
    """JSON Lines, JSON, CSV or Parquet."""
    encoding: str
    records: Iterator[Record]
    """Read as they are asked for; UsageError names file and line of the one that is broken."""
    whole: Any = None
    """Of a JSON file that is one value: that value."""


def of(data: bytes, name: str) -> Contents:
    """The kind, encoding and records of a file's bytes; UsageError, with its `name`, where they cannot be read."""
    data = unpacked(data, name)
    if hint := next((hint for sign, hint in _OTHERS.items() if sign.search(data[:4096])), ""):
        raise UsageError(f"{name}: {hint}")
    if data.startswith(b"PAR1"):
        return Contents("Parquet", "binary", _parquet(data, name))
    encoding, text = decoded(data, name)
    kind = kind_of(text)
    if kind == "CSV":
        return Contents(kind, encoding, _table(string(text, name), name))
    if kind == "JSON":
        values = list(json_values(string(text, name), name, lines.UNIQUE))
        whole = values[0][1] if len(values) == 1 else [value for _, value in values]
        one_line = isinstance(whole, dict) and b"\n" not in text.strip() and _records_in(whole) == [whole]
        one_line = one_line and not text.lstrip().startswith(b"[")
        return Contents("JSON Lines" if one_line else kind, encoding, _records(values, name), whole)
    if text.strip() and not _JSON_START.match(text.lstrip()):
        raise UsageError(f"{name}, line 1: not JSON, nor a table whose first line names its columns")
    return Contents(kind, encoding, _lines(text, name))


def unpacked(data: bytes, name: str) -> bytes:
    """The bytes, out of gzip where they are in it."""
    if not data.startswith(GZIP):
        return data
    most = min(lines.FILE_LIMIT, max(lines.LINE_LIMIT, _UNPACKED_MOST * len(data)))
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            plain = stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{name}: not gzip that can be read: {error}") from None
    if len(plain) > most:
        raise UsageError(f"{name}: unpacked it is larger than {most:,} bytes; split it")
    return plain


def decoded(data: bytes, name: str) -> tuple[str, bytes]:
    """(encoding, the same in UTF-8 without a byte-order mark)."""
    if data.startswith(b"\xef\xbb\xbf"):
        return f"{_UTF8} with a byte-order mark", data[3:]
    wide = _wide(data)
    if not wide:
        return _UTF8, data
    try:
        text = data.decode(wide).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: {_UTF16} that is broken at byte {error.start + 1}") from None
    return _UTF16, text.encode("utf-8", "surrogatepass")


def _wide(data: bytes) -> str:
    """The codec of UTF-16, '' where it is none; without a byte-order mark, an ASCII sign has a zero beside it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    first = data[:2]
    if len(first) < 2 or (0 in first) is False:
        return ""
    return "utf-16-le" if first[1] == 0 else "utf-16-be"


def kind_of(text: bytes) -> str:
    """JSON Lines, JSON or CSV; what is none of them is called JSON Lines, whose messages name the line."""
    start = text.lstrip()
    if start.startswith(b"["):
        return "JSON" if start[1:].lstrip().startswith((b"{", b"]")) else "JSON Lines"
    if start.startswith(b"{"):
        head = [line for line in start.split(b"\n", 20)[:20] if line.strip()]
        objects = [_is_object(line) for line in head]
        return "JSON Lines" if (objects[0] and len(head) > 1) or (any(objects[1:]) and not _pretty(head)) else "JSON"
    return "CSV" if _is_table(start) else "JSON Lines"


def _pretty(head: Sequence[bytes]) -> bool:
    """Whether the first line only opens something that others close."""
    return head[0].rstrip().endswith((b"{", b"[", b","))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def string(text: bytes, name: str) -> str:
    """The text in UTF-8; UsageError names the line that is none."""
    try:
        return text.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        number = text.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{name}, line {number}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8 "
            '(Excel calls it "CSV UTF-8")'
        ) from None


def _lines(text: bytes, name: str) -> Iterator[Record]:
    for line in lines.read(io.BytesIO(text), name, decoder=lines.UNIQUE):
        yield Record(f"line {line.number}", line.value)


def _records(values: Sequence[tuple[int, Any]], name: str) -> Iterator[Record]:
    """Records of a JSON file: those of its list, of the list in its one object, or of its columns."""
    if len(values) == 1 and isinstance(values[0][1], dict):
        line, value = values[0]
        values = [(line, each) for each in _records_in(value)]
        numbered = len(values) > 1
    else:
        numbered = False
    for number, (line, value) in enumerate(values, 1):
        place = f"record {number}" if numbered else f"line {line}"
        if not isinstance(value, dict):
            raise UsageError(f"{name}, {place}: {lines.NO_OBJECT}")
        yield Record(place, value)


def _records_in(value: Json) -> list[Any]:
    """The records that an object holds; itself, where it is one."""
    for name in _HOLDERS:
        inside = value.get(name)
        if isinstance(inside, list) and inside and all(isinstance(each, dict) for each in inside):
            return [each["row"] if isinstance(each.get("row"), dict) else each for each in inside]
    if value and all(name.isdecimal() and isinstance(row, dict) for name, row in value.items()):
        return list(value.values())
    return columns(value) or [value]


def columns(value: Json) -> list[Json]:
    """The rows of a table that is written column by column, as lists or as objects by number; [] for what is none."""
    if value and all(isinstance(column, dict) and "0" in column for column in value.values()):
        keys = list(next(iter(value.values())))
        return [{name: column.get(key) for name, column in value.items()} for key in keys]
    named = next((value[name] for name in ("id", "prompt", "instruction", "question") if name in value), None)
    if not isinstance(named, list) or not named or not isinstance(named[0], str | int):
        return []
    size = len(named)
    spread = {name: column if _is_column(column, size) else [column] * size for name, column in value.items()}
    return [{name: column[row] for name, column in spread.items()} for row in range(size)]


def _is_column(value: Any, size: int) -> bool:
    return isinstance(value, list) and len(value) == size


def json_values(text: str, name: str, decoder: json.JSONDecoder) -> Iterator[tuple[int, Any]]:
    """(line, value) of the elements of a list, or of one value after the other; UsageError names a broken line."""
    at = _skip(text, 0)
    in_list = text.startswith("[", at)
    line, counted = 1, 0
    at = _skip(text, at + 1) if in_list else at
    while at < len(text) and not (in_list and text[at] == "]"):
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, at = decoder.raw_decode(text, at)
            yield line, value
            at = _next(text, _skip(text, at), in_list)
        except json.JSONDecodeError as error:
            raise UsageError(f"{name}, line {error.lineno}: not JSON: {lines.where(error)}") from None
        except UsageError as error:
            raise UsageError(f"{name}, line {line}: {error}") from None
        except (RecursionError, ValueError) as error:
            raise UsageError(f"{name}, line {line}: not JSON that can be read: {type(error).__name__}") from None
    if in_list and at >= len(text):
        raise UsageError(f"{name}, line {text.count(chr(10)) + 1}: not JSON: the list is not closed")
    if in_list and (after := _skip(text, at + 1)) < len(text):
        raise UsageError(f"{name}, line {text.count(chr(10), 0, after) + 1}: not JSON: more stands after the list")


def _next(text: str, at: int, in_list: bool) -> int:
    """Where the next value begins, after the comma in a list."""
    if not in_list or text.startswith("]", at):
        return at
    if not text.startswith(",", at):
        raise json.JSONDecodeError("Expecting ',' or ']'", text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _parquet(data: bytes, name: str) -> Iterator[Record]:
    for number, row in enumerate(table(data, name), 1):
        yield Record(f"row {number}", row)


def table(data: bytes, name: str) -> list[Json]:
    """The rows of a Parquet file; UsageError, with its `name`, where it cannot be read."""
    import pyarrow
    import pyarrow.parquet

    try:
        rows: list[Json] = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise UsageError(f"{name}: not Parquet that can be read: {str(error).splitlines()[0]}") from None
    return rows


def _is_table(start: bytes) -> bool:
    """Whether the first line can be the header of a table: two or more short names."""
    header = start.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    if header.lower().startswith("sep=") and len(header) == 5:
        return True
    names = _header(header)
    return len(names) > 1 and all(re.fullmatch(r"[\w .()/-]{1,40}", name) for name in names)


def _header(line: str) -> list[str]:
    row = next(csv.reader([line], delimiter=_delimiter(line)), [])
    return [name.strip() for name in row]


def _delimiter(header: str) -> str:
    """The sign between the cells of this first line of a table."""
    return max(_DELIMITERS, key=header.count)


def cells(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row of a table, the header first and blank rows left out; UsageError names a broken line.

    All rows have as many cells as the header.
    """
    csv.field_size_limit(2**31 - 1)  # a response may be longer than the 128 KB that the module allows by default
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # Excel's own word for the delimiter
        text, skipped = rest, 1
    mark = first.strip()[4] if skipped else _delimiter(text.lstrip().partition("\n")[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    before = width = 0
    try:
        for row in reader:
            number, before = skipped + before + 1, reader.line_num
            if not any(row):
                continue
            width = width or len(row)
            if len(row) != width:
                raise UsageError(f"{name}, line {number}: {len(row)} cells, and the header has {width}")
            yield number, row
    except csv.Error as error:
        raise UsageError(f"{name}, line {skipped + reader.line_num}: {error}") from None


def _table(text: str, name: str) -> Iterator[Record]:
    rows = cells(text, name)
    line, header = next(rows, (0, []))
    names = [_column(cell) for cell in header]
    if twice := lines.repeated(filter(None, names)):
        raise UsageError(f"{name}, line {line}: there are two columns {twice!r}")
    for number, row in rows:
        yield Record(f"line {number}", {column: _cell(column, cell) for column, cell in zip(names, row, strict=True)})


def record_of(row: Mapping[str, str]) -> Json:
    """The record of a table's row, which has the header's own words: `Response A` becomes `response_a`."""
    return {_column(name): _cell(_column(name), cell) for name, cell in row.items()}


def _column(name: str) -> str:
    return re.sub(r"[^\w]+", "_", name.strip().lower())


def _cell(column: str, text: str) -> Any:
    """A cell's text, or the list that it holds: of turns, or in a column of lists."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    value = _literal(text)
    turns = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    if turns and any({"role", "from"} & each.keys() for each in value):
        return value
    return value if column in _LISTS and isinstance(value, list | dict) else text


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # pandas writes lists as Python does
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    # "['a' 'b']" of numpy would be read as one text.
    return value if repr(value) == text.strip() else text
