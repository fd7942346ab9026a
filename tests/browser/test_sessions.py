"""Part 9: the Sessions page (search, filters, sort, tags, rename, delete with undo) and two sessions compared."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Params, Run, Session
from storage.store import Store
from tests.browser.conftest import Serve
from tests.make import make_sample

pytestmark = pytest.mark.browser
LONG = 60_000
COLD = Params(temperature=0.0)
RUN = Run("cold", "2026-01-01T00:00:00+00:00", "fake", "judge-one", "pointwise", "", COLD, 4, None, 0)
PLANETS = Example("p", (Message("user", "Which planet is the largest?"),), ("Jupiter.", "Saturn."), (1.0, 0.0))
BASIL = Example("b", (Message("user", "How do I keep basil?"),), ("Light.", "Water.", "Salt."))


def add(store: Store, run: Run, name: str, example: Example, title: str, scores: tuple[int, ...], count: int) -> None:
    store.add_run(run)
    store.add_session(Session(name, run.id, example, title, "2026-01-01T00:00:00+00:00"))
    for index in range(count):
        text = f"Principles:\n1. Size named (weight: 70%)\n2. Point {name}\nCritique:\nResponse 1: big word {name}.\n"
        text += "Scores: \\boxed{" + ", ".join(map(str, scores)) + "}"
        made = make_sample(index, scores, session_id=name, text=text)
        store.add_sample(replace(made, parsed=parse(text, len(scores))))


@pytest.fixture
def url(serve: Serve, tmp_path: Path) -> str:
    store = Store(tmp_path / "grm.db")
    warm = replace(RUN, id="warm", params=Params(temperature=1.0))
    other = replace(warm, id="other", model="judge-two")
    add(store, RUN, "one", PLANETS, "planets, cold", (8, 3), 4)
    add(store, warm, "two", PLANETS, "planets, warm", (4, 6), 4)
    add(store, other, "three", BASIL, "basil", (5, 6, 2), 3)
    store.close()
    return serve(db=tmp_path / "grm.db")


def ours(page: Any, url: str) -> None:
    """The list without the recorded sessions."""
    page.goto(f"{url}/sessions")
    page.locator(".grm-session-list a", has_text="basil").first.wait_for(timeout=LONG)


def until_titles(page: Any, *titles: str) -> None:
    read = "[...document.querySelectorAll('.grm-session-list td a')].map((a) => a.textContent).join('|')"
    page.wait_for_function(f"{read} === {'|'.join(titles)!r}", timeout=LONG)


def test_part_9_search_filters_and_sort_stand_in_the_address(url: str, page: Any) -> None:
    ours(page, url)
    page.locator("#search").fill("big word two")
    until_titles(page, "planets, warm")
    assert page.locator(".grm-snippet mark").all_inner_texts()[:2] == ["big", "word"]
    page.locator("#search").fill("")
    page.locator("#sessions-model").select_option("judge-two")
    until_titles(page, "basil")
    page.locator("#sessions-model").select_option("")
    page.locator("#search").fill("planet")
    until_titles(page, "planets, warm", "planets, cold")
    page.locator("#sessions-sort").select_option("oldest")
    until_titles(page, "planets, cold", "planets, warm")
    assert "words=planet" in page.url
    page.reload()
    until_titles(page, "planets, cold", "planets, warm")
    page.locator("#search").fill("big word three")
    page.locator("#sessions-labelled").check()
    page.get_by_text("No session fits.").wait_for(timeout=LONG)


def test_search_finds_samples_and_leads_to_the_words(url: str, page: Any) -> None:
    ours(page, url)
    page.locator("#search").fill("big word two")
    passages = page.locator(".grm-passage")
    page.locator(".grm-passage .grm-note", has_text="sample 3, critique").wait_for(timeout=LONG)
    assert sorted(passages.locator(".grm-note").all_inner_texts()) == [f"sample {i}, critique" for i in (1, 2, 3, 4)]
    assert set(passages.first.locator("mark").all_inner_texts()) >= {"big", "word", "two"}
    page.locator(".grm-passage", has_text="sample 3, critique").click()
    page.wait_for_function("CSS.highlights?.get('grm-words')?.size > 0", timeout=LONG)
    assert "session=two" in page.url
    assert "sample=3" in page.url
    marked = page.evaluate("[...CSS.highlights.get('grm-words')].map((range) => range.toString().toLowerCase())")
    assert {"big", "word", "two"} <= set(marked)


def test_sessions_say_who_wins_and_whether_that_is_right_item_by_item(url: str, page: Any) -> None:
    ours(page, url)

    def cells(name: str) -> list[str]:
        return [
            page.locator(f"tr[data-id={name}] td[data-name={column}]").inner_text().strip()
            for column in ("Winner", "Margin", "Right")
        ]

    assert cells("one") == ["A", "20", "✓ right"]
    assert cells("two") == ["B", "8", "✗ wrong"]
    assert cells("three") == ["B", "3", "–"]
    page.locator("#sessions-sort").select_option("item")
    group = page.locator(".grm-group", has_text="2 sessions, they differ")
    group.wait_for(timeout=LONG)
    after = group.evaluate("line => [line.nextSibling.dataset.id, line.nextSibling.nextSibling.dataset.id]")
    assert after == ["two", "one"]
    page.locator("tr[data-id=one] .grm-plain").click()
    until_titles(page, "planets, cold")
    assert "run=cold" in page.url


def test_part_9_rename_and_tag_a_session(url: str, page: Any) -> None:
    ours(page, url)
    row = page.locator("tr[data-id=three]")
    row.get_by_role("button", name="Rename").click()
    row.locator("input[type=text]").fill("<b>herbs</b>")
    page.keyboard.press("Enter")
    page.locator("tr[data-id=three] a", has_text="<b>herbs</b>").wait_for(timeout=LONG)
    row.get_by_role("button", name="Tags").click()
    row.locator("input[type=text]").fill("kitchen, failure, kitchen")
    row.get_by_role("button", name="Save").click()
    page.locator("tr[data-id=three] .grm-tag", has_text="failure").wait_for(timeout=LONG)
    assert row.locator(".grm-tag").all_inner_texts() == ["kitchen", "failure"]
    page.locator("#sessions-tag").select_option("kitchen")
    until_titles(page, "<b>herbs</b>")


def test_part_9_delete_can_be_undone_and_what_is_deleted_is_kept_until_told(url: str, page: Any) -> None:
    ours(page, url)
    page.locator("tr[data-id=two]").get_by_role("button", name="Delete").click()
    page.locator("tr[data-id=two]").wait_for(state="detached", timeout=LONG)
    page.get_by_role("button", name="Undo").click()
    page.locator("tr[data-id=two]").wait_for(timeout=LONG)
    page.locator("tr[data-id=two]").get_by_role("button", name="Delete").click()
    page.locator("tr[data-id=two]").wait_for(state="detached", timeout=LONG)
    page.locator("#sessions-binned").check()
    until_titles(page, "planets, warm")
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="detached", timeout=LONG)
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("No session is deleted.").wait_for(timeout=LONG)


def test_part_9_two_sessions_are_compared_and_warned_about(url: str, page: Any) -> None:
    ours(page, url)
    for name in ("one", "two"):
        page.locator(f"tr[data-id={name}] input").check()
    page.get_by_text("Compare the two chosen sessions").click()
    page.locator(".grm-side").nth(1).wait_for(timeout=LONG)
    comparison = page.locator(".grm-comparison").inner_text()
    assert "They disagree about the winner." in comparison
    assert re.search(r"Response A wins by 20 .*Response B wins by 8 ", comparison, re.DOTALL)
    assert page.locator(".grm-differs").count() == 1
    assert "Temperature" in page.locator(".grm-differs").inner_text()
    assert page.locator(".grm-warn").count() == 0
    assert page.locator(".grm-side").first.locator(".grm-only").count() == 1
    page.goto(f"{url}/compare?a=one&b=three")
    page.locator(".grm-side").nth(1).wait_for(timeout=LONG)
    warned = " ".join(page.locator(".grm-warn").all_inner_texts())
    assert "different queries" in warned
    assert "More than one setting differs (model, temperature)" in warned
    page.goto(f"{url}/compare?a=one&b=nobody")
    page.get_by_text("There is no session nobody.").wait_for(timeout=LONG)
