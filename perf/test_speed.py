"""Promises about seconds: python -m pytest perf. They are no part of `make test`: work beside them makes them fail."""

import time
from collections.abc import Callable

import pytest

from grm_core.analysis import clusters
from grm_core.reading.parsing import parse
from tests.analysis.test_clusters import vectors

MEGABYTE = 1_000_000


def quickest(work: Callable[[], object], clock: Callable[[], float], seconds: float, runs: int) -> float:
    """The shortest time that the work took in up to so many runs; the first one under `seconds` ends them."""
    shortest = float("inf")
    for _ in range(runs):
        start = clock()
        work()
        shortest = min(shortest, clock() - start)
        if shortest < seconds:
            break
    return shortest


@pytest.mark.parametrize("text", ["(" * MEGABYTE, "\\boxed{" * 100_000], ids=["parentheses", "open boxes"])
def test_a_flood_is_read_in_50_ms(text: str) -> None:
    assert quickest(lambda: parse(text, 2), time.process_time, 0.05, 20) < 0.05


def test_ten_thousand_principles_are_mapped_within_three_seconds() -> None:
    embedded = vectors(10_000, 80)
    clusters.cluster(embedded[:2000])  # what the libraries load on first use is not the map's time

    def work() -> None:
        labels, points = clusters.cluster(embedded), clusters.project(embedded)
        assert (len(labels), points.shape) == (10_000, (10_000, 2))

    assert quickest(work, time.perf_counter, 3.0, 5) < 3.0
