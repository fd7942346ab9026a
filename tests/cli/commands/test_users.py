"""`users` writes a file of logins, and says in a line what is no login."""

import io
from pathlib import Path

import pytest

from runs import logins
from tests.cli.conftest import Command


def test_a_login_is_written_and_taken_out(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "users"
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    done = command("users", file, "ann", "--role", "viewer")
    assert (done.code, "ann is viewer" in done.words) == (0, True)
    (login,) = logins.read(file)
    assert logins.matches("a long password", login.secret)
    assert command("users", file, "ann", "--remove").code == 0
    assert logins.read(file) == ()


@pytest.mark.parametrize(
    ("file", "name", "password", "words"),
    [
        ("users", "ann", "", "the password is empty"),
        ("users", "ann:b", "a long password", "a name has no colon"),
        ("nowhere/users", "ann", "a long password", "No such file or directory"),
        ("items.jsonl", "ann", "a long password", "expected NAME:ROLE:HASH"),
    ],
)
def test_what_is_no_login_leaves_everything_as_it_was(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, name: str, password: str, words: str
) -> None:
    (tmp_path / "items.jsonl").write_text('{"id": "a"}\n')
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    done = command("users", tmp_path / file, name)
    assert (done.code, words in done.words, len(done.words.splitlines())) == (2, True, 1), done.words
    assert (tmp_path / "items.jsonl").read_text() == '{"id": "a"}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["items.jsonl"]
