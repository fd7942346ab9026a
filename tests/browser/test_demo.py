"""The Demo in a real Chromium, with the recorded sessions and no model (part 13)."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser
LONG = 60_000


def title(page: Any) -> str:
    return str(page.locator(".grm-stage h1").inner_text())


def opened(page: Any, url: str) -> None:
    page.goto(f"{url}/demo")
    page.locator(".grm-stage h1").wait_for(timeout=LONG)


def test_demo_part_13_is_told_by_a_presenters_remote_whatever_was_clicked_before(serve: Serve, page: Any) -> None:
    opened(page, serve())
    assert title(page) == "Which answer is best?"
    page.locator(".grm-vote", has_text="A").first.click()
    page.keyboard.press("a")
    assert page.locator(".grm-vote").first.inner_text() == "A · 2"
    page.keyboard.press("PageDown")
    page.locator(".grm-card-plain").wait_for(timeout=LONG)
    chips = page.locator(".grm-said-line .grm-chip").all_inner_texts()
    assert [name[0] for name in chips] == ["A", "B", "C"], (
        "the critique speaks of answers by the letters that the room sees"
    )
    assert "Response 1" not in page.locator(".grm-stage").inner_text()
    page.keyboard.press("PageDown")
    page.get_by_text("k = 1:").wait_for(timeout=LONG)
    grown = title(page)
    page.keyboard.press("PageDown")
    page.get_by_text("k = 1:").wait_for(state="detached", timeout=LONG)  # it plays; a busy machine skips a k
    page.keyboard.press("PageDown")
    page.get_by_text("k = 32:").wait_for(timeout=LONG)
    assert title(page) == grown, "the key plays, then jumps to the end, and only then turns the page"
    page.keyboard.press("PageDown")
    assert title(page) != grown
    page.keyboard.press("PageUp")
    assert title(page) == grown


def test_demo_part_13_what_turned_the_vote_is_read_once_it_has_voted(serve: Serve, page: Any) -> None:
    page.goto(f"{serve()}/demo#4")
    page.locator(".grm-reason").first.wait_for(state="attached", timeout=LONG)
    assert [card.is_visible() for card in page.locator(".grm-reason").all()] == [False, False]
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.get_by_text("k = 32:").wait_for(timeout=LONG)
    assert [card.is_visible() for card in page.locator(".grm-reason").all()] == [True, True]


def test_demo_part_13_the_notes_follow_the_slides_and_turn_them(serve: Serve, page: Any) -> None:
    opened(page, serve())
    with page.expect_popup() as opening:
        page.keyboard.press("n")
    notes = opening.value
    notes.get_by_text("Slide 1 of").wait_for(timeout=LONG)
    page.keyboard.press("PageDown")
    notes.get_by_text("Slide 2 of").wait_for(timeout=LONG)
    notes.get_by_role("button", name="Back").click()
    page.get_by_text("Which answer is best?").wait_for(timeout=LONG)
    notes.close()


def test_demo_part_13_ends_with_a_failure_and_a_hand_out_that_opens_offline(
    serve: Serve, page: Any, tmp_path: Path
) -> None:
    opened(page, serve())
    seen: list[str] = []
    for _ in range(60):
        if "Summary" in title(page):
            break
        seen.append(title(page))
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    assert "And some stay wrong" in seen
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("button", name="Hand-out").click()
    assert waiting.value.suggested_filename == "grm-lens-demo.html"
    waiting.value.save_as(tmp_path / "demo.html")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"file://{tmp_path}/demo.html")
    assert page.locator("h2", has_text="And some stay wrong").count() == 1
    assert addresses == [f"file://{tmp_path}/demo.html"]


def test_demo_part_13_can_be_left_and_comes_back_where_it_was_with_the_votes(serve: Serve, page: Any) -> None:
    opened(page, serve())
    before = page.locator(".grm-vote").first.inner_text()
    page.keyboard.press("b")
    page.keyboard.press("PageDown")
    page.locator(".grm-card-plain").wait_for(timeout=LONG)
    page.get_by_role("link", name="Open this session").click()
    page.locator(".grm-matrix tr[data-i]").first.wait_for(timeout=LONG)
    page.go_back()
    page.locator(".grm-card-plain").wait_for(timeout=LONG)
    page.keyboard.press("PageUp")
    page.locator(".grm-vote").first.wait_for(timeout=LONG)
    assert page.locator(".grm-vote").first.inner_text() == before
    assert page.locator(".grm-vote").nth(1).inner_text() == "B · 1"


def test_demo_part_13_the_type_grows_with_the_beamer_and_the_slide_fits(serve: Serve, chromium: Any) -> None:
    sizes = []
    for width, height in ((1024, 768), (1440, 900), (1920, 1080)):
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.goto(f"{serve()}/demo#3")
        page.locator(".grm-stage .main-svg").first.wait_for(timeout=LONG)
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.grm-demo')).fontSize)"))
        assert page.evaluate("document.querySelector('.grm-demo').getBoundingClientRect().bottom") <= height
        page.close()
    assert sizes == sorted(sizes)
    assert sizes[1] > 23
    assert sizes[2] > 28
