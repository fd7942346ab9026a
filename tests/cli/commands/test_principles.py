"""`principles` on files: numbers to standard output, tables into a folder."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.analysis.test_clusters import SESSIONS, WORDS
from tests.cli.conftest import Command
from tests.make import write_lines

pytestmark = pytest.mark.model


def written(path: Path, name: str) -> Path:
    lines: list[object] = [{"run": {"template": "pointwise"}}]
    lines += [
        {"item_id": name, "index": s.index, "scores": list(s.scores or ()), "text": s.completion.text}
        for s in SESSIONS[name]
        if s.completion is not None
    ]
    write_lines(path, lines)
    return path


def test_numbers_and_tables_of_two_files(command: Command, tmp_path: Path) -> None:
    first, second = written(tmp_path / "s.jsonl", "s"), written(tmp_path / "t.jsonl", "t")
    done = command("principles", first, second, "--out", tmp_path / "tables")
    assert done.code == 0, done.words
    assert [line["principles stated"] for line in done.lines] == [8, 3]
    assert all(line["overlap with general principles"] is not None for line in done.lines)
    stated = pd.read_csv(tmp_path / "tables" / "statements.csv")
    assert (stated["principle"] == WORDS["fact"]).sum() == 4
    assert set(pd.read_csv(tmp_path / "tables" / "growth.csv")["scope"]) == {0, 1}
    again = command("principles", first, "--out", tmp_path / "tables")
    assert again.code == 2
    assert "exists already" in again.words


def test_parquet_holds_the_same_and_a_formula_is_quoted_in_csv_only(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", "s")
    path.write_text(path.read_text().replace(WORDS["tone"], "=HYPERLINK tone"))
    for kind in ("csv", "parquet"):
        assert command("principles", path, "--out", tmp_path / kind, "--format", kind).code == 0
    table = pd.read_parquet(tmp_path / "parquet" / "statements.parquet")
    assert "=HYPERLINK tone" in set(table["principle"])
    assert "'=HYPERLINK tone" in set(pd.read_csv(tmp_path / "csv" / "statements.csv")["principle"])
    assert len(pd.read_parquet(tmp_path / "parquet" / "numbers.parquet")) == 8


def test_files_without_principles_are_told(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"item_id": "x", "index": 0, "scores": [3, 4]}) + "\n")
    done = command("principles", path)
    assert done.code == 2
    assert "states a principle" in done.words
