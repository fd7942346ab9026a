"""Files of others: what is read of each kind and form, and the one line that is said of what cannot be read."""

import gzip
import io
import json
import re
from typing import Any

import pandas as pd
import pytest

from grm_core.errors import UsageError
from grm_core.formats.foreign import imports
from grm_core.formats.foreign.reading import Understood, read_items

OWN = {"id": "a", "query": "q", "responses": ["x", "y"]}
PAIR = {"prompt": "q", "chosen": "a", "rejected": "b"}
RIGHT = "; a line that would be right: {"


def read(data: bytes | dict[str, Any]) -> Understood:
    """A file of these bytes, or of one record."""
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return read_items(io.BytesIO(data), "file")


def chat(*texts: str) -> list[dict[str, str]]:
    """Turns of a user and an assistant in turn."""
    return [{"role": "user" if i % 2 == 0 else "assistant", "content": text} for i, text in enumerate(texts)]


def parquet(*records: dict[str, Any]) -> bytes:
    """A table."""
    out = io.BytesIO()
    pd.DataFrame(list(records)).to_parquet(out)
    return out.getvalue()


def lines(*records: dict[str, Any]) -> str:
    """JSON Lines."""
    return "\n".join(map(json.dumps, records)) + "\n"


TWO = [
    {"id": 1, "prompt": "Grüße 你", "chosen": "a", "rejected": "b"},
    {"id": 2, "prompt": "q", "chosen": "c", "rejected": ""},
]
TABLE = "id,prompt,chosen,rejected\r\n1,Grüße 你,a,b\r\n2,q,c,\r\n"
KINDS = {
    "json lines": (lines(*TWO).encode(), "JSON Lines", "UTF-8"),
    "byte-order mark": (lines(*TWO).encode("utf-8-sig"), "JSON Lines", "UTF-8 with a byte-order mark"),
    "utf-16": (lines(*TWO).encode("utf-16"), "JSON Lines", "UTF-16"),
    "utf-16 without a mark": (lines(*TWO).encode("utf-16-le"), "JSON Lines", "UTF-16"),
    "gzip": (gzip.compress(lines(*TWO).encode()), "JSON Lines", "UTF-8"),
    "list": (json.dumps(TWO).encode(), "JSON", "UTF-8"),
    "pretty list": (json.dumps(TWO, indent=2, ensure_ascii=False).encode(), "JSON", "UTF-8"),
    "objects one after the other": ("\n".join(json.dumps(each, indent=1) for each in TWO).encode(), "JSON", "UTF-8"),
    "holder": (json.dumps({"data": TWO}).encode(), "JSON", "UTF-8"),
    "rows of the hub": (json.dumps({"rows": [{"row_idx": 0, "row": row} for row in TWO]}).encode(), "JSON", "UTF-8"),
    "columns": (pd.DataFrame(TWO).to_json().encode(), "JSON", "UTF-8"),
    "columns as lists": (json.dumps(pd.DataFrame(TWO).to_dict("list")).encode(), "JSON", "UTF-8"),
    "csv": (TABLE.encode(), "CSV", "UTF-8"),
    "csv of Excel": (TABLE.replace(",", ";").encode("utf-8-sig"), "CSV", "UTF-8 with a byte-order mark"),
    "csv with sep": (("sep=;\r\n" + TABLE.replace(",", ";")).encode(), "CSV", "UTF-8"),
    "unicode text of Excel": (TABLE.replace(",", "\t").encode("utf-16"), "CSV", "UTF-16"),
    "parquet": (parquet(*TWO), "Parquet", "binary"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_read_by_its_content(name: str) -> None:
    data, kind, encoding = KINDS[name]
    understood = read(data)
    assert (understood.kind, understood.encoding) == (kind, encoding)
    assert understood.forms == {"chosen and rejected": 2}
    one, two = understood.items
    assert (one.id, one.query[0].content, one.responses, one.labels) == ("1", "Grüße 你", ("a", "b"), (1.0, 0.0))
    assert (two.id, two.query[0].content, two.responses) == ("2", "q", ("c", ""))


RECORDS: list[tuple[dict[str, Any], tuple[str, ...], tuple[float, ...] | None, tuple[str, ...] | None]] = [
    (PAIR, ("a", "b"), (1, 0), None),
    (PAIR | {"chosen_model": "m", "rejected_model": "n"}, ("a", "b"), (1, 0), ("m", "n")),
    ({"chosen": chat("q", "a"), "rejected": chat("q", "b")}, ("a", "b"), (1, 0), None),
    ({"prompt": "q", "chosen": chat("q", "a"), "rejected": chat("q", "b")}, ("a", "b"), (1, 0), None),
    ({"messages": chat("q"), "chosen": chat("q", "a")[1], "rejected": chat("q", "b")[1]}, ("a", "b"), (1, 0), None),
    ({"prompt": "q", "chosen": ["a"], "rejected": ["b", "c"]}, ("a", "b", "c"), (1, 0, 0), None),
    ({"prompt": "q", "response_a": "a", "response_b": "b", "winner": "b"}, ("a", "b"), (0, 1), None),
    ({"prompt": "q", "response_1": "a", "response_2": "b", "winner": 2}, ("a", "b"), (0, 1), None),
    ({"prompt": "q", "response_1": "a", "response_2": "b", "winner": "tie"}, ("a", "b"), None, None),
    ({"prompt": "q", "answer_1": "a", "answer_2": "b", "answer_3": "c", "answer_4": ""}, ("a", "b", "c"), None, None),
    ({"prompt": "q", "response_0": "a", "response_1": "b", "better_response_id": 1}, ("a", "b"), (0, 1), None),
    ({"history": "q", "human_ref_A": "a", "human_ref_B": "b", "labels": 0}, ("a", "b"), (0, 1), None),
    ({"context": chat("q"), "response1": "a", "response2": "b", "overall_preference": 1}, ("a", "b"), (0, 1), None),
    ({"prompt": "q", "model_a": "m", "model_b": "n", "response_a": "a", "response_b": "b", "winner": "n"},
     ("a", "b"), (0, 1), ("m", "n")),
    ({"instruction": "q", "output_1": "a", "output_2": "b", "generator_1": "m", "generator_2": "n", "preference": 1.2},
     ("a", "b"), (1, 0), ("m", "n")),
    ({"model_a": "m", "model_b": "m", "winner": "both_bad", "conversation_a": chat("q", "a"),
      "conversation_b": chat("q", "b")}, ("a", "b"), None, None),
    ({"instruction": "q", "completions": [
        {"model": "m", "response": "a", "annotations": {"x": {"Rating": "4"}, "y": {"Rating": "5"}}},
        {"model": "n", "response": "b", "annotations": {"x": {"Rating": "1"}, "y": {"Rating": "2"}}}]},
     ("a", "b"), (4.5, 1.5), ("m", "n")),
    ({"instruction": "q", "completions": [{"response": "a", "rating": "5"}, {"response": "b", "rating": "N/A"}]},
     ("a", "b"), None, None),
    ({"prompt": "q", "responses": [{"text": "a", "score": 1}, {"text": "b", "score": 0.5}]},
     ("a", "b"), (1, 0.5), None),
    ({"query": "q", "responses": ["a", {"role": "assistant", "content": [{"type": "text", "text": "b"}]}]},
     ("a", "b"), None, None),
    ({"prompt": "q", "completion": "a", "label": False}, ("a",), (0,), None),
    ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, ("a",), None, None),
]  # fmt: skip


@pytest.mark.parametrize(("record", "responses", "labels", "models"), RECORDS)
def test_a_record_is_read_by_its_keys(
    record: dict[str, Any],
    responses: tuple[str, ...],
    labels: tuple[float, ...] | None,
    models: tuple[str, ...] | None,
) -> None:
    (example,) = read(record).items
    assert [turn.content for turn in example.query] == ["q"]
    assert (example.responses, example.labels, example.models) == (responses, labels, models)


def test_of_whole_chats_the_query_is_what_they_share() -> None:
    record = {"chosen": chat("q", "same", "more", "a"), "rejected": chat("q", "same", "more", "b")}
    (example,) = read(record).items
    assert [turn.content for turn in example.query] == ["q", "same", "more"]
    assert example.responses == ("a", "b")
    (example,) = read(
        {"conversation_a": chat("q", "a", "go on", "a2"), "conversation_b": chat("q", "b", "go on", "b2")}
    ).items
    assert [turn.content for turn in example.query] == ["q"]
    assert example.responses[1] == "assistant: b\n\nuser: go on\n\nassistant: b2"
    equal = {"chosen": chat("q", "a"), "rejected": chat("q", "a")}
    assert read(equal).items[0].responses == ("a", "a")


def test_a_response_that_is_json_stays_a_text_in_a_table() -> None:
    (example,) = read(b'prompt,chosen,rejected\nList three.,"[1, 2, 3]","{""a"": 1}"\n').items
    assert example.responses == ("[1, 2, 3]", '{"a": 1}')


def test_lists_in_a_table_are_those_of_json_and_python_and_no_others() -> None:
    head = "id,query,responses,labels\n"
    (example,) = read((head + 'a,q,"[""x"", ""y""]","[1, 0]"\n').encode()).items
    assert (example.responses, example.labels) == (("x", "y"), (1, 0))
    (example,) = read((head + "a,q,\"['x', 'it''s']\",\n").replace("''", "").encode()).items
    assert example.responses == ("x", "its")
    with pytest.raises(UsageError, match='line 2: "responses" must be a list'):
        read((head + "a,q,\"['x' 'y']\",\n").encode())


def test_records_without_ids_are_numbered_and_equal_ids_are_told_apart() -> None:
    assert [item.id for item in read(lines(PAIR, PAIR).encode()).items] == ["item-1", "item-2"]
    understood = read(lines(PAIR | {"id": 1}, PAIR | {"id": 1, "prompt": "other"}, PAIR | {"id": 1}).encode())
    assert [item.id for item in understood.items] == ["1", "1/2"]
    assert [tuple(each) for each in understood.left_out] == [("line 3", "the same as line 1")]
    assert sum(understood.forms.values()) == len(understood.items) + len(understood.left_out)
    with pytest.raises(UsageError, match="line 2: there is an item 'a' already"):
        read(lines(OWN, OWN | {"query": "other"}).encode())


BROKEN = {
    "line cut": (lines(OWN).encode() + b'{"id": "b", "que', "file, line 2: not JSON"),
    "element": (b'[\n{"id": "a"},\n{"id": }]', "file, line 3: not JSON"),
    "list not closed": (json.dumps([OWN], indent=1)[:-1].encode(), "file, line 10: not JSON"),
    "after the list": (json.dumps([OWN]).encode() + b"\n[]", "file, line 2: not JSON: more stands after the list"),
    "no comma": (b'[{"a": 1}\n{"b": 2}]', "file, line 2: not JSON: Expecting ','"),
    "object": (b'{\n "id": "a",\n "query": q\n}', "file, line 3: not JSON"),
    "key twice": (b'[{"id": "a",\n"id": "b"}]', "file, line 1: 'id' stands there twice"),
    "not a record": (b'[{"id": "a", "query": "q", "responses": ["x"]}, 3]', "each record must be a JSON object"),
    "deep": (b"[" * 100_000, "line 1: not JSON"),
    "cells": (b"prompt,chosen,rejected\nq,a\n", "file, line 2: 2 cells, and the header has 3"),
    "cells after a long one": (b'prompt,chosen,rejected\n"q\nq",a,b\nq,a\n', "file, line 4: 2 cells"),
    "quote": (b'prompt,chosen,rejected\n"q,a,b\n', "file, line 2: "),
    "latin-1": ("prompt,chosen,rejected\nGrüße,a,b\n".encode("latin-1"), "file, line 2: not UTF-8 at byte 26; save"),
    "parquet": (parquet(PAIR)[:60], "file: not Parquet"),
    "gzip": (gzip.compress(lines(OWN).encode())[:20], "file: not gzip"),
    "utf-16": (b"\xff\xfe" + "é".encode("utf-16-le") + b"\x00", "file: UTF-16 that is broken"),
    "nothing": (b"", "file: there are no items in it"),
    "only a header": (b"prompt,chosen,rejected\n", "file: there are no items in it"),
    "words": (b"hello world", "file, line 1: not JSON"),
    "no header": (b"What is 2+2?,4,5\n", "line 1: not JSON, nor a table whose first line names its columns"),
    "yaml": (b"- prompt: q\n  chosen: a\n", "line 1: not JSON, nor a table"),
    "comment": (b"// mine\n[]", "it begins with a comment"),
    "comment of a shell": (b"# mine\n" + lines(OWN).encode(), "it begins with a comment"),
    "comment inside": (b'[\n{"a": 1},\n// mine\n{"b": 2}]', "line 3: not JSON: a comment at column 1"),
    "line cut short": (lines(OWN).encode() + b'{"id": "b"\n', "line 2: not JSON: Expecting ',' .* column 11"),
    "no form": (lines({"name": "x", "value": 2}).encode(), 'line 1: "responses" is missing.* has name, value'),
    "one side": (lines({"prompt": "q", "chosen": "a"}).encode(), 'line 1: "rejected" is missing beside "chosen"'),
    "texts as one": (lines({"prompt": "q", "output": ["a", "b"]}).encode(), '"output" holds 2 texts where one'),
    "column twice": (b"prompt,chosen,Chosen\nq,a,b\n", "line 1: there are two columns 'chosen'"),
    "workbook": (b"PK\x03\x04\x14\x00xl/workbook.xml", "an Excel workbook; save the sheet as CSV UTF-8"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook.*; save it as CSV UTF-8"),
    "archive": (b"PK\x03\x04\x14\x00a.jsonl", "a ZIP archive"),
    "page": (b"<!DOCTYPE html><html>404</html>", "a page of HTML or XML"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "no prompt": (lines({"chosen": "a", "rejected": "b"}).encode(), 'line 1: "prompt" is missing'),
    "no common query": (lines({"chosen": chat("q", "a"), "rejected": chat("x", "a")}).encode(), "no turn of a user"),
    "other prompt": (lines(PAIR | {"chosen": chat("x", "a")}).encode(), "response 1 is a chat that begins with other"),
    "role": (lines(PAIR | {"prompt": [{"role": "robot", "content": "q"}]}).encode(), r"prompt\[0\].* role 'robot'"),
    "picture": (lines(OWN | {"query": [{"role": "user", "content": [{"type": "image_url"}]}]}).encode(), "image_url"),
    "winner": (b"prompt,response_a,response_b,winner\nq,a,b,banana\n", "line 2: .*banana.* must be a or b, or tie"),
    "ends with the user": (lines({"messages": chat("q", "a", "b")}).encode(), "there is no response in it"),
    "too many": (lines(OWN | {"responses": ["x"] * 33}).encode(), "33 responses"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_one_line_that_ends_with_a_right_one(name: str) -> None:
    data, words = BROKEN[name]
    with pytest.raises(UsageError) as caught:
        read(data)
    message = str(caught.value)
    assert re.search(words, message)
    assert "\n" not in message
    assert RIGHT in message
    read(message.split("would be right: ")[1].encode())


def test_objects_with_a_text_are_responses_of_their_own() -> None:
    record = {"prompt": "q", "chosen": {"text": "a", "score": 1}, "rejected": [{"text": "b"}, {"text": "c"}]}
    (item,) = read_items(io.BytesIO(lines(record).encode()), "file").items
    assert (item.responses, item.labels) == (("a", "b", "c"), (1.0, 0.0, 0.0))


def test_rows_by_number_are_records() -> None:
    rows = {str(number): {"prompt": f"q{number}", "chosen": "a", "rejected": "b"} for number in range(3)}
    assert len(read_items(io.BytesIO(json.dumps(rows).encode()), "file").items) == 3


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "\n\nHuman: q\n\nAssistant:", "chosen": "a", "rejected": "b"},
        {"prompt": "\n\nHuman: q\n\nAssistant: ", "answers": [{"answer": "a", "rank": 1}, {"answer": "b", "rank": 2}]},
        {"query": chat("q", ""), "responses": ["a", "b"]},
        {"prompt": chat("q", ""), "chosen": chat("q", "a"), "rejected": chat("q", "b")},
    ],
)
def test_a_turn_that_is_left_open_for_the_response_is_no_turn(record: dict[str, Any]) -> None:
    (example,) = read(record).items
    assert [(turn.role, turn.content) for turn in example.query] == [("user", "q")]
    assert example.responses == ("a", "b")


def test_an_empty_turn_of_a_chat_is_its_response() -> None:
    (example,) = read({"messages": chat("q", "")}).items
    assert example.responses == ("",)


@pytest.mark.parametrize(
    ("winner", "labels"),
    [
        ("A>B", (1, 0)), ("B>>A", (0, 1)), ("A<B", (0, 1)), ("A=B", None), ("response-2", (0, 1)), ("right", (0, 1)),
        ([{"value": "a"}, {"value": "a"}], (1, 0)), ([{"value": "a"}, {"value": "b"}], None),
    ],
)  # fmt: skip
def test_a_winner_is_named_in_many_ways(winner: Any, labels: tuple[int, int] | None) -> None:
    sides = ("1", "2") if winner == "response-2" else ("a", "b")
    responses = {f"response_{side}": text for side, text in zip(sides, "xy", strict=True)}
    (example,) = read({"prompt": "q", "winner": winner, **responses}).items
    assert example.labels == labels


@pytest.mark.parametrize(
    ("named", "labels"),
    [({"winner": "B"}, (0, 1)), ({"label": "a"}, (1, 0)), ({"winner": "tie"}, None), ({"winner": 1}, None),
     ({"winner": "1"}, None), ({"label": "good"}, None), ({"winner": "B", "labels": [1, 0]}, (1, 0))],
)  # fmt: skip
def test_a_letter_names_the_best_of_a_list_and_a_number_does_not(
    named: dict[str, Any], labels: tuple[int, int] | None
) -> None:
    assert read(OWN | named).items[0].labels == labels
    completions = [{"model": "m1", "response": "x"}, {"model": "m2", "response": "y"}]
    if "labels" not in named:
        assert read({"prompt": "q", "completions": completions, **named}).items[0].labels == labels
        assert read({"prompt": "q", "completions": completions, "winner": "m2"}).items[0].labels == (0, 1)


def test_records_of_annotation_tools_are_read_with_what_all_annotators_say() -> None:
    shown = {"prompt": "q", "response1": "x", "response2": "y"}
    ranking = [{"value": "response2", "rank": 1}, {"value": "response1", "rank": 2}]
    cancelled = {"result": [{"type": "pairwise", "value": {"selected": "left"}}], "was_cancelled": True}
    selected = {"result": [{"type": "pairwise", "value": {"selected": "right"}}, {"type": "textarea"}]}
    quality = {"quality": [{"value": 1}]}
    for record in (
        {"id": "5f", "fields": shown, "responses": {"ranking": [{"value": ranking}], **quality}},
        {"id": "5f", "data": shown, "annotations": [cancelled, selected]},
        {"id": "5f"} | shown | {"preference": [{"value": "response2", "user_id": "u"}]},
    ):
        (example,) = read(record).items
        assert (example.id, example.responses, example.labels) == ("5f", ("x", "y"), (0, 1))
    asked = {"better": [{"value": "response1"}, {"value": "response2"}]}
    assert read({"fields": shown, "responses": asked}).items[0].labels is None
    assert read({"fields": shown, "responses": quality}).items[0].labels is None


def test_a_foreign_item_id_makes_no_samples_file() -> None:
    record = {"item_id": 3, "prompt": "q", "chosen": "a", "rejected": "b"}
    made = imports.read(io.BytesIO(lines(record).encode()), "file")
    assert (made.form, made.blocks[0].items[0].item_id) == ("items", "3")
