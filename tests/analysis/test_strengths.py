"""Strengths against a closed form, a direct call of the library, and the cases in which there are none."""

import math

import evalica
import numpy as np
import pytest
from evalica import Winner
from scipy.sparse import csr_array

from grm_core.analysis import strengths


def matrix(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float64)


@pytest.mark.parametrize(("won", "lost"), [(30.0, 10.0), (1.0, 1.0), (0.5, 7.5), (999.0, 1.0)])
def test_the_strengths_of_two_models_have_the_ratio_of_their_points(won: float, lost: float) -> None:
    fitted = strengths.fit(matrix([0, won], [lost, 0]))
    assert math.exp(fitted.strength[0] - fitted.strength[1]) == pytest.approx(won / lost, rel=1e-6)
    assert fitted.strength.sum() == pytest.approx(0)


def test_strengths_are_those_that_the_library_finds_game_by_game() -> None:
    rng = np.random.default_rng(3)
    names, games = "abcde", []
    for _ in range(400):
        x, y = rng.choice(5, 2, replace=False)
        games.append(
            (x, y, rng.choice([Winner.X, Winner.Y, Winner.Draw], p=[0.3 + 0.1 * (y > x), 0.5 - 0.1 * (y > x), 0.2]))
        )
    points = np.zeros((5, 5))
    for x, y, winner in games:
        points[x, y] += {Winner.X: 1.0, Winner.Y: 0.0, Winner.Draw: 0.5}[winner]
        points[y, x] += {Winner.X: 0.0, Winner.Y: 1.0, Winner.Draw: 0.5}[winner]
    xs, ys, winners = ([names[x] for x, _, _ in games], [names[y] for _, y, _ in games], [w for *_, w in games])
    direct = evalica.bradley_terry(xs, ys, winners, tolerance=1e-10, limit=10_000).scores
    logs = np.log(direct.reindex(list(names)).to_numpy())
    fitted = strengths.fit(points)
    assert fitted.strength == pytest.approx(logs - logs.mean(), abs=1e-6)
    assert fitted.rank.tolist() == [1 + sum(other > mine for other in logs) for mine in logs]


def test_expected_points_are_the_points_that_were_won() -> None:
    # The equations of the maximum likelihood: every model's expected points equal its own.
    points = matrix([0, 7, 3.5], [2, 0, 6], [4.5, 1, 0])
    s = np.exp(strengths.fit(points).strength)
    expected = (points + points.T) * s[:, None] / (s[:, None] + s)
    assert expected.sum(axis=1) == pytest.approx(points.sum(axis=1), abs=1e-5)


def test_a_model_that_never_loses_or_never_wins_has_a_rank_and_no_number() -> None:
    # best beats all; two even ones share the middle; worst loses all.
    fitted = strengths.fit(matrix([0, 4, 4, 4], [0, 0, 2, 4], [0, 2, 0, 4], [0, 0, 0, 0]))
    assert fitted.strength.tolist() == [np.inf, 0.0, 0.0, -np.inf]
    assert fitted.rank.tolist() == [1, 2, 2, 4]


def test_a_pure_ladder_has_ranks_only() -> None:
    fitted = strengths.fit(matrix([0, 1, 1], [0, 0, 1], [0, 0, 0]))
    assert fitted.rank.tolist() == [1, 2, 3]
    assert fitted.strength[0] == np.inf
    assert np.isnan(fitted.strength[1])
    assert fitted.strength[2] == -np.inf


def test_models_that_never_met_have_no_common_rank() -> None:
    fitted = strengths.fit(matrix([0, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]))
    assert np.isnan(fitted.rank).all()
    # The pair with more points has the numbers, the other pair none.
    assert np.isfinite(fitted.strength).tolist() == [True, True, False, False]
    assert np.isnan(strengths.fit(np.zeros((3, 3))).strength).all()


def games(wins: int, losses: int) -> csr_array:
    return csr_array(np.array([[0, 1, 0, 0]] * wins + [[0, 0, 1, 0]] * losses, dtype=np.float64))


def test_resamples_are_the_binomial_of_two_models_and_follow_the_seed() -> None:
    resamples = [each.strength[0] - each.strength[1] for each in strengths.resampled(games(30, 10), 2000, seed=1)]
    again = [each.strength[0] - each.strength[1] for each in strengths.resampled(games(30, 10), 2000, seed=1)]
    other = [each.strength[0] - each.strength[1] for each in strengths.resampled(games(30, 10), 2000, seed=2)]
    assert resamples == again != other
    # Wins of a resample are Binomial(40, 0.75): 2.5% and 97.5% are 24 and 35 wins.
    low, high = strengths.interval(np.array(resamples))
    assert low == pytest.approx(math.log(24 / 16), abs=0.25)
    assert high == pytest.approx(math.log(35 / 5), abs=0.35)


def test_a_resample_without_a_loss_leaves_the_interval_without_a_bound() -> None:
    # One loss in five: a third of all resamples have none.
    resamples = np.array([each.strength[0] for each in strengths.resampled(games(4, 1), 400, seed=0)])
    assert 0.25 < np.isposinf(resamples).mean() < 0.42
    low, high = strengths.interval(resamples)
    assert math.isfinite(low)
    assert high == math.inf


def test_intervals_are_the_inverse_cdf_without_what_is_not_known() -> None:
    values = np.array([*range(1, 101), np.nan, np.nan])
    assert strengths.interval(values, 0.9) == (5, 95)
    assert all(math.isnan(end) for end in strengths.interval(np.array([np.nan])))


def test_a_weak_model_that_drops_out_of_a_resample_does_not_move_the_others() -> None:
    # c wins one item of 40; where it is not drawn, a and b keep their place instead of being centred anew.
    a_b = [[0, 1, 0, 0, 0, 0, 0, 0, 0]] * 20 + [[0, 0, 0, 1, 0, 0, 0, 0, 0]] * 20
    with_c = [[0, 0, 1, 0, 0, 1, 0, 0, 0]] * 39 + [[0, 0, 0, 0, 0, 0, 1, 1, 0]]
    items = csr_array(np.array(a_b + with_c, dtype=np.float64))
    fitted = strengths.fit(np.asarray(items.sum(axis=0)).reshape(3, 3)).strength
    resamples = np.array([each.strength for each in strengths.resampled(items, 300, seed=0)])
    without = np.isneginf(resamples[:, 2])
    assert 0.2 < without.mean() < 0.5
    assert np.median(resamples[without, 0]) == pytest.approx(fitted[0], abs=0.2)


def test_models_with_equal_records_share_a_rank() -> None:
    # c and d have the same points off everybody; the solver's strengths of them differ in the twelfth digit.
    fitted = strengths.fit(matrix([0, 7, 8, 8], [1, 0, 7, 7], [8, 2, 0, 3], [8, 2, 3, 0]))
    assert fitted.strength[2] == pytest.approx(fitted.strength[3], abs=1e-9)
    assert fitted.rank.tolist() == [2, 1, 3, 3]


def test_equal_records_share_a_rank_wherever_they_stand() -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        size = int(rng.integers(2, 6))
        points = rng.integers(1, 9, (size, size)).astype(float)
        np.fill_diagonal(points, 0)
        twins = np.append(np.arange(size), size - 1)
        order = rng.permutation(size + 1)
        both = points[np.ix_(twins, twins)][np.ix_(order, order)]
        one, other = np.flatnonzero(twins[order] == size - 1)
        both[one, other] = both[other, one] = 2.5
        rank = strengths.fit(both).rank
        assert rank[one] == rank[other]
