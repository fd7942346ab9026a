"""Standard output in encodings that lack what is to be said: nothing dies of it, and what is lost is escaped."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION

ROOT = Path(__file__).resolve().parents[2]
ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1"}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "grm.db"
    store = Store(path)
    store.add_run(RUN)
    store.add_session(replace(SESSION, example=make_example(query="Où est 東京? \ud800"), title="Où"))
    store.add_sample(make_sample(0, (8, 3), text="Café 東京\nScores: \\boxed{8, 3}"))
    store.close()
    return path


def app(settings: dict[str, str], *arguments: object) -> bytes:
    """The output of a command in such surroundings."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_", "LANG"))}
    command = [sys.executable, "app.py", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=plain | settings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("settings", [ASCII, C_LOCALE], ids=["PYTHONIOENCODING", "LC_ALL=C"])
def test_an_ascii_terminal_gets_escapes(db: Path, settings: dict[str, str]) -> None:
    out = app(settings, "export", "s", "--format", "md", "--db", db)
    assert out.isascii()
    assert rb"\u6771\u4eac" in out
    page = app(settings, "export", "s", "--format", "html", "--db", db)
    assert page.isascii()
    assert b"&#26481;&#20140;" in page, "a page says it in its own way"
    table = app(settings, "export", "s", "--format", "csv", "--db", db)
    assert table.isascii()
    assert not table.startswith(b"\\ufeff"), "a byte-order mark is of UTF-8 only"


@pytest.mark.slow
def test_a_latin_terminal_gets_what_it_has(db: Path) -> None:
    out = app(LATIN, "export", "s", "--format", "md", "--db", db)
    assert "Où est".encode("latin-1") in out
    assert rb"\u6771\u4eac" in out


def test_words_of_a_command_line_in_no_encoding_are_looked_for(db: Path) -> None:
    assert app(C_LOCALE, "search", "Café", "--db", db) == b""
    assert b"boxed" in app(C_LOCALE, "search", "boxed", "--db", db)


def test_what_utf_8_shows_is_left_alone(db: Path) -> None:
    out = app({"PYTHONIOENCODING": "utf-8"}, "export", "s", "--format", "csv", "--db", db)
    assert out.startswith("\ufeff".encode())
    assert "東京".encode() in out
