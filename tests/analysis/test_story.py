"""What the Demo tells of a session: whose margin, and which two samples are read."""

from collections.abc import Sequence

import pytest

from grm_core.analysis import story
from grm_core.types import Sample, Verdict
from grm_core.voting import vote
from tests.make import make_sample


def told(*scores: tuple[int, ...] | None) -> tuple[list[Sample], list[Verdict]]:
    samples = [make_sample(i, each) for i, each in enumerate(scores)]
    return samples, [vote(samples, k=k) for k in range(1, len(samples) + 1)]


def test_the_margin_is_below_zero_where_another_response_leads() -> None:
    _, votes = told((5, 8), (9, 2))
    assert story.margins(votes, 0) == [(1, -3.0), (2, 2.0)]


def test_a_sample_that_cannot_be_read_has_no_point_of_its_own() -> None:
    _, votes = told(None, (9, 2))
    assert story.margins(votes, 0) == [(2, 7.0)]


@pytest.mark.parametrize(
    ("scores", "reasons"),
    [
        pytest.param([(9, 2), (2, 9), (9, 2)], [], id="never wrong: a tie is not wrong"),
        pytest.param([(3, 3), (2, 9), (4, 5), (10, 1)], [(1, 1), (3, 0)], id="where the wrong lead began and ended"),
        pytest.param([(2, 9), (9, 1), (1, 9), (9, 1)], [(2, 1), (3, 0)], id="the last of two wrong leads"),
        pytest.param([(2, 9), (8, 7), (1, 9)], [(2, 1), (1, 1)], id="stays wrong: most for it, most against it"),
        pytest.param([(2, 9), (1, 9)], [(1, 1)], id="stays wrong, and nobody is against it"),
        pytest.param([(2, 9), (9, 2)], [], id="ends in a tie"),
    ],
)
def test_the_samples_to_read(scores: Sequence[tuple[int, int]], reasons: list[story.Reason]) -> None:
    samples, votes = told(*scores)
    assert story.reasons(samples, votes, best=0) == reasons


def test_several_that_are_labelled_best_are_no_one_best() -> None:
    assert story.best_of((1.0, 1.0)) is None
    assert story.best_of(None) is None
    assert story.best_of((0.0, 1.0)) == 1
