"""Keys of the endpoint: only their SHA-256 is kept, in memory and in files."""

import hashlib
import hmac
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grm_core.errors import UsageError
from runs.turns import Busy

SHORTEST = 16
"""Characters of a key: a plain hash protects only what nobody can guess."""
_LINE = re.compile(r"([\w.@-]{1,64}) ([0-9a-f]{64})")


def hashed(key: str) -> str:
    """The SHA-256 of a key, in hex. UsageError for one that is short."""
    if len(key) < SHORTEST:
        raise UsageError(f"a key needs at least {SHORTEST} characters")
    return hashlib.sha256(key.encode()).hexdigest()


def read(path: Path) -> list[tuple[str, str]]:
    """The names and hashes of a file of keys; UsageError for what is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    keys = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise UsageError(f"{path}, line {number}: a line is a name and the SHA-256 of its key")
        keys.append((match[1], match[2]))
    return keys


def add(path: Path, name: str) -> str:
    """A new key of this name, whose hash is added to the file; the key itself is kept nowhere."""
    key = secrets.token_urlsafe(32)
    line = f"{name} {hashed(key)}"
    if not _LINE.fullmatch(line):
        raise UsageError(f"{name}: a name has up to 64 letters, digits and _ . @ -")
    if path.exists() and name in dict(read(path)):
        raise UsageError(f"{path}: there is a key {name} already")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as out:
        out.write(line + "\n")
    return key


class Door:
    """Who may ask, and how much at the same time."""

    def __init__(self, keys: Sequence[tuple[str, str]], limit: int) -> None:
        """`limit`: requests of one key at the same time, of all together where there are no keys."""
        self._keys, self._limit = tuple(keys), limit
        self._inside: Counter[str] = Counter()

    def name(self, authorization: str | None) -> str | None:
        """The name of the key in an Authorization header; '' where none is asked for, None where it is wrong."""
        if not self._keys:
            return ""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = hashlib.sha256(key.strip().encode("utf-8", "surrogateescape")).hexdigest()
        matches = [name for name, own in self._keys if hmac.compare_digest(own, digest)]
        return matches[0] if matches else None

    @contextmanager
    def inside(self, name: str, seconds: int) -> Iterator[None]:
        """Count a request while the block runs; Busy, to come again after so many seconds, beyond the limit."""
        if self._inside[name] >= self._limit:
            raise Busy(f"{self._limit} requests of this key are under way already", seconds)
        self._inside[name] += 1
        try:
            yield
        finally:
            self._inside[name] -= 1
