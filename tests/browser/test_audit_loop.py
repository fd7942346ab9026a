"""Labels leave the Queue page and come back as a meta RM (6.5 the loop closes, 6.6 import and export)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trl import is_conversational

from cli.commands.train import read_labels
from grm_core.training import fit, from_labels
from storage.store import Store
from tests.browser.conftest import ROOT, Serve
from tests.browser.test_inspect import ask, open_page, wait_end
from tests.browser.test_queue import begin, judge, make
from tests.browser.test_runs import fill
from tests.training.conftest import tiny  # noqa: F401

pytestmark = pytest.mark.browser
LONG = 180_000
DEMO = ROOT / "assets" / "demo"


def command(*words: object) -> str:
    """`python app.py ...`, as another process beside the running page; its standard output."""
    done = subprocess.run(
        [sys.executable, "app.py", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the labels on the bundled GRM's judgments that come with the program."""
    db = tmp_path_factory.mktemp("labelled") / "grm.db"
    for name in ("recorded", "labelled"):
        command("import", DEMO / f"{name}.jsonl", "--db", db)
    command("labels", "import", DEMO / "labels.jsonl", "--db", db)
    return db


@pytest.mark.slow
def test_audit_part_5_labels_make_a_meta_rm_that_the_page_uses(
    serve: Serve,
    labelled: Path,
    page: Any,
    tiny: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    command("labels", "export", "--format", "training", "--db", labelled, "--out", tmp_path / "training.jsonl")
    labels = read_labels(tmp_path / "training.jsonl")
    assert len(labels) >= 100
    settings = fit.Settings(minutes=0.1, rate=1e-2, rows=8, warmup=2)
    first = from_labels.train(tiny, None, labels, settings, tmp_path / "first", 4)
    second = from_labels.train(tiny, tmp_path / "first" / "checkpoint", labels, settings, tmp_path / "second", 4)
    assert second["old"]["brier"] == pytest.approx(first["new"]["brier"], abs=1e-3), "on the same held-out judgments"
    assert (second["learned"], second["held_out"]) == (first["learned"], first["held_out"])
    open_page(page, serve("--meta", str(tmp_path / "second" / "meta-rm")))
    ask(page, "Which one?", ("The first.", "The second."), 4)
    wait_end(page)
    logits = page.locator(".grm-matrix td.grm-meta").all_inner_texts()
    assert len(logits) == 4
    assert all(float(each) == pytest.approx(float(each)) for each in logits)


def test_audit_part_4_and_5_the_labels_that_come_along_are_on_the_page(
    serve: Serve, labelled: Path, page: Any
) -> None:
    store = Store(labelled, read_only=True)
    authors = {each.author for each in store.desk.annotations()}
    store.close()
    assert all("language model" in author for author in authors), "who made them is said"
    page.goto(f"{serve(db=labelled)}/queue")
    page.locator("#queue-author").wait_for(timeout=LONG)
    page.get_by_role("button", name="failure report").click()
    page.get_by_text("159 samples labelled by 1, 54 of them good.").wait_for(timeout=LONG)
    panel = page.locator(".grm-panel[data-name=cluster]")
    assert panel.locator("tr").count() > 5
    counts = [int(text) for text in panel.locator("td:nth-child(2)").all_inner_texts()]
    assert sum(counts) == 159


def test_audit_part_6_what_was_said_on_the_page_travels(serve: Serve, page: Any, tmp_path: Path) -> None:
    here, there, lines = tmp_path / "here.db", tmp_path / "there.db", tmp_path / "labels.jsonl"
    fill(here)
    fill(there)
    begin(page, serve(db=here), "ann")
    make(page)
    judge(page, "1", "12")
    page.get_by_text("1 done by you").wait_for(timeout=LONG)
    command("labels", "export", "--db", here, "--out", lines)
    assert [json.loads(line)["kind"] for line in lines.read_text().splitlines()] == ["best", "class", "class", "done"]
    pairs = [json.loads(line) for line in command("labels", "export", "--format", "pairs", "--db", here).splitlines()]
    assert pairs
    assert all(is_conversational(pair) for pair in pairs), "TRL takes them as they are"
    command("labels", "import", lines, "--db", there)
    page.goto(f"{serve(db=there)}/queue")
    page.locator("#queue-author").wait_for(timeout=LONG)
    page.get_by_role("button", name="failure report").click()
    page.get_by_text("2 samples labelled by 1, 1 of them good.").wait_for(timeout=LONG)
