"""The Models page in a real Chromium (part 7: leaderboard, win matrix, by subset, every cell opens its sessions)."""

import csv
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.types import Message
from storage.store import Store
from tests.browser.conftest import ROOT, Serve, Watched
from tests.browser.test_access import faults
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION

pytestmark = pytest.mark.browser
LONG = 120_000
STRENGTHS = {"quartz-7b": 2, "meadow-13b": 1, "tern-3b": 0, "pebble-1b": -2}
HOSTILE = {"<img src=x onerror=window.hacked=1>": 1, "${window.hacked=1}": 0, "{{alert(1)}}`</script>": -1}
CELL = ".grm-panel[data-name=pairs] .grm-cell"


def fill(path: Path, run: str, strengths: dict[str, int], items: int) -> None:
    """Items answered by all models but one; subsets in turn, the last item without a readable sample."""
    rng, store = random.Random(4), Store(path)
    store.add_run(replace(RUN, id=run, model=f"judge {run}"))
    for i in range(items):
        names = rng.sample(sorted(strengths), len(strengths) - i % 2)
        example = replace(
            make_example(len(names), subset=("cooking", "coding", "${x}")[i % 3], models=tuple(names)),
            id=f"{run}-{i}",
            query=(Message("user", f"Query {i}?"),),
        )
        store.add_session(replace(SESSION, id=f"{run}-{i}", run_id=run, example=example, title=f"Query {i}?"))
        for k in range(4):
            scores = [max(1, min(10, 6 + strengths[name] + rng.randint(-3, 3))) for name in names]
            order = rng.sample(range(len(names)), len(names))
            readable = scores if i < items - 1 else None
            store.add_sample(make_sample(k, readable, rng.uniform(-1, 1), order, f"{run}-{i}", "Scores follow."))
    store.close()


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("models")) / "grm.db"
    fill(path, "board", STRENGTHS, 25)
    fill(path, "evil", HOSTILE, 7)
    return path


@pytest.fixture(scope="module")
def url(serve: Serve, db: Path) -> str:
    return serve(db=db)


@pytest.fixture(autouse=True)
def patient(page: Any) -> None:
    page.set_default_timeout(LONG)


def printed(db: Path, *options: str) -> dict[str | None, Any]:
    """The command's output for the same run, by subset; the page holds the file, so the command reads it."""
    command = [sys.executable, "app.py", "leaderboard", "--db", str(db), "--run", "board", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    return {line["subset"]: line for line in map(json.loads, done.stdout.splitlines())}


def cells(page: Any, name: str) -> list[list[str]]:
    table = page.locator(f".grm-panel[data-name={name}] table")
    table.wait_for(timeout=LONG)
    read = "trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent.trim()))"
    return list(table.locator("tr").evaluate_all(read))


def rated(model: dict[str, Any]) -> list[str]:
    """Rating and interval as the page writes them."""
    if model["rating"] is None:
        return ["–", "–"]
    ends = " to ".join("no bound" if model[end] is None else f"{model[end]:.0f}" for end in ("low", "high"))
    return [f"{model['rating']:.0f}", ends]


def assert_board(page: Any, expected: dict[str, Any]) -> None:
    rows = cells(page, "models")
    assert [row[1] for row in rows] == [model["model"] + model["note"] for model in expected["models"]]
    for row, model in zip(rows, expected["models"], strict=True):
        assert row[0].split()[0] == str(model["rank"])
        assert row[3:5] == rated(model)
        assert row[6:9] == [str(model[name]) for name in ("wins", "ties", "losses")]
        assert row[9] == f"{model['position']:.2f} ({model['position_fair']:.2f})"


def test_models_part_7_the_table_holds_the_numbers_of_the_command(url: str, db: Path, page: Any) -> None:
    watched = Watched(page, url)
    page.goto(f"{url}/models?id=board")
    expected = printed(db)[None]
    assert_board(page, expected)
    note = page.locator(".grm-models > div > .grm-note").inner_text()
    assert note.startswith(
        f"24 items, {sum(model['wins'] + model['ties'] / 2 for model in expected['models']):.0f} comp"
    )
    page.locator("#models-method").select_option("guided")
    page.locator("#models-k").fill("3")
    page.locator("#models-k").blur()
    page.get_by_text("Guided vote over k = 3 samples").wait_for(timeout=LONG)
    assert "method=guided&k=3" in page.url
    assert_board(page, printed(db, "--method", "guided", "--k", "3")[None])
    assert (watched.errors, watched.foreign) == ([], [])


def test_models_part_7_the_win_matrix_and_its_csv_hold_every_pair(url: str, db: Path, page: Any) -> None:
    page.goto(f"{url}/models?id=board")
    names = [model["model"] for model in printed(db)[None]["models"]]
    pairs = {(pair["model"], pair["other"]): pair for pair in printed(db)[None]["pairs"]}
    for row, model in zip(cells(page, "pairs"), names, strict=True):
        assert row[0] == model
        for shown, other in zip(row[1:], names, strict=True):
            pair = pairs.get((model, other))
            # Like the page, halves are rounded up.
            assert shown == ("" if pair is None else f"{int(100 * pair['win_rate'] + 0.5)}% of {pair['comparisons']}")
    with page.expect_download(timeout=LONG) as download:
        page.locator(".grm-panel[data-name=pairs] button", has_text="CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [(row["model"], row["other"], int(row["wins"])) for row in rows] == [
        (pair["model"], pair["other"], pair["wins"]) for pair in printed(db)[None]["pairs"]
    ]


def test_models_part_7_a_cell_opens_its_sessions(url: str, db: Path, page: Any) -> None:
    page.goto(f"{url}/models?id=board")
    rows = cells(page, "pairs")
    expected = printed(db)[None]["pairs"][0]
    page.locator(CELL).first.click()
    page.locator(".grm-games li").first.wait_for(timeout=LONG)
    games = page.locator(".grm-games li")
    assert games.count() == expected["comparisons"] == int(rows[0][2].split()[-1])
    results = page.locator(".grm-games .grm-result").all_inner_texts()
    assert [results.count(word) for word in ("won", "tied", "lost")] == [
        expected[name] for name in ("wins", "ties", "losses")
    ]
    session = games.first.locator("a").get_attribute("href")
    store = Store(db, read_only=True)
    stored = store.session(session.split("session=")[1])
    store.close()
    assert {expected["model"], expected["other"]} <= set(stored.example.models)
    games.first.locator("a").click()
    page.locator(".grm-case summary").wait_for(timeout=LONG)
    page.locator(".grm-case summary").click()
    assert page.locator(".grm-writer").all_inner_texts() == list(stored.example.models)
    page.go_back()
    page.locator(".grm-unscored").click(timeout=LONG)
    page.locator(".grm-games li").first.wait_for(timeout=LONG)
    assert page.locator(".grm-games a").all_inner_texts() == ["Query 24?"]


def test_models_part_7_by_subset(url: str, db: Path, page: Any) -> None:
    page.goto(f"{url}/models?id=board")
    boards = printed(db)
    head = page.locator(".grm-panel[data-name=subsets] tr").first
    head.wait_for(timeout=LONG)
    assert head.locator("th").all_inner_texts()[1:] == ["${x}", "coding", "cooking"]
    page.locator("#models-subset").select_option(label="coding")
    page.get_by_text(f"{boards['coding']['items']} items, ").wait_for(timeout=LONG)
    assert "subset=coding" in page.url
    assert_board(page, boards["coding"])
    page.reload()
    page.get_by_text(f"{boards['coding']['items']} items, ").wait_for(timeout=LONG)
    page.locator(CELL).first.click()
    page.locator(".grm-games li").first.wait_for(timeout=LONG)
    assert {text.split(" · ")[0] for text in page.locator(".grm-games .grm-note").all_inner_texts()} == {"coding"}


def test_models_part_7_names_are_text_and_never_run(url: str, page: Any) -> None:
    watched = Watched(page, url)
    page.goto(f"{url}/models?id=evil")
    assert {row[1].split("no finite")[0] for row in cells(page, "models")} == set(HOSTILE)
    page.locator(CELL).first.click()
    page.locator(".grm-games li").first.wait_for(timeout=LONG)
    shown = page.locator(".grm-behind").inner_text()
    assert any(name in shown for name in HOSTILE)
    page.locator(".grm-games a").first.click()
    page.locator(".grm-case summary").wait_for(timeout=LONG)
    page.locator(".grm-case summary").click()
    assert set(page.locator(".grm-writer").all_inner_texts()) <= set(HOSTILE)
    assert page.evaluate("window.hacked") is None
    assert page.locator(".grm-view img").count() == 0
    assert (watched.errors, watched.foreign) == ([], [])


def test_models_part_7_without_such_a_run_the_page_says_how_to_get_one(serve: Serve, page: Any) -> None:
    page.goto(f"{serve('--delay', '0.002')}/models")
    page.get_by_text("No run names the models that wrote its responses yet").wait_for(timeout=LONG)
    assert "python app.py score ANSWERS.jsonl" in page.locator(".grm-models").inner_text()
    page.goto(f"{page.url}?id=none")
    page.get_by_text("This run is not here any more.").wait_for(timeout=LONG)


# Contrast of text on its background, all layers composed, of every cell of the heat tables.
CONTRAST = """cells => Math.min(...cells.map(cell => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return [...n.slice(0, 3), n[3] ?? 1]; };
  let layers = [], node = cell;
  while (node) { layers.push(parse(getComputedStyle(node).backgroundColor)); node = node.parentElement; }
  let under = [255, 255, 255];
  for (const [r, g, b, a] of layers.reverse()) under = [r, g, b].map((c, i) => c * a + under[i] * (1 - a));
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = rgb => { const [r, g, b] = rgb.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const [one, two] = [light(under), light(parse(getComputedStyle(cell).color).slice(0, 3))].sort((x, y) => y - x);
  return (one + 0.05) / (two + 0.05);
}))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_models_part_7_digits_are_readable_axe_finds_no_fault_and_a_telephone_shows_all(
    url: str, page: Any, theme: str
) -> None:
    page.goto(f"{url}/models?id=board&__theme={theme}")
    page.locator(CELL).first.wait_for(timeout=LONG)
    assert page.evaluate("document.body.classList.contains('dark')") is (theme == "dark")
    assert page.locator(".grm-heat .grm-cell, .grm-heat .grm-note").evaluate_all(CONTRAST) >= 4.5
    page.locator(CELL).first.click()
    page.locator(".grm-games li").first.wait_for(timeout=LONG)
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page) == []
