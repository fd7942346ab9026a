"""The leaderboard by hand: who won in which item, ties, what is not scored, positions, subsets."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from grm_core.analysis import leaderboard
from grm_core.analysis.accuracy import Judged
from grm_core.errors import UsageError
from tests.make import make_example, make_sample


def item(
    name: str, models: str, *scores: tuple[int, ...] | None, subset: str = "", meta: float | None = 0.0
) -> Judged:
    """An item answered by models of one letter each; scores per sample, None = not readable."""
    n = len(models)
    samples = tuple(make_sample(i, each, meta, order=tuple(range(n))) for i, each in enumerate(scores))
    return Judged(name, subset, (), samples, make_example(n, models=tuple(models), subset=subset or None))


# Totals: a 15, b 12, c 12 | c 9, a 4 (own order c, a) | nothing readable | a 7, b 7, c 3
ITEMS = [
    item("one", "abc", (8, 5, 6), (7, 7, 6), subset="x"),
    item("two", "ca", (9, 4), subset="x"),
    item("three", "ab", None, None, subset="y"),
    item("four", "abc", (7, 7, 3), subset="y"),
]


def test_wins_and_ties_are_those_of_the_totals() -> None:
    board = leaderboard.board(leaderboard.votes(ITEMS), draws=50)
    place = {name: i for i, name in enumerate(board.models)}
    wins = {(a, b): board.wins[place[a], place[b]] for a in "abc" for b in "abc" if a != b}
    ties = {(a, b): board.ties[place[a], place[b]] for a in "abc" for b in "abc" if a != b}
    assert wins == {("a", "b"): 1, ("a", "c"): 2, ("b", "a"): 0, ("b", "c"): 1, ("c", "a"): 1, ("c", "b"): 0}
    assert ties == {("a", "b"): 1, ("b", "a"): 1, ("b", "c"): 1, ("c", "b"): 1, ("a", "c"): 0, ("c", "a"): 0}
    assert (board.items, board.unscored) == (3, ("three",))
    table = board.table.set_index("model")
    assert table.loc["a", ["comparisons", "wins", "ties", "losses"]].tolist() == [5, 3, 1, 1]
    assert table.loc["a", "win_rate"] == pytest.approx(3.5 / 5)
    assert table.loc["b", "win_rate"] == pytest.approx(2 / 4)
    assert table.loc["c", "win_rate"] == pytest.approx(1.5 / 5)
    assert board.models == ("a", "b", "c")
    pairs = leaderboard.pairs(board).set_index(["model", "other"])
    assert pairs.loc[("a", "c"), ["comparisons", "wins", "ties", "losses"]].tolist() == [3, 2, 0, 1]
    assert pairs.loc[("b", "a"), "win_rate"] == pytest.approx(0.25)


def test_two_models_are_apart_by_the_logarithm_of_their_points() -> None:
    items = [item(f"w{i}", "ab", (8, 3)) for i in range(30)] + [item(f"l{i}", "ba", (8, 3)) for i in range(10)]
    table = leaderboard.board(leaderboard.votes(items)).table.set_index("model")
    assert table["rating"]["a"] - table["rating"]["b"] == pytest.approx(400 * math.log10(3), abs=1e-3)
    assert table["rating"].mean() == pytest.approx(1000)
    assert table["low"]["a"] < table["rating"]["a"] < table["high"]["a"]
    assert table["rank"].tolist() == [1, 2]


def test_only_the_first_k_samples_vote_and_the_method_counts() -> None:
    one = item("one", "ab", (9, 1), (1, 8), (1, 8))
    assert [leaderboard.votes([one], k=k)[0].points(0, 1) for k in (1, 2, 3)] == [1.0, 1.0, 0.0]
    logits = tuple(replace(s, meta_logit=value) for s, value in zip(one.samples, (3.0, -1.0, -2.0), strict=True))
    assert leaderboard.votes([replace(one, samples=logits)], "guided")[0].points(0, 1) == 1.0


def test_the_same_seed_gives_the_same_intervals_and_another_one_does_not() -> None:
    rng = random.Random(5)
    items = [item(str(i), "abc", tuple(rng.randint(1, 10) for _ in "abc")) for i in range(40)]
    voted = leaderboard.votes(items)
    first, again, other = (leaderboard.board(voted, draws=200, seed=seed).table for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first[["low", "high"]].equals(other[["low", "high"]])
    assert first["rating"].equals(other["rating"])


def test_the_pairs_of_an_item_are_drawn_together() -> None:
    # Every item says the same of all three pairs: resampled pair by pair, intervals would be narrower.
    items = [item(str(i), "abc", (9, 5, 1)) for i in range(14)] + [item(f"r{i}", "abc", (1, 5, 9)) for i in range(6)]
    table = leaderboard.board(leaderboard.votes(items), draws=2000).table.set_index("model")

    # Strengths are t, 0, -t with sigmoid(t) + sigmoid(2t) = 2p, p the share of items with a on top; 20p of a
    # resample is Binomial(20, 0.7), whose 2.5% and 97.5% are 10 and 18.
    def strength(p: float) -> float:
        return float(brentq(lambda t: 1 / (1 + math.exp(-t)) + 1 / (1 + math.exp(-2 * t)) - 2 * p, -9, 9))

    ends = [1000 + 400 / math.log(10) * strength(wins / 20) for wins in (10, 18)]
    assert [table["low"]["a"], table["high"]["a"]] == pytest.approx(ends, abs=0.1)
    assert [table["low"]["b"], table["high"]["b"]] == pytest.approx([1000, 1000])


def test_positions_are_means_over_the_samples_that_voted() -> None:
    samples = (
        make_sample(0, (8, 3, 5), order=(2, 0, 1)),
        make_sample(1, (8, 3, 5), order=(0, 1, 2)),
        make_sample(2, None, order=(1, 2, 0)),
    )
    one = Judged("one", "", (), samples, make_example(3, models=("a", "b", "c")))
    (voted,) = leaderboard.votes([one])
    assert voted.positions == (1.5, 2.5, 2.0)
    two = item("two", "ba", (5, 4))
    table = leaderboard.board(leaderboard.votes([one, two]), draws=5).table.set_index("model")
    assert table["position"]["a"] == pytest.approx((1.5 + 2) / 2)
    assert table["position_fair"]["a"] == pytest.approx((2 + 1.5) / 2)
    assert table["position"]["c"] == 2.0


def test_subsets_are_ranked_by_their_own_items() -> None:
    voted = leaderboard.votes(ITEMS)
    assert leaderboard.subsets(voted) == ["x", "y"]
    by = leaderboard.by_subset(voted).set_index(["subset", "model"])
    assert by.loc[("x", "a"), ["comparisons", "wins", "ties", "losses"]].tolist() == [3, 2, 0, 1]
    assert by.loc[("y", "a"), ["comparisons", "wins", "ties", "losses"]].tolist() == [2, 1, 1, 0]
    assert leaderboard.subsets(leaderboard.votes(ITEMS[:2])) == []


def test_nothing_is_guessed_where_nothing_could_be_read() -> None:
    board = leaderboard.board(leaderboard.votes([ITEMS[2]]))
    assert (board.items, board.unscored, board.k_effective) == (0, ("three",), None)
    assert board.table["rating"].tolist() == [None, None]
    assert board.table["win_rate"].tolist() == [None, None]
    assert board.table["rank"].tolist() == [None, None]
    assert (board.wins == 0).all()


def test_a_model_without_a_loss_is_first_and_says_why_it_has_no_rating() -> None:
    items = [item(str(i), "abc", (9, *pair)) for i, pair in enumerate([(5, 4), (4, 5), (5, 4), (3, 4)])]
    table = leaderboard.board(leaderboard.votes(items)).table.set_index("model")
    assert table["rank"]["a"] == 1
    assert table["rating"]["a"] is None
    assert table["note"]["a"].endswith("it lost nothing to those below it")
    assert table["rating"]["b"] == pytest.approx(1000)
    assert table["note"]["b"] == ""


def test_items_without_models_are_left_out_and_a_file_of_them_is_refused() -> None:
    bare = Judged("bare", "", (), (make_sample(0, (8, 3)),), make_example(2))
    assert [each.item_id for each in leaderboard.votes([bare, ITEMS[0]])] == ["one"]
    with pytest.raises(UsageError, match='whose lines have "answers"'):
        leaderboard.votes([bare])
    with pytest.raises(UsageError, match="item 'none': sample 0 has no meta logit"):
        leaderboard.votes([item("none", "ab", (8, 3), meta=None)], "guided")


def test_totals_that_differ_by_rounding_alone_are_a_tie() -> None:
    voted = leaderboard.Voted("x", "", ("a", "b"), (0.1 + 0.2, 0.3), 1, 1, (1.0, 2.0))
    assert voted.points(0, 1) == 0.5
    assert np.isclose(leaderboard.board([voted], draws=0).ties.sum(), 2)
