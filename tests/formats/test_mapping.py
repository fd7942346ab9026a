"""Which key of a foreign record went where, found by taking each away."""

import json
from pathlib import Path
from typing import Any

import pytest

from grm_core.errors import UsageError
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


def test_a_key_that_only_a_later_record_fills_is_said_to_be_used(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("prompt,response_a,response_b,winner\nq,x,y,\nr,x,y,b\n")
    assert reading.read_items(path).fields["winner"] == ("labels",)


ROLES = {
    "Nr": "id",
    "Frage": "query",
    "Kandidat eins": "response",
    "Kandidat zwei": "response",
    "Sieger": "best response",
}


@pytest.mark.parametrize(
    ("winner", "labels"),
    [
        ("Kandidat zwei", (0, 1)), ("ZWEI", (0, 1)), ("a", (1, 0)), ("y", (0, 1)), ("x", (1, 0)),
        ("Kandidat", None), ("tie", None), ("2", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_columns_of_any_name_are_read_as_a_person_says(
    tmp_path: Path, winner: str | None, labels: tuple[float, ...] | None
) -> None:
    path = tmp_path / "f.jsonl"
    record = {"Nr": 7, "Frage": "q", "Kandidat eins": "x", "Kandidat zwei": "y", "Sieger": winner, "id": "other"}
    path.write_text(json.dumps(record) + "\n")
    assert list(reading.columns_of(path)) == [*ROLES, "id"]
    (item,) = reading.read_items(path, roles=ROLES).items
    assert (item.id, item.query[0].content, item.responses, item.labels) == ("7", "q", ("x", "y"), labels)


def test_a_column_may_hold_all_responses_and_empty_ones_at_the_end_of_three_are_none(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"ask": "q", "all": ["x", "y"], "top": "b"}\n')
    roles = {"ask": "query", "all": "response", "top": "best response"}
    (item,) = reading.read_items(path, roles=roles).items
    assert (item.responses, item.labels) == (("x", "y"), (0, 1))
    path.write_text('{"ask": "q", "one": 4, "two": "", "three": null}\n')
    three = {"ask": "query", "one": "response", "two": "response", "three": "response"}
    (item,) = reading.read_items(path, roles=three).items
    assert item.responses == ("4", "")


def test_a_record_without_the_chosen_query_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"ask": "q", "one": "x"}\n{"ask": "", "one": "x"}\n')
    with pytest.raises(UsageError, match=r"f\.jsonl, line 2: the query is missing: 'ask' is empty"):
        reading.read_items(path, roles={"ask": "query", "one": "response"})
