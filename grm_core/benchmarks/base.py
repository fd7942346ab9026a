"""Shared by the benchmarks: items with their votes, named policies, means that leave out what is missing.

A benchmark is a value (`Benchmark`) with a reader and a metric, both plain functions. A metric sees every item that
was judged and asks `Policy` what a tie or an unreadable judgment is worth; it never sees text of a model.
"""

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grm_core import outcome
from grm_core.benchmarks.official_files import Choose, Hub, Row
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example, Verdict

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that a headline is computed under."""

    tie: Tie = Tie.RANDOM
    """The paper's evaluation breaks ties at random."""
    invalid: Invalid = Invalid.WRONG
    seed: int = 0
    """Of random ties."""

    def credit(self, name: str, scores: Sequence[float] | None, labels: Sequence[float]) -> float | None:
        """Worth of scores for these labels, 0..1; None = it does not count.

        `name` is the judgment's own: a tie is drawn from it and the seed, so that no other item changes the draw.
        """
        rng = random.Random(f"{self.seed}/{name}") if self.tie is Tie.RANDOM else None
        credit = outcome.credit(scores, labels, self.tie, rng)
        return outcome.settle(credit, len(labels), self.invalid)


@dataclass(frozen=True, slots=True)
class Scored:
    """An item with its vote."""

    example: Example
    verdict: Verdict | None
    """Over all of its samples; None = it has none. Without totals it is invalid: none could be read."""
    games: tuple[Verdict | None, Verdict | None] = (None, None)
    """Of a pair: over the samples that showed it in its own order, and over those that showed it swapped."""

    @property
    def totals(self) -> tuple[float, ...] | None:
        """Totals in own order; None when no sample could be read."""
        return None if self.verdict is None else self.verdict.totals

    @property
    def labels(self) -> tuple[float, ...]:
        """The example's labels; () when it has none."""
        return self.example.labels or ()

    def credit(self, policy: Policy) -> float | None:
        """Worth of the vote, 0..1; None = it does not count."""
        return policy.credit(self.example.id, self.totals, self.labels)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a benchmark's table."""

    kind: str
    """subset, or what it is put together from subsets to: section, domain, cell, overall."""
    name: str
    metric: str
    items: int
    """Items that count."""
    value: float | None
    """None when there are none."""


@dataclass(frozen=True, slots=True)
class Result:
    """An official metric with what it is made of."""

    headline: float | None
    """0..1; None when nothing counts."""
    table: tuple[Line, ...]
    missing: tuple[str, ...] = ()
    """Parts that the official headline has and these items do not: it is the mean of the others."""
    lacking: tuple[str, ...] = ()
    """Subsets that a part has officially and these items do not: the part is the mean of the others."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A reward benchmark."""

    name: str
    examples: Callable[[Row], Sequence[Example]]
    """The items that a record holds."""
    measure: Callable[[Sequence[Scored], Policy], Result]
    headline: str
    """The headline in words."""
    hubs: tuple[Hub, ...] = ()
    choose: Choose = list
    password: bytes | None = None
    """Of a zip; printed in the benchmark's own documentation."""
    tie: Tie = Tie.RANDOM
    """Ties as the benchmark's own metric treats them; where it says nothing, the paper's way."""
    invalid: Invalid = Invalid.WRONG
    both_orders: bool = False
    """Whether a pair counts only when it was judged in both orders."""

    def policy(self, tie: str | None = None, invalid: str | None = None, seed: int = 0) -> Policy:
        """The policy of these names; None or '' is the benchmark's own way."""
        return Policy(Tie(tie or self.tie), Invalid(invalid or self.invalid), seed)


def grouped(items: Iterable[T], key: Callable[[T], Key]) -> dict[Key, list[T]]:
    """Items by key, keys in order of first appearance."""
    groups: dict[Key, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is there; None when nothing is."""
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def accuracy(items: Iterable[Scored], policy: Policy, kind: str, name: str) -> Line:
    """The mean credit of the items that count."""
    credits = [credit for credit in (item.credit(policy) for item in items) if credit is not None]
    return Line(kind, name, "accuracy", len(credits), mean(credits))


def by_subset(items: Sequence[Scored], policy: Policy) -> list[Line]:
    """The accuracy of each subset, in the data's order."""
    groups = grouped(items, lambda item: item.example.subset or "")
    return [accuracy(mine, policy, "subset", name or "(none)") for name, mine in groups.items()]


def total(lines: Iterable[Line]) -> int:
    """How many items these lines count together."""
    return sum(line.items for line in lines)


def of_parts(lines: Sequence[Line], parts: Sequence[str], table: Iterable[Line], metric: str = "accuracy") -> Result:
    """The headline as the plain mean of its named parts; `lines` hold those that are there."""
    measured = {line.name: line for line in lines if line.value is not None and line.name in parts}
    headline = mean(line.value for line in measured.values())
    overall = Line("overall", "mean", metric, total(measured.values()), headline)
    return Result(headline, (*table, overall), tuple(part for part in parts if part not in measured))
