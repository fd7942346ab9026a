"""Two ways to do the same, measured in turns: what else the machine does then meets both."""

import json
import os
import random
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of docs/performance.md."""

    name: str
    what: str
    """What ours does."""
    beside: str
    """What the other side does with the same data."""
    items: int
    rounds: int
    """Of ours; the other side has fewer where it is slow, and its last one stands beside what remains."""
    ours: float
    """Median seconds."""
    ours_cpu: float
    """Median seconds of the processor: those of all processes, whatever else runs."""
    other: float
    other_cpu: float
    ratio: float
    """Median of ours / other of a round, by processor seconds."""
    interval: tuple[float, float]
    """90%, bootstrap over rounds."""


_ENOUGH_S = 60.0
Work = Callable[[], object]


def measure(name: str, what: str, beside: str, items: int, rounds: int, ours: Work, other: Work) -> Row:
    """Run both sides so many times, in alternating order; a side that has had a minute is not run again."""
    sides: dict[str, list[tuple[float, float]]] = {"ours": [], "other": []}
    for number in range(rounds):
        for side, work in sorted([("ours", ours), ("other", other)], reverse=bool(number % 2)):
            if sum(seconds for seconds, _ in sides[side]) < _ENOUGH_S:
                sides[side].append(_timed(work))
    rounds = len(sides["ours"])
    theirs_once_more = sides["other"][-1:] * rounds
    ratios = [one[1] / two[1] for one, two in zip(sides["ours"], sides["other"] + theirs_once_more, strict=False)]
    seconds = [
        statistics.median(each[place] for each in sides[side]) for side in ("ours", "other") for place in (0, 1)
    ]
    low, high = interval(ratios)
    mine, mine_cpu, theirs, theirs_cpu, ratio = (round(value, 3) for value in (*seconds, statistics.median(ratios)))
    band = (round(low, 3), round(high, 3))
    return Row(name, what, beside, items, rounds, mine, mine_cpu, theirs, theirs_cpu, ratio, band)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """90% bootstrap interval of the median."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(2000))
    return medians[100], medians[1899]


def where() -> dict[str, Any]:
    """The machine, the date and the commit that figures belong to."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores and {memory:.0f} GiB of memory"
    return {"machine": machine, "date": datetime.now(UTC).date().isoformat(), "commit": commit.stdout.strip()}


def line(row: Row) -> str:
    """A row as JSON, with what its ratio is of."""
    return json.dumps({**asdict(row), "ratio_of": "processor seconds"})


def _timed(work: Work) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), _cpu()
    work()
    return time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
