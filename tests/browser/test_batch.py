"""The Batch page in a real Chromium: from a file to judged items, through pause, kill -9 and an import beside it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.browser.conftest import ROOT, Serve, Watched, free_port, wait_for
from tests.browser.forks import Page
from tests.make import write_lines
from tests.runs.test_batch_models import Many

pytestmark = pytest.mark.browser
LONG = 120_000
HOSTILE = "<img src=x onerror=window.hacked=1> ${window.hacked=1} {{value}}"


def pairs(path: Path, count: int) -> Path:
    lines = [
        {"prompt": f"Which one, {n}? {HOSTILE}", "chosen": f"A better text {n}.", "rejected": "A worse one.", "n": n}
        for n in range(count)
    ]
    write_lines(path, lines)
    return path


@contextmanager
def app(db: Path, port: int, delay: float, *more: str) -> Iterator[Page]:
    """The page in a process that is killed at the end."""
    options = ["--db", str(db), "--port", str(port), "--delay", str(delay), *more]
    process = Page(*options)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield process
    finally:
        process.kill()
        process.wait()


def drop(page: Any, path: Path) -> None:
    page.locator("#batch-drop input[type=file]").set_input_files(str(path))
    page.locator("#batch-start").wait_for(timeout=LONG)


def done(page: Any) -> int:
    """Samples that the only batch has, as the page says."""
    return int(page.locator(".grm-batch-row .grm-tally").inner_text(timeout=LONG).split(" of ")[0].replace(",", ""))


def wait_done(page: Any, least: int) -> None:
    read = "n => parseInt((document.querySelector('.grm-tally')?.textContent || '0').replace(/,/g, '')) >= n"
    page.wait_for_function(read, arg=least, timeout=LONG)


def press(page: Any, name: str) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".grm-batch-row").get_by_role("button", name=name, exact=True).click(timeout=LONG)


@pytest.mark.slow
def test_a_dropped_file_is_shown_judged_paused_killed_and_finished(
    page: Any, tmp_path: Path, watch: Callable[[Any, str], Watched]
) -> None:
    db, port = tmp_path / "grm.db", free_port()
    url = f"http://127.0.0.1:{port}"
    watched = watch(page, url)
    with app(db, port, 0.02):
        page.goto(f"{url}/batch")
        drop(page, pairs(tmp_path / "pairs.jsonl", 6))
        assert "chosen and rejected, 6 items, 6 with labels" in page.locator(".grm-said").inner_text()
        mapped = page.locator(".grm-mapped li").all_inner_texts()
        assert mapped == ["prompt → query", "chosen → responses", "rejected → responses", "n → not used"]
        assert HOSTILE in page.locator(".grm-first .grm-query").first.inner_text()
        page.locator("#batch-k").fill("4")
        assert page.locator("#batch-start").inner_text() == "Judge 6 items, 24 samples"
        page.locator("#batch-start").click()
        wait_done(page, 2)
        press(page, "Pause")
        page.locator(".grm-phase[data-phase=paused]").wait_for(timeout=LONG)
        kept = done(page)
        press(page, "Resume")
        wait_done(page, max(5, kept))
        page.locator(".grm-batch-items td a").first.wait_for(timeout=LONG)
        shown = done(page)
    with app(db, port, 0.001):
        page.goto(page.url)
        page.locator(".grm-phase[data-phase=done]").wait_for(timeout=LONG)
        assert done(page) == 24 >= shown
        page.locator(".grm-batch-items tr td a").nth(5).wait_for(timeout=LONG)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator(".grm-batch-items td a").first.click()
        page.locator(".grm-card").first.wait_for(timeout=LONG)
        assert watched.foreign == []
        assert [error for error in watched.errors if "dialog" in error] == []
        assert page.evaluate("window.hacked") is None


def test_a_file_is_judged_by_the_model_that_was_chosen(page: Any, tmp_path: Path) -> None:
    db, port = tmp_path / "grm.db", free_port()
    file = pairs(tmp_path / "pairs.jsonl", 3)
    with Many("grm-27b", "grm-1.5b") as server, app(db, port, 0, "--engine", server.url, "--model", "grm-1.5b"):
        page.goto(f"http://127.0.0.1:{port}/batch")
        drop(page, file)
        page.locator("#batch-model option").first.wait_for(state="attached", timeout=LONG)
        assert page.locator("#batch-model option").all_inner_texts() == ["grm-1.5b", "grm-27b"]
        page.get_by_label("Model", exact=True).select_option("grm-27b")
        page.locator("#batch-start").click()
        page.locator(".grm-phase[data-phase=done]").wait_for(timeout=LONG)
        assert page.locator(".grm-batch-row > .grm-note").inner_text().startswith("grm-27b, k ")
        assert server.asked_for() == {"grm-27b"}
        server.models = ["grm-1.5b"]
        page.goto(f"http://127.0.0.1:{port}/batch")
        drop(page, file)
        page.locator(".grm-judge b", has_text="grm-1.5b").wait_for(timeout=LONG)
        assert page.locator("#batch-model").count() == 0


def test_columns_of_any_name_are_chosen_on_the_page(serve: Serve, page: Any, tmp_path: Path) -> None:
    file = tmp_path / "odd.jsonl"
    lines = [{"Frage": f"Was, {n}? {HOSTILE}", "eins": "x", "zwei": "y", "Sieger": "zwei"} for n in range(3)]
    write_lines(file, lines)
    page.goto(f"{serve()}/batch")
    page.locator("#batch-drop input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="Read with these columns").click(timeout=LONG)
    page.get_by_text("choose one column for the query").wait_for(timeout=LONG)
    for key, role in (("Frage", "query"), ("eins", "response"), ("zwei", "response"), ("Sieger", "best response")):
        page.get_by_label(f"What {key} holds").select_option(role)
    page.get_by_role("button", name="Read with these columns").click()
    page.get_by_text("JSON Lines, UTF-8, items, 3 items, 3 with labels").wait_for(timeout=LONG)
    assert page.locator(".grm-first li li").all_inner_texts()[:2] == ["A (0) x", "B (1) y"]
    assert page.locator("#batch-start").inner_text().startswith("Judge 3 items")
    assert page.evaluate("window.hacked") is None


def test_a_command_imports_while_the_page_is_open_and_a_second_page_says_that_it_only_reads(
    serve: Serve, page: Any, tmp_path: Path
) -> None:
    db = tmp_path / "grm.db"
    first = serve(db=db)
    file = pairs(tmp_path / "pairs.jsonl", 3)
    command = [sys.executable, "app.py", "import", str(file), "--db", str(db)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["state"] for line in done.stdout.splitlines()] == ["new"] * 3
    page.goto(f"{first}/sessions?words=hacked")
    page.get_by_text("1 to 3 of 3 sessions").wait_for(timeout=LONG)
    store = Store(db)
    assert store.read_only
    store.close()
    with app(db, port := free_port(), 0.001):
        page.goto(f"http://127.0.0.1:{port}/batch")
        page.get_by_text("everything can be read here, nothing saved").wait_for(timeout=LONG)
        page.get_by_text("No batch can be started here: the database is open for reading only.").wait_for(timeout=LONG)
