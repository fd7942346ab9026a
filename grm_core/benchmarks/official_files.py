"""The rows of a benchmark's official files: JSONL, JSON, CSV or Parquet, alone, in a folder or in a zip.

What a file is says its content; names only choose which files of a folder are read.
Every field is checked when it is asked for, so that a message names file, line and field. A zip with a password is
read member by member in memory; nothing of it is written.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.foreign import contents
from grm_core.types import ROLES, Message

_KINDS = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
Choose = Callable[[Sequence[str]], Sequence[str]]
"""Names of the files that are there -> those that hold the benchmark."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A data set on the Hugging Face hub."""

    name: str
    split: str | None = None
    """None = all of them."""
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One record."""

    file: str
    """Path of the file as it was given, or name and split on the hub; '/' between its parts."""
    number: int
    """0-based among the file's records."""
    place: str
    """For messages: file and line, or file and record."""
    value: dict[str, Any]
    is_table: bool = False
    """Whether it is a line of CSV: its keys are the header's words, all its values text."""
    within: str = ""
    """Of a nested object: where it stands in the record, with a dot at its end."""

    def parts(self) -> tuple[str, ...]:
        """The last six parts of the file's path, innermost first: official names of folders and files say much."""
        return Path(self.file).absolute().parts[:-7:-1]

    def fail(self, message: str) -> NoReturn:
        """Refuse the record."""
        raise UsageError(f"{self.place}: {message}")

    def need(self, name: str) -> Any:
        """The field's value."""
        value = self.value.get(name)
        if value is None:
            self.fail(f'"{self.within}{name}" is missing')
        return value

    def text(self, name: str) -> str:
        """A text."""
        value = self.need(name)
        if not isinstance(value, str):
            self.fail(f'"{self.within}{name}" must be text')
        return value

    def name(self, name: str) -> str:
        """An id: text that is not empty, or a whole number."""
        value = self.need(name)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            self.fail(f'"{self.within}{name}" must be text or a whole number')
        return str(value)

    def sequence(self, name: str) -> Sequence[Any]:
        """A list; in CSV it is written as JSON."""
        value = self.need(name)
        if isinstance(value, str) and value.startswith("["):
            try:
                value = lines.FINITE.decode(value)
            except (ValueError, RecursionError, UsageError):
                self.fail(f'"{self.within}{name}" must be a list')
        if not isinstance(value, list):
            self.fail(f'"{self.within}{name}" must be a list')
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts that is not empty."""
        values = self.sequence(name)
        if not values or not all(isinstance(each, str) for each in values):
            self.fail(f'"{self.within}{name}" must be a list of texts')
        return tuple(values)

    def inside(self, name: str) -> "Row":
        """A nested object."""
        return self.nested(self.need(name), name)

    def nested(self, value: Any, name: str) -> "Row":
        """An object that stands in the record under this name."""
        if not isinstance(value, dict):
            self.fail(f'"{self.within}{name}" must be an object')
        return replace(self, value=value, within=f"{self.within}{name}.")

    def one_of(self, name: str, choices: Sequence[str]) -> str:
        """A text or whole number that is one of these."""
        value = self.need(name)
        if isinstance(value, bool) or str(value) not in choices:
            self.fail(f'"{self.within}{name}" must be one of {", ".join(choices)}')
        return str(value)

    def query(self, name: str) -> tuple[Message, ...]:
        """A prompt: a text, or a list of turns with role and content."""
        if isinstance(self.need(name), str) and not _is_turns(self.text(name)):
            return (Message("user", self.text(name)),)
        turns = [self.nested(turn, f"{name}[{i}]") for i, turn in enumerate(self.sequence(name))]
        return tuple(Message(turn.one_of("role", ROLES), turn.text("content")) for turn in turns)


def _is_turns(text: str) -> bool:
    """Whether a text is a list of turns as a table holds it, and not a prompt that begins like one."""
    if not text.startswith("[{"):
        return False
    try:
        turns = json.loads(text)
    except ValueError:
        return False
    return all(isinstance(turn, dict) and {"role", "content"} <= turn.keys() for turn in turns)


def read(
    source: str | Path, choose: Choose = list, password: bytes | None = None, hubs: Sequence[Hub] = ()
) -> Iterator[Row]:
    """The records of a file, folder or zip, or of a data set on the hub, file after file in order of their names.

    'hub' means the benchmark's own data sets, 'hub:owner/name' another; so does 'owner/name' where no such file is.
    Raises UsageError naming the place of what cannot be read, and where there is nothing at all.
    """
    name, path = str(source), Path(source)
    if name in ("hub", "hub:"):
        wanted = list(hubs)
        if not wanted:
            raise UsageError("this benchmark has no place on the hub; give a file")
    elif name.startswith("hub:"):
        wanted = _hub(name.removeprefix("hub:"), hubs)
    elif not path.exists() and _HUB_ID.fullmatch(name):
        wanted = _hub(name, hubs)
    else:
        wanted = []
    any_rows = False
    for row in (row for hub in wanted for row in _from_hub(hub)) if wanted else _local(path, choose, password):
        any_rows = True
        yield row
    if not any_rows:
        raise UsageError(f"{name}: there are no records in it")


def _hub(name: str, hubs: Sequence[Hub]) -> list[Hub]:
    """A named data set, all its parts; its split is the one that the benchmark's own data sets have in common."""
    splits = {hub.split for hub in hubs}
    return [hub for hub in hubs if hub.name == name] or [Hub(name, splits.pop() if len(splits) == 1 else None)]


def _from_hub(hub: Hub) -> Iterator[Row]:
    from datasets import DatasetDict, load_dataset
    from datasets.exceptions import DatasetsError

    try:
        loaded = load_dataset(hub.name, hub.config, split=hub.split)
    except (OSError, ValueError, RuntimeError, DatasetsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"{hub.name} is no file here and cannot be loaded from the hub: {reason}; give a local path"
        ) from None
    parts = loaded if isinstance(loaded, DatasetDict) else {hub.split: loaded}
    for split, part in parts.items():
        for number, value in enumerate(part):
            yield Row(f"{hub.name}/{split}", number, f"{hub.name}, {split}, record {number + 1}", dict(value))


def _local(path: Path, choose: Choose, password: bytes | None) -> Iterator[Row]:
    try:
        if path.is_dir():
            names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
            chosen = _chosen(names, choose)
            for name in chosen:
                yield from _records((path / name).read_bytes(), (path / name).as_posix())
            for name in sorted(name for name in names if name.endswith(".zip") and not chosen):
                yield from _zipped(path / name, choose, password)
        elif zipfile.is_zipfile(path):
            yield from _zipped(path, choose, password)
        else:
            yield from _records(path.read_bytes(), path.as_posix())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _chosen(names: Sequence[str], choose: Choose) -> Sequence[str]:
    return choose(sorted(name for name in names if name.endswith(_KINDS)))


def _zipped(path: Path, choose: Choose, password: bytes | None) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in _chosen(archive.namelist(), choose):
                yield from _records(archive.read(name, password), f"{path.as_posix()}/{name}")
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path}: {error}") from None


def _records(data: bytes, file: str) -> Iterator[Row]:
    if file.endswith(".parquet") or data.startswith(b"PAR1"):
        values = enumerate(contents.table(data, file))
        yield from (Row(file, i, f"{file}, record {i + 1}", value) for i, value in values)
        return
    if file.endswith(".gz") and not data.startswith(contents.GZIP):
        raise UsageError(f"{file}: not gzip, as its name says")
    _, plain = contents.decoded(contents.unpacked(data, file), file)
    kind = _kind(plain, file)
    if kind == "CSV":
        yield from _csv(contents.string(plain, file), file)
    elif kind == "JSON":
        for i, value in enumerate(_json(contents.string(plain, file), file)):
            yield _row(file, i, f"{file}, record {i + 1}", value)
    else:
        for i, line in enumerate(lines.read(io.BytesIO(plain), file, decoder=lines.FINITE)):
            yield Row(file, i, f"{file}, line {line.number}", line.value)


def _kind(plain: bytes, file: str) -> str:
    """JSON Lines, JSON or CSV; the file's name decides where the content leaves it open: one line, one object."""
    kind = contents.kind_of(plain)
    if not file.endswith(_KINDS) and kind == "JSON Lines" and not plain.lstrip().startswith(b"{"):
        raise UsageError(f"{file}: not one of {', '.join(_KINDS)}, .zip, a folder, or a data set's name on the hub")
    if file.endswith(".csv") and not plain.lstrip().startswith((b"{", b"[")):
        return "CSV"
    if b"\n" not in plain.strip() and plain.lstrip().startswith(b"{"):
        return "JSON" if file.endswith(".json") else "JSON Lines"
    several = kind == "JSON Lines" and plain.lstrip().startswith(b"{")
    return "JSON" if file.endswith(".json") and not several else kind


def _row(file: str, number: int, place: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise UsageError(f"{place}: {lines.NO_OBJECT}")
    return Row(file, number, place, value)


def _json(text: str, file: str) -> list[Any]:
    """A list of records, or an object that is one or holds one list of them."""
    values = [value for _, value in contents.json_values(text, file, lines.FINITE)]
    if text.lstrip().startswith("["):
        return values
    if not all(isinstance(value, dict) for value in values):
        raise UsageError(f"{file}: must hold a list of records")
    inside = [each for value in values for each in value.values() if isinstance(each, list)]
    return inside[0] if len(values) == len(inside) == 1 == len(values[0]) else values


def _csv(text: str, file: str) -> Iterator[Row]:
    rows = contents.cells(text, file)
    _, names = next(rows, (0, []))
    for i, (number, row) in enumerate(rows):
        yield Row(file, i, f"{file}, line {number}", dict(zip(names, row, strict=True)), True)
