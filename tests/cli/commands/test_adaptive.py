"""--k auto: fewer samples, the same ones; and what it would have saved on a run that has them all."""

import json
from pathlib import Path

from grm_core.formats.sessions import read_samples
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM


def sample_lines(path: Path) -> list[dict[str, object]]:
    """The file's samples without what a clock says."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line | {"seconds": 0} for line in lines if "index" in line]


def test_auto_keeps_the_first_samples_of_full_k_and_goes_on_after_a_stop(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    full, auto = tmp_path / "full.jsonl", tmp_path / "auto.jsonl"
    common = ("--engine", server.url, "--meta", "none", "--seed", 3)
    options = ("--k", "auto", "--k-max", 16, "--risk", 0.5, *common)
    assert command("score", items, "--k", 16, "--out", full, *common).code == 0
    asked = len(server.asked)
    done = command("score", items, "--out", auto, *options)
    assert done.code == 0
    drawn = len(server.asked) - asked
    assert f"{drawn} of 64 samples were enough" in done.words
    assert drawn < 64
    (block,) = read_samples(auto)
    kept = {item.item_id: len(item.samples) for item in block.items}
    assert sum(kept.values()) == drawn
    assert sample_lines(auto) == [each for each in sample_lines(full) if each["index"] < kept[str(each["item_id"])]]
    assert block.run is not None
    assert (block.run.k, block.run.extra) == (16, {"adaptive": {"risk": 0.5, "method": "naive"}})

    whole, lines = sample_lines(auto), auto.read_text().splitlines(keepends=True)
    auto.write_text("".join(lines[: len(lines) // 2]))
    assert command("score", items, "--out", auto, *options, "--resume").code == 0
    assert sample_lines(auto) == whole
    again = command("score", items, "--out", auto, *options, "--resume")
    assert "has all samples already" in again.words
    other = command("score", items, "--out", auto, "--k", 16, *common, "--resume")
    assert other.code == 2
    assert "--k auto" in other.words


def test_a_budget_is_never_exceeded(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    options = ("--engine", server.url, "--meta", "none", "--k", "auto", "--budget", 30)
    assert command("score", items, "--out", out, *options).code == 0
    assert 16 < len(server.asked) <= 30
    assert len(sample_lines(out)) == len(server.asked)


def test_auto_is_refused_where_it_cannot_be(command: Command, items: Path, tmp_path: Path) -> None:
    for options, words in (
        (("--k", 8, "--risk", 0.1), "--risk belongs to --k auto"),
        (("--k", "auto", "--workers", 2), "give --k a number"),
        (("--k", "many"), "not a whole number"),
    ):
        done = command("score", items, "--out", tmp_path / "x.jsonl", *options)
        assert done.code == 2
        assert words in done.words


def test_settle_measures_savings_and_flips_on_a_full_run(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    full, auto = tmp_path / "full.jsonl", tmp_path / "auto.jsonl"
    common = ("--engine", server.url, "--meta", "none")
    command("score", items, "--k", 16, "--out", full, *common)
    done = command("settle", full, "--risk", 0.5)
    *rows, sums = done.lines
    assert done.code == 0
    assert [row["item_id"] for row in rows] == ["pair", "three", "one", "told"]
    assert sums["items"] == 4
    assert sums["drawn"] == sum(row["k"] for row in rows)
    assert sums["flips"] == sum(row["winner"] != row["full_winner"] for row in rows)
    assert "samples were enough" in done.words
    command("score", items, "--k", "auto", "--k-max", 16, "--risk", 0.5, "--out", auto, *common)
    (block,) = read_samples(auto)
    assert [len(item.samples) for item in block.items] == [row["k"] for row in rows]
    assert command("settle", auto).code == 2
