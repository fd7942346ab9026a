"""How a verdict grows with k: margin, win probability and accuracy over random subsets of the stored samples.

One definition for page, command line and reports. Drawing k of K samples without replacement, each method votes on
the subset; the band therefore closes at k = K by construction and says nothing about samples not yet drawn.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grm_core.analysis import subsets, tallies
from grm_core.analysis.tallies import Numbers, Sides
from grm_core.errors import UsageError
from grm_core.formats.scores import ItemScores
from grm_core.types import CurvePoint, Method, Sample
from grm_core.voting import as_method, leader, no_logit, quality

DRAWS = 10_000
"""Random orders where a curve is not exact."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One method's curve over k = 1..K valid samples, and how it was computed."""

    method: Method
    points: tuple[CurvePoint, ...]
    exact: bool
    draws: int | None
    """Monte Carlo orders; None when exact."""
    seed: int | None

    def frame(self) -> pd.DataFrame:
        """One row per k: columns method, k, margin, low, high, win, accuracy (NaN where undefined)."""
        columns = ["method", "k", "margin", "low", "high", "win", "accuracy"]
        return pd.DataFrame([{"method": str(self.method), **asdict(point)} for point in self.points], columns=columns)


Value = Literal["accuracy", "win"]
"""accuracy needs labels; win is the probability that a vote over k samples names the winner of all of them."""


class Only(NamedTuple):
    """What is asked of curves, where it is not everything."""

    value: Value
    ks: tuple[int, ...]
    """Numbers of samples, unreadable ones among them."""

    def reads(self, read: int, total: int) -> frozenset[int]:
        """How many samples of those k may be read, where `read` of all can be."""
        return _reads(self.ks, read, total)


@lru_cache(4096)
def _reads(ks: tuple[int, ...], read: int, total: int) -> frozenset[int]:
    return frozenset(j for k in ks for j in range(max(1, min(k, total) - (total - read)), min(k, read) + 1))


@dataclass(frozen=True, slots=True)
class Table:
    """A curve as numbers."""

    method: Method
    numbers: NDArray[np.float64]
    """(5, K): margin, low, high, win, accuracy; NaN where there is nothing to say."""
    exact: bool
    draws: int | None
    seed: int | None

    @property
    def k(self) -> int:
        """Valid samples."""
        return len(self.numbers[0])

    @property
    def win(self) -> NDArray[np.float64]:
        """(K,) probability that the winner of all wins the vote of k; NaN where the full vote has none."""
        return np.asarray(self.numbers[3])

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """(K,) the same of the best label; NaN without labels."""
        return np.asarray(self.numbers[4])

    def points(self) -> list[list[Any]]:
        """[k, margin, low, high, win, accuracy] by k, None where there is nothing to say."""
        columns = self.numbers.astype(object)
        columns[np.isnan(self.numbers)] = None
        return [[k, *row] for k, row in enumerate(columns.T.tolist(), 1)]

    def curve(self) -> Curve:
        """The same as types."""
        points = tuple(CurvePoint(*point) for point in self.points())
        return Curve(self.method, points, self.exact, self.draws, self.seed)


def curve(
    samples: Sequence[Sample],
    method: Method | str = Method.NAIVE,
    k_meta: int | None = None,
    labels: Sequence[float] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Curve:
    """Margin, 90% band, win probability and accuracy for every k from 1 to the number of valid samples.

    Margin is (total of the full-K winner - best other total) / samples voted: it may be negative, and is None (as is
    win) when the full vote is a tie or n = 1. A guided subset keeps max(1, k // 2) samples unless k_meta is given.
    `labels` are in own order. Raises UsageError for a guided method when a valid sample has no meta logit.
    """
    return tables([ItemScores.of("", samples, labels)], method, k_meta, draws, seed)[0].curve()


def curves(
    samples: Sequence[Sample],
    k_meta: int | None = None,
    labels: Sequence[float] | None = None,
    draws: int = DRAWS,
) -> tuple[Curve, ...]:
    """Every method's curve that these samples allow: naive, and the guided ones where all meta logits are there."""
    item = ItemScores.of("", samples, labels)
    return tuple(tables([item], method, k_meta, draws)[0].curve() for method in methods(item))


def methods(item: ItemScores) -> tuple[Method, ...]:
    """The voting methods that the item's samples allow."""
    return tuple(Method) if item.scored else (Method.NAIVE,)


def tables(
    items: Sequence[ItemScores],
    method: Method | str = Method.NAIVE,
    k_meta: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    only: Only | None = None,
) -> list[Table]:
    """One method's curve of each item, as `curve` defines it; UsageError where a valid sample has no meta logit.

    With `only` all else may be NaN, which takes less time.
    """
    method = as_method(method)
    groups: dict[_Kind, list[tuple[int, _Voter]]] = {}
    for place, item in enumerate(items):
        voter = _voter(item, method, k_meta, only)
        groups.setdefault(voter.kind, []).append((place, voter))
    out: dict[int, Table] = {}
    # Items of as many samples share their random orders: they follow each other.
    for kind in sorted(groups, key=lambda kind: (kind.keep, kind.n)):
        members = groups[kind]
        numbers = np.stack(_numbers(kind, [voter for _, voter in members], draws, seed), axis=1)
        how = (None, None) if kind.exact else (draws, seed)
        out |= {
            place: Table(method, mine, kind.exact, *how) for (place, _), mine in zip(members, numbers, strict=True)
        }
    return [out[place] for place in range(len(items))]


class _Kind(NamedTuple):
    """What items must have in common to be looked at together."""

    keep: tuple[int, ...]
    n: int
    weighted: bool
    sides: Sides

    @property
    def paired(self) -> bool:
        """Whether the distribution of a pair's difference is worth its time."""
        small = len(self.keep) <= subsets.PAIR_LIMIT
        return self.n == 2 and not self.weighted and small and len(self.keep) > subsets.ENUMERATION_LIMIT

    @property
    def exact(self) -> bool:
        """Whether all subsets are looked at."""
        return self.n < 2 or self.paired or len(self.keep) <= subsets.ENUMERATION_LIMIT


class _Voter(NamedTuple):
    """An item's valid samples, best first for a guided vote."""

    kind: _Kind
    values: NDArray[Any]
    """(K, n) what each adds to each response; the winner of all first, then those labelled best."""


def _voter(item: ItemScores, method: Method, k_meta: int | None, only: Only | None) -> _Voter:
    values: NDArray[Any] = item.scores[item.valid].astype(np.int16)
    if method is not Method.NAIVE:
        logits = item.logits[item.valid]
        if np.isnan(logits).any():
            raise UsageError(no_logit(int(item.indices[item.valid][np.isnan(logits).argmax()])))
        ranked = np.argsort(-logits, kind="stable")
        values = values[ranked]
        if method is Method.GUIDED_WEIGHTED:
            values = values * np.array([quality(logit) for logit in logits[ranked].tolist()])[:, None]
    total, n = values.shape
    keep = _keep(total, method is Method.NAIVE, k_meta)
    voted = total and n > 1 and (only is None or only.value == "win")
    winner = leader(values[: keep[-1]].sum(axis=0).tolist())[0] if voted else None
    labelled = item.labels and n > 1 and len(set(item.labels)) > 1 and (only is None or only.value == "accuracy")
    best = item.best if labelled else ()
    front = [] if winner is None else [winner]
    columns = [*front, *(own for own in best if own != winner)]
    columns += [own for own in range(n) if own not in columns]
    at = None if only is None else only.reads(total, len(item.indices))
    sides = Sides(winner is not None, tuple(sorted(columns.index(own) for own in best)), at)
    return _Voter(_Kind(keep, n, method is Method.GUIDED_WEIGHTED, sides), values[:, columns])


@lru_cache(1024)
def _keep(total: int, everybody: bool, k_meta: int | None) -> tuple[int, ...]:
    """Of how many samples a vote over k = 1..total takes account."""
    counts = range(1, total + 1)
    return tuple(counts if everybody else (min(k, k_meta or max(1, k // 2)) for k in counts))


def _numbers(kind: _Kind, voters: Sequence[_Voter], draws: int, seed: int) -> Numbers:
    if kind.n < 2 or not kind.keep:  # neither margin nor winner: only the points' k remain
        nothing = np.full((len(voters), len(kind.keep)), np.nan)
        return Numbers(nothing, nothing, nothing, nothing, nothing)
    if kind.paired:
        winner, best = (0 if kind.sides.winner else None), (kind.sides.best[0] if kind.sides.best else None)
        pairs = [tallies.paired(voter.values[:, 0] - voter.values[:, 1], kind.keep, winner, best) for voter in voters]
        return Numbers(*(np.concatenate(column) for column in zip(*pairs, strict=True)))
    values = np.stack([voter.values for voter in voters])
    if kind.exact:
        return tallies.enumerated(values, kind.keep, kind.sides)
    return tallies.drawn(values, kind.keep, kind.sides, draws, seed)
