"""The Runs page in a real Chromium (part 7: accuracy over k by subset, greedy beside; 2 the map; 4 adaptive k)."""

import csv
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis import run_curves
from grm_core.analysis.standing import crossed, standings
from storage.store import Store
from tests.analysis.test_run_curves import items
from tests.browser.conftest import Serve
from tests.browser.test_access import faults
from tests.storage.make import RUN, SESSION

pytestmark = pytest.mark.browser
LONG = 60_000
ITEMS = items(6, 8)


def fill(path: Path, even: str = "even") -> None:
    """A database of three runs over the same items: k = 8 with labels, k = 1 with labels, k = 8 without.

    `even` is what the subset of every other item is called.
    """
    store = Store(path)
    for run, k, labelled in (("many", 8, True), ("greedy", 1, True), ("bare", 8, False)):
        store.add_run(replace(RUN, id=run, model=f"model {run}"))
        for item in ITEMS:
            labels = item.labels if labelled else None
            subset = even if item.subset == "even" else item.subset
            example = replace(item.example, id=item.item_id, subset=subset, labels=labels)
            session = f"{run}-{item.item_id}"
            store.add_session(replace(SESSION, id=session, run_id=run, example=example, title=session))
            for sample in item.samples[:k]:
                done = None if sample.completion is None else replace(sample.completion, text="Scores follow.")
                kept = replace(sample, id=f"{session}/{sample.index}", session_id=session, completion=done)
                store.add_sample(kept)
    store.close()


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("runs")) / "grm.db"
    fill(path)
    return serve(db=path)


def rows(page: Any, name: str) -> list[list[str]]:
    shown = page.locator(f".grm-panel[data-name={name}]")
    shown.scroll_into_view_if_needed(timeout=LONG)
    shown.locator(".grm-figure .main-svg").first.wait_for(timeout=LONG)
    shown.locator("details summary").click()
    read = "trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent))"
    return list(shown.locator("table tr").evaluate_all(read))


def test_runs_part_7_accuracy_over_k_by_method_and_subset(url: str, page: Any) -> None:
    page.goto(f"{url}/runs?id=many")
    lines, expected = rows(page, "accuracy"), run_curves.growth(ITEMS)
    assert [row[:2] for row in lines] == [[m, str(k)] for m, k in zip(expected["method"], expected["k"], strict=True)]
    for row, mean in zip(lines, expected["mean"], strict=True):
        assert float(row[2]) == pytest.approx(mean, abs=6e-4)
    assert [row[0] for row in rows(page, "subsets")] == ["even", "odd"]
    assert "6 labelled items" in page.locator(".grm-panel[data-name=subsets]").inner_text()


def test_runs_part_7_a_greedy_run_stands_beside_the_votes(url: str, page: Any) -> None:
    page.goto(f"{url}/runs")
    page.locator("#run-id").select_option("many")
    page.locator("#run-beside").select_option("greedy")
    shown = page.locator(".grm-panel[data-name=curves]", has_text="Means over the 6 labelled items")
    shown.wait_for(timeout=LONG)
    assert "id=many&beside=greedy" in page.url
    page.reload()
    shown.wait_for(timeout=LONG)
    table = page.locator(".grm-compared .grm-points").first
    assert table.locator("tr").first.locator("th").all_inner_texts() == [
        "Run", "Model", "Accuracy, k = 1", "Accuracy, all samples", "Against run 1, points",
    ]  # fmt: skip
    traces = shown.locator(".js-plotly-plot").evaluate("plot => plot.data.map(line => line.name).filter(Boolean)")
    assert {name.partition(":")[0] for name in traces} == {"1", "2"}, "both curves stand in one plot"
    lines = standings(ITEMS), standings([replace(item, samples=item.samples[:1]) for item in ITEMS])
    differ = [one.item_id for one, other in zip(*lines, strict=True) if one.winner != other.winner]
    page.locator("#run-show").select_option("differ")
    assert sorted(page.locator(".grm-item-list tbody tr .grm-note").all_inner_texts()) == sorted(differ)
    counts = crossed(list(zip(*lines, strict=True)))
    (pair, count) = next(iter(counts.items()))
    page.get_by_role("button", name=f"{count} items: run 1 {pair[0]}, run 2 {pair[1]}").click()
    assert page.locator(".grm-item-list tbody tr").count() == count
    assert f"cross=1%2F{pair[0]}%2F{pair[1]}" in page.url
    assert faults(page) == []


def test_runs_part_2_and_4_the_map_and_what_adaptive_k_saves(url: str, page: Any) -> None:
    page.goto(f"{url}/runs?id=many")
    lines = rows(page, "map")
    for row, expected in zip(lines, run_curves.meta_map(ITEMS).itertuples(), strict=True):
        assert float(row[2]) == pytest.approx(expected.mean, abs=6e-4)
    settled = run_curves.settled(ITEMS)
    needed = int(settled["stops"].sum())
    panel = page.locator(".grm-panel[data-name=settled]")
    assert f"would have drawn {needed} of 48 samples" in panel.inner_text()
    bars = panel.locator(".js-plotly-plot").evaluate("plot => plot.data.map(bars => [bars.x, bars.y])")
    for (names, counts), column in zip(bars, ("settles", "stops"), strict=True):
        ks = settled[column].dropna()
        assert dict(zip(names, counts, strict=True)) == {
            "1": (ks == 1).sum(),
            "2": (ks == 2).sum(),
            "3–4": ks.between(3, 4).sum(),
            "5–8": ks.between(5, 8).sum(),
        }


def test_the_items_of_a_run_are_narrowed_by_its_plots_and_come_back_to(url: str, page: Any) -> None:
    page.goto(f"{url}/runs?id=many&sort=-margin")
    rows(page, "subsets")
    newest_first = list(reversed(standings(ITEMS)))
    lines = sorted(newest_first, key=lambda line: -line.margin)
    listed = page.locator(".grm-item-list tbody tr")
    read = (
        "rows => rows.map(row => [row.querySelector('.grm-note').textContent,"
        " row.querySelector('[data-name=Margin]').textContent])"
    )
    assert listed.evaluate_all(read) == [[line.item_id, str(line.margin)] for line in lines]
    page.locator("[data-name=subsets] .js-plotly-plot").evaluate(
        "plot => plot.emit('plotly_click', { points: [{ customdata: plot.data[0].customdata[0] }] })"
    )
    even = [line for line in lines if line.subset == "even"]
    assert [row[0] for row in listed.evaluate_all(read)] == [line.item_id for line in even]
    assert "subset=%3Deven" in page.url
    assert page.get_by_role("button", name="Remove: subset: even").is_visible()
    listed.nth(1).locator("a").first.click()
    page.locator("#shell-trail").get_by_text("Item 2 of 3").wait_for(timeout=LONG)
    page.locator("#shell-trail").get_by_role("link", name="Next").click()
    page.locator("#shell-trail").get_by_text("Item 3 of 3").wait_for(timeout=LONG)
    page.locator("#shell-trail a").first.click()
    back = page.locator(".grm-item-list tr.grm-came-from")
    back.wait_for(timeout=LONG)
    assert back.get_attribute("data-id") == f"many-{even[2].item_id}"
    assert listed.count() == 3, "narrowed and sorted as before"
    assert "none" in back.inner_text() or "note" in back.inner_text() or "warning" in back.inner_text()


def test_a_run_is_taken_away_as_a_static_site(url: str, page: Any, tmp_path: Path) -> None:
    page.goto(f"{url}/runs?id=greedy")
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("button", name="Static site").click()
    waiting.value.save_as(tmp_path / "site.zip")
    names = zipfile.ZipFile(tmp_path / "site.zip").namelist()
    assert {"grm-lens-greedy/index.html", "grm-lens-greedy/data/session-5.js"} <= set(names)


def test_runs_without_labels_show_how_soon_the_vote_knows_its_winner(url: str, page: Any) -> None:
    page.goto(f"{url}/runs?id=bare")
    assert rows(page, "win")
    assert rows(page, "win-map")
    assert page.locator(".grm-panel[data-name=accuracy]").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_runs_hostile_29_and_31_a_subset_is_a_word_in_the_plot_and_in_the_csv(
    serve: Serve, page: Any, tmp_path: Path
) -> None:
    name = '=HYPERLINK("https://example.org")<a href="https://example.org">x</a>'
    fill(tmp_path / "grm.db", even=name)
    page.goto(f"{serve(db=tmp_path / 'grm.db')}/runs?id=many")
    assert [row[0] for row in rows(page, "subsets")] == [name, "odd"]
    panel = page.locator(".grm-panel[data-name=subsets]")
    assert name in panel.locator("svg.main-svg").first.text_content()
    assert panel.locator("svg a").count() == 0
    with page.expect_download(timeout=LONG) as waiting:
        panel.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "subsets.csv")
    assert [line[0] for line in csv.reader((tmp_path / "subsets.csv").open(newline=""))] == [
        "subset",
        f"'{name}",
        "odd",
    ]


def test_a_run_is_shown_while_it_grows_and_nothing_is_taken_from_under_the_keyboard(
    serve: Serve, page: Any, tmp_path: Path
) -> None:
    path = tmp_path / "grm.db"
    fill(path)
    store = Store(path)
    for name in ("seventh", "eighth"):
        example = replace(ITEMS[0].example, id=name, subset="new", labels=ITEMS[0].labels)
        store.add_session(replace(SESSION, id=name, run_id="many", example=example, title=name))
        for sample in ITEMS[0].samples:
            store.add_sample(replace(sample, id=f"{name}/{sample.index}", session_id=name))
        store.bin(name)
    store.close()

    def grow(name: str) -> None:
        with closing(sqlite3.connect(path, timeout=60)) as conn, conn:
            conn.execute("UPDATE session SET binned_at = NULL WHERE id = ?", (name,))

    page.clock.install()
    page.goto(f"{serve(db=path)}/runs?id=many&sort=-margin")
    listed = page.locator(".grm-item-list tbody tr")
    page.locator(".grm-panel[data-name=subsets]").wait_for(timeout=LONG)
    assert listed.count() == 6
    grow("seventh")
    page.clock.fast_forward(60_000)
    listed.nth(6).wait_for(timeout=LONG)
    assert "7 sessions" in page.locator("#run-id option:checked").inner_text()
    assert page.locator(".grm-panel[data-name=subsets]").count() == 1
    page.locator("#run-words").focus()
    grow("eighth")
    page.clock.fast_forward(60_000)
    page.get_by_role("button", name="Show 8 new samples").wait_for(timeout=LONG)
    assert listed.count() == 7
    page.get_by_role("button", name="Show 8 new samples").click()
    listed.nth(7).wait_for(timeout=LONG)
    assert "sort=-margin" in page.url
