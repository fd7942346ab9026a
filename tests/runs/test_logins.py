"""Logins in a file: hashes, roles, and words for what is no login."""

from pathlib import Path

import pytest

from grm_core.errors import UsageError
from runs import logins


def test_a_file_of_logins_holds_no_password(tmp_path: Path) -> None:
    path = tmp_path / "users"
    logins.put(path, logins.login_of("ann:s3cret:x", "annotator", "users"), "ann")
    logins.put(path, logins.login_of("bob:other", "viewer", "users"), "bob")
    logins.put(path, logins.login_of("ann:newer", "admin", "users"), "ann")
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "s3cret" not in text
    assert "newer" not in text
    bob, ann = logins.read(path)
    assert (ann.name, ann.role, bob.role) == ("ann", "admin", "viewer")
    assert logins.matches("newer", ann.secret)
    assert not logins.matches("s3cret:x", ann.secret)
    assert logins.hashed("a") != logins.hashed("a")


@pytest.mark.parametrize(
    "line", ["ann", "ann:king:scrypt$16384$YQ==$YQ==", "ann:admin:secret", "ann:admin:scrypt$1$?$?", "a:viewer:x:y"]
)
def test_a_line_that_is_no_login_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "users"
    path.write_text(f"# those of us\n\n{line}\n")
    with pytest.raises(UsageError, match=r"users, line 3: expected NAME:ROLE:HASH"):
        logins.read(path)


def test_a_name_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "users"
    line = ":".join(logins.login_of("ann:a", "viewer", "users"))
    path.write_text(f"{line}\n{line}\n")
    with pytest.raises(UsageError, match="twice"):
        logins.read(path)
    with pytest.raises(UsageError, match="No such file"):
        logins.read(tmp_path / "none")
