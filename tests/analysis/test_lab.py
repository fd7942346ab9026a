"""What the Lab draws is what the vote says: every number is computed again with `vote` on filtered samples."""

import math
import random
import statistics

import pytest

from grm_core.analysis import lab
from grm_core.analysis.scaling import curve
from grm_core.errors import UsageError
from grm_core.types import Method, Sample
from grm_core.voting import quality, vote
from tests.make import make_sample


def random_samples(count: int, n: int, seed: int = 0, meta: bool = True) -> list[Sample]:
    rng = random.Random(seed)
    samples = []
    for i in range(count):
        scores = None if i == 3 else [rng.randint(1, 10) for _ in range(n)]
        logit = rng.uniform(-3, 3) if meta else None
        samples.append(
            make_sample(i, scores or (1,) * n, logit, rng.sample(range(n), n)) if scores else make_sample(i, None)
        )
    return samples


def tied(winner: object) -> bool:
    """pandas keeps a missing word as None or as NaN."""
    return winner is None or winner != winner


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("n", [2, 3])
def test_replay_is_the_vote_over_the_first_k(method: Method, n: int) -> None:
    samples = random_samples(12, n, seed=n)
    final = vote(samples, method).winner
    assert final is not None
    table = lab.replay(samples, method)
    for row in table.itertuples():
        verdict = vote(samples, method, k=row.k)
        assert verdict.totals is not None
        others = [total for own, total in enumerate(verdict.totals) if own != final]
        assert row.margin == pytest.approx((verdict.totals[final] - max(others)) / len(verdict.voted))
        assert tied(row.winner) if verdict.winner is None else row.winner == "ABC"[verdict.winner]
    assert list(table["k"]) == list(range(1, 13))
    k = lab.settled(table)
    assert k is not None
    assert all(vote(samples, method, k=later).winner == final for later in range(k, 13))
    assert k == 1 or vote(samples, method, k=k - 1).winner != final


def test_a_tie_has_nothing_to_replay() -> None:
    table = lab.replay([make_sample(0, (3, 8)), make_sample(1, (8, 3))])
    assert len(table) == 0
    assert lab.settled(table) is None


def test_the_sweep_votes_with_every_k_meta() -> None:
    samples = random_samples(10, 3)
    table = lab.sweep(samples)
    assert list(table["k_meta"]) == list(range(1, 10)), "one of ten could not be read"
    for row in table.itertuples():
        verdict = vote(samples, Method.GUIDED, k_meta=row.k_meta)
        assert tied(row.winner) if verdict.winner is None else row.winner == "ABC"[verdict.winner]
        assert row.margin == pytest.approx(verdict.margin_mean)
    with pytest.raises(UsageError, match="no meta logit"):
        lab.sweep(random_samples(6, 2, meta=False))


def test_what_the_filter_dropped_is_split_into_error_and_dissent() -> None:
    rows = [((8, 3), 2.0), ((3, 8), 1.0), ((9, 2), -1.0), ((2, 9), -2.0), ((7, 6), 0.5), ((8, 1), 3.0)]
    samples = [make_sample(i, scores, logit) for i, (scores, logit) in enumerate(rows)]
    table = lab.filtered(samples, (1.0, 0.0))
    assert list(table["kept"]) == [True, True, False, False, False, True]
    assert list(table["margin"]) == [5, -5, 7, -7, 1, 7]
    assert list(table["right"]) == [True, False, True, False, True, True]
    assert lab.removed(table) == {
        "dropped": 3, "dissenting": 1, "wrong": 1, "right": 2, "right and dissenting": 0,
    }  # fmt: skip
    pairs = [
        (a, b) for a, _ in enumerate(rows) for b, _ in enumerate(rows) if table["right"][a] and not table["right"][b]
    ]
    better = [table["meta_logit"][a] > table["meta_logit"][b] for a, b in pairs]
    assert lab.told_apart(table) == pytest.approx(sum(better) / len(better))
    unlabelled = lab.filtered(samples, None)
    assert unlabelled["right"].isna().all()
    assert lab.told_apart(unlabelled) is None
    assert lab.removed(unlabelled)["wrong"] == 0
    assert lab.filtered(samples, (1.0, 1.0))["right"].isna().all(), "no unique best, nothing is right or wrong"


def test_calibration_bins_hold_every_sample_once() -> None:
    samples = random_samples(40, 2)
    table = lab.filtered(samples, (1.0, 0.0))
    bins = lab.calibration(table)
    assert bins["n"].sum() == 39
    qualities = [quality(s.meta_logit) for s in samples if s.scores is not None and s.meta_logit is not None]
    assert (bins["said"] * bins["n"]).sum() == pytest.approx(sum(qualities))
    assert (bins["was"] * bins["n"]).sum() == pytest.approx(table["right"].astype(bool).sum())
    assert len(lab.calibration(lab.filtered(samples, None))) == 0


def test_cost_is_the_mean_of_the_samples_times_k() -> None:
    samples = random_samples(6, 2)
    points = curve(samples, labels=(1.0, 0.0)).points
    table = lab.cost(samples, points)
    assert list(table["tokens"]) == [5 * point.k for point in points]
    assert list(table["seconds"]) == [0.5 * point.k for point in points]
    assert list(table["accuracy"]) == [point.accuracy for point in points]


def test_position_means_are_those_of_the_scores_at_that_place() -> None:
    samples = random_samples(30, 3)
    table = lab.positions(samples)
    assert len(table) == 9
    for row in table.itertuples():
        own = "ABC".index(row.response)
        scores = [s.scores[own] for s in samples if s.scores is not None and s.order[row.position - 1] == own]
        assert row.n == len(scores)
        assert row.mean == pytest.approx(statistics.fmean(scores))
        if len(scores) > 1:
            half = 1.96 * statistics.stdev(scores) / math.sqrt(len(scores))
            assert (row.low, row.high) == pytest.approx((row.mean - half, row.mean + half))
