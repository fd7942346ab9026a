"""Curves of many items at once are those of each alone, subset by subset, ties and unreadable samples included."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grm_core.analysis import arrivals, subsets, tallies
from grm_core.analysis.scaling import Only, Table, tables
from grm_core.formats.scores import ItemScores
from grm_core.types import CurvePoint, Method, Sample
from tests.analysis import one_by_one
from tests.make import make_sample

DRAWS = 40


@st.composite
def any_item(draw: st.DrawFn, fewest: int = 0, most: int = 20) -> tuple[list[Sample], list[float] | None]:
    """Samples and labels of an item: few different scores and logits, so that much is level."""
    n = draw(st.integers(1, 4))
    count = draw(st.integers(fewest, most))
    row = st.none() | st.tuples(*[st.integers(4, 6)] * n) | st.tuples(*[st.integers(1, 10)] * n)
    logit = st.sampled_from([-1.0, 0.0, 0.5]) | st.floats(-6, 6)
    samples = [make_sample(index, draw(row), draw(logit), range(n)) for index in range(count)]
    return samples, draw(st.none() | st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n))


def assert_same(table: Table, points: Sequence[CurvePoint]) -> None:
    mine = np.array([[np.nan if value is None else value for value in row] for row in table.points()])
    theirs = np.array([[np.nan if value is None else value for value in astuple(point)] for point in points])
    assert mine.shape == theirs.shape
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=st.lists(any_item(), min_size=1, max_size=6),
    method=st.sampled_from(Method),
    k_meta=st.none() | st.integers(1, 6),
    limit=st.sampled_from([0, 6]),
    small=st.sampled_from([10, 128]),
    few=st.sampled_from([0.0, 0.25, 1.0]),
)
def test_items_looked_at_together_have_the_curves_that_each_has_alone(
    drawn: list[tuple[list[Sample], list[float] | None]],
    method: Method,
    k_meta: int | None,
    limit: int,
    small: int,
    few: float,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subsets, "ENUMERATION_LIMIT", limit)
        patch.setattr(subsets, "PAIR_LIMIT", 0)
        patch.setattr(one_by_one, "PAIRS", False)
        patch.setattr(tallies, "_BLOCK", 2 * DRAWS)
        patch.setattr(tallies, "_SMALL", small)
        patch.setattr(arrivals, "_FEW", few)
        arrivals.arrivals.cache_clear()
        patch.setattr(tallies, "_SHARED_AT_ONCE", 7)
        items = [ItemScores.of(str(place), samples, labels) for place, (samples, labels) in enumerate(drawn)]
        for table, (samples, labels) in zip(tables(items, method, k_meta, DRAWS, 3), drawn, strict=True):
            assert_same(table, one_by_one.curve(samples, method, k_meta, labels, DRAWS, 3))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=any_item(most=9).filter(lambda item: item[0] and len(item[0][0].order) == 2),
    method=st.sampled_from([Method.NAIVE, Method.GUIDED]),
    k_meta=st.none() | st.integers(1, 6),
)
def test_pairs_are_counted_as_all_their_subsets(
    drawn: tuple[list[Sample], list[float] | None], method: Method, k_meta: int | None
) -> None:
    samples, labels = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subsets, "ENUMERATION_LIMIT", 0)
        table = tables([ItemScores.of("i", samples, labels)], method, k_meta)[0]
        assert table.exact
        assert_same(table, one_by_one.curve(samples, method, k_meta, labels, 0, 0))


def test_leads_that_fit_into_a_byte_are_told_apart_where_they_are_further_apart() -> None:
    samples = [make_sample(index, (5, 10, 1), 0.0, range(3)) for index in range(17)]
    item = ItemScores.of("i", samples, [1.0, 1.0, 0.0])
    for method in Method:
        table = tables([item], method, draws=50, only=Only("accuracy", (16,)))[0]
        assert table.accuracy[15] == 1.0
    assert tables([item], draws=50)[0].accuracy.tolist() == [1.0] * 17


def test_the_work_grows_with_the_items_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    steps: list[int] = []
    arriving = tallies._arriving

    def counted(*args: object) -> object:
        for leads, counts in arriving(*args):
            steps.append(leads[0].size)
            yield leads, counts

    monkeypatch.setattr(tallies, "_arriving", counted)
    made = [
        ItemScores("i", np.arange(14), rng.integers(1, 11, (14, 3)).astype(np.int8), np.zeros(14)) for _ in range(256)
    ]
    cells = []
    for count in (64, 128, 256):
        steps.clear()
        tables(made[:count], draws=100)
        cells.append(sum(steps))
    # Of 100 draws of 14 numbers of samples, equal subsets once.
    assert cells == [64 * 1129, 128 * 1129, 256 * 1129]
