"""Which order of the responses each of the k samples sees, and with which seed.

Shuffling before every sample removes position bias and adds diversity (arXiv 2504.02495, Eq. 14). A plan depends only
on its arguments and is stable in k: the plan for 8 samples begins the plan for 32, so a session can grow. Samples
that see the same order get consecutive seeds, so that they can travel as one request with n.
"""

import hashlib
import random
from collections import Counter
from dataclasses import dataclass

from grm_core.errors import UsageError

ORDERS = ("random", "balanced")
OWN = "own"
"""The item's own order for every sample: each response is judged alone, so that nothing has to be shuffled."""
_SEED_SPACE = 2**31 - 4096  # leaves room for n consecutive seeds inside a signed 32-bit integer


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one sample in a plan."""

    index: int
    order: tuple[int, ...]
    """order[p] = own index of the response shown at position p."""
    seed: int


def plan(n: int, k: int, seed: int, item_id: str, order: str = "random") -> list[Slot]:
    """Lay out k samples of n responses, in index order.

    `random` draws every order anew. `balanced` runs through a Latin square, a new one every n samples: after any
    multiple of n samples each response has stood at each position equally often. `own` shuffles nothing. Raises
    UsageError for another word.
    """
    if order not in (*ORDERS, OWN):
        raise UsageError(f"order is {order!r}; it must be one of {', '.join(ORDERS)}")
    rng = random.Random(_digest(f"{seed}|{item_id}|{order}|{n}"))
    if order == OWN:
        orders = [tuple(range(n))] * k
    else:
        orders = _balanced(n, k, rng) if order == "balanced" else [_shuffled(n, rng) for _ in range(k)]
    seen: Counter[tuple[int, ...]] = Counter()
    slots = []
    for index, shown in enumerate(orders):
        slots.append(Slot(index, shown, _first_seed(seed, item_id, shown) + seen[shown]))
        seen[shown] += 1
    return slots


def _shuffled(n: int, rng: random.Random) -> tuple[int, ...]:
    order = list(range(n))
    rng.shuffle(order)
    return tuple(order)


def _balanced(n: int, k: int, rng: random.Random) -> list[tuple[int, ...]]:
    orders: list[tuple[int, ...]] = []
    while len(orders) < k:
        first = _shuffled(n, rng)
        rotations = [first[shift:] + first[:shift] for shift in range(n)]
        rng.shuffle(rotations)
        orders += rotations
    return orders[:k]


def _first_seed(seed: int, item_id: str, order: tuple[int, ...]) -> int:
    return _digest(f"{seed}|{item_id}|{order}") % _SEED_SPACE


def _digest(text: str) -> int:
    # An item id may hold a lone surrogate, which plain UTF-8 refuses.
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
