"""One notion of right and wrong."""

import random

import pytest

from grm_core.errors import UsageError
from grm_core.outcome import correct, credit, settle


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
    assert credit((7, 7, 3), (1, 0, 0), "strict") == 0
    credits = {credit((7, 7, 3), (1, 0, 0), "random", random.Random(seed)) for seed in range(20)}
    assert credits == {0.0, 1.0}
    assert credit(None, (1, 0)) is None


def test_totals_that_differ_by_rounding_alone_are_a_tie() -> None:
    assert credit((0.1 + 0.2, 0.3), (0, 1), "half") == 0.5
    assert credit((0.1 + 0.2, 0.3), (1, 0), "strict") == 0


@pytest.mark.parametrize(
    ("value", "n", "invalid", "worth"),
    [
        (None, 2, "wrong", 0.0),
        (None, 2, "half", 0.5),
        (None, 4, "half", 0.25),
        (None, 2, "skip", None),
        (1.0, 2, "wrong", 1.0),
        (0.0, 2, "half", 0.0),
        (0.5, 2, "skip", 0.5),
    ],
)
def test_what_could_not_be_read_counts_as_its_policy_says(
    value: float | None, n: int, invalid: str, worth: float | None
) -> None:
    assert settle(value, n, invalid) == worth


def test_unusable_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="2 scores for 3 labels"):
        correct((1, 2), (1, 0, 0))
    with pytest.raises(UsageError, match="no unique best"):
        correct((1, 2), (1, 1))
    with pytest.raises(UsageError, match="random needs a generator"):
        credit((7, 7), (1, 0), "random")
    with pytest.raises(UsageError, match="wrong, half, skip; got 'maybe'"):
        settle(1.0, 2, "maybe")
