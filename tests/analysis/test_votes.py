"""The votes of many items at once are those of one item after the other, to the last digit."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grm_core.analysis.votes import votes
from grm_core.errors import UsageError
from grm_core.formats.scores import ItemScores
from grm_core.types import Method, Sample
from grm_core.voting import vote
from tests.make import make_sample

LOGITS = st.sampled_from([-1.5, 0.0, 0.25, 3.0]) | st.floats(-50, 50)


@st.composite
def any_samples(draw: st.DrawFn) -> list[Sample]:
    """Samples of one item with gaps between their indices, unreadable ones, ties and equal logits."""
    n = draw(st.integers(1, 5))
    indices = draw(st.lists(st.integers(0, 60), max_size=20, unique=True))
    scores = st.none() | st.tuples(*[st.integers(1, 10)] * n) | st.just((5,) * n)
    return [make_sample(index, draw(scores), draw(LOGITS), range(n)) for index in indices]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    drawn=st.lists(any_samples(), max_size=6),
    method=st.sampled_from(Method),
    k=st.none() | st.integers(1, 30),
    k_meta=st.none() | st.integers(1, 8),
)
def test_items_voted_together_are_voted_as_one_by_one(
    drawn: list[list[Sample]], method: Method, k: int | None, k_meta: int | None
) -> None:
    items = [ItemScores.of(str(place), samples) for place, samples in enumerate(drawn)]
    assert list(votes(items, method, k, k_meta)) == [vote(samples, method, k, k_meta) for samples in drawn]


@pytest.mark.parametrize("logit", [None, math.nan, math.inf])
def test_a_missing_logit_names_its_item_and_sample(logit: float | None) -> None:
    whole = ItemScores.of("whole", [make_sample(0, (3, 4), 1.0)])
    broken = ItemScores.of(
        "broken", [make_sample(0, (3, 4), 1.0), make_sample(1, None), make_sample(7, (3, 4), logit)]
    )
    assert len(list(votes([whole, broken]))) == 2
    with pytest.raises(UsageError, match="item 'broken': sample 7 has no meta logit"):
        list(votes([whole, broken], "guided"))


def test_what_cannot_be_voted_is_refused_as_for_one_item() -> None:
    items = [ItemScores.of("a", [make_sample(0, (3, 4))])]
    with pytest.raises(UsageError, match="k is 0"):
        list(votes(items, k=0))
    with pytest.raises(UsageError, match="method is 'best'"):
        list(votes(items, "best"))
    with pytest.raises(UsageError, match="different numbers of responses"):
        ItemScores.of("a", [make_sample(0, (3, 4)), make_sample(1, (3, 4, 5))])
