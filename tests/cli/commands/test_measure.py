"""Measuring from the command line: items nobody trained on, rivals, and a page that can be checked by hand."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.make import write_lines

PAIR = {"source": "truthfulqa", "prompt": "Do fish sleep?", "tokens": 40}


def pairs(path: Path) -> Path:
    """Forty pairs to fit on and six to be measured: true answers say 'surely', and are longer in every third pair."""
    rows = []
    for i in range(46):
        good = f"Fish surely rest in pond {i}" + " and dream of rain" * (i % 3 == 0)
        a, b = (good, f"Fish never rest in pond {i}.") if i % 2 else (f"Fish never rest in pond {i}.", good)
        split = "train" if i < 40 else "dev"
        rows.append(PAIR | {"id": f"p{i}", "a": a, "b": b, "gold": "a" if i % 2 else "b", "split": split})
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return path


def test_items_are_drawn_by_seed_and_the_sets_differ(command: Command, tmp_path: Path) -> None:
    ids = {}
    for name, seed in (("seen", 0), ("unseen", 0), ("seen", 1)):
        out = tmp_path / f"{name}{seed}.jsonl"
        assert command("measure", "items", name, "--count", "60", "--seed", str(seed), "--out", out).code == 0
        ids[name, seed] = [json.loads(line) for line in out.read_text().splitlines()]
        again = tmp_path / "again.jsonl"
        command("measure", "items", name, "--count", "60", "--seed", str(seed), "--out", again)
        assert again.read_bytes() == out.read_bytes()
        assert len({item["id"] for item in ids[name, seed]}) == 60
    subsets = {key: {item["subset"] for item in items} for key, items in ids.items()}
    assert not subsets["seen", 0] & subsets["unseen", 0]
    assert len(subsets["seen", 0]) >= 30
    assert {item["id"] for item in ids["seen", 0]} != {item["id"] for item in ids["seen", 1]}


def test_dev_items_need_a_file_and_never_come_from_the_training_split(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "dev.jsonl"
    refused = command("measure", "items", "dev", "--out", out)
    assert (refused.code, "--pairs" in refused.words) == (2, True)
    source = pairs(tmp_path / "pairs.jsonl.gz")
    assert command("measure", "items", "dev", "--pairs", source, "--out", out).code == 0
    assert {json.loads(line)["id"] for line in out.read_text().splitlines()} == {f"p{i}" for i in range(40, 46)}


def test_rivals_see_length_and_words_only(command: Command, tmp_path: Path) -> None:
    source, items, out = pairs(tmp_path / "pairs.jsonl.gz"), tmp_path / "dev.jsonl", tmp_path / "rivals.json"
    command("measure", "items", "dev", "--pairs", source, "--out", items)
    assert command("measure", "rivals", items, "--pairs", source, "--out", out).code == 0
    figures = json.loads(out.read_text())
    longer, bag = figures["longer response wins"], figures["TF-IDF + logistic regression, responses only"]
    assert longer == {f"p{i}": 1.0 if i % 3 == 0 else 0.5 for i in range(40, 46)}, "equal lengths share"
    assert set(bag.values()) == {1.0}, "the word 'surely' gives the true ones away"


ITEM = {"query": "q", "responses": ["a", "b"], "labels": [1, 0], "source": "tasks", "subset": "keyword"}


def sample(item: str, index: int, scores: list[int] | None, logit: float | None) -> dict[str, object]:
    return {
        "item_id": item, "index": index, "order": [0, 1], "seed": index, "status": "ok" if scores else "no_scores",
        "scores": scores, "meta_logit": logit, "text": "x", "finish_reason": "stop",
        "prompt_tokens": 1, "completion_tokens": 1,
    }  # fmt: skip


def test_the_page_of_results_says_what_the_samples_say(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    lines: list[dict[str, object]] = [
        {"run": {"id": "r", "created_at": "2026-01-01T00:00:00+00:00", "engine": "hf", "model": "m"}}
    ]
    for number in range(4):
        name = f"i{number}"
        lines.append({"item": ITEM | {"id": name}})
        for index in range(32):
            # A third of the samples is right; the meta RM likes exactly those. One in thirty-two cannot be read.
            right = index % 3 == 0
            scores = None if index == 31 else [9, 2] if right else [4, 5]
            lines.append(sample(name, index, scores, None if scores is None else 2.0 if right else -2.0))
    (folder / "main.jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    (folder / "rivals.json").write_text(
        json.dumps({"longer response wins": {f"i{i}": float(i == 0) for i in range(4)}})
    )
    few = [line for line in lines if "index" not in line or int(str(line["index"])) < 8][: 1 + 3 * 9]
    write_lines(folder / "T1.0.jsonl", few)
    out = tmp_path / "results.md"
    done = command("measure", "report", folder, "--out", out)
    assert done.code == 0, done.words
    page = out.read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    table = {(row[0], row[1]): row[2:] for row in rows}
    voting, meta = table["Seen families, new items (4)", "Voting"], table["Seen families, new items (4)", "MetaRM"]
    assert voting[0].startswith("34.4 "), "11 right of 32, an unreadable one counts as wrong"
    assert voting[5].startswith("100.0 "), "7 x 11 points ahead against 1 x 20 behind"
    assert voting[6].startswith("96.9 ")
    assert meta[5].startswith("100.0 ")
    assert table["Seen families, new items", "Voting@32 - Voting@1"][0].startswith("+65.6 ")
    assert table["Seen families, new items", "MetaRM@32 - longer response wins (25.0)"][0].startswith("+75.0 ")
    items, one, *voted, valid, difference = table["Seen families, new items", "T1.0"]
    assert (items, valid[:6], one[:5]) == ("3", "100.0 ", "37.5 ")
    assert voted[2].startswith("100.0 "), "k = 8: 3 x 7 points ahead against 5 x 1 behind"
    assert voted[3:] == ["", ""], "nobody drew 16 samples"
    items, one, *voted, valid, _ = table["Seen families, new items", "main"]
    assert (items, valid[:5], one[:5]) == ("3", "96.9 ", "34.4 "), "on the items of the variant only"
    assert float(difference.split()[0]) == pytest.approx(100 - float(voted[2].split()[0]), abs=0.11)
    best = [row for row in rows if row[:3] == ["Seen families, new items", "guided", "1"]]
    assert [row[3:6] for row in best] == [["the best one", "100.0 [100.0, 100.0]", "+0.0 [+0.0, +0.0]"]]
    assert "AUC of the meta RM's logit, right against wrong samples: Seen families, new items 1.000" in page
    assert (
        "within an item, where both kinds are, per cent: Seen families, new items 100.0 [100.0, 100.0] (4 items)"
        in page
    )


def test_all_weighted_means_all_and_not_the_half_that_a_guided_vote_keeps(command: Command, tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"run": {"id": "r", "created_at": "2026-01-01T00:00:00+00:00", "engine": "hf", "model": "m"}},
        {"item": ITEM | {"id": "i"}},
    ]
    for index in range(32):  # the half that is liked a little more is right by a point, the other wrong by eight
        liked = index < 16
        lines.append(sample("i", index, [6, 5] if liked else [1, 9], 2.0 if liked else 1.9))
    write_lines(tmp_path / "main.jsonl", lines)
    assert command("measure", "report", tmp_path, "--out", tmp_path / "results.md").code == 0
    rows = [line.split(" | ") for line in (tmp_path / "results.md").read_text().splitlines() if "| guided" in line]
    kept = {(row[1], row[2]): row[4][:5] for row in rows}
    assert kept.pop(("guided-weighted", "32")) == "0.0 ["
    assert kept == {("guided", str(k_meta)): "100.0" for k_meta in (1, 8, 16)}


@pytest.mark.parametrize("content", ["", "nothing"])
def test_a_folder_without_a_main_run_is_an_error(command: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "rivals.json").write_text("{}")
    done = command("measure", "report", tmp_path, "--out", tmp_path / "results.md")
    assert (done.code, "main.jsonl" in done.words) == (2, True)
