"""Reading which response a judge boxes: what counts, and what casts no vote."""

import random
import re
import time

import pytest

from grm_core import prompts
from grm_core.reading.boxed_choice import read
from grm_core.types import ParseStatus as P
from tests.reading.unread import unread


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\boxed{2}", 1),
        ("Critique:\nResponse 1: fine.\nBest response: \\boxed{1}", 0),
        (r"**Best response:** $\boxed{3}$.", 2),
        (r"The best response is \boxed{2}.", 1),
        (r"Final answer: \boxed{Response 2}", 1),
        (r"\boxed{\text{2}}", 1),
        (r"I would take \boxed{2} over the others because it is right.", 1),
        ("Answer: \\boxed{2}\nAnswer: \\boxed{2}", 1),
        ("The first looks like \\boxed{1} at first sight, yet it errs.\nBest response: \\boxed{2}", 1),
        ("Response 1 says \"the answer is \\boxed{3}\".\nBest response: \\boxed{2}", 1),
        ("```\n\\boxed{1}\n```\n\\boxed{3}", 2),
        ("<think>\n\\boxed{1}\n</think>\nBest response: \\boxed{3}", 2),
    ],
)  # fmt: skip
def test_the_box_on_its_own_line_names_the_best(text: str, shown: int) -> None:
    choice = read(text, 3, "stop")
    assert (choice.status, choice.shown) == (P.OK, shown)
    assert choice.span is not None
    assert text[slice(*choice.span)] == str(shown + 1)


@unread(
    {
        P.EMPTY: [""],
        P.NO_SCORES: [
            "Response 1 is the best.",
            r'He says "\boxed{1}" and I quote no more.',
            r"Response 2 ends with \boxed{2}, which decides nothing.",
            "[1]",
        ],
        P.TRUNCATED: [r"Best response: \boxed{", r"Best response: \boxed{2"],
        P.OUT_OF_RANGE: [
            r"Best response: \boxed{4}",
            r"Best response: \boxed{0}",
            r"Best response: \boxed{A}",
            r"Best response: \boxed{-1}",
            r"Best response: \boxed{1.5}",
            r"Best response: \boxed{２}",
            r"Best response: \boxed{}",
            r"Best response: \boxed{" + "9" * 5000 + "}",
        ],
        P.WRONG_COUNT: [r"Scores: \boxed{8, 3, 1}", r"Best response: \boxed{1, 2}"],
        P.AMBIGUOUS: [
            "Best response: \\boxed{1}\nBest response: \\boxed{2}",
            r"Between \boxed{1} and \boxed{2} I cannot choose today.",
        ],
    },
    cut={P.EMPTY: [" \n"], P.TRUNCATED: ["Response 1 is"]},
)
def test_what_cannot_be_read_says_why_and_names_nobody(text: str, finish: str, status: P) -> None:
    assert read(text, 3, finish) == (status, None, None)


def test_an_index_in_a_line_beyond_the_end_of_range_is_not_saved_by_prose() -> None:
    assert read("I like \\boxed{1} a lot, I must say.\nBest response: \\boxed{7}", 3).status is P.OUT_OF_RANGE


@pytest.mark.parametrize(
    "piece", ["\\boxed{", "\\boxed{1}", "(((((", "\\boxed{{", "best ", "\\boxed{1}\n", "**\\boxed", '"']
)
def test_a_megabyte_of_it_is_read_in_no_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.process_time()
    read(text, 4, "stop")
    assert time.process_time() - begun < 2.0


def test_text_beyond_the_cap_is_read_from_its_end_with_true_spans() -> None:
    text = "word " * 100_000 + "\nBest response: \\boxed{2}"
    choice = read(text, 2)
    assert choice.span is not None
    assert (choice.shown, text[slice(*choice.span)]) == (1, "2")


@pytest.mark.parametrize("n", [1, 2, 9, 12])
def test_what_the_structure_allows_can_be_read(n: int) -> None:
    structure = re.compile(prompts.judge_structure(n))
    draw = random.Random(n)
    for _ in range(50):
        best = draw.randint(1, n)
        texts = ["".join(draw.choices('abc "(){}*1$', k=30)) for _ in range(n)]
        lines = [f"Response {place}: It {words}." for place, words in enumerate(texts, 1)]
        text = "Critique:\n" + "\n".join(lines) + f"\nBest response: \\boxed{{{best}}}"
        assert structure.fullmatch(text)
        assert read(text, n, "stop")[:2] == (P.OK, best - 1)
