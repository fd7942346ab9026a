"""The pairwise reward model: both orders of every two, Bradley-Terry over the games."""

import numpy as np
import pytest
from scipy.optimize import minimize

from grm_core.baselines import pairwise
from grm_core.baselines.ask import Settings
from grm_core.baselines.pairwise import strengths
from grm_core.baselines.poll import Poll, accuracy_at
from grm_core.errors import EngineError, UsageError
from grm_core.types import Baseline, Example
from tests.baselines.fake_judge import FakeJudge, SureJudge, best, shown
from tests.baselines.test_llm_judge import an_example, largest


async def one(engine: FakeJudge, example: Example, settings: Settings) -> Poll:
    (poll,) = await pairwise.judge(engine, [example], settings)
    assert isinstance(poll, Poll), poll
    return poll


def by_likelihood(wins: np.ndarray) -> np.ndarray:
    """Log-strengths that make the games likeliest, half a win each way added, by a general minimiser."""
    n = len(wins)
    games = wins + 0.5 * (1 - np.eye(n))

    def unlikely(logs: np.ndarray) -> float:
        return float((games * np.log1p(np.exp(logs[None, :] - logs[:, None]))).sum() + logs.sum() ** 2)

    return minimize(unlikely, np.zeros(n), tol=1e-12).x


@pytest.mark.parametrize("n", [2, 3, 5])
def test_strengths_are_the_likeliest_ones(n: int) -> None:
    wins = np.random.default_rng(n).integers(0, 6, (n, n)) * (1 - np.eye(n))
    fitted = strengths(wins.reshape(1, -1))[0]
    assert fitted == pytest.approx(by_likelihood(wins), abs=1e-4)
    assert fitted.sum() == pytest.approx(0, abs=1e-5)


def test_strengths_of_two_are_the_log_odds_of_their_games() -> None:
    (fitted,) = strengths(np.array([[0.0, 5.0, 2.0, 0.0]]))
    assert fitted[0] - fitted[1] == pytest.approx(np.log(5.5 / 2.5), abs=1e-5)


@pytest.mark.parametrize("wins", [np.zeros((3, 3)), np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]), 4 - 4 * np.eye(3)])
def test_equal_records_are_exactly_equal(wins: np.ndarray) -> None:
    assert set(strengths(wins.reshape(1, -1).astype(float))[0].tolist()) == {0.0}


def test_one_that_never_loses_has_a_finite_strength() -> None:
    wins = np.triu(np.full((4, 4), 50.0), 1)
    (fitted,) = strengths(wins.reshape(1, -1))
    assert np.isfinite(fitted).all()
    assert fitted.tolist() == sorted(fitted, reverse=True)


async def test_every_two_are_shown_in_both_orders_in_every_sample() -> None:
    engine = FakeJudge(largest)
    poll = await one(engine, an_example(3), Settings(k=2))
    seen = [tuple(shown(request.messages)) for request in engine.asked for _ in range(request.n)]
    for i in range(3):
        for j in range(3):
            assert seen.count((f"number {i}", f"number {j}")) == (0 if i == j else 2)
    assert [np.reshape(row, (3, 3)).tolist() for row in poll.rows if row] == [[[0, 0, 0], [2, 0, 0], [2, 2, 0]]] * 2
    assert poll.verdict.winner == 2
    assert (poll.verdict.method, poll.verdict.k, poll.verdict.k_effective) == (Baseline.PAIRWISE, 2, 2)


async def test_a_judge_that_always_takes_the_first_makes_everybody_equal() -> None:
    poll = await one(FakeJudge(lambda responses, seed: best(0)), an_example(5), Settings(k=3))
    assert (poll.verdict.totals, poll.verdict.winner, poll.verdict.margin) == ((0.0,) * 5, None, 0)


async def test_games_that_cannot_be_read_are_not_played() -> None:
    def write(responses: list[str], seed: int) -> str:
        return largest(responses, seed) if "number 0" not in responses else "I cannot say."

    poll = await one(FakeJudge(write), an_example(3), Settings(k=2))
    assert np.reshape(poll.rows[0] or (), (3, 3)).tolist() == [[0, 0, 0], [0, 0, 0], [0, 2, 0]]
    assert poll.unread == {"no_scores": 8}
    assert poll.verdict.winner == 2
    silent = await one(FakeJudge(lambda responses, seed: "?"), an_example(2), Settings(k=2))
    assert (silent.verdict.totals, silent.verdict.k_effective, silent.rows) == (None, 0, (None, None))


async def test_probabilities_share_the_games_and_are_asked_for_once() -> None:
    chance = {"number 0": 0.2, "number 1": 0.6}
    engine = SureJudge(largest, lambda responses, begun: [chance[text] / 2 for text in responses])
    poll = await one(engine, an_example(2), Settings(k=8, vote="probability"))
    assert (poll.verdict.k, len(engine.begun), engine.asked) == (1, 2, [])
    assert poll.rows == (pytest.approx((0, 0.5, 1.5, 0)),)
    assert poll.verdict.winner == 1


async def test_position_bias_of_probabilities_cancels_over_the_two_orders() -> None:
    poll = await one(
        SureJudge(largest, lambda responses, begun: (0.9, 0.1)), an_example(2), Settings(1, vote="probability")
    )
    assert poll.verdict.winner is None
    assert poll.verdict.totals == (0.0, 0.0)


async def test_one_response_has_nobody_to_play() -> None:
    engine = SureJudge(largest, lambda responses, begun: (0.5, 0.5))
    for vote in ("majority", "probability"):
        alone, two = await pairwise.judge(
            engine, [an_example(1, "alone"), an_example(2, "two")], Settings(1, vote=vote)
        )
        assert isinstance(alone, UsageError)
        assert isinstance(two, Poll)


async def test_a_failed_game_fails_its_item_alone() -> None:
    engine = FakeJudge(largest)
    await pairwise.judge(engine, [an_example(3, "a")], Settings(1))
    lost = engine.asked[0].seed
    engine.failing = lambda seed: seed == lost
    broken, fine = await pairwise.judge(engine, [an_example(3, "a"), an_example(3, "b")], Settings(1))
    assert isinstance(broken, EngineError)
    assert isinstance(fine, Poll)


async def test_accuracy_over_k_votes_by_strength() -> None:
    def noisy(responses: list[str], seed: int) -> str:
        return largest(responses, seed) if seed % 3 else best(0)

    poll = await one(FakeJudge(noisy), an_example(3, right=2), Settings(k=8))
    curve = accuracy_at(poll, (1, 2, 4, 8), strengths)
    by_hand = []
    for row in poll.rows:
        logs = by_likelihood(np.reshape(row or (), (3, 3)))
        leaders = np.flatnonzero(logs > logs.max() - 1e-4)
        by_hand.append((2 in leaders) / len(leaders))
    assert curve[0] == pytest.approx(np.mean(by_hand))
    assert curve[-1] == float(poll.verdict.winner == 2)
