"""Where the running app takes records for its database: one process writes, the others hand it what they have.

The address and a token stand in a file beside the database that only the user's account can read. It counts only while
the process that it names holds the database's lock, so one that is left behind means nothing.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from storage.errors import StoreError

ENDING = ".door"


class Door(NamedTuple):
    """How a process takes records."""

    process: int
    url: str
    """The address that the kinds of records stand below, without a slash at the end."""
    token: str


_DOOR: TypeAdapter[Door] = TypeAdapter(Door)


def new_token() -> str:
    """A secret that nobody can guess."""
    return secrets.token_urlsafe(32)


def path_of(database: Path) -> Path:
    """The file that tells of a database's door."""
    return Path(f"{os.path.realpath(database)}{ENDING}")


@contextmanager
def opened(database: Path, url: str, token: str) -> Iterator[None]:
    """Tell of this process's door while the block runs; it has to hold the database's lock."""
    path = path_of(database)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    # Made with these rights: nobody can have opened it before they were set.
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(_DOOR.dump_json(Door(os.getpid(), url, token)))
    os.replace(part, path)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def of(database: Path, holder: int | None) -> Door | None:
    """The door of the process that holds the database; None where it has none, or none yet.

    StoreError where it belongs to another user.
    """
    path = path_of(database)
    try:
        door = _DOOR.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except PermissionError:
        raise StoreError(f"process {holder} of another user is using it") from None
    except ValidationError:
        return None
    return door if door.process == holder else None
