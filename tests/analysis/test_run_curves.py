"""A run's figures are means over items of what the vote says, computed here again over all subsets."""

import itertools
import random
import statistics
from dataclasses import replace

import pytest

from grm_core.analysis import accuracy, run_curves, settling
from grm_core.analysis.accuracy import Judged
from grm_core.types import Method
from grm_core.voting import vote
from tests.make import make_example, make_sample


def items(count: int = 5, k: int = 8, meta: bool = True) -> list[Judged]:
    rng = random.Random(1)
    judged = []
    for i in range(count):
        samples = [
            make_sample(j, (rng.randint(1, 10), rng.randint(1, 9)), rng.uniform(-2, 2) if meta else None)
            for j in range(k)
        ]
        judged.append(Judged(f"i{i}", "even" if i % 2 == 0 else "odd", (1.0, 0.0), tuple(samples), make_example()))
    return judged


def brute(item: Judged, k: int, method: Method, k_meta: int | None = None) -> float:
    credit = []
    for subset in itertools.combinations(item.samples, k):
        winner = vote(subset, method, k_meta=k_meta).winner
        credit.append(0.5 if winner is None else float(winner == 0))
    return statistics.fmean(credit)


def test_growth_is_the_mean_over_items_of_all_subsets() -> None:
    judged = items()
    table = run_curves.growth(judged).set_index(["method", "k"])
    assert list(table.loc["naive"].index) == [1, 2, 4, 8]
    for method in (Method.NAIVE, Method.GUIDED):
        for k in (1, 2, 4, 8):
            expected = statistics.fmean(brute(item, k, method) for item in judged)
            assert table.loc[str(method), k]["mean"] == pytest.approx(expected)
            assert table.loc[str(method), k]["mean"] == pytest.approx(accuracy.at_k(judged, k, method).mean())
    assert set(run_curves.growth(items(meta=False))["method"]) == {"naive"}
    assert len(run_curves.growth([])) == 0


def test_the_map_votes_with_every_k_and_k_meta() -> None:
    judged = items(3, 6)
    table = run_curves.meta_map(judged).set_index(["k", "k_meta"])
    assert set(table.index) == {(k, m) for k in (1, 2, 4, 6) for m in (1, 2, 4, 6) if m <= k}
    for (k, k_meta), row in table.iterrows():
        expected = statistics.fmean(brute(item, k, Method.GUIDED, k_meta) for item in judged)
        assert row["mean"] == pytest.approx(expected)


def test_adaptive_k_stops_where_the_verdict_is_sure_enough() -> None:
    clear = Judged("clear", "", (1.0, 0.0), tuple(make_sample(i, (9, 2)) for i in range(16)), make_example())
    open_ = Judged(
        "open", "", (1.0, 0.0), tuple(make_sample(i, (6, 5) if i % 2 else (5, 6)) for i in range(15)), make_example()
    )
    table = run_curves.settled([clear, open_]).set_index("item")
    assert table["settles"]["clear"] == 1
    assert table["stops"]["clear"] < 16
    stop = int(table["stops"]["clear"])
    chance = settling.chance_of_change(clear.samples[:stop], 16, draws=200)
    assert chance is not None
    assert chance < 0.05
    assert table["stops"]["open"] > stop


def test_subsets_are_counted_apart() -> None:
    table = run_curves.subsets(items()).set_index("subset")
    assert list(table["items"]) == [3, 2]
    even = [item for item in items() if item.subset == "even"]
    assert table["k = 8"]["even"] == pytest.approx(accuracy.at_k(even, 8).mean())
    assert table["meta RM, k = 8"]["even"] == pytest.approx(accuracy.at_k(even, 8, Method.GUIDED).mean())


@pytest.mark.parametrize(("most", "powers"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (32, [1, 2, 4, 8, 16, 32])])
def test_powers_end_at_the_last(most: int, powers: list[int]) -> None:
    assert run_curves.powers(most) == powers


def test_without_labels_the_map_tells_how_often_the_final_winner_is_named() -> None:
    judged = [replace(item, labels=()) for item in items(3, 6)]
    table = run_curves.meta_map(judged, "win").set_index(["k", "k_meta"])
    for (k, k_meta), row in table.iterrows():
        shares = []
        for item in judged:
            final = vote(item.samples, Method.GUIDED, k_meta=k_meta).winner
            votes = [vote(subset, Method.GUIDED, k_meta=k_meta) for subset in itertools.combinations(item.samples, k)]
            if final is not None:
                shares.append(statistics.fmean(_credit(verdict.totals or (), final) for verdict in votes))
        assert row["mean"] == pytest.approx(statistics.fmean(shares))
    grown = run_curves.growth(judged, "win").set_index(["method", "k"])
    assert grown.loc["naive", 6]["mean"] == 1


def _credit(totals: tuple[float, ...], winner: int) -> float:
    best = [own for own, total in enumerate(totals) if total == max(totals)]
    return 1 / len(best) if winner in best else 0.0
