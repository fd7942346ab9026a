"""Which key of a foreign record went where, found by taking each away."""

import json
from pathlib import Path
from typing import Any

import pytest

from grm_core.formats.foreign import reading


def mapped(tmp_path: Path, record: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(record) + "\n")
    return reading.read_items(path).fields


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"id": "a", "query": "q", "responses": ["x", "y"], "labels": [1, 0], "subset": "s", "more": 1},
            {
                "id": ("id",), "query": ("query",), "responses": ("responses",), "labels": ("labels",),
                "subset": ("subset",), "more": (),
            },
        ),
        (
            {"prompt": "q", "chosen": "x", "rejected": "y", "note": "z"},
            {"prompt": ("query",), "chosen": ("responses",), "rejected": ("responses",), "note": ()},
        ),
        (
            {"prompt": "q", "response_a": "x", "response_b": "y", "winner": "b", "tokens": 7},
            {
                "prompt": ("query",), "response_a": ("responses",), "response_b": ("responses",),
                "winner": ("labels",), "tokens": (),
            },
        ),
        (
            {"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}],
             "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "y"}]},
            {"chosen": ("query", "responses"), "rejected": ("query", "responses")},
        ),
    ],
)  # fmt: skip
def test_every_key_says_what_it_decides(
    record: dict[str, Any], expected: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    assert mapped(tmp_path, record) == expected


def test_ratings_are_labels_and_a_list_of_completions_is_the_responses(tmp_path: Path) -> None:
    completions = [{"model": "m1", "response": "x", "overall_score": 9}, {"model": "m2", "response": "y"}]
    completions[1]["overall_score"] = 2
    assert mapped(tmp_path, {"instruction": "q", "completions": completions}) == {
        "instruction": ("query",),
        "completions": ("responses",),
    }
