"""Differences put both texts together again, and the pieces of a critique lose nothing."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grm_core.analysis.critique import pieces
from grm_core.analysis.text_diff import difference
from grm_core.reading.parsing import parse
from grm_core.types import Sample
from tests.make import make_sample

TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(["the", " ", "cat", "sat", ".", "\n", "\U0001f680"])).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_same_and_added_give_the_one_text_same_and_removed_the_other(base: str, other: str) -> None:
    pieces = difference(base, other)
    assert "".join(text for kind, text in pieces if kind != "removed") == other
    assert "".join(text for kind, text in pieces if kind != "added") == base


def test_words_not_letters_are_compared() -> None:
    assert difference("names the light", "names the water") == [
        ("same", "names the "), ("removed", "light"), ("added", "water"),
    ]  # fmt: skip


def test_a_long_text_takes_no_square_of_its_length() -> None:
    base, other = "a b " * 50_000, "b a " * 50_000
    pieces = difference(base, other)
    assert "".join(text for kind, text in pieces if kind != "removed") == other


def written(critique: str, order: tuple[int, ...] = (1, 0)) -> Sample:
    text = f"Principles:\n1. One\n2. Two\nCritique:\n{critique}\nScores: \\boxed{{8, 3}}"
    return replace(make_sample(0, (3, 8), order=order, text=text), parsed=parse(text, 2))


def test_a_critique_is_cut_by_response_and_what_stands_before_belongs_to_none() -> None:
    sample = written("Both are short.\nResponse 1: fine.\nResponse 2: poor.")
    assert sample.completion is not None
    cut = [(own, sample.completion.text[slice(*span)].strip()) for own, span in pieces(sample)]
    assert cut == [(None, "Both are short."), (1, "Response 1: fine."), (0, "Response 2: poor.")]
    span = sample.parsed.critique_span
    assert span is not None
    assert (pieces(sample)[0][1][0], pieces(sample)[-1][1][1]) == span


def test_a_critique_without_heads_is_one_piece_and_none_is_none() -> None:
    assert [own for own, _ in pieces(written("Both are much the same."))] == [None]
    assert [own for own, _ in pieces(written("Response 1: fine.\nResponse 2: poor."))] == [1, 0]
    assert pieces(make_sample(0, None)) == []
