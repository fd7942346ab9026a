"""`report RUN`: accuracy from a file or the database, and the exit codes that CI reads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.analysis import accuracy
from storage.store import Store
from tests.analysis.test_run_curves import items
from tests.benchmarks.make import jsonl
from tests.cli.conftest import Command
from tests.storage.make import RUN, SESSION

RIGHT, WRONG = [9, 1], [1, 9]


def samples(path: Path, rows: list[list[list[int] | None]]) -> Path:
    lines: list[dict[str, object]] = [{"run": {"model": "m"}}]
    for place, mine in enumerate(rows):
        lines.append({"item": {"id": f"i{place}", "query": "Q?", "responses": ["a", "b"], "labels": [1, 0]}})
        lines += [{"item_id": f"i{place}", "index": i, "scores": scores} for i, scores in enumerate(mine)]
    return jsonl(path, lines)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return samples(tmp_path / "good.jsonl", [[RIGHT, RIGHT, WRONG]] * 18 + [[WRONG] * 3] * 2)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return samples(tmp_path / "bad.jsonl", [[RIGHT, RIGHT, WRONG]] * 8 + [[WRONG] * 3] * 12)


def test_accuracy_of_a_file_is_printed_and_nothing_fails(command: Command, good: Path) -> None:
    done = command("report", good)
    assert done.code == 0, done.words
    (report,) = done.lines
    assert report["accuracy"] == pytest.approx(0.9)
    assert report["alone"] == pytest.approx(0.9 * 2 / 3)
    assert (report["items"], report["k"], report["failed"]) == (20, 3, [])
    assert report["low"] < 0.9 < report["high"]
    assert "accuracy at k = 3 of 20 items: 90.0%" in done.words


def test_an_accuracy_below_what_is_wanted_ends_with_3(command: Command, good: Path) -> None:
    assert command("report", good, "--fail-below", "0.9").code == 0
    done = command("report", good, "--fail-below", "0.95")
    assert (done.code, done.lines[0]["failed"]) == (3, ["below"])
    assert "below the 95% that is wanted" in done.words


def test_a_paired_fall_ends_with_4_and_a_rise_with_0(command: Command, good: Path, bad: Path) -> None:
    done = command("report", bad, "--fail-regression", good)
    assert done.code == 4, done.words
    against = done.lines[0]["against"]
    assert against["difference"] == pytest.approx(-0.5)
    assert against["low"] <= against["difference"] <= against["high"] < 0
    assert command("report", good, "--fail-regression", bad).code == 0
    assert command("report", good, "--fail-regression", good).code == 0
    both = command("report", bad, "--fail-below", "0.5", "--fail-regression", good)
    assert (both.code, both.lines[0]["failed"]) == (3, ["below", "regression"])


def test_a_fall_that_chance_explains_is_no_regression(command: Command, good: Path, tmp_path: Path) -> None:
    rows = [[RIGHT, RIGHT, WRONG]] * 17 + [[WRONG] * 3] * 3
    done = command("report", samples(tmp_path / "near.jsonl", rows), "--fail-regression", good)
    assert done.code == 0
    assert done.lines[0]["against"]["difference"] == pytest.approx(-0.05)


def test_a_run_of_the_database_counts_as_its_items_do(command: Command, tmp_path: Path) -> None:
    run = items(6, 8)
    store = Store(tmp_path / "x.db")
    store.add_run(replace(RUN, id="many"))
    for item in run:
        example = replace(item.example, id=item.item_id, labels=item.labels)
        store.add_session(replace(SESSION, id=item.item_id, run_id="many", example=example))
        for sample in item.samples:
            store.add_sample(replace(sample, id=f"{item.item_id}/{sample.index}", session_id=item.item_id))
    store.close()
    for method in ("naive", "guided"):
        done = command("report", "many", "--db", tmp_path / "x.db", "--method", method)
        assert done.code == 0, done.words
        assert done.lines[0]["accuracy"] == pytest.approx(float(accuracy.at_k(run, 8, method).mean()))
    assert json.dumps(done.lines[0])


def test_what_is_no_run_or_has_nothing_to_count_is_a_usage_error(command: Command, good: Path, tmp_path: Path) -> None:
    assert command("report", "none", "--db", tmp_path / "no.db").code == 2
    bare = jsonl(tmp_path / "bare.jsonl", [{"run": {}}, {"item_id": "a", "index": 0, "scores": [1, 2]}])
    assert "no labelled item" in command("report", bare).words
    assert "needs a meta logit" in command("report", good, "--method", "guided").words
    assert "--tie belongs to a benchmark" in command("report", good, "--tie", "half").words
    refused = command("report", "rewardbench", "--data", good, "--samples", good, "--fail-regression", good)
    assert "compares runs" in refused.words
    assert refused.code == 2
