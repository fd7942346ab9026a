"""Calibration of the vote and effective votes: worked out by hand, and against scikit-learn and simulation."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from grm_core.analysis import trust
from grm_core.analysis.accuracy import Judged
from tests.make import make_judged as judged


def of_right(right: int, k: int) -> Judged:
    """An item of which `right` of k samples put the best response first."""
    return judged(*[(9, 1)] * right, *[(1, 9)] * (k - right))


def test_a_share_of_votes_is_set_against_how_often_it_is_right() -> None:
    items = [of_right(4, 4), of_right(4, 4), of_right(0, 4), of_right(3, 4), of_right(1, 4), of_right(2, 4)]
    found = trust.calibration(items)
    assert found is not None
    assert (found.n, found.tied) == (5, 1)
    assert found.bins[["share", "right", "n"]].to_numpy().tolist() == [[0.75, 0.5, 2], [1.0, pytest.approx(2 / 3), 3]]
    assert found.ece == pytest.approx((2 * 0.25 + 3 / 3) / 5)
    assert found.brier == pytest.approx((0 + 0 + 1 + 0.25**2 + 0.75**2) / 5)
    assert (found.bins["low"] < found.bins["right"]).all()
    assert (found.bins["right"] <= found.bins["high"]).all()


def test_bins_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    items = [of_right(int(right), 9) for right in rng.integers(0, 10, 200)]
    found = trust.calibration(items, bins=10)
    assert found is not None
    votes = [(sum(s.scores == (9, 1) for s in item.samples), 9) for item in items]
    said = [max(right, k - right) / k for right, k in votes]
    was = [right > k - right for right, k in votes]
    true, predicted = calibration_curve(was, said, n_bins=10)
    assert found.bins["right"].tolist() == pytest.approx(true.tolist())
    assert found.bins["share"].tolist() == pytest.approx(predicted.tolist())


def test_a_tied_sample_gives_each_leader_its_part() -> None:
    found = trust.calibration([judged((7, 7), (9, 1))])
    assert found is not None
    assert found.bins["share"].tolist() == [0.75]


def test_without_a_winner_there_is_nothing_to_trust() -> None:
    assert trust.calibration([judged((7, 7)), judged(None)]) is None
    assert trust.calibration([]) is None


def test_copies_are_worth_one_vote() -> None:
    found = trust.worth([of_right(8, 8), of_right(0, 8), of_right(8, 8)])
    assert found is not None
    assert found.correlation == pytest.approx(1.0)
    assert found.table["votes"].tolist() == pytest.approx([1.0] * 4)
    assert found.ceiling == pytest.approx(1.0)


def test_independent_samples_are_worth_k_votes() -> None:
    rng = np.random.default_rng(2)
    found = trust.worth([of_right(int(right), 16) for right in rng.binomial(16, 0.7, 2000)])
    assert found is not None
    assert found.correlation == pytest.approx(0.0, abs=0.01)
    assert found.table.set_index("k")["votes"][16] > 14
    assert found.low <= found.correlation <= found.high


def test_the_worth_is_that_of_the_known_correlation() -> None:
    # Each item's chance of being right is drawn from Beta(a, b): samples of one item correlate by 1 / (a + b + 1).
    rng = np.random.default_rng(3)
    chances = rng.beta(1.5, 0.5, 4000)
    found = trust.worth([of_right(int(right), 8) for right in rng.binomial(8, chances)])
    assert found is not None
    assert found.correlation == pytest.approx(1 / 3, abs=0.03)
    assert found.ceiling == pytest.approx(3, abs=0.3)
    assert found.table.set_index("k")["votes"][8] == pytest.approx(8 / (1 + 7 / 3), abs=0.2)


def test_nothing_can_be_said_where_nothing_varies() -> None:
    assert trust.worth([of_right(4, 4), of_right(4, 4)]) is None
    assert trust.worth([of_right(2, 4)]) is None
    assert trust.worth([judged((9, 1)), judged((1, 9))]) is None
