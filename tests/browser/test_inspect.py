"""The Inspect and Sessions pages in a real Chromium, with an engine that needs no model."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Serve, Watched
from tests.fake_engine import HOSTILE

pytestmark = pytest.mark.browser
LONG = 60_000
Watch = Callable[[Any, str], Watched]


class Hold:
    """What holds the engine of a page: a run is caught in the middle however busy the machine is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, serve: Serve) -> str:
        """The page's address."""
        return serve("--hold", str(self.folder))

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """`start` or `samples`, as long as the block lasts."""
        file = self.folder / what
        file.touch()
        try:
            yield
        finally:
            file.unlink()


@pytest.fixture(scope="module")
def hold(tmp_path_factory: pytest.TempPathFactory) -> Hold:
    return Hold(tmp_path_factory.mktemp("hold"))


def open_page(page: Any, url: str) -> None:
    """Until the composer takes input."""
    page.goto(url)
    page.locator("#score").wait_for(timeout=LONG)
    page.locator("#engine-said > *").first.wait_for(state="attached", timeout=LONG)


def ask(page: Any, query: str, responses: tuple[str, ...], k: int) -> None:
    """Fill in the composer and score."""
    page.locator("#query textarea").fill(query)
    for i, text in enumerate(responses):
        page.locator(f"#response-{i} textarea").fill(text)
    page.locator("#k input").fill(str(k))
    page.locator("#score").click()


def wait_rows(page: Any, count: int) -> None:
    page.wait_for_function(f"document.querySelectorAll('.grm-matrix tr[data-i]').length >= {count}", timeout=LONG)


def wait_end(page: Any) -> None:
    """Until all samples are there and were voted."""
    page.locator(".grm-root[data-phase=done]").wait_for(timeout=LONG)
    page.wait_for_function(
        "(() => { const { done, voted } = document.querySelector('.grm-root').dataset;"
        " return voted && voted.split('/')[1] === done })()",
        timeout=LONG,
    )


def test_part_2_scoring_fills_the_rows_and_says_the_verdict(serve: Serve, page: Any, watch: Watch) -> None:
    url = serve()
    seen = watch(page, url)
    open_page(page, url)
    page.locator("#example").click()
    page.wait_for_function("document.querySelector('#query textarea').value.length > 5", timeout=LONG)
    page.locator("#score").click()
    wait_end(page)
    wait_rows(page, 8)
    verdict = page.locator(".grm-verdict").inner_text()
    assert re.search(r"Naive vote over 8 samples: .*(wins by|a tie).* 8 of 8 could be read\.", verdict)
    if "a tie" not in verdict:  # the curve comes after the verdict
        page.locator(".grm-spark").click(timeout=LONG)
        page.locator(".grm-plot", has_text="When does the verdict settle?").wait_for(timeout=LONG)
    assert page.locator(".grm-card").count() == 3
    assert "session=" in page.url
    assert seen.errors == []
    assert seen.foreign == []


def test_hostile_text_is_shown_as_text_and_nothing_runs(serve: Serve, page: Any, watch: Watch) -> None:
    url = serve("--hostile")
    seen = watch(page, url)
    open_page(page, url)
    ask(page, f"query {HOSTILE}", (f"first {HOSTILE}", f"second {HOSTILE}"), 3)
    wait_end(page)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator(".grm-case summary").first.click()
    for place in (".grm-case", ".grm-principle", ".grm-card"):
        assert (
            "<img src=x onerror=window.hacked=1> ${window.hacked=1} {{value}}"
            in page.locator(place).first.inner_text()
        )
    session = page.url.split("session=")[1].split("&")[0]
    for path, place in (
        (f"/?session={session}&about=B", ".grm-said-of article"),
        (f"/compare?a={session}&b={session}", ".grm-side"),
        ("/sessions", ".grm-session-list a"),
    ):
        page.goto(url + path)
        page.locator(place).first.wait_for(timeout=LONG)
        assert "<img src=x" in page.locator(place).first.inner_text(), path
        assert page.evaluate("window.hacked") is None
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
    assert seen.errors == []
    assert seen.foreign == []


def test_part_2_a_reload_in_the_middle_of_a_run_finds_it_again(serve: Serve, page: Any, hold: Hold) -> None:
    open_page(page, hold.url(serve))
    with hold("samples"):
        ask(page, "What is it?", ("This.", "That."), 12)
        wait_rows(page, 1)
        page.reload()
        page.locator(".grm-running").first.wait_for(timeout=LONG)
    wait_end(page)
    wait_rows(page, 12)


def test_part_2_stop_keeps_what_has_arrived_also_after_a_reload(serve: Serve, page: Any, hold: Hold) -> None:
    open_page(page, hold.url(serve))
    with hold("samples"):
        ask(page, "What is it?", ("This.", "That."), 16)
        wait_rows(page, 1)
        page.locator("#stop").click()
        page.locator(".grm-root[data-phase=stopped]").wait_for(timeout=LONG)
    kept = page.locator(".grm-matrix tr[data-i]").count()
    assert 1 <= kept < 16
    page.reload()
    wait_rows(page, kept)
    assert page.locator(".grm-matrix tr[data-i]").count() == kept


def test_part_1_bad_input_is_told_and_kept(serve: Serve, page: Any) -> None:
    url = serve()
    open_page(page, url)
    ask(page, "", ("This.", "That."), 4)
    page.get_by_text("the query is empty").wait_for(timeout=LONG)
    assert page.locator("#response-1 textarea").input_value() == "That."
    page.locator("#query textarea").fill("What is it?")
    page.locator("#response-0 textarea").fill("")
    page.locator("#score").click()
    page.get_by_text("response 1 is empty").wait_for(timeout=LONG)
    assert "session=" not in page.url


def test_part_9_sessions_are_listed_and_reopen(serve: Serve, page: Any) -> None:
    url = serve()
    open_page(page, url)
    ask(page, "Why is the sky blue?", ("Scattering.", "Paint."), 2)
    wait_end(page)
    verdict = page.locator(".grm-verdict-words").inner_text()
    page.goto(f"{url}/sessions")
    page.locator(".grm-sessions a", has_text="Why is the sky blue?").click()
    wait_rows(page, 2)
    wait_end(page)
    assert page.locator(".grm-verdict-words").inner_text() == verdict


def test_two_browsers_score_at_the_same_time(serve: Serve, chromium: Any, hold: Hold) -> None:
    url = hold.url(serve)
    contexts = [chromium.new_context() for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        open_page(page, url)
    with hold("samples"):
        for number, page in enumerate(pages):
            ask(page, f"Question {number}?", ("This.", "That."), 6)
        for page in pages:
            page.locator(".grm-root[data-phase=sampling]").wait_for(timeout=LONG)
        assert pages[0].locator(".grm-root[data-phase=sampling]").count() == 1
    for page in pages:
        wait_end(page)
        wait_rows(page, 6)
    for context in contexts:
        context.close()


def test_part_4_the_verdict_and_all_32_rows_fit_on_one_screen(serve: Serve, page: Any) -> None:
    url = serve()
    open_page(page, url)
    page.locator("#add").click()
    page.locator("#add").click()
    page.locator("#response-3 textarea").wait_for(timeout=LONG)
    ask(page, "Which answer is best?", ("One.", "Two.", "Three.", "Four."), 32)
    wait_end(page)
    wait_rows(page, 32)
    page.wait_for_timeout(500)
    assert page.evaluate("window.scrollY") == 0
    box = page.locator(".grm-matrix tr[data-i]").last.bounding_box()
    assert box["y"] + box["height"] <= 900
    assert page.locator(".grm-verdict").bounding_box()["y"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_part_5_a_chosen_sample_can_be_read_with_the_keyboard(serve: Serve, page: Any) -> None:
    url = serve()
    open_page(page, url)
    ask(page, "What is it?", ("This.", "That."), 5)
    wait_end(page)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator(".grm-matrix tr[data-i='0']").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.locator(".grm-card h3", has_text="Sample 4").wait_for(timeout=LONG)


def test_part_4_a_click_counts_while_other_rows_stream(serve: Serve, page: Any) -> None:
    url = serve("--delay", "0.06")
    open_page(page, url)
    ask(page, "What is it?", ("This.", "That."), 12)
    wait_rows(page, 1)
    row = page.locator(".grm-matrix tr[data-i]").first
    index, chosen = row.get_attribute("data-i"), row.get_attribute("aria-selected")
    row.hover()
    page.mouse.down()
    page.wait_for_timeout(700)
    page.mouse.up()
    other = "false" if chosen == "true" else "true"
    page.locator(f".grm-matrix tr[data-i='{index}'][aria-selected={other}]").wait_for(timeout=5000)


def test_part_3_guided_voting_cannot_be_chosen_where_no_meta_rm_has_read_the_samples(
    serve: Serve, page: Any, hold: Hold
) -> None:
    open_page(page, hold.url(serve))
    with hold("samples"):
        ask(page, "What is it?", ("This.", "That."), 8)
        wait_rows(page, 1)
        assert page.locator("#method input[value=guided]").is_disabled()
    wait_end(page)
    wait_rows(page, 8)
    assert page.locator("#method input[value=guided-weighted]").is_disabled()
    assert "meta RM" in page.locator("#method input[value=guided]").get_attribute("title")
    page.locator(".grm-matrix tr[data-i]").first.focus()
    page.keyboard.press("m")
    page.locator(".grm-verdict h2", has_text="Naive vote over 8 samples").wait_for(timeout=LONG)


def test_the_page_opens_while_the_engine_starts_and_the_run_waits(
    serve: Serve, page: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hold = Hold(tmp_path_factory.mktemp("start"))
    with hold("start"):
        open_page(page, hold.url(serve))
        page.locator("#engine-message", has_text="starting the fake engine").wait_for(timeout=LONG)
        ask(page, "What is it?", ("This.", "That."), 2)
        page.locator(".grm-root[data-phase=waiting]").wait_for(timeout=LONG)
    wait_end(page)
    wait_rows(page, 2)
