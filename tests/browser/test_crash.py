"""kill -9 of the app in the middle of a run: every sample that was shown is there afterwards."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.browser.conftest import Serve, free_port, wait_for
from tests.browser.forks import Page
from tests.browser.test_inspect import LONG, ask, open_page, wait_rows

pytestmark = pytest.mark.browser


def matrix(page: Any) -> dict[int, list[str]]:
    """Sample index -> the texts of its row, but for the flag: findings come with the end of a run."""
    cells = "[...r.cells].filter(c => !c.classList.contains('grm-flag')).map(c => c.textContent)"
    read = f"rows => rows.map(r => [Number(r.dataset.i), {cells}])"
    return dict(page.eval_on_selector_all(".grm-matrix tr[data-i]", read))


def test_every_shown_sample_survives_kill_9_and_the_session_reopens(serve: Serve, page: Any, tmp_path: Path) -> None:
    db, port = tmp_path / "data" / "grm.db", free_port()
    db.parent.mkdir()
    (tmp_path / "samples").touch()  # a fourth of the samples come, the others are under way
    options = ["--db", str(db), "--port", str(port), "--hold", str(tmp_path)]
    process = Page(*options)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        open_page(page, f"http://127.0.0.1:{port}")
        ask(page, "Which one?", ("The first.", "The second."), 64)
        wait_rows(page, 5)
        shown = matrix(page)
        session_id = page.url.split("session=")[1]
    finally:
        process.kill()
        process.wait()
    with sqlite3.connect(db) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = Store(db)
    kept = {s.index for s in store.samples(session_id)}
    store.close()
    assert set(shown) <= kept
    page.goto(f"{serve(db=db)}/?session={session_id}")
    wait_rows(page, len(kept))
    assert "stopped or interrupted" in page.locator(".grm-said").inner_text(timeout=LONG)
    again = matrix(page)
    assert {index: again[index] for index in shown} == shown
