"""Texts as they are read: marks, formulas, quotations, folds; hostile ones run, load and freeze nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from grm_core.types import Example, Message, Params, Run, Session
from storage.store import Store
from tests.browser import long
from tests.browser.conftest import Serve, Watched
from tests.browser.test_access import faults
from tests.browser.test_policy import complaints
from tests.make import make_sample

pytestmark = pytest.mark.browser
LONG = 120_000
HOSTILE = (
    '<img src="https://elsewhere.example/a.png" onerror="window.ran=1"><script>window.ran=2</script> '
    "![a](https://elsewhere.example/b.png) [run](javascript:window.ran=3) [go](https://elsewhere.example/c) "
    "<svg onload=window.ran=4> ${window.ran=5} $\\href{javascript:window.ran=6}{x}$ "
    "$\\includegraphics{https://elsewhere.example/d.png}$ $\\htmlStyle{position:fixed}{x}$ \u202ebidi\u202c\0",
    "> - " * 200 + "deep " + "{" * 1900 + "$" + "{" * 1900 + "$ " + "[" * 3000 + "```" * 50,
    "`*_[(<$" * 30_000,  # 210,000 characters
    "\u200b".join("wide") + " " + "w" * 20_000,
)


@pytest.fixture(scope="module")
def home(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page that has the sessions `long` and `hostile`."""
    path = tmp_path_factory.mktemp("rich") / "grm.db"
    long.make(path)
    store = Store(path)
    run = Run("r", "2026-01-01T00:00:00+00:00", "fake", HOSTILE[0][:80], "pointwise", "", Params(), 1, None, 0)
    example = Example("hostile", (Message("user", HOSTILE[0]),), HOSTILE, None)
    store.add_run(run)
    store.add_session(Session("hostile", "r", example, HOSTILE[0][:80], run.created_at))
    principles = f"### Principles\n1. {HOSTILE[0]} (Weight: 100%)\n\n### Critique\n"
    said = "\n\n".join(f"**Response {i}:** {text[:20_000]}" for i, text in enumerate(HOSTILE, 1))
    text = f"{principles}{said}\n\n### Scores\n\\boxed{{1, 2, 3, 4}}"
    store.add_sample(make_sample(0, (1, 2, 3, 4), None, (0, 1, 2, 3), "hostile", text))
    store.close()
    return serve(db=path)


def test_a_critique_is_read_with_its_lists_code_and_formulas(home: str, page: Any) -> None:
    said = complaints(page)
    page.goto(f"{home}/?session=long&sample=1,2,3")
    cards = page.locator(".grm-card")
    cards.locator("math").first.wait_for(timeout=LONG)
    assert cards.locator(".grm-about .grm-rendered li").count() > 6
    assert cards.locator(".grm-about .grm-rendered code").count() > 3
    assert cards.locator("annotation").first.text_content() == "O(n \\cdot m)"
    page.locator(".grm-case summary").click(timeout=LONG)
    page.locator(".grm-response .hljs-keyword", has_text="def").first.wait_for(timeout=LONG)
    log = page.locator(".grm-response mi", has_text="log")
    assert log.evaluate("name => name.previousElementSibling.localName") == "mspace", "m log m, not mlogm"
    code = page.locator(".grm-response pre").nth(1)
    assert code.evaluate("pre => getComputedStyle(pre, '::before').float") == "right", "its language covers no code"
    assert page.locator(".grm-response pre").first.inner_text().startswith('@app.get("/orders")')
    assert said == []


def test_a_quotation_leads_to_its_words_however_they_are_rendered(home: str, page: Any) -> None:
    page.goto(f"{home}/?session=long&sample=1")
    quotes = page.locator(".grm-card .grm-quote", has_text="There are two faults")
    quotes.first.wait_for(timeout=LONG)
    assert quotes.first.locator("strong").inner_text() == "two"
    quotes.first.focus()
    page.keyboard.press("Enter")
    shown = page.locator(".grm-response .grm-quote")
    shown.first.wait_for(timeout=LONG)
    assert shown.inner_text() == quotes.first.inner_text()
    assert shown.locator("strong").inner_text() == "two"
    page.keyboard.press("s")
    page.locator(".grm-card .grm-quote", has_text="There are **two** faults").first.wait_for(timeout=LONG)
    assert "There are **two** faults" in page.locator(".grm-response .grm-quote").inner_text()


def test_all_that_is_said_of_a_response_has_its_quotations_and_can_be_read_by_all(home: str, page: Any) -> None:
    page.goto(f"{home}/?session=long&about=A")
    quote = page.locator(".grm-said-of article .grm-quote-exact", has_text="There are two faults")
    quote.first.wait_for(timeout=LONG)
    assert page.locator(".grm-said-of article").first.locator(".grm-rendered li").count() == 2
    page.locator(".grm-case summary").click(timeout=LONG)
    page.locator(".grm-response .hljs-keyword").first.wait_for(timeout=LONG)
    assert faults(page) == []
    quote.first.click()
    assert page.locator(".grm-response .grm-quote").inner_text() == quote.first.inner_text()


def test_the_source_is_shown_exactly_and_remembered(home: str, page: Any) -> None:
    page.goto(f"{home}/?session=long&sample=1")
    page.locator(".grm-response .grm-rendered").first.wait_for(state="attached", timeout=LONG)
    page.get_by_role("button", name="source").click()
    texts = "nodes => nodes.map(node => node.textContent)"
    assert page.eval_on_selector_all(".grm-response .grm-rich", texts) == list(long.RESPONSES)
    page.reload()
    page.locator(".grm-response .grm-rich").first.wait_for(state="attached", timeout=LONG)
    assert page.eval_on_selector_all(".grm-response .grm-rich", texts) == list(long.RESPONSES)
    assert page.locator(".grm-source").get_attribute("aria-pressed") == "true"
    assert page.locator(".grm-rendered").count() == 0


def test_hostile_text_runs_nothing_loads_nothing_and_freezes_nothing(
    home: str, page: Any, watch: Callable[[Any, str], Watched]
) -> None:
    said, watched = complaints(page), watch(page, home)
    page.goto(f"{home}/?session=hostile")
    page.locator(".grm-card .grm-rendered").first.wait_for(timeout=LONG)
    page.locator(".grm-case summary").click(timeout=LONG)
    texts = page.locator(".grm-response .grm-rich")
    page.locator(".grm-response .grm-formula").first.wait_for(timeout=LONG)
    assert texts.locator("img, script, svg, iframe, object, style, form, [onerror], [onload]").count() == 0
    links = texts.nth(0).locator("a")
    assert links.evaluate_all("nodes => nodes.map(node => [node.getAttribute('href'), node.rel, node.target])") == [
        [f"https://elsewhere.example/{name}", "noopener noreferrer nofollow", "_blank"] for name in ("b.png", "c")
    ]
    assert texts.nth(0).locator("code").all_inner_texts() == [
        "\\href{javascript:window.ran=6}{x}", "\\includegraphics{https://elsewhere.example/d.png}",
        "\\htmlStyle{position:fixed}{x}",
    ]  # fmt: skip
    assert "<script>window.ran=2</script>" in texts.nth(0).inner_text()
    assert texts.nth(2).text_content() == HOSTILE[2], "too long to be read: as it was written"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    page.goto(f"{home}/compare?a=hostile&b=hostile")
    page.locator(".grm-side").first.wait_for(timeout=LONG)
    assert page.evaluate("window.ran") is None
    assert (said, watched.foreign, watched.errors) == ([], [], [])


def test_a_long_text_opens_by_its_handle_and_stays_open(home: str, page: Any) -> None:
    page.goto(f"{home}/?session=hostile")
    page.locator(".grm-case summary").click(timeout=LONG)
    box = page.locator(".grm-response .grm-fold").last
    handle = box.get_by_role("button", name="Show all 20,008 characters")
    handle.wait_for(timeout=LONG)
    folded = box.bounding_box()["height"]
    handle.focus()
    page.keyboard.press("Enter")
    assert box.bounding_box()["height"] > 3 * folded
    page.reload()
    page.locator(".grm-case summary").click(timeout=LONG)
    assert box.get_by_role("button").get_attribute("aria-expanded") == "true"
    box.get_by_role("button", name="Show less").click()
    assert box.bounding_box()["height"] == folded


def test_a_telephone_reads_one_sample_at_a_time(home: str, chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{home}/?session=long")
    pager = page.locator(".grm-pager")
    pager.wait_for(timeout=LONG)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    assert page.locator(".grm-card").count() == 1
    assert page.evaluate("document.documentElement.scrollHeight") < 4000
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    widths = page.eval_on_selector_all(".grm-card .grm-rich", "nodes => nodes.map(node => node.clientWidth)")
    assert min(width for width in widths if width) > 200
    pager.get_by_role("button", name="Next sample").click()
    page.locator(".grm-card h3", has_text="Sample 2").wait_for(timeout=LONG)
    page.evaluate("""() => {
        const node = document.querySelector(".grm-card .grm-about");
        const touch = (x) => new Touch({ identifier: 1, target: node, clientX: x, clientY: 300 });
        const send = (type, x, more) =>
            node.dispatchEvent(new TouchEvent(type, { bubbles: true, changedTouches: [touch(x)], ...more }));
        send("touchstart", 300, { touches: [touch(300)] });
        send("touchend", 120, {});
    }""")
    page.locator(".grm-card h3", has_text="Sample 3").wait_for(timeout=LONG)
    assert pager.inner_text().split() == ["‹", "sample", "3", "of", "32", "›"]
    context.close()
