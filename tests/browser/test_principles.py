"""The Principles page in a real Chromium: each test names its part (8 map, 9 clusters and the vote, 10 numbers,
11 judge again by other principles, 12 tables)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from storage.store import Store
from tests.analysis.test_clusters import SESSIONS, WORDS
from tests.browser.conftest import Serve
from tests.storage.make import RUN, SESSION

pytestmark = [pytest.mark.browser, pytest.mark.model]
LONG = 90_000


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("principles")) / "grm.db"
    store = Store(path)
    store.add_run(RUN)
    for name, samples in SESSIONS.items():
        store.add_session(replace(SESSION, id=name, title=f"session {name}"))
        for sample in samples:
            store.add_sample(sample)
    store.close()
    return serve(db=path)


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.locator(".grm-clusters tr").nth(1).wait_for(timeout=LONG)


def test_principles_part_8_a_map_whose_points_lead_to_principles_and_samples(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?session=s")
    page.locator(".grm-panel[data-name=map] .main-svg").first.wait_for(timeout=LONG)
    names = page.locator(".grm-clusters input").evaluate_all("inputs => inputs.map(input => input.value)")
    assert len(names) == 3
    legend = page.locator(".grm-panel[data-name=map] .legendtext").all_text_contents()
    assert [name[:29] for name in legend] == [name[:29] for name in names]
    tops = [page.locator(each).first.bounding_box()["y"] for each in (".grm-clusters", ".grm-panel[data-name=map]")]
    assert tops == sorted(tops), "the table comes before the map"
    for form in ("SVG", "PNG"):
        with page.expect_download(timeout=LONG) as waiting:
            page.locator(".grm-panel[data-name=map]").get_by_role("button", name=form, exact=True).click()
        saved = Path(waiting.value.path()).read_bytes()
        assert saved[1:4] == b"PNG" if form == "PNG" else b"@font-face" in saved, "a picture brings its font"
    capital = next(i for i, name in enumerate(names) if "capital" in name)
    page.locator(".grm-clusters button").nth(capital).click()
    chosen = page.locator(".grm-chosen .grm-principle")
    assert chosen.count() == 1
    assert WORDS["fact"] in chosen.inner_text()
    chosen.get_by_role("link", name="sample 2").click()
    page.locator(".grm-card h3", has_text="Sample 2").wait_for(timeout=LONG)


def test_principles_part_8_a_name_is_edited_and_kept(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?session=s")
    name = page.locator(".grm-clusters input").first
    name.fill("my name")
    name.blur()
    page.reload()
    page.locator(".grm-clusters input").first.wait_for(timeout=LONG)
    assert page.locator(".grm-clusters input").first.input_value() == "my name"


def test_principles_part_9_every_cluster_says_what_it_does_to_the_vote(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?run=run")
    rows = page.locator(".grm-clusters tr").all_inner_texts()
    assert "Flips the verdict" in rows[0]
    names = page.locator(".grm-clusters input").evaluate_all("inputs => inputs.map(input => input.value)")
    at = next(i for i, name in enumerate(names) if "capital" in name)
    cells = page.locator(".grm-clusters tr").nth(at + 1).locator("td").all_inner_texts()
    assert cells[2:6] == ["44%", "20.00", "1", "3.50"], "share, weight, first sample, margin with it"
    assert "not a cause" in page.locator(".grm-page").inner_text()


def test_principles_part_10_numbers_for_two_sessions_side_by_side(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?session=s&other=t")
    row = page.locator(".grm-settings tr", has_text="principles stated").locator("td").all_inner_texts()
    assert row[:2] == ["8", "3"]
    assert page.locator(".grm-panel[data-name=growth]").count() == 1
    page.goto(f"{url}/principles?session=nobody")
    page.get_by_text("There is no session nobody.").wait_for(timeout=LONG)


def test_principles_part_10_settings_stand_side_by_side(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?session=s")
    page.get_by_text("The same numbers by model, template").click()
    table = page.locator(".grm-all-settings table")
    table.wait_for(timeout=LONG)
    row = table.locator("tr", has=page.get_by_role("cell", name=RUN.model, exact=True))
    cells = row.locator("td").all_inner_texts()
    assert cells[:6] == [RUN.model, RUN.template, f"{RUN.params.temperature:g}", str(RUN.order), "2", "11"]


def test_principles_part_12_all_statements_as_csv_and_parquet(url: str, page: Any) -> None:
    opened(page, f"{url}/principles?run=run")
    tables = []
    for kind, read in (("CSV", pd.read_csv), ("Parquet", pd.read_parquet)):
        with page.expect_download(timeout=LONG) as waiting:
            page.locator(".grm-documents").get_by_role("button", name=kind).click()
        assert waiting.value.suggested_filename == f"principles-run.{kind.lower()}"
        tables.append(read(waiting.value.path()))
    for table in tables:
        assert list(table["principle"].value_counts()[[WORDS["fact"], WORDS["tone"]]]) == [4, 3]
        assert table.groupby("cluster")["principle"].nunique().tolist() == [1, 1, 1]


def test_principles_part_11_judge_again_by_edited_principles_and_compare(url: str, page: Any) -> None:
    page.goto(f"{url}/?session=s&sample=2")
    page.get_by_role("button", name="Judge again by these principles").first.click()
    page.get_by_text("The principles of sample 2 are filled in").wait_for(timeout=LONG)
    editor = page.locator("#principles textarea")
    page.wait_for_function("document.querySelector('#principles textarea')?.value.includes('capital')", timeout=LONG)
    assert editor.input_value().splitlines() == [WORDS["fact"], WORDS["tone"]]
    editor.fill(WORDS["fact"])
    page.locator("#k input").fill("2")
    page.locator("#score").click()
    page.locator(".grm-root[data-phase=done]").wait_for(timeout=LONG)
    page.get_by_role("link", name="Compare with the session whose principles").click()
    page.locator(".grm-side").nth(1).wait_for(timeout=LONG)
    assert WORDS["fact"] in page.locator(".grm-differs", has_text="own principles").inner_text()
