"""A static site in a real Chromium, opened from the disk with the network off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis.standing import standings
from grm_core.reading.parsing import parse
from grm_core.voting import vote
from reports.words import verdict_line
from storage import numbers
from storage.store import Store
from tests.analysis.test_run_curves import items
from tests.storage.make import RUN, SESSION
from ui import site

pytestmark = pytest.mark.browser
LONG = 30_000
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A run of six labelled items, eight samples each, all read by a meta RM."""
    store = Store(tmp_path_factory.mktemp("site") / "grm.db")
    store.add_run(RUN)
    for item in items(6, 8):
        example = replace(item.example, id=item.item_id, subset=item.subset, labels=item.labels)
        store.add_session(replace(SESSION, id=item.item_id, example=example, title=f"Item {item.item_id}"))
        for sample in item.samples:
            scores = ", ".join(map(str, sample.scores or ()))
            text = f"Principles:\n1. Point {item.item_id} (weight: 70%)\nCritique:\n"
            text += f"Response 1: word{sample.index} {HOSTILE}, **rightly** $x^2$.\n```python\nreturn 1\n```\n"
            text += f"Scores: \\boxed{{{scores}}}"
            done = None if sample.completion is None else replace(sample.completion, text=text)
            name = f"{item.item_id}/{sample.index}"
            kept = replace(sample, id=name, session_id=item.item_id, completion=done, parsed=parse(text, 2))
            store.add_sample(kept)
    yield store
    store.close()


@pytest.fixture(scope="module")
def folder(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as a site."""
    out = tmp_path_factory.mktemp("out") / "site"
    site.write(store, ["run"], out)
    return out


@pytest.fixture
def offline(chromium: Any) -> Iterator[Any]:
    """A page without a network, whose errors and foreign requests fail the test."""
    context = chromium.new_context(offline=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wrong: list[str] = []

    def refuse(dialog: Any) -> None:
        wrong.append("dialog")
        dialog.dismiss()

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("dialog", refuse)
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else wrong.append(r.url))
    yield page
    context.close()
    assert wrong == []


def test_a_run_opens_from_the_disk_and_its_plots_narrow_its_items(store: Store, folder: Path, offline: Any) -> None:
    offline.goto(f"{(folder / 'index.html').as_uri()}?sort=-margin")
    rows = offline.locator(".grm-item-list tbody tr")
    rows.first.wait_for(timeout=LONG)
    lines = sorted(standings(numbers.of_run(store, "run")), key=lambda line: -line.margin)
    assert rows.locator(".grm-note").all_inner_texts() == [line.item_id for line in lines]
    offline.locator("[data-name=subsets]").scroll_into_view_if_needed(timeout=LONG)  # a plot is drawn when it is near
    offline.locator("[data-name=subsets] .main-svg").first.wait_for(timeout=LONG)
    offline.locator("[data-name=subsets] .js-plotly-plot").evaluate(
        "plot => plot.emit('plotly_click', { points: [{ customdata: plot.data[0].customdata[1] }] })"
    )
    assert rows.count() == 3
    assert "subset=%3Dodd" in offline.url
    rows.nth(1).locator("a").click()
    offline.get_by_text("Item 2 of 3").wait_for(timeout=LONG)
    offline.locator(".grm-site-trail a").first.click()
    offline.locator(".grm-came-from").wait_for(timeout=LONG)
    assert rows.count() == 3


def test_a_session_has_matrix_cards_and_dials_without_a_server(store: Store, folder: Path, offline: Any) -> None:
    offline.goto(f"{(folder / 'index.html').as_uri()}?session=i2&sample=3")
    verdict = offline.locator(".grm-verdict-words h2")
    samples = store.samples("i2")
    verdict.get_by_text(verdict_line(vote(samples), 2)).wait_for(timeout=LONG)
    assert offline.locator(".grm-matrix tbody tr").count() == 8
    card = offline.locator(".grm-cards article").first
    card.get_by_text("word2").first.wait_for(timeout=LONG)
    assert HOSTILE in card.inner_text()
    for rendered in ("strong:text('rightly')", "math", ".hljs-keyword:text('return')"):
        card.locator(rendered).first.wait_for(timeout=LONG)
    assert offline.get_by_role("button", name="Judge again by these principles").count() == 0
    assert offline.locator(".grm-bar").is_hidden(), "what only the app can do"
    for method, k, k_meta in (("naive", 3, None), ("guided", None, None), ("guided-weighted", None, 2)):
        query = f"session=i2&method={method}&k={k or ''}&k_meta={k_meta or ''}"
        offline.goto(f"{(folder / 'index.html').as_uri()}?{query}")
        verdict.get_by_text(verdict_line(vote(samples, method, k, k_meta), 2)).wait_for(timeout=LONG)
    offline.locator("input[value=naive]").check()
    verdict.get_by_text(verdict_line(vote(samples, k_meta=2), 2)).wait_for(timeout=LONG)


def test_the_lab_stands_in_the_site_for_all_samples_and_says_where_it_does_not(folder: Path, offline: Any) -> None:
    offline.goto(f"{(folder / 'index.html').as_uri()}?session=i2")
    offline.get_by_role("button", name="Lab").click(timeout=LONG)
    offline.get_by_role("heading", name="Does the filter drop errors, or dissent?").wait_for(timeout=LONG)
    offline.goto(f"{(folder / 'index.html').as_uri()}?session=i2&k=3")
    offline.get_by_role("button", name="Lab").click(timeout=LONG)
    offline.get_by_text("This site holds the Lab of all samples").wait_for(timeout=LONG)


def test_several_runs_are_compared_from_the_disk(store: Store, tmp_path: Path, offline: Any) -> None:
    store.add_run(replace(RUN, id="greedy", model="greedy model"))
    for item in items(6, 1):
        example = replace(item.example, id=item.item_id, subset=item.subset, labels=item.labels)
        session = f"greedy-{item.item_id}"
        store.add_session(replace(SESSION, id=session, run_id="greedy", example=example, title=f"Item {item.item_id}"))
        store.add_sample(replace(item.samples[0], id=f"{session}/0", session_id=session))
    site.write(store, ["run", "greedy"], tmp_path / "both")
    offline.goto((tmp_path / "both" / "index.html").as_uri())
    rows = offline.locator(".grm-item-list tbody tr")
    rows.first.wait_for(timeout=LONG)
    count = offline.locator(".grm-cross button:enabled").first
    expected = int(count.inner_text())
    count.click()
    assert rows.count() == expected
    rows.first.locator("a").first.click()
    offline.get_by_text(f"Item 1 of {expected}").wait_for(timeout=LONG)
    offline.locator(".grm-site-trail a").first.click()
    offline.locator(".grm-came-from").wait_for(timeout=LONG)
    offline.locator(".grm-run-table a", has_text="greedy model").click()
    offline.get_by_role("link", name="← 2 runs compared").wait_for(timeout=LONG)
    assert rows.count() == 6
    assert "id=greedy" in offline.url


def test_all_texts_are_searched_and_the_words_marked_where_they_stand(folder: Path, offline: Any) -> None:
    offline.goto((folder / "index.html").as_uri())
    offline.locator("#site-search input").fill("Word5 point")
    offline.keyboard.press("Enter")
    offline.get_by_text("0 passages with").wait_for(timeout=LONG)
    offline.locator("#site-search input").fill("WORD5")
    offline.keyboard.press("Enter")
    offline.get_by_text("6 passages with").wait_for(timeout=LONG)
    assert offline.locator(".grm-passage mark").first.inner_text() == "word5"
    offline.locator(".grm-passage", has_text="Item i4").click()
    for _ in range(LONG // 100):  # wait_for_function needs eval, which the page does not allow
        if offline.evaluate("(CSS.highlights.get('grm-words')?.size ?? 0) > 0"):
            break
        offline.wait_for_timeout(100)
    assert offline.evaluate("CSS.highlights.get('grm-words')?.size ?? 0") > 0
    assert "session=i4&sample=6" in offline.url


def test_a_site_fits_a_telephone(folder: Path, offline: Any) -> None:
    offline.set_viewport_size({"width": 390, "height": 844})
    for query, ready in (("", ".grm-item-list tbody tr"), ("?session=i2", ".grm-cards article")):
        offline.goto(f"{(folder / 'index.html').as_uri()}{query}")
        offline.locator(ready).first.wait_for(timeout=LONG)
        offline.wait_for_timeout(500)
        assert offline.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_demo_opens_from_the_disk(tmp_path: Path, offline: Any) -> None:
    assert site.write_demo(tmp_path / "demo", tmp_path) > 1
    offline.goto((tmp_path / "demo" / "index.html").as_uri())
    offline.get_by_role("heading", name="Which answer is best?").wait_for(timeout=LONG)
    offline.keyboard.press("ArrowRight")
    offline.get_by_role("heading", name="The judge writes before it scores").wait_for(timeout=LONG)
    offline.get_by_role("link", name="Open this session").click()
    offline.locator(".grm-matrix tbody tr").first.wait_for(timeout=LONG)
