"""Every dial and view of the Inspect page on one stored session, in a real Chromium; each test names its part.

Part 1 composer, 2 live run, 3 verdict, 4 score matrix, 5 side by side, 6 evidence, 7 findings, 8 links and keys. What
is not here stands in test_inspect.py (1, 2, 3) and test_findings.py (3, 6, 7, 8).
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from grm_core.types import Example, Message, Params, Run, Session
from storage.store import Store
from tests.browser import four
from tests.browser.conftest import Serve
from tests.browser.test_inspect import LONG, ask, open_page, wait_end, wait_rows
from tests.make import make_sample

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("four")) / "grm.db"
    four.make(path)
    return serve(db=path) + "/?session=four"


def opened(page: Any, url: str) -> None:
    page.goto(url)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator(".grm-verdict h2").wait_for(timeout=LONG)


def shown(page: Any) -> list[int]:
    """Sample numbers of the matrix, from top to bottom."""
    cells = page.locator(".grm-matrix tr[data-i] .grm-index").all_inner_texts()
    return [int(cell.replace("×", "").strip()) for cell in cells]


def until_shown(page: Any, indices: list[int]) -> None:
    read = "[...document.querySelectorAll('.grm-matrix tr[data-i]')].map((tr) => Number(tr.dataset.i) + 1).join()"
    page.wait_for_function(f"{read} === {json.dumps(','.join(map(str, indices)))}", timeout=LONG)


def test_part_1_a_chat_from_a_pasted_item_is_judged_and_remembered(serve: Serve, page: Any) -> None:
    url = serve()
    open_page(page, url)
    page.locator("#more-input button").first.click()
    item = {
        "query": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"},
                  {"role": "user", "content": "Bye"}],
        "responses": ["See you.", "No.", "Well."], "labels": [1, 0, 0],
    }  # fmt: skip
    page.locator("#pasted textarea").fill('{"query": ')
    page.locator("#pasted textarea").blur()
    page.get_by_text("line 1: not JSON").wait_for(timeout=LONG)
    page.locator("#pasted textarea").fill(json.dumps(item))
    page.locator("#pasted textarea").blur()
    page.get_by_text("One item was read and filled in.").wait_for(timeout=LONG)
    page.wait_for_function("document.querySelector('#query textarea').value === 'Bye'", timeout=LONG)
    assert page.locator("#turns textarea").input_value() == "user: Hi\nassistant: Hello!"
    assert page.locator("#response-2 textarea").input_value() == "Well."
    assert page.locator("#labels textarea, #labels input").first.is_visible(), "labels that come along are seen"
    page.locator("#query textarea").fill("Bye!")  # edited: leaving the pasted text again does not undo it
    page.locator("#pasted textarea").focus()
    page.locator("#pasted textarea").blur()
    page.wait_for_timeout(500)
    assert page.locator("#query textarea").input_value() == "Bye!"
    page.locator("#pasted textarea").fill(json.dumps({"query": "Another", "responses": ["One", "Two"]}))
    page.locator("#pasted textarea").blur()
    page.wait_for_function("document.querySelector('#query textarea').value === 'Another'", timeout=LONG)
    page.locator("#pasted textarea").fill(json.dumps(item))
    page.locator("#pasted textarea").blur()
    page.wait_for_function("document.querySelector('#query textarea').value === 'Bye'", timeout=LONG)
    page.locator("#k input").fill("3")
    page.locator("#k input").blur()
    page.locator("#score").click()
    wait_end(page)
    wait_rows(page, 3)
    page.locator(".grm-case summary").click()
    assert "Hello!" in page.locator(".grm-case").inner_text()
    assert "label 1" in page.locator(".grm-response").first.inner_text()
    page.goto(url)
    page.wait_for_function("document.querySelector('#query textarea')?.value === 'Bye'", timeout=LONG)
    assert page.locator("#k input").input_value() == "3"
    assert page.locator("#response-2 textarea").input_value() == "Well."


def test_part_1_a_template_that_does_not_fit_is_told(serve: Serve, page: Any) -> None:
    open_page(page, serve())
    page.get_by_role("button", name="More settings").click()
    page.locator("#template input").click()
    page.get_by_role("option", name="pointwise-reference").click()
    ask(page, "Why?", ("a", "b"), 2)
    page.get_by_text("template pointwise-reference needs reference").wait_for(timeout=LONG)


def test_part_2_more_samples_grow_the_same_session(serve: Serve, page: Any) -> None:
    open_page(page, serve())
    ask(page, "What grows?", ("This.", "That."), 3)
    wait_end(page)
    wait_rows(page, 3)
    before = page.locator(".grm-matrix tr[data-i='1']").inner_text()
    session = page.url.split("session=")[1].split("&")[0]
    page.locator("#count input").fill("4")
    page.locator("#more").click()
    wait_rows(page, 7)
    wait_end(page)
    assert f"session={session}" in page.url
    assert page.locator(".grm-matrix tr[data-i='1']").inner_text() == before
    page.locator(".grm-verdict h2", has_text="over 7 samples").wait_for(timeout=LONG)
    page.reload()
    wait_rows(page, 7)


def test_part_3_method_k_and_k_meta_vote_again(address: str, page: Any) -> None:
    opened(page, address)
    page.locator("#method label", has_text="guided").first.click()
    page.locator(".grm-verdict h2", has_text="the 3 best by meta RM").wait_for(timeout=LONG)
    for k, readable in ((2, 2), (6, 5), (3, 3), (7, 6), (4, 4)):
        page.locator("#k-voted").evaluate(
            "(slider, k) => { slider.value = k; slider.dispatchEvent(new Event('input')); }", k
        )
        page.locator(".grm-verdict h2", has_text=f"over {readable} samples").wait_for(timeout=LONG)
    page.locator(".grm-verdict h2", has_text="over 4 samples, the 2 best").wait_for(timeout=LONG)


def test_part_4_the_matrix_is_sorted(address: str, page: Any) -> None:
    opened(page, address)
    assert shown(page) == [1, 2, 3, 4, 5, 6, 7, 8]
    sort = page.locator(".grm-tools select").first
    sort.select_option("meta")
    until_shown(page, [1, 2, 3, 4, 5, 6, 7, 8])
    sort.select_option("margin")
    until_shown(page, [8, 4, 1, 2, 6, 3, 7, 5])
    sort.select_option("place0")
    until_shown(page, [1, 5, 3, 7, 4, 8, 2, 6])


def test_part_4_the_matrix_is_filtered_and_cleared(address: str, page: Any) -> None:
    opened(page, address)
    show = page.locator(".grm-tools select").nth(1)
    for choice, indices in (("against", [3, 7]), ("failed", [5])):
        show.select_option(choice)
        until_shown(page, indices)
    assert page.locator(".grm-counted").inner_text() == "1 of 8 shown"
    page.get_by_role("button", name="clear").click()
    until_shown(page, [1, 2, 3, 4, 5, 6, 7, 8])
    page.locator("#method label", has_text="guided").first.click()
    show.select_option("dropped")
    until_shown(page, [4, 6, 7, 8])
    show.select_option("all")
    page.keyboard.press("Escape")
    page.locator(".grm-filters summary").click()
    page.locator("#grm-words").fill("the LIGHT")
    until_shown(page, [2, 4, 6, 8])
    page.locator("#grm-words").fill("")
    page.locator(".grm-range select").select_option("0")
    page.locator(".grm-range input").first.fill("9")
    until_shown(page, [4, 8])


def test_part_5_the_same_response_stands_at_the_same_height_in_every_card(address: str, page: Any) -> None:
    opened(page, address)
    assert page.locator(".grm-card").count() == 3
    tops = page.evaluate(
        "[...document.querySelectorAll('.grm-card')].map((card) =>"
        " [...card.querySelectorAll('.grm-about-head')].map((head) => Math.round(head.getBoundingClientRect().top)))"
    )
    assert tops[0] == tops[1] == tops[2]
    assert len(tops[0]) == 4
    heads = page.locator(".grm-card").first.locator(".grm-about-head").all_inner_texts()
    assert [head[0] for head in heads] == ["A", "B", "C", "D"]
    assert "writes 4/10, boxes 8" in heads[0].replace("\n", " ")
    assert page.locator(".grm-mismatch").count() == 1
    second = page.locator(".grm-card").nth(1).locator(".grm-about").nth(1).inner_text()
    assert "light. in take 1" in second, "A was shown last in sample 2"


def test_part_5_raw_text_is_exact_with_what_the_parser_took(address: str, page: Any) -> None:
    opened(page, address)
    page.keyboard.press("r")
    raw = page.locator(".grm-card pre").first
    raw.wait_for(timeout=LONG)
    done = four.judged(0).completion
    assert done is not None
    assert raw.text_content() == done.text
    assert raw.locator(".grm-span-principle").count() == 2
    assert raw.locator(".grm-span-score").all_inner_texts() == ["8", "5", "6", "1"]


def test_part_5_by_response_and_differences(address: str, page: Any) -> None:
    opened(page, address)
    page.get_by_role("button", name="about B").click()
    articles = page.locator(".grm-said-of article")
    articles.first.wait_for(timeout=LONG)
    assert articles.count() == 7
    assert "water. in take 2" in articles.first.inner_text(), "the highest score for B first"
    assert "about=B" in page.url
    page.get_by_role("button", name="sample by sample").click()
    page.get_by_role("button", name="differences").click()
    page.locator(".grm-card ins").first.wait_for(timeout=LONG)
    card = page.locator(".grm-card").nth(1)
    assert card.locator(".grm-principles ins").all_inner_texts() == ["light"]
    assert card.locator(".grm-principles del").all_inner_texts() == ["water"]
    assert page.locator(".grm-card").first.locator("ins, del").count() == 0


def test_part_8_everything_by_keyboard_and_single_keys_can_be_switched_off(address: str, page: Any) -> None:
    opened(page, address)
    page.keyboard.press("?")
    page.locator(".grm-keys").wait_for(timeout=LONG)
    assert "next, previous sample" in page.locator(".grm-keys").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.locator(".grm-verdict h2", has_text="Guided vote").wait_for(timeout=LONG)
    page.keyboard.press("[")
    page.locator(".grm-verdict h2", has_text="6 of 7 could be read").wait_for(timeout=LONG)
    page.keyboard.press("-")
    page.locator(".grm-verdict h2", has_text="the 2 best by meta RM").wait_for(timeout=LONG)
    page.keyboard.press("j")
    page.wait_for_function("document.querySelector('.grm-card h3')?.textContent === 'Sample 2'", timeout=LONG)
    assert "sample=2,3,4" in page.url
    again = page.context.new_page()
    again.goto(page.url)
    again.locator(".grm-verdict h2", has_text="over 6 samples, the 2 best").wait_for(timeout=LONG)
    assert again.locator(".grm-card h3").all_inner_texts() == ["Sample 2", "Sample 3", "Sample 4"]
    again.close()
    page.keyboard.press("?")
    page.locator("#grm-keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.wait_for_timeout(400)
    assert "Guided vote" in page.locator(".grm-verdict h2").inner_text()


@pytest.mark.parametrize(("k", "n", "width"), [(128, 8, 1440), (128, 8, 390), (256, 4, 1440)])
def test_part_4_a_large_session_stays_usable(
    serve: Serve, chromium: Any, tmp_path: Path, k: int, n: int, width: int
) -> None:
    store = Store(tmp_path / "grm.db")
    store.add_run(Run("run", "2026-01-01T00:00:00+00:00", "fake", "m", "pointwise", "", Params(), k, None, 0))
    example = Example("x", (Message("user", "Which?"),), tuple(f"Answer {i}. " * 40 for i in range(n)))
    store.add_session(Session("big", "run", example, "big", "2026-01-01T00:00:00+00:00"))
    rng = random.Random(0)
    for index in range(k):
        text = "Principles:\n1. One\n2. Two\nCritique:\n" + "".join(
            f"Response {place}: {'some words ' * 12}\n" for place in range(1, n + 1)
        )
        scores = [rng.randint(1, 10) for _ in range(n)]
        store.add_sample(make_sample(index, scores, rng.random(), rng.sample(range(n), n), "big", text))
    store.close()
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{serve(db=tmp_path / 'grm.db')}/?session=big")
    wait_rows(page, k)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator(".grm-tools select").first.select_option("meta")
    page.wait_for_function("document.querySelector('.grm-matrix tr[data-i]').dataset.i !== '0'", timeout=LONG)
    page.locator(".grm-matrix tr[data-i]").last.click()
    last = page.locator(".grm-matrix tr[data-i]").last.locator(".grm-index").inner_text()
    page.locator(".grm-card h3", has_text=f"Sample {last}").wait_for(timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
