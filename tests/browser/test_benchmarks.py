"""The Benchmarks page in a real Chromium (benchmarks, part 3: browse runs, compare two, open any item in Inspect)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.make import as_json
from tests.browser.conftest import ROOT, Serve
from tests.cli.fake_vllm import FakeVLLM
from tests.cli.weak_judge import WeakJudge
from tests.make import write_lines

pytestmark = pytest.mark.browser
LONG = 60_000


@pytest.fixture(scope="module")
def judged(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, Any]]]:
    """The page over two runs of `bench` with different seeds, and the reports that they left."""
    folder = tmp_path_factory.mktemp("bench")
    records = [
        {"input": f"Say ${{alert({i})}}", "output_1": f"{i}", "output_2": f"not {i}", "label": 1 + i % 2}
        for i in range(10)
    ]
    data = as_json(folder / "LLMBar" / "Natural" / "dataset.json", records).parent.parent
    reports = []
    for seed in (0, 1):
        with FakeVLLM() as server:
            options = ["--k", "4", "--seed", str(seed), "--engine", server.url, "--db", str(folder / "grm.db")]
            out = folder / f"run{seed}"
            command = ["bench", "llmbar", "--data", str(data), *options, "--out", str(out)]
            subprocess.run([sys.executable, "app.py", *command], cwd=ROOT, check=True, timeout=300)
        reports.append(json.loads((out / "report.json").read_text()))
    return serve(db=Path(folder / "grm.db")), reports


def choose(page: Any, url: str, reports: list[dict[str, Any]]) -> None:
    """The first of the two runs, by its headline."""
    page.goto(f"{url}/benchmarks")
    page.locator("#bench-id option").nth(2).wait_for(state="attached", timeout=LONG)
    for place in (1, 2):
        page.locator("#bench-id").select_option(index=place)
        page.locator(".grm-headline").wait_for(timeout=LONG)
        if page.locator(".grm-headline").inner_text() == f"llmbar: {100 * reports[0]['headline']:.1f}%":
            return
    raise AssertionError("no run has the headline of the first report")


def test_benchmarks_part_3_the_page_shows_what_bench_printed(judged: Any, page: Any) -> None:
    url, reports = judged
    assert reports[0]["headline"] != reports[1]["headline"], "the runs can be told apart"
    choose(page, url, reports)
    table = page.locator(".grm-panel[data-name=table]")
    table.locator("table").wait_for(timeout=LONG)
    read = "trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent))"
    rows = table.locator("table tr").evaluate_all(read)
    expected = reports[0]["table"]
    assert [row[:3] for row in rows] == [[line["kind"], line["name"], line["metric"]] for line in expected]
    for row, line in zip(rows, expected, strict=True):
        assert float(row[4]) == pytest.approx(line["value"], abs=6e-4)


def test_benchmarks_part_3_the_bare_page_lists_the_runs(judged: Any, page: Any) -> None:
    url, reports = judged
    page.goto(f"{url}/benchmarks")
    page.locator(".grm-items td").first.wait_for(timeout=LONG)
    runs = page.locator(".grm-items tr")
    page.wait_for_function("![...document.querySelectorAll('.grm-items td')].some(td => td.textContent === '…')")
    rows = runs.evaluate_all("trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent))")
    assert [row[0].startswith("llmbar: ") for row in rows] == [True, True]
    assert sorted(row[1:] for row in rows) == sorted(
        [f"{100 * r[which]:.1f}%" for which in ("headline", "chance")] for r in reports
    )
    runs.locator("a").first.click()
    page.locator(".grm-headline").wait_for(timeout=LONG)
    assert page.locator(".grm-note", has_text="Scores drawn at random would get").count() == 1


def test_benchmarks_part_3_two_runs_are_compared(judged: Any, page: Any) -> None:
    url, reports = judged
    choose(page, url, reports)
    page.locator("#bench-beside").select_option(index=1)
    other = f"against {100 * reports[1]['headline']:.1f}%"
    page.locator(".grm-headline", has_text=other).wait_for(timeout=LONG)
    page.locator(".grm-panel[data-name=compared]", has_text="over 10 items in both").wait_for(timeout=LONG)
    assert "beside=" in page.url


def test_benchmarks_part_3_every_item_opens_its_session(judged: Any, page: Any, watch: Any) -> None:
    url, reports = judged
    watched = watch(page, url)
    choose(page, url, reports)
    page.locator("#bench-items").select_option("all")
    assert page.locator(".grm-items tr").count() == 11
    page.locator(".grm-items a").first.click()
    page.locator("tr[data-i]").first.wait_for(timeout=LONG)
    assert page.locator("tr[data-i]").count() == 4
    assert "Say ${alert(0)}" in page.locator("body").inner_text()
    assert (watched.errors, watched.foreign) == ([], [])


@pytest.fixture(scope="module")
def attacked(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The page over a run of `attack` on a judge that falls for padding and ':', and the report that it left."""
    folder = tmp_path_factory.mktemp("attack")
    lines = [
        {
            "id": f"i{i}",
            "query": f"What is {i}?",
            "responses": [f"{i}, of quality 9.", f"Quality {3 + i}."],
            "labels": [1, 0],
        }
        for i in range(3)
    ]
    write_lines(folder / "items.jsonl", lines)
    with WeakJudge() as server:
        options = ["--k", "2", "--engine", server.url, "--meta", "none", "--db", str(folder / "grm.db")]
        command = [
            sys.executable,
            "app.py",
            "attack",
            str(folder / "items.jsonl"),
            *options,
            "--out",
            str(folder / "out"),
        ]
        subprocess.run(command, cwd=ROOT, check=True)  # a process of its own: Playwright's loop runs in this one
    return serve(db=Path(folder / "grm.db")), json.loads((folder / "out" / "report.json").read_text())


def test_the_page_shows_what_attack_printed_and_opens_the_samples(attacked: Any, page: Any) -> None:
    url, report = attacked
    page.goto(f"{url}/benchmarks")
    page.locator(".grm-items a").first.click()
    page.locator(".grm-headline", has_text="Robustness").wait_for(timeout=LONG)
    assert page.locator("#bench-tie").is_hidden(), "settings of benchmarks do nothing here"
    table = page.locator(".grm-panel[data-name=attacks]")
    table.locator("details").evaluate("node => { node.open = true; }")
    read = "trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent))"
    rows = {row[0]: row for row in table.locator("table tr").evaluate_all(read)}
    assert rows.keys() == {row["attack"] for row in report["attacks"]}
    for row in report["attacks"]:
        if row["k"] == 2:
            assert float(rows[row["attack"]][4]) == pytest.approx(row["wins"], abs=6e-4)
    turned = page.locator(".grm-items").evaluate(
        "table => [...table.rows].slice(1).map(row => row.cells[1].textContent)"
    )
    assert sorted(turned) == ["key :"] * 3 + ["padding"] * 3
    page.locator(".grm-items a").first.click()
    page.locator(".grm-verdict", has_text="wins by").first.wait_for(timeout=LONG)
