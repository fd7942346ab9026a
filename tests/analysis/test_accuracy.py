"""Accuracy at k against every subset of k samples, also where some cannot be read."""

from itertools import combinations

import numpy as np
import pytest

from grm_core import outcome
from grm_core.analysis import accuracy
from grm_core.analysis.accuracy import Judged
from grm_core.types import Method, Sample
from grm_core.voting import vote
from tests.make import make_example, make_sample

LABELS = (1.0, 0.0)
SCORES = [(7, 5), (3, 6), None, (5, 5), (4, 8), None, (9, 1)]


def judged(scores: list[tuple[int, int] | None]) -> Judged:
    samples = [make_sample(i, each, None if each is None else (i * 5 % 7) - 3.0) for i, each in enumerate(scores)]
    return Judged("i", "", LABELS, tuple(samples), make_example(2))


def credit(samples: tuple[Sample, ...], method: Method) -> float | None:
    if all(sample.scores is None for sample in samples):
        return 0.0
    return outcome.credit(vote(samples, method).totals, LABELS)


@pytest.mark.parametrize("method", [Method.NAIVE, Method.GUIDED, Method.GUIDED_WEIGHTED])
@pytest.mark.parametrize("k", range(1, len(SCORES) + 1))
def test_k_of_all_samples_is_the_mean_over_subsets_of_them(method: Method, k: int) -> None:
    item = judged(SCORES)
    expected = np.mean([credit(subset, method) for subset in combinations(item.samples, k)])
    assert accuracy.at_k([item], k, method)[0] == pytest.approx(expected)


def test_votes_that_add_nothing_gain_nothing_by_unreadable_samples() -> None:
    item = judged([(9, 1), (1, 9), None, None])
    assert [accuracy.at_k([item], k)[0] for k in (1, 2, 4)] == pytest.approx([0.25, 0.5 * (1 - 1 / 6), 0.5])
    assert accuracy.at_k([judged([None, None])], 2)[0] == 0
    assert accuracy.at_k([item], 32)[0] == 0.5, "more than there are is all of them"


def test_one_sample_of_many_is_right_as_often_as_they_are_whatever_orders_are_drawn() -> None:
    rng = np.random.default_rng(3)
    scores = [tuple(rng.integers(1, 11, 4).tolist()) for _ in range(32)]
    samples = tuple(make_sample(i, None if i % 9 == 0 else each) for i, each in enumerate(scores))
    item = Judged("i", "", (0.0, 1.0, 0.0, 0.0), samples, make_example(4))
    credits = [outcome.credit(sample.scores, item.labels) or 0.0 for sample in samples]
    assert accuracy.at_k([item], 1)[0] == pytest.approx(np.mean(credits), abs=1e-12)
