"""What a codec lets through, and what it says of the rest."""

import io
from typing import Any

import pytest

from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.annotations import read_annotation
from grm_core.formats.fields import FieldError, identifier
from grm_core.formats.samples import LINE
from grm_core.formats.sessions import read_line
from grm_core.types import Annotation

NOW = "2026-01-01T00:00:00+00:00"
MADE: dict[str, Any] = {
    "id": "a", "session_id": "s", "kind": "best", "label": "A", "author": "ann", "created_at": NOW
}  # fmt: skip


def test_null_is_the_same_as_left_out() -> None:
    nulls = dict.fromkeys(("sample", "place", "span", "note", "replaces", "queue"))
    assert read_annotation(MADE | nulls) == read_annotation(MADE) == Annotation(**MADE)


def test_numbers_stay_as_they_were_written() -> None:
    line = LINE.line(b'{"item_id": "x", "index": 0, "seconds": 2, "principles": [{"text": "t", "weight": 60.0}]}')
    assert (line.seconds, type(line.seconds)) == (2, int)
    assert line.principles is not None
    assert type(line.principles[0].weight) is float


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"author": None}, '"author" is missing'),
        ({"author": 5}, '"author" must be a string'),
        ({"id": "../x"}, '"id" may hold up to 128 letters'),
        ({"id": "x\n"}, '"id" may hold up to 128 letters'),
        ({"sample": True}, '"sample" must be a whole number'),
        ({"sample": 1.0}, '"sample" must be a whole number'),
        ({"sample": -1}, '"sample" is -1; it must be from 0 to 9223372036854775807'),
        ({"sample": 10**30}, '"sample" is too large'),
        ({"span": [5, 3]}, '"span" must be two whole numbers'),
        ({"span": [0, 1, 2]}, '"span" must be two whole numbers'),
    ],
)
def test_the_first_wrong_field_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(FieldError) as caught:
        read_annotation(MADE | change)
    assert str(caught.value).startswith(words)


def test_what_is_no_object_is_named_too() -> None:
    with pytest.raises(FieldError, match='"annotation" must be an object'):
        read_annotation([1])
    with pytest.raises(FieldError, match='"run id" may hold'):
        identifier("a b", "run id")


def test_a_line_is_told_by_its_keys_not_by_its_words() -> None:
    text = r'{"item_id": "x", "index": 0, "scores": null, "text": "{\"run\": {}}"}'
    assert read_line(text.encode()) == LINE.line(text.encode())
    assert read_line(b'{"item_id": "run", "index": 0}') == LINE.line(b'{"item_id": "run", "index": 0}')
    assert read_line(b'{"index": 0, "run": {}}') == {"index": 0, "run": {}}


def test_any_text_is_read_whichever_way() -> None:
    for text in (rb'"\ud800"', '"\u2028😀"'.encode(), rb'"\u0000"'):
        line = LINE.line(b'{"item_id": "x", "index": 0, "text": %s}' % text)
        assert line.text == lines.parse(b'{"text": %s}' % text)["text"]


def test_lines_are_numbered_as_they_stand_in_the_file() -> None:
    stream = io.BytesIO(b'\xef\xbb\xbf\n{"item_id": "x", "index": 0}\r\n\n{"item_id": "x"}\n')
    records = LINE.lines(stream, "it")
    assert next(records)[0] == 2
    with pytest.raises(UsageError, match=r'^it, line 4: "index" is missing$'):
        next(records)
