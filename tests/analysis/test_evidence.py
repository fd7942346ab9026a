"""Critiques are cut by response; quotations are found where they stand, nearly found, or found to be made up."""

from dataclasses import replace

import pytest

from grm_core.analysis import critique, evidence
from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Sample
from tests.make import make_sample

RESPONSES = (
    "The capital of Australia is Canberra, a planned city between Sydney and Melbourne.",
    "Sydney is the capital. It has a famous opera house.",
)


def judged(critique_text: str, order: tuple[int, ...] = (0, 1)) -> tuple[Example, Sample]:
    text = f"Principles:\n1. Facts (weight: 100%)\nCritique:\n{critique_text}\nScores: \\boxed{{8, 2}}"
    sample = make_sample(0, (8, 2), order=order, text=text)
    example = Example("x", (Message("user", "What is the capital of Australia?"),), RESPONSES)
    return example, replace(sample, parsed=parse(text, 2))


def origins(critique_text: str, order: tuple[int, ...] = (0, 1)) -> list[tuple[str, int | None]]:
    example, sample = judged(critique_text, order)
    return [(quote.origin, quote.response) for quote in evidence.quotes(example, sample)]


@pytest.mark.parametrize(
    "heads",
    [
        ("Response 1:", "Response 2:"), ("**Response 1:**", "**Response 2:**"),
        ("- Response 1 -- good:", "- Response 2:"),
        ("### Response A", "### Response B"), ("1. Response 1:", "2. Response 2:"), ("Answer 1:", "Answer 2:"),
    ],
)  # fmt: skip
def test_a_critique_is_cut_where_a_response_is_named(heads: tuple[str, str]) -> None:
    _, sample = judged(f"{heads[0]} is right, as Response 2 is not.\n{heads[1]} is wrong.")
    assert sample.completion is not None
    first, second = [sample.completion.text[slice(*span)] if span else "" for span in critique.parts(sample)]
    assert "as Response 2 is not." in first
    assert "is wrong." in second
    assert "is wrong." not in first


def test_prose_without_heads_has_no_parts_and_a_missing_response_has_none() -> None:
    _, prose = judged("Both are short. The first is better.")
    assert critique.parts(prose) == (None, None)
    _, half = judged("Response 2: wrong.")
    assert critique.parts(half)[0] is None
    assert critique.parts(half)[1] is not None


def test_sub_scores_are_the_last_of_each_part() -> None:
    _, sample = judged("Response 1: facts 9/10, style 7/10. Good, 8/10.\nResponse 2: poor, 12/10 it is not")
    assert critique.sub_scores(sample) == (8, None)


def test_a_quotation_is_found_in_the_response_that_is_spoken_of() -> None:
    example, sample = judged(
        'Response 1: says "the capital of   australia is Canberra," right.\nResponse 2: "opera house" is true.'
    )
    one, two = evidence.quotes(example, sample)
    assert (one.origin, one.response, two.origin, two.response) == ("exact", 0, "exact", 1)
    assert one.response_span is not None
    assert RESPONSES[0][slice(*one.response_span)] == "The capital of Australia is Canberra"
    assert sample.completion is not None
    assert sample.completion.text[slice(*one.span)] == "the capital of   australia is Canberra"


def test_the_order_that_was_shown_decides_who_is_spoken_of() -> None:
    assert origins('Response 1: "opera house"\nResponse 2: "planned city"', (1, 0)) == [("exact", 1), ("exact", 0)]


def test_words_of_the_other_response_of_the_query_and_left_out_ones() -> None:
    assert origins('Response 1: unlike "Sydney is the capital", fine') == [("exact", 1)]
    assert origins('Response 1: answers "What is the capital"') == [("query", None)]
    assert origins('Response 1: "The capital ... is Canberra"') == [("exact", 0)]
    assert origins("Response 2: “famous opera house” and «the capital» and ‘It has a’") == [("exact", 1)] * 3


def test_a_slip_is_near_and_an_invention_is_missing() -> None:
    assert origins('Response 1: "The capital of Austria is Canberra"') == [("near", 0)]
    assert origins('Response 2: "Sydney was founded in 1788 by settlers"') == [("missing", None)]
    assert origins('Response 2: "Perth"') == [("missing", None)], "two words or fewer must be exact"


def test_odd_texts_are_no_trouble() -> None:
    assert origins('Response 1: "(.*+?[" or "..." or ""\n"') == [("missing", None), ("missing", None)]
    example, sample = judged("x")
    assert evidence.quotes(example, replace(sample, completion=None)) == ()
