"""Logins: who may do what, and passwords that are kept as hashes only."""

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from grm_core.errors import UsageError

VIEWER, ANNOTATOR, ADMIN = ROLES = ("viewer", "annotator", "admin")
"""Reads; also judges, labels and puts away what is his or hers; also puts away others' and reads the audit log."""
PASSWORD_MOST = 1000
_NAME = re.compile(r"[^\s:#][^:#\x00-\x1f]{0,79}")
_COST, _BLOCK, _LANES = 2**14, 8, 1
_EXPECTED = "NAME:ROLE:HASH, as `app.py users FILE NAME` writes it"


class Login(NamedTuple):
    """Somebody who may come in."""

    name: str
    role: str
    secret: str
    """The password's hash."""


def login_of(text: str, role: str, option: str) -> Login:
    """USER:PASS as a login. Raises UsageError for anything else."""
    name, colon, password = text.partition(":")
    named = _NAME.fullmatch(name) and name.isprintable()
    if not (colon and password and named and len(password) <= PASSWORD_MOST):
        raise UsageError(f"{option} needs USER:PASS, with a colon between the two")
    return Login(name, role, hashed(password))


def hashed(password: str) -> str:
    """scrypt$cost$salt$hash; a new salt at every call."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_COST}${_text(salt)}${_text(_derive(password, salt, _COST))}"


def matches(password: str, secret: str) -> bool:
    """Whether it is the password of this hash; takes some 50 ms."""
    _, cost, salt, digest = secret.split("$")
    return hmac.compare_digest(_derive(password, base64.b64decode(salt), int(cost)), base64.b64decode(digest))


def read(path: Path) -> tuple[Login, ...]:
    """The logins of a file, one a line; # begins a comment. Raises UsageError naming the line that is none."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', '') or 'not UTF-8'}") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    logins = tuple(_login(path, number, line) for number, line in lines if line and not line.startswith("#"))
    if len({login.name for login in logins}) < len(logins):
        raise UsageError(f"{path}: a name stands there twice")
    return logins


def put(path: Path, login: Login | None, name: str) -> None:
    """Write a login into a file in place of the one of that name; None takes it out. Only its owner may read it."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition(":")[0].strip() != name]
    if login is not None:
        kept.append(":".join(login))
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in kept))
    new.replace(path)


def _login(path: Path, number: int, line: str) -> Login:
    parts = line.split(":")
    if len(parts) != 3 or parts[1] not in ROLES or not re.fullmatch(r"scrypt\$\d{1,7}\$[\w+/=]+\$[\w+/=]+", parts[2]):
        raise UsageError(f"{path}, line {number}: expected {_EXPECTED}; ROLE is one of {', '.join(ROLES)}")
    return Login(*parts)


def _derive(password: str, salt: bytes, cost: int) -> bytes:
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=cost, r=_BLOCK, p=_LANES, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
