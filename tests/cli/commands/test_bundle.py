"""`bundle`: a run of the database, or the Demo, as a folder."""

from pathlib import Path

from storage.store import Store
from tests.cli.conftest import Command
from tests.make import make_sample
from tests.storage.make import RUN, SESSION


def test_a_run_and_the_demo_become_folders(command: Command, tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    store.add_run(RUN)
    store.add_session(SESSION)
    store.add_sample(make_sample(0, (8, 3)))
    store.close()
    done = command("bundle", "run", "--db", tmp_path / "x.db", "--out", tmp_path / "run")
    assert done.code == 0, done.words
    assert "1 session in" in done.words
    assert (tmp_path / "run" / "data" / "session-0.js").is_file()
    assert command("bundle", "demo", "--out", tmp_path / "demo").code == 0
    assert "Judging by voting" in (tmp_path / "demo" / "index.html").read_text()


def test_what_cannot_be_bundled_is_a_usage_error(command: Command, tmp_path: Path) -> None:
    Store(tmp_path / "x.db").close()
    gone = command("bundle", "gone", "--db", tmp_path / "x.db", "--out", tmp_path / "out")
    assert (gone.code, "there is no run gone" in gone.words) == (2, True)
    assert command("bundle", "run", "--db", tmp_path / "no.db", "--out", tmp_path / "out").code == 2
    (tmp_path / "out").mkdir()
    assert "exists already" in command("bundle", "demo", "--out", tmp_path / "out").words
