"""One text of the parts of a sample, and the parts of it again."""

import pytest

from grm_core import contexts
from grm_core.contexts import Part
from grm_core.reading.parsing import parse
from grm_core.types import ParseStatus

PRINCIPLES = "Principles:\n1. Right (weight: 60%)\n2. Short (weight: 40%)"


def put_together(*texts: str, principles: str = PRINCIPLES) -> tuple[str, list[Part], list[ParseStatus]]:
    read = [contexts.part_of(principles, each, "stop") for each in texts]
    parts = [part for part, _ in read]
    text = contexts.assembled(principles, [part.critique for part in parts], [part.score for part in parts])
    return text, parts, [status for _, status in read]


@pytest.mark.parametrize("principles", [PRINCIPLES, ""])
@pytest.mark.parametrize("n", [1, 3])
def test_the_parts_come_back_exactly_as_they_were_written(principles: str, n: int) -> None:
    texts = [
        f'Response 1: "The {i}..." Good: right\nand short.{end}Scores: \\boxed{{{i + 1}}}'
        for i, end in zip(range(n), ("\n", "\n\n", "\n"), strict=False)
    ]
    text, parts_read, _ = put_together(*texts, principles=principles)
    back, parts = contexts.parts(text, n)
    assert (back, list(parts)) == (principles, parts_read)
    start = f"{principles}\nCritique:\n" if principles else "Critique:\n"
    assert [contexts.judgment(back, part) for part in parts] == [start + each for each in texts]


def test_the_text_reads_as_one_judgment_of_all_responses() -> None:
    text, *_ = put_together("Response 1: good\nScores: \\boxed{9}", "Response 1: bad\nScores: \\boxed{2}")
    assert text == f"{PRINCIPLES}\nCritique:\nResponse 1: good\nResponse 2: bad\nScores: \\boxed{{9, 2}}"
    parsed = contexts.read(text, 2)
    assert parsed == parse(text, 2)
    assert parsed.shown_scores == (9, 2)
    assert [text[slice(*span)] for span in parsed.score_spans] == ["9", "2"]
    assert [principle.text for principle in parsed.principles] == ["Right", "Short"]


def test_a_part_that_cannot_be_read_leaves_the_whole_without_scores() -> None:
    text, parts, statuses = put_together(
        "Response 1: good\nScores: \\boxed{9}", "Response 1: no score", "Response 1: too high\nScores: \\boxed{11}"
    )
    assert [part.score for part in parts] == [9, None, None]
    assert text.endswith("\nScores: \\boxed{9, ?, ?}")
    read = contexts.parsed(text, [part.score for part in parts], statuses)
    assert (read.status, read.shown_scores) == (ParseStatus.NO_SCORES, None)
    assert contexts.read(text, 3).status is ParseStatus.NO_SCORES
    assert parse(text, 3).shown_scores is None
    back = contexts.parts(text, 3)[1]
    assert list(back) == parts


def test_a_critique_that_speaks_of_other_responses_stays_one_critique() -> None:
    text, parts, _ = put_together(
        "Response 1: fine\nResponse 2: made up\nScores: \\boxed{8}", "Response 1: the other\nScores: \\boxed{3}"
    )
    assert "Response 1: fine Response 2: made up\nResponse 2: the other" in text
    back = contexts.parts(text, 2)[1]
    assert [part.score for part in back] == [8, 3]
    assert back[1] == parts[1]


def test_scores_for_all_in_one_part_are_not_taken_for_the_samples_own() -> None:
    text, _, statuses = put_together("Response 1: fine\nScores: \\boxed{8, 3}", "Response 1: x\nScores: \\boxed{3}")
    assert statuses == [ParseStatus.WRONG_COUNT, ParseStatus.OK]
    assert parse(text, 2).shown_scores is None
    assert contexts.read(text, 2).status is ParseStatus.WRONG_COUNT


@pytest.mark.parametrize("text", ["", "no form at all", "Scores: \\boxed{7, 3}", "Critique:\nResponse 2: x", "\x00`{"])
def test_any_text_has_n_parts_and_a_reading(text: str) -> None:
    assert len(contexts.parts(text, 2)[1]) == 2
    assert contexts.read(text, 2).shown_scores in (None, (7, 3))


@pytest.mark.parametrize(
    ("text", "principles"),
    [
        (f"{PRINCIPLES}\nCritique:\nResponse 1: x", PRINCIPLES),
        (f"{PRINCIPLES}\n", PRINCIPLES),
        (f"{PRINCIPLES}\n\n**Critique**\nResponse 1: x", PRINCIPLES),
        ("Critique:\nResponse 1: x", ""),
    ],
)
def test_principles_are_what_comes_before_the_critiques(text: str, principles: str) -> None:
    assert contexts.stated(text) == principles


def test_a_reply_begins_with_the_principles_and_with_the_opening_where_the_model_knows_it() -> None:
    begun = contexts.reply_start(PRINCIPLES, "Paris is the capital of France.")
    assert begun == f'{PRINCIPLES}\nCritique:\nResponse 1: "Paris is the capital..."'
    assert contexts.reply_start("", "Paris", opens=False) == "Critique:\nResponse 1:"


@pytest.mark.parametrize(
    "after",
    ["Scores: \\boxed{9}", "**Scores:** [3]", "\\boxed{3}\nmore", "Critique:\nResponse 1: good", "Score: 7"],
)
def test_a_score_that_comes_before_any_critique_is_no_principle(after: str) -> None:
    principles = "Principles:\n1. Scores high on clarity (weight: 60%)\n2. Is short (weight: 40%)"
    assert contexts.stated(f"{principles}\n{after}") == principles
