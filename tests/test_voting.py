"""The vote: golden cases of the paper and the review, and what must not change it."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grm_core.errors import UsageError
from grm_core.types import Method, Sample
from grm_core.voting import vote
from tests.make import make_sample


@st.composite
def judged(draw: st.DrawFn) -> list[Sample]:
    """1..12 samples of n = 2..5 responses, some unreadable, with meta logits that may be equal."""
    n = draw(st.integers(2, 5))
    scores = st.none() | st.lists(st.integers(1, 10), min_size=n, max_size=n)
    rows = draw(st.lists(st.tuples(scores, st.integers(-3, 3)), min_size=1, max_size=12))
    return [
        make_sample(i, row, float(logit), order=draw(st.permutations(range(n)))) for i, (row, logit) in enumerate(rows)
    ]


def test_paper_case_study_sums_reversed_orders_to_20_and_27() -> None:
    shown = [((8, 8), (0, 1)), ((9, 5), (1, 0)), ((10, 7), (1, 0))]
    samples = []
    for i, (box, order) in enumerate(shown):
        own = [0, 0]
        for position, response in enumerate(order):
            own[response] = box[position]
        samples.append(make_sample(i, own, order=order))
    verdict = vote(samples)
    assert (verdict.totals, verdict.winner, verdict.margin) == ((20, 27), 1, 7)


def test_review_example_sums_to_32_and_26() -> None:
    samples = [make_sample(i, row) for i, row in enumerate([(8, 6), (9, 7), (7, 7), (8, 6)])]
    verdict = vote(samples)
    assert (verdict.totals, verdict.winner, verdict.margin, verdict.margin_mean) == ((32, 26), 0, 6, 1.5)


def test_scores_follow_the_order_that_was_shown() -> None:
    sample = make_sample(0, (1, 5, 9), order=(2, 0, 1))
    assert sample.parsed.shown_scores == (9, 1, 5)
    assert sample.scores == (1, 5, 9)


@given(judged(), st.sampled_from(list(Method)), st.randoms(use_true_random=False))
def test_relabelling_responses_relabels_the_winner_and_keeps_the_margin(
    samples: list[Sample], method: Method, rng: random.Random
) -> None:
    n = len(samples[0].order)
    new_place = list(range(n))
    rng.shuffle(new_place)
    moved = []
    for s in samples:
        own = None if s.scores is None else [s.scores[new_place.index(i)] for i in range(n)]
        moved.append(make_sample(s.index, own, s.meta_logit, order=[new_place[r] for r in s.order]))
    before, after = vote(samples, method), vote(moved, method)
    assert after.winner == (None if before.winner is None else new_place[before.winner])
    assert after.margin == (None if before.margin is None else pytest.approx(before.margin))
    assert after.voted == before.voted


@given(judged(), st.sampled_from(list(Method)), st.randoms(use_true_random=False))
def test_arrival_order_of_samples_is_irrelevant(samples: list[Sample], method: Method, rng: random.Random) -> None:
    shuffled = samples[:]
    rng.shuffle(shuffled)
    assert vote(shuffled, method) == vote(samples, method)


@given(judged(), st.integers(0, 5))
def test_keeping_every_sample_equals_naive_voting(samples: list[Sample], more: int) -> None:
    naive, guided = vote(samples, "naive"), vote(samples, "guided", k_meta=len(samples) + more)
    assert (guided.totals, guided.winner, guided.voted) == (naive.totals, naive.winner, naive.voted)


@given(judged(), st.sampled_from(list(Method)))
def test_failed_parse_changes_only_k(samples: list[Sample], method: Method) -> None:
    failed = make_sample(len(samples), None, order=samples[0].order)
    before, after = vote(samples, method), vote([*samples, failed], method)
    assert after.k == before.k + 1
    assert (after.totals, after.winner, after.margin, after.k_effective) == (
        before.totals,
        before.winner,
        before.margin,
        before.k_effective,
    )


def test_first_k_by_index_count_invalid_ones() -> None:
    samples = [make_sample(2, (1, 9)), make_sample(0, None), make_sample(1, (9, 1))]
    verdict = vote(samples, k=2)
    assert (verdict.k, verdict.k_effective, verdict.voted, verdict.totals) == (2, 1, (1,), (9, 1))


def test_equal_logits_keep_the_lower_index() -> None:
    samples = [make_sample(i, (i + 1, 1), 0.5) for i in range(4)]
    assert vote(samples, "guided").voted == (0, 1)


def test_default_k_meta_is_half_of_the_valid_samples() -> None:
    samples = [make_sample(i, (5, 4) if i else None, float(i)) for i in range(6)]
    verdict = vote(samples, "guided")
    assert (verdict.k_meta, verdict.voted) == (2, (4, 5))


def test_guided_weighted_sums_score_times_sigmoid() -> None:
    samples = [make_sample(0, (8, 2), 1.31), make_sample(1, (2, 9), -15.78)]
    verdict = vote(samples, "guided-weighted", k_meta=2)
    q = [1 / (1 + math.exp(-1.31)), 1 / (1 + math.exp(15.78))]
    assert verdict.totals == pytest.approx((8 * q[0] + 2 * q[1], 2 * q[0] + 9 * q[1]))


@pytest.mark.parametrize("bad", [None, float("nan")])
def test_missing_meta_logit_makes_guided_voting_refuse(bad: float | None) -> None:
    samples = [make_sample(0, (8, 2), 1.0), make_sample(1, (2, 9), bad)]
    with pytest.raises(UsageError, match="sample 1 has no meta logit"):
        vote(samples, "guided")
    assert vote(samples).totals == (10, 11)


def test_unreadable_sample_needs_no_meta_logit() -> None:
    samples = [make_sample(0, (8, 2), 1.0), make_sample(1, None)]
    assert vote(samples, "guided").winner == 0


def test_tie_has_no_winner_and_no_valid_sample_has_no_totals() -> None:
    tie = vote([make_sample(0, (7, 7))])
    assert (tie.winner, tie.margin, tie.totals) == (None, 0, (7, 7))
    nothing = vote([make_sample(0, None)])
    assert (nothing.winner, nothing.margin, nothing.totals, nothing.k_effective) == (None, None, None, 0)


def test_single_response_wins_without_margin() -> None:
    verdict = vote([make_sample(0, (7,), order=(0,))])
    assert (verdict.winner, verdict.margin, verdict.totals) == (0, None, (7,))


@pytest.mark.parametrize("arguments", [{"k": 0}, {"k": -1}, {"k_meta": 0}, {"method": "majority"}])
def test_unusable_settings_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        vote([make_sample(0, (7, 3), 0.0)], **{"method": "guided", **arguments})  # type: ignore[arg-type]
