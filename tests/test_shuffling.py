"""Orders and seeds of the k samples."""

from collections import Counter

import pytest

from grm_core.errors import UsageError
from grm_core.shuffling import ORDERS, plan
from tests.make import make_sample


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("n", [1, 2, 3, 12])
def test_every_order_is_a_permutation_and_a_longer_plan_begins_with_the_shorter(order: str, n: int) -> None:
    long = plan(n, 40, 7, "item", order)
    assert all(sorted(slot.order) == list(range(n)) for slot in long)
    assert [slot.index for slot in long] == list(range(40))
    assert plan(n, 9, 7, "item", order) == long[:9]


def test_balanced_puts_every_response_at_every_position_equally_often() -> None:
    slots = plan(4, 32, 0, "item", "balanced")
    counts = Counter((slot.order[p], p) for slot in slots for p in range(4))
    assert set(counts.values()) == {8}


def test_random_orders_vary_and_seeds_are_distinct() -> None:
    slots = plan(4, 200, 0, "item")
    assert len({slot.order for slot in slots}) == 24
    assert len({slot.seed for slot in slots}) == 200


def test_same_order_gets_consecutive_seeds() -> None:
    slots = plan(2, 50, 3, "item")
    for order in {(0, 1), (1, 0)}:
        seeds = [slot.seed for slot in slots if slot.order == order]
        assert seeds == list(range(seeds[0], seeds[0] + len(seeds)))


def test_plan_depends_on_seed_and_item() -> None:
    assert plan(4, 8, 0, "a") != plan(4, 8, 1, "a")
    assert plan(4, 8, 0, "a") != plan(4, 8, 0, "b")
    assert plan(4, 8, 0, "\ud800") == plan(4, 8, 0, "\ud800")


def test_scores_of_every_order_come_back_to_the_own_one() -> None:
    for slot in plan(5, 20, 1, "item"):
        assert make_sample(0, (1, 2, 3, 4, 5), order=slot.order).scores == (1, 2, 3, 4, 5)


def test_unknown_order_is_refused() -> None:
    with pytest.raises(UsageError, match="random, balanced"):
        plan(2, 2, 0, "item", "sorted")
