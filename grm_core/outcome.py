"""Is a score vector right for these labels? The one notion that benchmarks, training and meta-RM labels share.

Training counts a tie as wrong (`correct`: strict >, arXiv 2504.02495, Eq. 10); evaluation names what becomes of a tie
(`credit`) and of a judgment that could not be read (`settle`), because published harnesses differ in both.
"""

import random
from collections.abc import Sequence
from enum import StrEnum

from grm_core.errors import UsageError

TIE = 1e-9
"""Weighted totals are floats: two that differ by less are a tie."""


class Tie(StrEnum):
    """Worth of a tie for the highest score."""

    STRICT = "strict"
    """Nothing: the best response has to be strictly ahead, as scalar reward models are judged."""
    RANDOM = "random"
    """All of it to one of the leaders, drawn with a recorded seed, as in the paper's evaluation."""
    HALF = "half"
    """1/t to each of t leaders: half for two."""


class Invalid(StrEnum):
    """Worth of a judgment of which nothing could be read."""

    WRONG = "wrong"
    HALF = "half"
    """The chance of a coin: 1/2 for a pair, 1/n for a list of n."""
    SKIP = "skip"
    """It leaves the denominator."""


def best_labels(labels: Sequence[float]) -> tuple[int, ...]:
    """Own indices of the highest label; more than one where the data have no unique best."""
    top = max(labels)
    return tuple(i for i, label in enumerate(labels) if label == top)


def has_preference(labels: Sequence[float] | None) -> bool:
    """Whether the labels prefer one response to another."""
    return labels is not None and len(set(labels)) > 1


def correct(scores: Sequence[float] | None, labels: Sequence[float]) -> bool:
    """Whether the best response got strictly the highest score (Eq. 10); one response: whether S_1 = r_1.

    Scores that could not be read (None) and ties are wrong, as in the paper's rule-based reward (Eq. 11).
    Both are in own order. Raises UsageError when the lengths differ or two or more labels have no unique maximum.
    """
    _check(scores, labels)
    if scores is None:
        return False
    if len(labels) == 1:
        return scores[0] == labels[0]
    best = best_labels(labels)
    if len(best) != 1:
        raise UsageError(f"labels {list(labels)} have no unique best response")
    return all(scores[best[0]] > score for i, score in enumerate(scores) if i != best[0])


def credit(
    totals: Sequence[float] | None, labels: Sequence[float], ties: str = Tie.HALF, rng: random.Random | None = None
) -> float | None:
    """The share 0..1 of a vote that goes to a labelled best response; None when there is no vote.

    A tie of t responses gives each 1/t (`half`), nothing (`strict`) or all to one drawn with `rng` (`random`).
    Totals and labels are in own order. Raises UsageError for unequal lengths or an unknown way with ties.
    """
    _check(totals, labels)
    if totals is None:
        return None
    top = max(totals)
    leaders = [i for i, total in enumerate(totals) if total > top - TIE]
    best = set(best_labels(labels))
    if len(leaders) == 1 or ties == Tie.HALF:
        return len(best.intersection(leaders)) / len(leaders)
    if ties == Tie.STRICT:
        return 0.0
    if ties == Tie.RANDOM and rng is not None:
        return float(rng.choice(leaders) in best)
    raise UsageError(f"ties are broken by one of {', '.join(Tie)} (random needs a generator); got {ties!r}")


def settle(credit: float | None, n: int, invalid: str = Invalid.WRONG) -> float | None:
    """A credit after the policy for judgments that could not be read (None); `n` responses were judged.

    None = it does not count. Raises UsageError for an unknown policy.
    """
    if invalid not in tuple(Invalid):
        raise UsageError(f"an unreadable judgment counts as one of {', '.join(Invalid)}; got {invalid!r}")
    if credit is not None or invalid == Invalid.SKIP:
        return credit
    return 0.0 if invalid == Invalid.WRONG else 1 / n


def _check(values: Sequence[float] | None, labels: Sequence[float]) -> None:
    if not labels or (values is not None and len(values) != len(labels)):
        raise UsageError(f"{0 if values is None else len(values)} scores for {len(labels)} labels")
