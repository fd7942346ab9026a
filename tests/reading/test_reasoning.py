"""What a server gives of the model's thinking apart from the text is kept and never voted on."""

from dataclasses import replace

import pytest

from grm_core.sampling import read
from grm_core.types import Completion, ParseStatus
from ui.render import REASONS

SCORED = "Principles:\n1. Accuracy (weight: 100%)\nCritique:\nResponse 1: right.\nScores: \\boxed{8, 3}"


def completion(text: str, reasoning: str | None, finish_reason: str = "stop") -> Completion:
    return Completion(text, finish_reason, 50, 40, 1.0, "m", reasoning=reasoning)


@pytest.mark.parametrize(
    ("text", "reasoning", "finish_reason", "status"),
    [
        ("", SCORED, "stop", "only_reasoning"),
        (" \n", "hm", "stop", "only_reasoning"),
        ("", "Long thoughts that never end", "length", "truncated"),
        ("", None, "stop", "empty"),
        ("", " ", "stop", "empty"),
        ("", None, "length", "empty"),
        ("I will not judge this.", None, "stop", "no_scores"),
        (SCORED, "Scores: \\boxed{2, 9}", "stop", "ok"),
    ],
)
def test_reasoning_alone_is_no_answer(text: str, reasoning: str | None, finish_reason: str, status: str) -> None:
    parsed = read(completion(text, reasoning, finish_reason), 2)
    assert (parsed.status, parsed.shown_scores) == (status, (8, 3) if status == "ok" else None)
    if status != "ok":
        assert parsed.principles == ()


def test_reasoning_never_changes_what_the_text_says() -> None:
    alone = completion(SCORED, None)
    assert read(replace(alone, reasoning="Scores: \\boxed{2, 9}"), 2) == read(alone, 2)


def test_every_reason_for_no_vote_has_words() -> None:
    assert set(REASONS) == set(ParseStatus) - {ParseStatus.OK}
    assert REASONS[ParseStatus.ONLY_REASONING] == "only reasoning, no answer"
