"""Labelled pairs: read, cut into turns, and judged as their labels say."""

import gzip
import json
import random
from pathlib import Path

import pytest

from grm_core import outcome
from grm_core.errors import UsageError
from grm_core.reading.parsing import parse
from grm_core.training import pairs

ROW = {
    "id": "p1", "source": "truthfulqa", "prompt": "Do fish sleep?", "a": "Fish never sleep.",
    "b": "Yes, fish rest, many of them with open eyes, in a quiet place at night.", "gold": "b", "split": "train",
    "tokens": 40,
}  # fmt: skip


def write(path: Path, *rows: object) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.gz"])
def test_pairs_of_a_split_and_a_length_are_read(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROW, ROW | {"id": "p2", "split": "dev"}, ROW | {"id": "p3", "tokens": 900})
    (example,) = pairs.read(path, "train")
    assert (example.id, example.labels, example.subset) == ("p1", (0.0, 1.0), "truthfulqa")
    assert [example.id for example in pairs.read(path)] == ["p1", "p2"]


@pytest.mark.parametrize("bad", ["no json", '{"id": "x"}', "[]"])
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, bad: str) -> None:
    path = write(tmp_path / "pairs.jsonl", ROW)
    path.write_text(path.read_text() + bad + "\n")
    with pytest.raises(UsageError, match="line 2 is not a preference pair"):
        pairs.read(path, "train")


def test_a_conversation_becomes_turns_and_a_plain_prompt_stays_one() -> None:
    turns = pairs.turns("user: Hello\n\nassistant: Hi. user: is no turn here\n\nuser: Bye")
    assert [(turn.role, turn.content) for turn in turns] == [
        ("user", "Hello"), ("assistant", "Hi. user: is no turn here"), ("user", "Bye"),
    ]  # fmt: skip
    assert [turn.content for turn in pairs.turns("Who said 'user: hi'?")] == ["Who said 'user: hi'?"]


@pytest.mark.parametrize("source", ["truthfulqa", "gsm8k", "hh_harmless", "hh_helpful", "pandalm"])
def test_a_demonstration_agrees_with_the_label_in_every_order(tmp_path: Path, source: str) -> None:
    (example,) = pairs.read(write(tmp_path / "pairs.jsonl", ROW | {"source": source}))
    for seed in range(30):
        order = random.Random(seed).choice(((0, 1), (1, 0)))
        text = "".join(piece.text for piece in pairs.demonstrate(example, order, random.Random(seed)))
        shown = parse(text, 2).shown_scores
        assert shown is not None, text
        assert outcome.correct([shown[order.index(own)] for own in (0, 1)], (0.0, 1.0))
        assert '"Fish never sleep.' in text
        principles = text.split("Critique:")[0]
        assert "fish" in principles or "sleep" in principles, "a principle names the query's subject"
