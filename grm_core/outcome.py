"""Is a score vector right for these labels? The one notion that benchmarks, training and meta-RM labels share.

Training counts a tie as wrong (`correct`: strict >, arXiv 2504.02495, Eq. 10); evaluation may share it or break it at
random with a recorded seed (`credit`).
"""

import random
from collections.abc import Sequence

from grm_core.errors import UsageError

TIES = ("share", "wrong", "random")


def best_labels(labels: Sequence[float]) -> tuple[int, ...]:
    """Own indices of the highest label; more than one where the data have no unique best."""
    top = max(labels)
    return tuple(i for i, label in enumerate(labels) if label == top)


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
    totals: Sequence[float] | None, labels: Sequence[float], ties: str = "share", rng: random.Random | None = None
) -> float | None:
    """The share 0..1 of a vote that goes to a labelled best response; None when there is no vote.

    A tie of t responses gives each 1/t (`share`), nothing (`wrong`) or all to one drawn with `rng` (`random`).
    Totals and labels are in own order. Raises UsageError for unequal lengths or an unknown way with ties.
    """
    _check(totals, labels)
    if totals is None:
        return None
    top = max(totals)
    leaders = [i for i, total in enumerate(totals) if total == top]
    best = set(best_labels(labels))
    if len(leaders) == 1 or ties == "share":
        return len(best.intersection(leaders)) / len(leaders)
    if ties == "wrong":
        return 0.0
    if ties == "random" and rng is not None:
        return float(rng.choice(leaders) in best)
    raise UsageError(f"ties are broken by one of {', '.join(TIES)} (random needs a generator); got {ties!r}")


def _check(values: Sequence[float] | None, labels: Sequence[float]) -> None:
    if not labels or (values is not None and len(values) != len(labels)):
        raise UsageError(f"{0 if values is None else len(values)} scores for {len(labels)} labels")
