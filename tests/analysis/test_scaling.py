"""Margin vs k against brute force over all subsets, written independently with the vote itself."""

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest

from grm_core.analysis import subsets
from grm_core.analysis.arrivals import arrivals
from grm_core.analysis.scaling import Curve, Only, Value, curve, curves, tables
from grm_core.errors import UsageError
from grm_core.formats.scores import ItemScores
from grm_core.types import Method, Sample
from grm_core.voting import vote
from tests.make import make_sample


def draw_samples(count: int, n: int, seed: int = 0, low: int = 1, high: int = 10) -> list[Sample]:
    rng = random.Random(seed)
    return [
        make_sample(i, [rng.randint(low, high) for _ in range(n)], float(rng.randint(-4, 4))) for i in range(count)
    ]


def brute_force(
    samples: Sequence[Sample], method: Method, k: int, labels: Sequence[float], k_meta: int | None = None
) -> tuple[list[float], float, float]:
    """Margins of the full winner over every subset, its win probability, and the labelled best's."""
    full = vote(samples, method, k_meta=k_meta)
    assert full.winner is not None
    margins, wins, right = [], [], []
    for subset in itertools.combinations(samples, k):
        verdict = vote(subset, method, k_meta=k_meta)
        assert verdict.totals is not None
        others = [t for i, t in enumerate(verdict.totals) if i != full.winner]
        margins.append((verdict.totals[full.winner] - max(others)) / len(verdict.voted))
        top = [i for i, t in enumerate(verdict.totals) if abs(t - max(verdict.totals)) < 1e-9]
        wins.append(1 / len(top) if full.winner in top else 0.0)
        right.append(1 / len(top) if labels.index(max(labels)) in top else 0.0)
    return sorted(margins), sum(wins) / len(wins), sum(right) / len(right)


def inverse_cdf(values: Sequence[float], tenths_of_percent: int) -> float:
    """Smallest value whose share of values at or below it reaches the percentile, in whole numbers."""
    return values[-(-len(values) * tenths_of_percent // 1000) - 1]


def assert_matches_brute_force(
    computed: Curve, samples: Sequence[Sample], labels: list[float], k_meta: int | None = None
) -> None:
    assert computed.exact
    for point in computed.points:
        margins, win, accuracy = brute_force(samples, computed.method, point.k, labels, k_meta)
        assert point.margin == pytest.approx(sum(margins) / len(margins))
        assert point.low == pytest.approx(inverse_cdf(margins, 50))
        assert point.high == pytest.approx(inverse_cdf(margins, 950))
        assert point.win == pytest.approx(win)
        assert point.accuracy == pytest.approx(accuracy)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("k_meta", [None, 3])
def test_few_samples_equal_all_subsets(method: Method, n: int, k_meta: int | None) -> None:
    samples, labels = draw_samples(8, n, seed=n + 20), [0.0] * (n - 1) + [1.0]
    assert_matches_brute_force(curve(samples, method, k_meta, labels), samples, labels, k_meta)


@pytest.mark.parametrize("method", [Method.NAIVE, Method.GUIDED])
@pytest.mark.parametrize("k_meta", [None, 2])
def test_dynamic_programming_over_pairs_equals_all_subsets(
    method: Method, k_meta: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subsets, "ENUMERATION_LIMIT", 0)
    samples, labels = draw_samples(10, 2, seed=3), [0.0, 1.0]
    assert_matches_brute_force(curve(samples, method, k_meta, labels), samples, labels, k_meta)


@pytest.mark.parametrize("method", list(Method))
def test_monte_carlo_lies_close_to_the_exact_curve(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = draw_samples(11, 3, seed=5)
    exact = curve(samples, method)
    monkeypatch.setattr(subsets, "ENUMERATION_LIMIT", 0)
    estimate = curve(samples, method)
    assert exact.exact
    assert (estimate.exact, estimate.draws, estimate.seed) == (False, 10_000, 0)
    for a, b in zip(exact.points, estimate.points, strict=True):
        assert a.margin is not None
        assert b.margin == pytest.approx(a.margin, abs=0.06)
        assert b.win == pytest.approx(a.win, abs=0.02)
    assert estimate == curve(samples, method), "the same seed gives the same curve"


@pytest.mark.parametrize(("count", "n"), [(32, 2), (32, 4), (300, 2)])
def test_band_closes_at_all_samples_on_the_verdict(count: int, n: int) -> None:
    samples = draw_samples(count, n, seed=1)
    for computed in curves(samples):
        last, verdict = computed.points[-1], vote(samples, computed.method)
        assert last.k == count
        assert (last.margin, last.low, last.high) == (pytest.approx(verdict.margin_mean),) * 3
        assert last.win == 1


def test_failed_samples_are_not_drawn() -> None:
    samples = draw_samples(6, 2)
    assert curve([*samples, make_sample(6, None)]) == curve(samples)
    assert curve([make_sample(0, None)]).points == ()


def test_tied_vote_has_no_margin_but_an_accuracy() -> None:
    computed = curve([make_sample(0, (3, 5)), make_sample(1, (5, 3))], labels=[1, 0])
    assert [(p.margin, p.win, p.accuracy) for p in computed.points] == [(None, None, 0.5), (None, None, 0.5)]


def test_one_response_has_neither_margin_nor_accuracy() -> None:
    computed = curve([make_sample(i, (5,)) for i in range(3)], labels=[1.0])
    assert [(p.k, p.margin, p.accuracy) for p in computed.points] == [
        (1, None, None),
        (2, None, None),
        (3, None, None),
    ]


def test_guided_curve_needs_meta_logits() -> None:
    samples = [make_sample(i, (5, 4)) for i in range(3)]
    with pytest.raises(UsageError, match="no meta logit"):
        curve(samples, "guided")
    assert [computed.method for computed in curves(samples)] == [Method.NAIVE]


def test_frame_has_a_row_per_k() -> None:
    frame = curve(draw_samples(5, 2)).frame()
    assert list(frame.columns) == ["method", "k", "margin", "low", "high", "win", "accuracy"]
    assert list(frame["k"]) == [1, 2, 3, 4, 5]
    assert frame["accuracy"].isna().all()


@pytest.mark.parametrize("total", [40, 70])
@pytest.mark.parametrize("k_meta", [None, 1, 5, 70])
def test_the_kept_ones_of_every_draw_are_the_best_of_its_arrivals(k_meta: int | None, total: int) -> None:
    orders = np.random.default_rng(4).permuted(np.tile(np.arange(total), (400, 1)), axis=1)
    keep = tuple(min(k, k_meta or max(1, k // 2)) for k in range(1, total + 1))
    steps = arrivals(keep, 400, 4)
    for draw in range(0, 400, 16):
        kept: list[int] = []
        for k, few in enumerate(steps.few, 1):
            goes = steps.goes[k - 1]
            kept = sorted(
                {*kept, int(steps.comes[k - 1, draw]) - 1} - {-1 if goes is None else int(goes[draw]) - 1} - {-1}
            )
            assert kept == sorted(orders[draw][:k])[: keep[k - 1]]
            if few is not None:
                assert np.flatnonzero(few.members[few.draws[draw]]).tolist() == kept
    known = [few for few in steps.few if few is not None]
    assert len(known) > 1
    assert all(few.counts.sum() == 400 and len(few.counts) <= 100 for few in known)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("count", [8, 15, 30])
@pytest.mark.parametrize("value", ["win", "accuracy"])
@pytest.mark.parametrize("ks", [(2,), (1, 4, 8, 16, 30), (3, 40)])
def test_what_alone_is_asked_for_stays_the_same(method: Method, count: int, value: Value, ks: tuple[int, ...]) -> None:
    labels = [1.0, 0.0, 0.0, 0.0]
    items = []
    for seed in range(12):
        unread = [make_sample(count + place, None, None, range(4)) for place in range(seed % 3)]
        items.append(ItemScores.of("", [*draw_samples(count, 4, seed), *unread], labels))
    every, some = (tables(items, method, draws=300, only=only) for only in (None, Only(value, ks)))
    for item, full, bare in zip(items, every, some, strict=True):
        mine, all_of_them = (table.win if value == "win" else table.accuracy for table in (bare, full))
        reads = [k - 1 for k in Only(value, ks).reads(count, len(item.indices))]
        assert reads
        np.testing.assert_allclose(mine[reads], all_of_them[reads], rtol=0, atol=1e-12)
        assert np.isnan(bare.numbers[:3]).all()
        if count > 12 and len(ks) == 1:
            assert np.isnan(np.delete(mine, reads)).all()
    assert any(not np.isnan(table.numbers[3:]).all() for table in some)
