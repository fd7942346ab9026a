"""The form says itself what is wrong with it, and reads chats and pasted items."""

import json
from typing import Any

import pytest

from grm_core.errors import UsageError
from grm_core.types import Message
from ui.asking import AUTOMATIC
from ui.pages.inspect.form import read_form, read_labels, read_pasted, read_turns, write_turns


def given(**changed: Any) -> dict[str, Any]:
    base = {
        "query": "q", "turns": "", "responses": ["a", "b"], "k": 8, "temperature": 0.5, "settle": "never",
        "order": "random", "context": "joint", "seed": 0, "template": AUTOMATIC, "reference": "", "principles": "",
        "labels": "",
    }  # fmt: skip
    return base | changed


@pytest.mark.parametrize("k", [None, 1.5, float("nan"), float("inf")])
def test_k_that_is_not_whole_is_refused_in_our_words(k: float | None) -> None:
    with pytest.raises(UsageError, match="whole number from 1 to 1024"):
        read_form(given(k=k))


@pytest.mark.parametrize("odd", ["32; DROP", True, [], "x"])
@pytest.mark.parametrize("name", ["k", "temperature", "seed"])
def test_what_is_no_number_is_told(name: str, odd: object) -> None:
    with pytest.raises(UsageError, match=f"{name} must be"):
        read_form(given(**{name: odd}))


def test_texts_and_principles_have_a_size() -> None:
    large = "x" * (5 * 2**20)
    for name in ("query", "turns", "reference", "labels", "principles"):
        with pytest.raises(UsageError, match=f"{name}: 5,242,880 characters; the page takes 2,097,152"):
            read_form(given(**{name: large}))
    with pytest.raises(UsageError, match="response 2: 5,242,880 characters"):
        read_form(given(responses=["a", large]))
    with pytest.raises(UsageError, match="200,000 principles"):
        read_form(given(principles="a\n" * 200_000))
    with pytest.raises(UsageError, match="the longest of 3,000 characters"):
        read_form(given(principles="a" * 3000))
    assert len(read_form(given(responses=["a", "x" * 2**20]))[0].responses[1]) == 2**20
    with pytest.raises(UsageError, match="were pasted"):
        read_pasted("x" * (11 * 2**20))


def test_a_whole_k_is_taken_as_it_is() -> None:
    assert read_form(given(k=8.0))[1].k == 8


def test_a_chat_is_the_earlier_turns_and_the_query() -> None:
    example, _ = read_form(given(turns="User: Hi\nassistant: Hello,\nhow are you?", query="Fine."))
    assert example.query == (
        Message("user", "Hi"), Message("assistant", "Hello,\nhow are you?"), Message("user", "Fine."),
    )  # fmt: skip
    assert example.id != read_form(given(query="Fine."))[0].id
    with pytest.raises(UsageError, match="the query is empty"):
        read_form(given(turns="user: Hi", query=" "))
    with pytest.raises(UsageError, match="each begins with user:"):
        read_form(given(turns="Hi there"))


@pytest.mark.parametrize(
    "turns",
    [
        (Message("user", "Hi"),),
        (Message("system", "Be brief."), Message("user", "a\n\nb"), Message("assistant", "c")),
        (Message("user", "what does\nassistant: mean?"), Message("assistant", "[1]\n")),
    ],
)
def test_turns_that_are_written_are_read_back_the_same(turns: tuple[Message, ...]) -> None:
    assert read_turns(write_turns(turns)) == turns


def test_labels_are_one_number_a_response() -> None:
    assert read_labels("1, 0", 2) == (1.0, 0.0)
    assert read_labels(" ", 2) is None
    for wrong in ("1", "1, x", "1, inf", "nan, 0"):
        with pytest.raises(UsageError, match="label"):
            read_labels(wrong, 2)


def test_pasted_items_may_be_one_object_a_list_or_lines_and_lack_ids() -> None:
    one = {"query": "Why?", "responses": ["a", "b"], "labels": [1, 0]}
    two = {"id": "x", "query": [{"role": "user", "content": "Who?"}], "responses": ["c"]}
    for text in (json.dumps([one, two], indent=1), f"{json.dumps(one)}\n{json.dumps(two)}\n"):
        assert [(item.query[0].content, item.labels) for item in read_pasted(text)] == [
            ("Why?", (1, 0)),
            ("Who?", None),
        ]
    assert len(read_pasted(json.dumps(one, indent=2))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "line 1: not JSON"), ('{"query": "q"}', '"responses"'), ("[1, 2]", "must be a JSON object"),
     ('{"query": "q", "responses": ["a"]}\n{"query": "", "responses": ["a"]}', 'line 2: "query" is empty'),
     ("[" * 100_000, "not JSON")],
)  # fmt: skip
def test_what_cannot_be_pasted_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_pasted(text)
