"""What is computed for many items at once is what each item gives alone."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grm_core import outcome
from grm_core.analysis import accuracy, lab, run_curves, settling
from grm_core.analysis.looks import LEAST
from grm_core.formats.scores import ItemScores
from grm_core.outcome import Tie
from grm_core.types import Sample
from tests.analysis.test_tables import any_item
from tests.make import make_sample


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_item(most=14))
def test_a_winner_settles_where_the_replay_of_its_votes_does(item: tuple[list[Sample], object]) -> None:
    samples, _ = item
    expected = lab.settled(lab.replay(samples))
    assert run_curves.settles(ItemScores.of("i", samples)) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_item(most=8), st.sampled_from([Tie.HALF, Tie.STRICT]))
def test_rows_are_worth_what_each_is(item: tuple[list[Sample], list[float] | None], ties: Tie) -> None:
    samples, labels = item
    if labels:
        expected = [outcome.credit(sample.scores, labels, ties) or 0.0 for sample in samples]
        numbers = ItemScores.of("i", samples, labels)
        np.testing.assert_allclose(accuracy.worths([numbers.scores], [numbers], ties)[0], expected)


def test_columns_that_are_resampled_together_have_the_intervals_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "_CELLS_AT_ONCE", 100)
    rng = np.random.default_rng(1)
    columns = [rng.random(30), rng.random(7), rng.random(30), np.empty(0)]
    for column, found in zip(columns, accuracy.estimates(columns, 200, 5), strict=True):
        assert found.n == len(column)
        if len(column):
            means = np.random.default_rng(5).choice(column, (200, len(column))).mean(axis=1)
            expected = (column.mean(), *np.quantile(means, (0.025, 0.975)))
            assert (found.mean, found.low, found.high) == pytest.approx(expected, abs=1e-12)


def test_samples_to_come_are_drawn_as_a_generator_draws_them() -> None:
    times = settling._times(6, 3, 5, 20, 4)
    rng = np.random.default_rng(4)
    chances = rng.dirichlet(np.concatenate([np.ones(6), np.full(3, 1 / 3)]), size=20)
    np.testing.assert_array_equal(times, rng.multinomial(5, chances))


def test_items_settle_together_as_each_does_alone() -> None:
    rng = np.random.default_rng(2)
    drawn = [
        [make_sample(i, None if rng.random() < 0.2 else tuple(rng.integers(1, 11, n).tolist())) for i in range(k)]
        for n, k in [(2, 12), (3, 9), (2, 12), (1, 8), (2, 3), (4, 16), (2, 0)]
    ]
    table = run_curves.settled([ItemScores.of("i", samples) for samples in drawn])
    for samples, stop in zip(drawn, table["stops"], strict=True):
        chances = [
            (k, settling.chance_of_change(samples[:k], len(samples), draws=200)) for k in range(LEAST, len(samples))
        ]
        sure = [k for k, chance in chances if chance is not None and chance < 0.05]
        assert stop == (sure[0] if sure else len(samples))
