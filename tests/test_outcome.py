"""One notion of right and wrong."""

import random

import pytest

from grm_core.errors import UsageError
from grm_core.outcome import correct, credit


@pytest.mark.parametrize(
    ("scores", "labels", "right"),
    [
        ((8, 6), (1, 0), True),
        ((6, 8), (1, 0), False),
        ((7, 7), (1, 0), False),
        (None, (1, 0), False),
        ((3, 9, 8), (0, 2, 1), True),
        ((9, 9, 1), (0, 1, 0), False),
        ((1,), (1,), True),
        ((0,), (1,), False),
    ],
)
def test_correct_is_strict(scores: tuple[int, ...] | None, labels: tuple[int, ...], right: bool) -> None:
    assert correct(scores, labels) is right


def test_ties_share_lose_or_are_drawn() -> None:
    assert credit((7, 7, 3), (1, 0, 0)) == 0.5
    assert credit((7, 7, 3), (1, 0, 0), "wrong") == 0
    drawn = {credit((7, 7, 3), (1, 0, 0), "random", random.Random(seed)) for seed in range(20)}
    assert drawn == {0.0, 1.0}
    assert credit(None, (1, 0)) is None


def test_unusable_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="2 scores for 3 labels"):
        correct((1, 2), (1, 0, 0))
    with pytest.raises(UsageError, match="no unique best"):
        correct((1, 2), (1, 1))
    with pytest.raises(UsageError, match="random needs a generator"):
        credit((7, 7), (1, 0), "random")
