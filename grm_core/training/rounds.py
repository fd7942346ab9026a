"""Items for a fit without end: round after round, each in an order of its own that follows from the seed."""

import random
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeVar

T = TypeVar("T")


def rounds(items: Sequence[T], seed: object, skip: int = 0) -> Iterator[tuple[int, T]]:
    """(number from 1, item) without end: every item once before any comes again; nothing where there are no items.

    A fit that goes on where it was stopped leaves the first `skip` out.
    """
    numbers = count(1)
    for turn in count() if items else ():
        for item in random.Random(f"{seed}|{turn}").sample(list(items), len(items)):
            if (number := next(numbers)) > skip:
                yield number, item
