"""The Demo in a real Chromium, with the recorded sessions and no model (part 13)."""

from typing import Any

import pytest

from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser
LONG = 60_000


def test_demo_part_13_is_told_by_keyboard_from_the_first_slide_to_the_hand_out(serve: Serve, page: Any) -> None:
    url = serve()
    page.goto(f"{url}/demo")
    page.locator(".grm-stage h1").wait_for(timeout=LONG)
    assert page.locator(".grm-stage h1").inner_text() == "Which answer is better?"
    page.locator(".grm-vote", has_text="A").first.click()
    assert page.locator(".grm-vote").first.inner_text() == "A · 1"
    page.locator(".grm-stage h1").click()
    page.keyboard.press("PageDown")
    page.locator(".grm-card-plain").wait_for(timeout=LONG)
    page.keyboard.press("ArrowRight")
    page.get_by_text("k = 1:").wait_for(timeout=LONG)
    page.locator(".grm-votes input[type=range]").fill("32")
    page.get_by_text("k = 32:").wait_for(timeout=LONG)
    seen = []
    while "That was it" not in (title := page.locator(".grm-stage h1").inner_text()):
        seen.append(title)
        page.locator(".grm-stage h1").click()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(150)
        assert len(seen) < 10
    assert "And some stay wrong" in seen
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("button", name="Hand-out").click()
    assert waiting.value.suggested_filename == "grm-lens-demo.html"
