"""The numbers of a file are those of its samples, and what is wrong in it is said in the same words."""

import io
import json
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grm_core.errors import UsageError
from grm_core.formats.lines import canonical
from grm_core.formats.samples import sample_record
from grm_core.formats.scores import ItemScores, read_scores
from grm_core.formats.sessions import read_samples
from grm_core.types import Sample
from tests.storage.make import any_sample

ITEM = {"item": {"id": "i", "query": "q", "responses": ["a", "b", "c"], "labels": [1, 0, 0]}}
SAMPLE: dict[str, Any] = {"item_id": "i", "index": 0, "scores": [3, 4, 5]}


def file(*records: Any) -> io.BytesIO:
    return io.BytesIO("".join(canonical(record) + "\n" for record in records).encode())


def expected(source: io.BytesIO) -> list[list[ItemScores]]:
    return [
        [
            ItemScores.of(item.item_id, item.samples, None if item.example is None else item.example.labels)
            for item in block.items
        ]
        for block in read_samples(source)
    ]


def assert_same(source: bytes) -> None:
    blocks, wanted = list(read_scores(io.BytesIO(source))), expected(io.BytesIO(source))
    assert [len(block) for block in blocks] == [len(block) for block in wanted]
    for one, other in zip(chain(*blocks), chain(*wanted), strict=True):
        assert (one.item_id, one.labels) == (other.item_id, other.labels)
        assert one.scored == other.scored
        for mine, theirs in ((one.indices, other.indices), (one.scores, other.scores), (one.logits, other.logits)):
            np.testing.assert_array_equal(mine, theirs)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_sample(), max_size=4))
def test_numbers_of_a_file_are_those_of_its_samples(drawn: list[Sample]) -> None:
    lines = [sample_record("i", sample) | {"index": place} for place, sample in enumerate(drawn)]
    for records in ([ITEM, *lines], lines, [*lines, ITEM], [{"run": {"id": "r"}}, ITEM, *lines]):
        assert_same(file(*records).getvalue())


@pytest.mark.parametrize(
    "changed",
    [
        {"index": -1},
        {"index": "0"},
        {"index": True},
        {"item_id": None},
        {"scores": [3, 4]},
        {"scores": [3, 4, 11]},
        {"scores": [3, 4, 5.0]},
        {"scores": []},
        {"scores": 3},
        {"status": "fine"},
        {"status": "no_scores"},
        {"scores": None, "status": "ok"},
        {"order": [0, 1, 1]},
        {"order": [0, 1]},
        {"order": [0, 1, 2, 3]},
        {"text": 5},
        {"seed": 2**63},
        {"prompt_tokens": -1},
        {"seconds": "1"},
        {"model": ["m"]},
        {"principles": [{"weight": 1}]},
        {"principles": [{"text": "t", "span": [5, 2]}]},
        {"critique_span": [2, 1]},
        {"critique_span": [1]},
        {"score_spans": [[0, 1], [3, 2]]},
        {"parser_version": 1.5},
    ],
    ids=str,
)
def test_what_is_wrong_with_a_line_is_said_in_the_same_words(changed: dict[str, Any]) -> None:
    data = file(ITEM, SAMPLE, SAMPLE | {"index": 1} | changed)
    with pytest.raises(UsageError) as here:
        list(read_scores(io.BytesIO(data.getvalue()), "f"))
    with pytest.raises(UsageError) as there:
        list(read_samples(io.BytesIO(data.getvalue()), "f"))
    assert str(here.value) == str(there.value)
    assert str(here.value).startswith("f, line 3: ")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"meta_logit": 2},
        {"meta_logit": -0.25},
        {"scores": None},
        {"scores": None, "order": [2, 1, 0], "status": "truncated"},
        {"status": None, "text": "\ud800", "principles": None},
        {"principles": [{"text": "t"}, {"text": "u", "span": [3, 4], "weight": 2, "more": 1}]},
        {"unheard of": {"run": 1}},
        {"text": 'it says "item" and "run"'},
    ],
    ids=str,
)
def test_what_a_line_may_leave_out_or_hold_is_read_alike(changed: dict[str, Any]) -> None:
    assert_same(file(ITEM, SAMPLE, SAMPLE | {"index": 1} | changed).getvalue())


def test_nan_means_not_scored_and_a_sample_twice_is_told() -> None:
    nan = json.dumps(SAMPLE | {"meta_logit": float("nan")}).encode()
    assert_same(file(ITEM).getvalue() + nan)
    with pytest.raises(UsageError, match="line 3: there is a sample 0 of item 'i' already"):
        list(read_scores(file(ITEM, SAMPLE, SAMPLE)))
    with pytest.raises(UsageError, match="line 2: there is an item 'i' already"):
        list(read_scores(file(ITEM, ITEM)))
