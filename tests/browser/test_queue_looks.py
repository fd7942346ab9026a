"""The annotator's desk with long texts (6.1 to 6.4): labels stay in view, nothing scrolls sideways, axe is content."""

import random
from dataclasses import replace
from typing import Any

import pytest

from grm_core.reading.parsing import parse
from grm_core.types import Annotation, Message
from storage.desk import Queue
from storage.store import Store
from tests.browser.conftest import Serve
from tests.browser.test_access import faults
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION

pytestmark = pytest.mark.browser
LONG = 60_000
NOW = "2026-01-01T00:00:00+00:00"
WORDS = ("light", "water", "soil", "winter", "window", "basil", "leaf", "stem", "pot", "warm", "cold", "draught")


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A session of eight responses, one of 3,000 words, and 32 samples; another that two people differ on."""
    rng, path = random.Random(0), tmp_path_factory.mktemp("looks") / "grm.db"

    def text(count: int) -> str:
        return " ".join(rng.choice(WORDS) for _ in range(count))

    store = Store(path)
    store.add_run(replace(RUN, k=32))
    responses = tuple(text(count) for count in (3000, 20, 60, 400, 15, 80, 30, 200))
    for name in ("long", "settled"):
        example = replace(make_example(8), query=(Message("user", text(500)),), responses=responses)
        store.add_session(replace(SESSION, id=name, example=example))
        for k in range(32):
            scores = [rng.randint(1, 10) for _ in range(8)]
            judgment = f"Principles:\n1. {text(14)} (weight: 60%)\n2. {text(30)} (weight: 40%)\nCritique:\n"
            judgment += "".join(f"Response {i + 1}: {text(60)}. Fair, {scores[i]}/10.\n" for i in range(8))
            judgment += "Scores: \\boxed{" + ", ".join(map(str, scores)) + "}"
            store.add_sample(
                replace(make_sample(k, scores, session_id=name, text=judgment), parsed=parse(judgment, 8))
            )
    store.desk.add_queue(Queue("q", text(12), ("tie",), 1.0, 0, NOW), [("settled", "tie", 2), ("long", "tie", 4)])
    for author, best in (("eve", "A"), ("bob " + "b" * 60, "B")):
        for kind, label in (("best", best), ("done", "done")):
            store.desk.add(Annotation(f"{author[:3]}-{kind}", "settled", kind, label, author, NOW, queue="q"))
        store.desk.add(Annotation(f"{author[:3]}-c", "settled", "class", "good", author, NOW, sample=3, queue="q"))
    store.close()
    return serve(db=path)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_6_1_to_6_4_labels_stay_in_view_and_axe_finds_no_fault(
    url: str, chromium: Any, theme: str, width: int, height: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(f"{url}/queue?queue=q&__theme={theme}")
    page.locator("#queue-author").wait_for(timeout=LONG)
    page.locator("#queue-author").fill(f"ann {width} {theme}")
    page.locator("#queue-author").blur()
    page.locator(".grm-label-bar button").first.wait_for(timeout=LONG)
    check(page, width)
    for share in (0, 0.5, 1):
        in_view(page, height, share)
    page.keyboard.press("2")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    check(page, width)
    for share in (0, 0.5, 1):
        in_view(page, height, share)
    page.get_by_role("button", name="agreement").click()
    page.get_by_text("To settle: 1").wait_for(timeout=LONG)
    check(page, width)
    page.get_by_role("button", name="Code book", exact=True).click()
    page.locator(".grm-codes").wait_for(timeout=LONG)
    page.get_by_role("button", name="Rename").first.click()
    page.locator(".grm-code-form").wait_for(timeout=LONG)
    check(page, width)
    page.get_by_role("button", name="GRM against people").click()
    page.locator(".grm-panel[data-name=by-choice]").wait_for(timeout=LONG)
    check(page, width)
    page.get_by_role("button", name="failure report").click()
    page.locator(".grm-panel[data-name=classes]").scroll_into_view_if_needed(timeout=LONG)
    page.locator(".grm-panel[data-name=classes] .main-svg").first.wait_for(timeout=LONG)
    check(page, width)
    page.context.close()


def check(page: Any, width: int) -> None:
    assert faults(page, ("serious", "critical")) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def in_view(page: Any, height: int, share: float) -> None:
    """Wherever the page is scrolled to, the labels stand inside the window, all of them."""
    page.evaluate("share => scrollTo(0, share * document.documentElement.scrollHeight)", share)
    page.wait_for_timeout(100)
    box = page.locator(".grm-label-bar").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= height
    inside = "bar => bar.scrollHeight <= bar.clientHeight + 1"
    assert page.locator(".grm-label-bar").evaluate(inside), "no label is hidden inside the bar"


def test_6_2_the_responses_stand_beside_the_sample_and_keep_their_place(url: str, page: Any) -> None:
    page.goto(f"{url}/queue?queue=q")
    page.locator("#queue-author").fill("zoe")
    page.locator("#queue-author").blur()
    page.locator(".grm-label-bar button").first.wait_for(timeout=LONG)
    page.keyboard.press("1")
    case = page.locator(".grm-desk .grm-case-box")
    case.wait_for(timeout=LONG)
    card = page.locator(".grm-desk-card").bounding_box()
    assert case.bounding_box()["x"] > card["x"] + card["width"] - 1
    assert "shown as Response 1" in case.locator(".grm-response-head").first.inner_text()
    case.evaluate("box => { box.scrollTop = 400; }")
    page.keyboard.press("3")
    page.locator(".grm-said-class", has_text="imbalanced weights").wait_for(timeout=LONG)
    assert case.evaluate("box => box.scrollTop") == 400
