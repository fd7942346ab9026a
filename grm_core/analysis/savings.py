"""What adaptive k would have saved on samples that are all there, and how often it would have changed a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from grm_core.analysis import settling
from grm_core.analysis.looks import Rule
from grm_core.types import Sample
from grm_core.voting import vote


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the rule ends one item, and what the vote says there and with all samples."""

    item_id: str
    k: int
    full: int
    winner: int | None
    full_winner: int | None

    @property
    def flipped(self) -> bool:
        """Whether more samples would have changed the verdict."""
        return self.winner != self.full_winner


@dataclass(frozen=True, slots=True)
class Savings:
    """Many items together."""

    items: int
    drawn: int
    full: int
    flips: int
    low: float | None
    """Of the share of flips, 95% interval (Clopper-Pearson); None without items."""
    high: float | None

    @property
    def flip_rate(self) -> float | None:
        """Flips per item; None without items."""
        return self.flips / self.items if self.items else None

    @property
    def saved(self) -> float | None:
        """Share of the samples that need not have been drawn; None without samples."""
        return 1 - self.drawn / self.full if self.full else None


def stop_of(item_id: str, samples: Sequence[Sample], rule: Rule) -> Stop:
    """Where the rule ends an item whose samples (the first rule.most by index) are all there."""
    first = sorted(samples, key=lambda sample: sample.index)[: rule.most]
    k = settling.stop(rule, first)
    return Stop(item_id, k, len(first), vote(first[:k], rule.method).winner, vote(first, rule.method).winner)


def savings(stops: Sequence[Stop]) -> Savings:
    """The sum of the items."""
    flips = sum(stop.flipped for stop in stops)
    interval = binomtest(flips, len(stops)).proportion_ci() if stops else None
    return Savings(
        len(stops),
        sum(stop.k for stop in stops),
        sum(stop.full for stop in stops),
        flips,
        None if interval is None else float(interval.low),
        None if interval is None else float(interval.high),
    )
