"""How sure a vote is before its end: against what then happens when the rest is drawn."""

import random

import pytest

from grm_core.analysis.looks import check_level
from grm_core.analysis.settling import chance_of_change
from grm_core.errors import UsageError
from grm_core.types import Method, Sample
from grm_core.voting import vote
from tests.make import make_sample


def random_samples(count: int, lean: float, seed: int, start: int = 0) -> list[Sample]:
    """Samples that like the first response with this probability."""
    rng = random.Random(seed)
    return [
        make_sample(start + i, (8, 4) if rng.random() < lean else (4, 8), meta_logit=rng.gauss(0, 1))
        for i in range(count)
    ]


def test_nothing_is_said_too_early_and_nothing_changes_at_the_end() -> None:
    assert chance_of_change(random_samples(3, 0.9, 0), 32) is None
    assert chance_of_change(random_samples(8, 0.9, 0), 8) == 0.0
    assert chance_of_change([make_sample(i, (7,)) for i in range(8)], 32) is None


def test_a_clear_vote_is_surer_than_a_close_one_and_grows_surer() -> None:
    clear = [make_sample(i, (9, 2)) for i in range(8)]
    close = [make_sample(i, (7, 6) if i % 2 else (6, 7)) for i in range(7)]
    assert (chance_of_change(clear, 32) or 0) < 0.05 < (chance_of_change(close, 32) or 0)
    growing = [chance_of_change(clear[:count], 32) or 0.0 for count in (4, 6, 8)]
    assert growing == sorted(growing, reverse=True)
    assert chance_of_change(clear[:4], 32) != 0.0, "four of one mind are not proof"


@pytest.mark.parametrize("method", list(Method))
def test_every_method_and_the_same_seed(method: Method) -> None:
    samples = random_samples(10, 0.7, 3)
    chance = chance_of_change(samples, 32, method)
    assert chance == chance_of_change(samples, 32, method)
    assert 0 <= (chance or 0) <= 1


def test_said_chances_come_true_about_as_often_as_said() -> None:
    """Over many runs of known lean: where the chance of change is said to be small, few verdicts do change."""
    chances, changed = [], []
    for seed in range(300):
        lean = random.Random(seed).uniform(0.5, 1.0)
        samples = random_samples(32, lean, seed)
        first = samples[:8]
        chances.append(chance_of_change(first, 32, draws=300) or 0.0)
        changed.append(vote(first).winner != vote(samples).winner)
    sure = [was for chance, was in zip(chances, changed, strict=True) if chance < 0.1]
    unsure = [was for chance, was in zip(chances, changed, strict=True) if chance > 0.3]
    assert sum(sure) / len(sure) < 0.1
    assert sum(unsure) / len(unsure) > 0.2
    assert abs(sum(chances) / len(chances) - sum(changed) / len(changed)) < 0.1


def test_guided_needs_logits_and_a_level_is_a_probability() -> None:
    with pytest.raises(UsageError, match="meta logit"):
        chance_of_change([make_sample(i, (8, 4)) for i in range(6)], 32, Method.GUIDED)
    assert check_level(0.05) == 0.05
    for level in (0, 1, -0.1, 2):
        with pytest.raises(UsageError, match="between 0 and 1"):
            check_level(level)
