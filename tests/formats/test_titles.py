"""Titles are the plain words of a text's first line."""

import pytest

from grm_core.formats.sessions import title
from grm_core.formats.titles import plain_title
from grm_core.types import Example, Message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is *another* user's `orders`. **Why**?\n\n```python\nx\n```", "It is another user's orders. Why?"),
        ("A paragraph\nof two lines  \nand a break", "A paragraph of two lines"),
        ("# A **bold** head\nand more", "A bold head"),
        ("\n\n- first `item`\n- second", "first item"),
        ("> quoted\n\nafter", "quoted"),
        ("```python\ndef f(): pass\n```\nWhat is wrong?", "What is wrong?"),
        ("```\nonly()\ncode()\n```", "only()"),
        (r"\(a_1 * b_2\), $x_{1} \cdot y_{2}$ &amp; <b>go</b>", r"\(a_1 * b_2\), $x_{1} \cdot y_{2}$ &amp; <b>go</b>"),
        ("2 * 3 * 4 of snake_case_names and **kwargs", "2 * 3 * 4 of snake_case_names and **kwargs"),
        ("see [the page](http://x.org) ![a dog](dog.png)", "see the page a dog"),
        ("lone \ud800 surrogate", "lone \ud800 surrogate"),
        ("  many \t blanks  ", "many blanks"),
        ("", ""),
        ("\n---\n", ""),
    ],
)  # fmt: skip
def test_the_first_line_is_shown_without_its_marks(text: str, expected: str) -> None:
    assert plain_title(text) == expected


def test_a_long_line_is_cut_and_a_long_text_is_not_read_to_its_end() -> None:
    assert plain_title("word " * 100) == ("word " * 16)[:79] + "…"
    assert len(plain_title("x" * 10_000_000)) == 80


def test_a_session_without_words_is_called_by_its_item() -> None:
    assert title(Example("item-7", (Message("user", "***"),), ("a", "b"))) == "item-7"
    turns = (Message("user", "The **first**"), Message("assistant", "so"), Message("user", "`then`\nmore"))
    assert title(Example("x", turns, ("a",))) == "then more"
