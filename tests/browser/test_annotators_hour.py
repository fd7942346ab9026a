"""An annotator's hour at the Queue page (6.1 queue, 6.2 labels, 6.3 agreement): by keyboard only, two at once, and a
kill -9 in the middle. Nothing that was shown as saved may be lost."""

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import evalica
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from grm_core.reading.parsing import parse
from grm_core.types import Annotation, Message
from storage.store import Store
from tests.browser.conftest import ROOT, free_port, wait_for
from tests.browser.forks import Page
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from tests.storage.older import age

pytestmark = pytest.mark.browser
LONG = 60_000
ITEMS, OVERLAP, SAMPLES = 60, 20, 3
CLASSES = ("good", "incorrect critique", "imbalanced weights", "improper principles", "wrong ground truth")
OLD = Annotation("old-1", "hour-0", "class", "good", "eve", "2026-01-01T00:00:00+00:00", sample=0, note="from before")


def fill(path: Path) -> None:
    """Sixty sessions of two responses and three samples, whose principles and scores can be judged."""
    store = Store(path)
    store.add_run(replace(RUN, id="hour", k=SAMPLES))
    for i in range(ITEMS):
        name = f"hour-{i}"
        example = replace(make_example(2), id=name, query=(Message("user", f"Query {i}?"),))
        store.add_session(replace(SESSION, id=name, run_id="hour", example=example, title=f"Query {i}?", tags=()))
        for k in range(SAMPLES):
            scores = (4 + (i + k) % 6, 9 - (i * k) % 5)
            text = f"Principles:\n1. Right (weight: 70%)\n2. Plain (weight: 30%)\nCritique:\nResponse 1: {i}, {k}.\n"
            text += f"Scores: \\boxed{{{scores[0]}, {scores[1]}}}"
            store.add_sample(replace(make_sample(k, scores, session_id=name, text=text), parsed=parse(text, 2)))
    store.desk.add(OLD)
    store.close()


class App:
    """The page's process on one port and one database; it can be killed and started again."""

    def __init__(self, db: Path) -> None:
        self.db, self.port = db, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: Page | None = None

    def start(self) -> None:
        self.process = Page("--db", str(self.db), "--port", str(self.port))
        wait_for(self.url, self.process)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    fill(tmp_path / "new.db")
    age(tmp_path / "new.db", tmp_path / "grm.db")
    running = App(tmp_path / "grm.db")
    yield running
    running.kill()


SAVED = """() => document.querySelector('.grm-saved')?.textContent.startsWith('saved ')
    && JSON.parse(localStorage.getItem('grm-lens-unsaved') ?? '[]').length === 0"""


class Annotator:
    """Someone at the keyboard, who remembers what the page has shown as saved."""

    def __init__(self, chromium: Any, name: str, opinion: Callable[[int, int], int]) -> None:
        self.page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.name, self.opinion = name, opinion
        self.saved: dict[tuple[str, str, int | None], str] = {}
        self.pace: list[float] = []
        self.over = False

    def open(self, url: str, queue: str = "") -> None:
        self.page.goto(f"{url}/queue?queue={queue}")
        self.page.locator("#queue-author").wait_for(timeout=LONG)

    def tab_to(self, what: str) -> None:
        """Tab until the focus stands on what the selector names."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("what => Boolean(document.activeElement?.matches(what))", what):
                return
        raise AssertionError(f"Tab never comes to {what}")

    def press(self, key: str) -> None:
        """A key that says something: timed until the page shows that it is saved."""
        begun = time.perf_counter()
        self.page.keyboard.press(key)
        self.page.wait_for_function(SAVED, timeout=LONG, polling=10)
        self.pace.append(time.perf_counter() - begun)

    def item(self) -> int:
        """The number of the item on the page, once it is there; 0 at the end of the queue."""
        self.page.wait_for_function(
            "() => /Which response is best|last item for you/"
            ".test(document.querySelector('.grm-queue-body').textContent) || document.querySelector('.grm-desk-card')",
            timeout=LONG,
        )
        progress = self.page.locator(".grm-queue-progress").inner_text()
        return int(progress.split("item ")[1].split(" ")[0]) if "item " in progress.split(",")[0] else 0

    def work(self) -> None:
        """One item: the blind label, a class for every sample, a word on a principle, done."""
        place = self.item()
        if place == 0:
            self.over = True
            return
        session = self.blind(place)
        for k in range(SAMPLES):
            if (session, "class", k) not in self.saved:
                self.diagnose(session, place, k)
        self.press("Enter")
        self.saved[session, "done", None] = "done"
        self.page.wait_for_function("was => !document.querySelector('.grm-queue-progress').textContent"
                                    ".startsWith('item ' + was + ' ')", arg=place, timeout=LONG)  # fmt: skip

    def blind(self, place: int) -> str:
        session = "hour-" + self.page.locator(".grm-asked").inner_text().split()[1].rstrip("?")
        if (session, "best", None) not in self.saved:
            choice = 1 + self.opinion(place, 9) % 2
            self.press(str(choice))
            self.saved[session, "best", None] = "AB"[choice - 1]
        self.page.locator(".grm-desk-card").wait_for(timeout=LONG)
        return session

    def diagnose(self, session: str, place: int, k: int) -> None:
        if k == 0:
            self.press("f")
            self.saved[session, "principle", k] = "fit"
        opinion = self.opinion(place, k) % 5
        self.press(str(opinion + 1))
        self.saved[session, "class", k] = CLASSES[opinion]


def ann(place: int, k: int) -> int:
    return place + k


def bob(place: int, k: int) -> int:
    return place + k + (place % 3 == 0)


def standing(path: Path) -> list[dict[str, Any]]:
    """The labels that stand by an export: read here without the program's own reader."""
    command = [sys.executable, "app.py", "labels", "export", "--db", str(path)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    made = [json.loads(line) for line in lines]
    replaced = {each.get("replaces") for each in made}
    return [each for each in made if each["id"] not in replaced and each["label"]]


def check_agreement(page: Any, labels: list[dict[str, Any]]) -> None:
    """The page's kappa and alpha are what scikit-learn and evalica say of the exported labels."""
    by: dict[str, dict[tuple[Any, ...], dict[str, str]]] = {}
    for each in labels:
        if each["author"] in ("ann", "bob"):
            thing = each["session_id"], each.get("sample"), each.get("place")
            by.setdefault(each["kind"], {}).setdefault(thing, {})[each["author"]] = each["label"]
    for kind in ("best", "class"):
        both = [(one["ann"], one["bob"]) for one in by[kind].values() if len(one) == 2]
        first, second = zip(*both, strict=True)
        kappa = cohen_kappa_score(first, second)
        names = sorted({*first, *second})
        alpha = evalica.alpha(
            pd.DataFrame([[float(names.index(x)) for x in side] for side in (first, second)]), "nominal"
        )
        row = page.locator(".grm-panel", has_text="Cohen's kappa").locator("tr", has_text=kind).locator("td")
        cells = row.all_inner_texts()
        assert (cells[1], cells[2], int(cells[3])) == ("ann", "bob", len(both))
        assert float(cells[5]) == pytest.approx(kappa, abs=6e-4)
        row = page.locator(".grm-panel", has_text="Krippendorff's alpha").locator("tr", has_text=kind).locator("td")
        cells = row.all_inner_texts()
        assert int(cells[1]) == len(both)
        assert float(cells[3]) == pytest.approx(alpha.alpha, abs=6e-4)


def check_kept(path: Path, people: list[Annotator]) -> None:
    """Everything that the page had shown as saved stands in the export."""
    labels = {(e["author"], e["session_id"], e["kind"], e.get("sample")): e["label"] for e in standing(path)}
    for one in people:
        for (session, kind, sample), label in one.saved.items():
            assert labels.get((one.name, session, kind, sample)) == label, (one.name, session, kind, sample)


def make_queue(one: Annotator) -> str:
    """Say who one is and make a queue of all sixty, with the Tab key and the space bar."""
    one.tab_to("#queue-author")
    one.page.keyboard.type(one.name)
    one.tab_to(".grm-session-bar button")
    one.page.keyboard.press("Enter")
    one.page.locator(".grm-make").wait_for(timeout=LONG)
    one.tab_to(".grm-make select")
    one.page.keyboard.type("m (60")
    one.tab_to(".grm-make input[type=number]")
    one.page.keyboard.press("Control+a")
    one.page.keyboard.type(str(OVERLAP))
    one.tab_to(".grm-make button")
    one.page.keyboard.press("Enter")
    one.page.get_by_text("item 1 ·").wait_for(timeout=LONG)
    return str(one.page.url.split("queue=")[1])


@pytest.mark.slow
def test_6_1_6_2_6_3_an_annotators_hour_by_keyboard_with_a_kill_in_the_middle(app: App, chromium: Any) -> None:
    app.start()
    people = [Annotator(chromium, "ann", ann), Annotator(chromium, "bob", bob)]
    first, second = people
    first.open(app.url)
    queue = make_queue(first)
    second.open(app.url, queue)
    second.tab_to("#queue-author")
    second.page.keyboard.type("bob")
    second.page.keyboard.press("Tab")
    for _ in range(15):
        for one in people:
            one.work()
    cut(app, people, queue)
    while not all(one.over for one in people):
        for one in people:
            if not one.over:
                one.work()
    done = sum(kind == "done" for one in people for _, kind, _ in one.saved)
    assert done == ITEMS + ITEMS * OVERLAP // 100
    first.page.get_by_role("button", name="agreement").press("Enter")
    first.page.get_by_text("To settle:").wait_for(timeout=LONG)
    check_kept(app.db, people)
    labels = standing(app.db)
    check_agreement(first.page, labels)
    assert [each["note"] for each in labels if each["author"] == "eve"] == ["from before"], "a label of the old schema"
    pace = sorted(second for one in people for second in one.pace)
    median, late = statistics.median(pace), pace[len(pace) * 95 // 100]
    print(f"{len(pace)} keys, from key to saved: median {median:.3f} s, 95% {late:.3f} s")
    for one in people:
        one.page.context.close()


def cut(app: App, people: list[Annotator], queue: str) -> None:
    """kill -9 with an item half done, a label said into the void, a restart; both go on where they were."""
    first, second = people
    place = first.item()
    session = first.blind(place)
    first.diagnose(session, place, 0)
    undo(first, session, place)
    half = second.item()
    app.kill()
    first.page.keyboard.press("3")  # nobody answers: the page keeps it
    first.page.get_by_text("not saved: 1 kept here").wait_for(timeout=LONG)
    with sqlite3.connect(app.db) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check_kept(app.db, people)
    with closing(Store(app.db)):  # another command has the file: this, too, is no reason to lose the label
        app.start()
        first.page.get_by_text("tried again soon. ").filter(has_text="nothing can be saved").wait_for(timeout=LONG)
        app.kill()
    app.start()
    first.page.wait_for_function(SAVED, timeout=LONG)  # sent by itself
    first.saved[session, "class", 1] = CLASSES[2]
    for one, where in ((first, place), (second, half)):
        one.open(app.url, queue)
        assert one.item() == where, "the last item is open again"
    check_kept(app.db, people)


def undo(one: Annotator, session: str, place: int) -> None:
    """Say a class of the second sample, take it back: nothing of it stands."""
    one.press("2")
    one.page.keyboard.press("z")
    one.page.get_by_text("undone: incorrect critique").wait_for(timeout=LONG)
    assert one.page.locator(".grm-said-class").all_inner_texts()[1] == ""
