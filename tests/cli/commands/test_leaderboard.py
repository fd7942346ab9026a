"""`leaderboard` on files and databases, and the way from answers by model to their ranks."""

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import app
from grm_core.formats.sessions import read_samples
from storage.store import Store
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM
from tests.storage.make import RUN, SESSION
from tests.storage.test_exchange import write
from tests.storage.test_models import named

ITEMS: list[Any] = [
    {"run": {"id": "one", "model": "grm"}},
    {"item": {"id": "1", "query": "q", "answers": {"=a": "x", "b|b": "y"}, "subset": "s"}},
    {"item": {"id": "2", "query": "q", "answers": {"b|b": "x", "=a": "y"}, "subset": "t"}},
    {"item": {"id": "3", "query": "q", "answers": {"=a": "x", "b|b": "y"}, "subset": "t"}},
    {"item": {"id": "4", "query": "q", "answers": {"=a": "x", "b|b": "y"}}},
    {"item": {"id": "5", "query": "q", "answers": {"=a": "x", "b|b": "y"}}},
    {"item": {"id": "6", "query": "q", "responses": ["x", "y"]}},
    {"item_id": "1", "index": 0, "scores": [8, 3]},
    {"item_id": "1", "index": 1, "scores": [1, 9]},
    {"item_id": "2", "index": 0, "scores": [2, 9]},
    {"item_id": "3", "index": 0, "scores": [9, 2]},
    {"item_id": "4", "index": 0, "scores": [3, 9]},
    {"item_id": "5", "index": 0, "scores": None},
    {"item_id": "6", "index": 0, "scores": [3, 9]},
]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return write(tmp_path / "s.jsonl", *ITEMS)


def raw(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    capsys.readouterr()
    assert app.main([str(each) for each in arguments]) == 0
    return capsys.readouterr().out


def test_a_file_is_ranked_over_all_items_and_by_subset(command: Command, samples: Path) -> None:
    done = command("leaderboard", samples, "--k", 1)
    assert done.code == 0
    assert "1 items name no models" in done.words
    assert [line["subset"] for line in done.lines] == [None, "", "s", "t"]
    board = done.lines[0]
    assert (board["items"], board["unscored"], board["k"], board["method"]) == (4, ["5"], 1, "naive")
    first, second = board["models"]
    assert (first["model"], first["wins"], first["losses"], first["rank"]) == ("=a", 3, 1, 1)
    assert first["rating"] - second["rating"] == pytest.approx(400 * math.log10(3), abs=1e-3)
    assert board["pairs"][0] == {
        **{"model": "=a", "other": "b|b", "comparisons": 4},
        **{"wins": 3, "ties": 0, "losses": 1, "win_rate": 0.75},
    }
    both = command("leaderboard", samples).lines[0]
    assert (both["k"], both["models"][0]["wins"]) == (2, 2)


def test_the_same_call_prints_the_same_and_a_seed_moves_no_rating(command: Command, samples: Path) -> None:
    lines = [command("leaderboard", samples, "--seed", seed).lines[0] for seed in (0, 0, 5)]
    assert lines[0] == lines[1]
    assert [row["rating"] for row in lines[2]["models"]] == [row["rating"] for row in lines[0]["models"]]
    assert lines[2]["seed"] == 5


def test_the_database_gives_what_its_file_gives(command: Command, samples: Path, tmp_path: Path) -> None:
    db = tmp_path / "x.db"
    assert command("import", samples, "--db", db).code == 0
    store = Store(db)
    store.add_run(replace(RUN, id="other"))
    store.add_session(replace(SESSION, id="bare", run_id="other"))
    store.close()
    from_file = command("leaderboard", samples).lines
    assert command("leaderboard", "--db", db).lines == from_file  # the other run names no models
    assert command("leaderboard", "--db", db, "--run", "one").lines == from_file
    store = Store(db)
    store.add_session(replace(SESSION, id="second", run_id="other", example=named("x")))
    store.close()
    done = command("leaderboard", "--db", db)
    assert (done.code, "choose a run with --run; there are other, one" in done.words) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "none"), "no run none; there are one"),
        (("--db", "x.db"), "not both"),
        (("--method", "guided"), "has no meta logit"),
        (("--k", "0"), "whole number from 1"),
        (("--format", "xml"), "invalid choice"),
    ],
)
def test_what_cannot_be_ranked_is_one_line(
    command: Command, samples: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = command("leaderboard", samples, *arguments)
    assert (done.code, done.lines) == (2, [])
    assert message in done.words
    assert done.words.count("\n") == 1


def test_a_file_without_named_models_or_a_database_without_runs_is_refused(command: Command, tmp_path: Path) -> None:
    bare = write(tmp_path / "b.jsonl", {"item": {"id": "6", "query": "q", "responses": ["x", "y"]}})
    assert 'lines have "answers"' in command("leaderboard", bare).words
    two = write(tmp_path / "t.jsonl", *ITEMS, {"run": {"id": "two"}}, ITEMS[1], ITEMS[7])
    assert "choose a run with --run; there are one, two" in command("leaderboard", two).words
    assert command("leaderboard", two, "--run", "two").lines[0]["items"] == 1
    Store(tmp_path / "e.db").close()
    done = command("leaderboard", "--db", tmp_path / "e.db")
    assert (done.code, "no run's items name the models" in done.words) == (2, True)


def test_csv_is_harmless_to_a_spreadsheet_and_markdown_to_a_reader(
    capsys: pytest.CaptureFixture[str], samples: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO(raw(capsys, "leaderboard", samples, "--k", "1", "--format", "csv"))))
    assert [(row["subset"], row["model"]) for row in rows[:3]] == [("", "'=a"), ("", "b|b"), ("(none)", "b|b")]
    assert float(rows[0]["win_rate"]) == 0.75
    text = raw(capsys, "leaderboard", samples, "--k", "1", "--format", "md")
    assert "| 1 |" in text
    assert "b\\|b" in text
    assert "| =a | – | 0.750 of 4 |" in text
    assert "## t" in text


def test_a_name_that_no_terminal_can_show_is_printed_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    item = {"id": "1", "query": "q", "answers": {"a\ud800": "x", "b": "y"}}
    path = write(tmp_path / "s.jsonl", {"item": item}, {"item_id": "1", "index": 0, "scores": [8, 3]})
    for kind, shown in (("json", r"a\\ud800"), ("csv", r"a\ud800"), ("md", r"a\\ud800")):
        assert shown in raw(capsys, "leaderboard", path, "--format", kind)


def test_answers_by_model_are_scored_without_their_names_and_ranked(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    lines = [
        {
            "id": f"i{i}",
            "query": f"Question {i}?",
            "answers": {"zeta": f"one {i}", "eta": f"two {i}", "iota": f"three {i}"},
        }
        for i in range(12)
    ]
    items, out, db = write(tmp_path / "a.jsonl", *lines), tmp_path / "out.jsonl", tmp_path / "x.db"
    done = command("score", items, "--k", 4, "--out", out, "--engine", server.url, "--meta", "none", "--db", db)
    assert done.code == 0
    (block,) = read_samples(out)
    assert {item.example.models for item in block.items if item.example} == {("zeta", "eta", "iota")}
    (board,) = command("leaderboard", out).lines
    assert board["items"] + len(board["unscored"]) == 12
    assert sum(row["wins"] for row in board["models"]) == sum(row["losses"] for row in board["models"])
    assert command("leaderboard", "--db", db).lines == [board]
    # The same answers without names are judged alike: nothing but the texts reaches the model.
    bare = [{"id": line["id"], "query": line["query"], "responses": list(line["answers"].values())} for line in lines]
    plain = tmp_path / "plain.jsonl"
    other = write(tmp_path / "b.jsonl", *bare)
    command("score", other, "--k", 4, "--out", plain, "--engine", server.url, "--meta", "none")
    assert command("vote", plain).lines == command("vote", out).lines
    # Going on with a run keeps the names.
    assert (
        command("score", items, "--k", 5, "--out", out, "--engine", server.url, "--meta", "none", "--resume").code == 0
    )
    assert json.loads(out.read_text().splitlines()[1])["item"]["models"] == ["zeta", "eta", "iota"]


def test_a_broken_line_of_answers_stops_before_anything_is_scored(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    items = write(tmp_path / "a.jsonl", {"id": "a", "query": "q", "answers": {"m": "x"}})
    done = command("score", items, "--out", tmp_path / "out.jsonl", "--engine", server.url, "--meta", "none")
    assert (done.code, server.asked) == (2, [])
    assert f"{items}, line 1: one model only" in done.words
