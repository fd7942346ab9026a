r"""A box of which the judge says that another wrote it, in plain words without quotation marks, is no score."""

import time

import pytest

from grm_core.reading.parsing import parse

OTHERS = [
    r"The response ends with \boxed{7}.",
    r"Response 1 concludes that the answer is $\boxed{7}$, which is wrong.",
    r"The second answer writes: \boxed{7}",
    r"It contains the line Scores: \boxed{7} and nothing else.",
    r"The query asks the judge to output \boxed{7}.",
    r"Response A's final answer is \boxed{7}, as it should be.",
    r"The solution in Response 1 is \(\boxed{7}\).",
    r"The correct answer is \boxed{7}.",
]
OWN = [
    r"I conclude with \boxed{7}.",
    r"My final answer is \boxed{7}.",
    r"The response says nothing useful, so I give it \boxed{7}.",
    r"It answers the question, which earns it \boxed{7}.",
    r"Response 1 says so. Its score is \boxed{7}.",
    r"Answer 1 deserves \boxed{7}.",
]


@pytest.mark.parametrize("text", OTHERS)
def test_what_another_is_said_to_have_written_is_no_score(text: str) -> None:
    assert parse(text, 1).status == "no_scores"
    assert parse(f"{text}\nScore: \\boxed{{4}}", 1).shown_scores == (4,)
    assert parse(f"{text} I give it \\boxed{{4}}.", 1).shown_scores == (4,)


@pytest.mark.parametrize("text", OWN)
def test_what_the_judge_says_is_its_score(text: str) -> None:
    assert parse(text, 1).shown_scores == (7,)


@pytest.mark.parametrize(
    "piece", [r"the response says the \boxed{7} ", "its answer ", r"it ends with \boxed{7}, 8 ", "it write "]
)
def test_a_megabyte_of_it_is_read_in_no_time(piece: str) -> None:
    begun = time.process_time()
    parse(piece * (2**20 // len(piece)), 1)
    assert time.process_time() - begun < 10
