"""The commands that need no model, and the door that leads to them."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from storage.store import Store
from tests.cli.conftest import Command
from tests.make import make_sample, write_lines
from tests.storage.make import RUN, SESSION

GOLDEN = [([8, 8], [0, 1], 1.0), ([5, 9], [1, 0], 0.5), ([7, 10], [1, 0], -0.5)]
"""Shown scores 8,8 | 9,5 reversed | 10,7 reversed: totals 20 and 27 in own order."""


def samples(path: Path, *lines: dict[str, Any]) -> Path:
    write_lines(path, lines)
    return path


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    lines = [
        {"item_id": "g", "index": i, "order": order, "scores": scores, "meta_logit": logit}
        for i, (scores, order, logit) in enumerate(GOLDEN)
    ]
    return samples(tmp_path / "golden.jsonl", *lines, {"item_id": "g", "index": 3, "scores": None})


@pytest.fixture
def db(tmp_path: Path) -> Path:
    store = Store(tmp_path / "x.db")
    store.add_run(RUN)
    store.add_session(SESSION)
    store.add_sample(make_sample(0, (3, 7), text="weighs \ue000 rigour <b>"))
    store.close()
    return tmp_path / "x.db"


@pytest.mark.parametrize(
    ("text", "extra", "status", "scores"),
    [
        (b"Scores: \\boxed{3, 7}", (), "ok", [3, 7]),
        (b"\xff\xfe broken \xc3\n\\boxed{3, 7}", (), "ok", [3, 7]),
        (b"Scores: \\boxed{3, 7", (), "truncated", None),
        (b"rambling", ("--finish-reason", "length"), "truncated", None),
        (b"rambling", ("--finish-reason", "stop"), "no_scores", None),
        (b"", (), "empty", None),
        (b"\\boxed{1, 2, 3}", (), "wrong_count", None),
        (b"\\boxed{11, 0}", (), "out_of_range", None),
    ],
)
def test_parse_prints_what_became_of_a_completion(
    command: Command, tmp_path: Path, text: bytes, extra: tuple[str, ...], status: str, scores: list[int] | None
) -> None:
    path = tmp_path / "completion.txt"
    path.write_bytes(text)
    done = command("parse", path, "--n", 2, *extra)
    (line,) = done.lines
    assert (done.code, line["status"], line["scores"]) == (0, status, scores)


def test_parse_reads_standard_input_and_prints_principles(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Principles:\n1. Truth (weight: 60%)\n2. Tone (weight: 40%)\n\nCritique:\nFine.\n\nScores: \\boxed{3, 7}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (line,) = command("parse", "-", "--n", 2).lines
    assert line["principles"] == [{"text": "Truth", "weight": 60}, {"text": "Tone", "weight": 40}]
    assert (line["status"], line["scores"]) == ("ok", [3, 7])
    assert [text[start:end] for start, end in line["score_spans"]] == ["3", "7"]


def test_vote_prints_the_golden_verdict(command: Command, golden: Path) -> None:
    done = command("vote", golden)
    assert done.code == 0
    assert done.lines == [
        {
            "item_id": "g",
            "method": "naive",
            "k": 4,
            "k_effective": 3,
            "k_meta": None,
            "voted": [0, 1, 2],
            "totals": [20, 27],
            "winner": 1,
            "margin": 7,
            "margin_mean": 7 / 3,
        }
    ]


def test_vote_takes_the_first_k_and_keeps_k_meta(command: Command, golden: Path) -> None:
    (line,) = command("vote", golden, "--k", 2, "--method", "guided", "--k-meta", 1).lines
    assert (line["k"], line["k_meta"], line["voted"], line["totals"], line["winner"]) == (2, 1, [0], [8, 8], None)
    (line,) = command("vote", golden, "--method", "guided-weighted").lines
    assert (line["k_meta"], line["voted"]) == (1, [0])
    assert isinstance(line["totals"][0], float)


def test_guided_voting_without_logits_is_refused_and_prints_nothing(command: Command, tmp_path: Path) -> None:
    full = {"item_id": "a", "index": 0, "scores": [1, 2], "meta_logit": 1.0}
    path = samples(tmp_path / "s.jsonl", full, full | {"item_id": "b", "meta_logit": float("nan")})
    for method in ("guided", "guided-weighted"):
        done = command("vote", path, "--method", method)
        assert (done.code, done.lines) == (2, [])
        assert done.words.startswith("item 'b': sample 0 has no meta logit")


def test_an_item_without_valid_samples_has_no_winner(command: Command, tmp_path: Path) -> None:
    path = samples(tmp_path / "s.jsonl", {"item_id": "a", "index": 0, "scores": None})
    (line,) = command("vote", path).lines
    assert (line["k"], line["k_effective"], line["voted"], line["totals"], line["winner"]) == (1, 0, [], None, None)
    (curve,) = command("curve", path).lines
    assert curve["points"] == []


def test_curve_prints_every_method_that_the_samples_allow(command: Command, golden: Path, tmp_path: Path) -> None:
    done = command("curve", golden)
    assert [line["method"] for line in done.lines] == ["naive", "guided", "guided-weighted"]
    for line in done.lines:
        assert line["exact"] is True
        assert [point["k"] for point in line["points"]] == [1, 2, 3]
        assert set(line["points"][0]) == {"k", "margin", "low", "high", "win", "accuracy"}
    last = done.lines[0]["points"][-1]
    assert (last["margin"], last["low"], last["high"], last["win"], last["accuracy"]) == (7 / 3, 7 / 3, 7 / 3, 1, None)
    bare = samples(tmp_path / "bare.jsonl", {"item_id": "a", "index": 0, "scores": [1, 2, 3]})
    assert [line["method"] for line in command("curve", bare).lines] == ["naive"]


def test_curve_uses_the_labels_of_the_item_line(command: Command, golden: Path) -> None:
    item = {"item": {"id": "g", "query": "q", "responses": ["a", "b"], "labels": [1, 0]}}
    golden.write_text(json.dumps(item) + "\n" + golden.read_text())
    assert command("curve", golden).lines[0]["points"][-1]["accuracy"] == 0


def test_curve_says_how_it_drew(command: Command, tmp_path: Path) -> None:
    lines = [{"item_id": "a", "index": i, "scores": [1 + i % 10, 5, 1 + i % 7]} for i in range(24)]
    (line,) = command("curve", samples(tmp_path / "s.jsonl", *lines)).lines
    assert (line["draws"], line["seed"], "exact" in line) == (10_000, 0, False)


@pytest.mark.parametrize("name", ["vote", "curve", "import"])
def test_a_broken_line_is_named_and_nothing_is_printed(
    command: Command, golden: Path, tmp_path: Path, name: str
) -> None:
    golden.write_text(golden.read_text() + "{broken\n")
    done = command(name, golden, *(("--db", tmp_path / "y.db") if name == "import" else ()))
    assert (done.code, done.lines) == (2, [])
    assert done.words.startswith(f"{golden}, line 5: not JSON")
    assert done.words.count("\n") == 1


def test_search_prints_hits_with_the_places_of_the_words(command: Command, db: Path) -> None:
    (line,) = command("search", "rigour", "--db", db).lines
    start, end = line["marks"][0]
    assert (line["session_id"], line["index"], line["field"]) == ("s", 0, "critique")
    assert line["snippet"][start:end] == "rigour"
    assert "\ue000" not in line["snippet"]
    done = command("search", "NEAR(", "--db", db)
    assert (done.code, done.lines) == (0, [])


def test_export_writes_chosen_sessions_and_refuses_existing_files(command: Command, db: Path, tmp_path: Path) -> None:
    assert [next(iter(line)) for line in command("export", "--db", db).lines] == ["run", "item", "item_id"]
    assert command("export", "nope", "--db", db).code == 2
    out = tmp_path / "out.jsonl"
    assert command("export", "s", "--db", db, "--out", out).code == 0
    before = out.read_bytes()
    assert command("export", "s", "--db", db, "--out", out).code == 2
    assert out.read_bytes() == before


def test_a_database_that_does_not_exist_is_not_made_by_reading(command: Command, tmp_path: Path) -> None:
    for arguments in (("search", "x"), ("export",)):
        done = command(*arguments, "--db", tmp_path / "none.db")
        assert done.code == 2
        assert "there is no such file" in done.words
    assert list(tmp_path.iterdir()) == []


def test_the_default_database_follows_the_users_data_folder(
    command: Command, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    item = {"item": {"id": "g", "query": "q", "responses": ["a", "b"]}}
    golden.write_text(json.dumps(item) + "\n" + golden.read_text())
    assert [line["added"] for line in command("import", golden).lines] == [4]
    assert (tmp_path / "data" / "grm-lens" / "grm-lens.db").exists()


def test_doctor_prints_checks_and_fails_hard_only_where_it_must(command: Command, db: Path, tmp_path: Path) -> None:
    done = command("doctor", "--db", db)
    (line,) = done.lines
    assert done.code == (0 if line["ok"] else 1)
    checks = {check["name"]: check for check in line["checks"]}
    assert checks["database"]["ok"]
    assert "1 session, integrity ok" in checks["database"]["message"]
    assert {"python", "sqlite", "packages", "engine", "model", "database", "disk"} <= set(checks)
    broken = tmp_path / "broken.db"
    broken.write_text("no database" * 100)
    done = command("doctor", "--db", broken)
    assert done.code == 1
    assert "FAILED: database: " in done.words


def test_help_lists_every_command() -> None:
    done = subprocess.run([sys.executable, "app.py", "--help"], capture_output=True, text=True, check=True)
    for name in app.COMMANDS:
        assert f"\n    {name} " in done.stdout


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("vote",), ("--db", "x", "vote", "y"), ("parse", "-", "--n", "0")]
)
def test_usage_errors_are_one_line(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert (done.code, done.lines) == (2, [])
    assert done.words.count("\n") == 1


def test_commands_start_without_heavy_packages() -> None:
    heavy = {"torch", "transformers", "gradio", "vllm"}
    code = f"import sys, app; app.main(['vote', '/none']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"asyncio", "importlib.metadata", "numpy", "pydantic", "grm_core.reading.parsing"}),
        (["parse", "app.py", "--n", "2"], {"asyncio", "numpy", "pydantic", "markdown_it", "grm_core.engines"}),
        (["search", "word", "--db", "none.db"], {"asyncio", "numpy", "pydantic", "sqlite_utils", "storage.store"}),
    ],
)
def test_what_is_asked_often_starts_without_what_it_does_not_need(arguments: list[str], unneeded: set[str]) -> None:
    code = f"import sys, app\ntry: app.main({arguments})\nfinally: print(sorted({unneeded} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_stops_early_causes_no_traceback(golden: Path) -> None:
    line = f"{sys.executable} app.py curve {golden} | head -c 1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("prune", "--older-than", 5), ("prune", "--older-than", 5, "--dry-run"), ("people", "forget", "ann"),
        ("labels", "export"), ("bundle", "run", "--out", "site"), ("export",),
    ],
)  # fmt: skip
def test_a_mistyped_database_is_told_and_not_made(
    command: Command, tmp_path: Path, arguments: tuple[object, ...]
) -> None:
    done = command(*arguments, "--db", tmp_path / "typo.db")
    assert (done.code, "there is no such file" in done.words) == (2, True), done.words
    assert list(tmp_path.iterdir()) == []


def test_curves_of_items_worked_on_apart_are_printed_in_the_files_order(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        {"item_id": f"i{item}", "index": index, "scores": None if index == item % 3 else [5 + index % 3, 4, 6]}
        for item in range(7)
        for index in range(3 + item % 4)
    ]
    file = tmp_path / "samples.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in [{"run": {}}, *lines]))
    together = command("curve", file)
    monkeypatch.setattr("cli.commands.curve._AT_ONCE", 2)
    apart = command("curve", file)
    assert together.code == apart.code == 0, together.words
    assert [line["item_id"] for line in apart.lines] == [f"i{item}" for item in range(7)]
    assert apart.lines == together.lines
