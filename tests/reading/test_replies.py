"""What other people's judges end with is read, and what only looks so is not."""

import time

import pytest

from grm_core.reading import replies
from grm_core.types import ParseStatus
from tests.reading.unread import unread


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Feedback: good work. [RESULT] 4", 8),
        ("[RESULT] (5)", 10),
        ("Feedback: so so.\n[RESULT]: **3**", 6),
        ("[Score] 2", 4),
        ("**Reasoning:** fine\n\n**Result:** 4", 8),
        ("**Reasoning:** fine\n\n**Result: 4**", 8),
        ("Result: 5/5", 10),
        ("Final score: 1 out of 5", 2),
        ("<think>[RESULT] 1</think>Feedback: fine [RESULT] 5", 10),
        ('Feedback: it says "yes and stops. [RESULT] 4', 8),
        ("Feedback: it quotes `[RESULT] 1`, wrongly. [RESULT] 4", 8),
        ("[RESULT] 4\nFeedback again. [RESULT] 4.0", 8),
        ("Score: 1\nFeedback: that was a slip. [RESULT] 4", 8),
    ],
)
def test_a_rating_is_read(text: str, score: int) -> None:
    parsed = replies.rating(text, 1, "stop")
    assert (parsed.status, parsed.shown_scores) == (ParseStatus.OK, (score,))
    ((start, end),) = parsed.score_spans
    assert int(float(text[start:end])) * 2 == score


@unread(
    {
        ParseStatus.EMPTY: [""],
        ParseStatus.NO_SCORES: [
            "Feedback: it is good.",
            "Feedback: it deserves 4 of 5.",
            "[RESULT] 3-4",
            "Score 4: It is good, with small flaws.",
            "> [RESULT] 5\nSo it says.",
        ],
        ParseStatus.OUT_OF_RANGE: ["[RESULT] 6", "[RESULT] 0", "[RESULT] 4.5"],
        ParseStatus.AMBIGUOUS: ["[RESULT] 3\n[RESULT] 4"],
    },
    cut={ParseStatus.TRUNCATED: ["Feedback: it is"]},
)
def test_what_is_no_rating_is_named(text: str, finish: str, status: ParseStatus) -> None:
    parsed = replies.rating(text, 1, finish)
    assert (parsed.status, parsed.shown_scores) == (status, None)


def test_the_critique_is_what_stands_before_the_rating() -> None:
    text = "<think>hm</think>\nFeedback: good work. [RESULT] 4"
    span = replies.rating(text, 1, "stop").critique_span
    assert span is not None
    assert text[slice(*span)] == "Feedback: good work."


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ('{"scores": {"model-1": 2, "model-2": 5}, "best-to-worst": ["model-2", "model-1"]}', (4, 10)),
        ('<think>{"scores": {"model-1": 5, "model-2": 1}}</think>{"scores": {"model-2": 5, "model-1": 2}}', (4, 10)),
        ("```json\n{'scores': {'model-1': 2, 'model-2': 4.0,},}\n```", (4, 8)),
        ('{"scores": {"Model-1": "3", "model-2": "3"}}', (6, 6)),
    ],
)
def test_a_table_of_ratings_is_read(text: str, scores: tuple[int, ...]) -> None:
    assert replies.table(text, 2, "stop").shown_scores == scores


@unread(
    {
        ParseStatus.EMPTY: [""],
        ParseStatus.NO_SCORES: ["Both are fine."],
        ParseStatus.WRONG_COUNT: [
            '{"scores": {"model-1": 2}}',
            '{"scores": {"model-1": 2, "model-2": 3, "model-3": 3}}',
        ],
        ParseStatus.OUT_OF_RANGE: ['{"scores": {"model-1": 2, "model-2": 9}}'],
        ParseStatus.AMBIGUOUS: ['{"scores": {"model-1": 2, "model-2": 3}} {"scores": {"model-1": 3, "model-2": 2}}'],
    },
    cut={ParseStatus.TRUNCATED: ['{"scores": {"model-1": 2, "mod']},
)
def test_what_is_no_table_is_named(text: str, finish: str, status: ParseStatus) -> None:
    parsed = replies.table(text, 2, finish)
    assert (parsed.status, parsed.shown_scores) == (status, None)


@pytest.mark.parametrize(
    ("text", "status", "scores"),
    [
        ('{\n  "Choice": "Model A"\n}', ParseStatus.OK, (10, 1)),
        ('```json\n{"Choice": "[Model B]"}\n```', ParseStatus.OK, (1, 10)),
        ('The form is {"Choice": "[Model A or Model B]"}.\n{"Choice": "Model B"}', ParseStatus.OK, (1, 10)),
        ('{"Reasoning": "the choice: A is good", "Choice": "Model B"}', ParseStatus.OK, (1, 10)),
        ('<think>\n"Choice": "Model A"\n</think>\n{"Choice": "B"}', ParseStatus.OK, (1, 10)),
        ('{"Choice": "Model A"} {"Choice": "Model B"}', ParseStatus.AMBIGUOUS, None),
        ('{"Choice": "Model C"}', ParseStatus.OUT_OF_RANGE, None),
        ('{"Choice": "Tie"}', ParseStatus.NO_SCORES, None),
        ("Model A is better.", ParseStatus.NO_SCORES, None),
        ("", ParseStatus.EMPTY, None),
    ],
)
def test_a_choice_is_read(text: str, status: ParseStatus, scores: tuple[int, ...] | None) -> None:
    parsed = replies.choice(text, 2, "stop")
    assert (parsed.status, parsed.shown_scores) == (status, scores)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["[RESULT]", "[RESULT] (((", '"scores": {', "{", '"choice": "', "Score: ", "###", '"']
)
def test_long_text_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        tries = []
        for _ in range(3):
            began = time.process_time()
            for read in (replies.rating, replies.table, replies.choice):
                read(text, 1, "stop")
            tries.append(time.process_time() - began)
        return min(tries)

    # Were it quadratic, it would be a hundred times.
    assert seconds(200_000) < 50 * max(seconds(20_000), 0.01)
