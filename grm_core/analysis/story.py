"""What one session tells when its samples are added up one by one, as the Demo shows it."""

from collections.abc import Sequence

from grm_core import outcome
from grm_core.types import Sample, Verdict

Reason = tuple[int, int]
"""Place of a sample among the samples, and the response (own index) that its critique speaks for."""


def best_of(labels: Sequence[float] | None) -> int | None:
    """The one response that is labelled best; None without labels or where several are."""
    best = outcome.best_labels(labels) if labels is not None and len(labels) > 1 else ()
    return best[0] if len(best) == 1 else None


def margins(votes: Sequence[Verdict], best: int) -> list[tuple[int, float]]:
    """(k, margin per sample of the labelled best) for each vote that has one: below 0 where another leads."""
    points = []
    for k, verdict in enumerate(votes, 1):
        if verdict.totals is not None and len(verdict.totals) > 1:
            others = [total for own, total in enumerate(verdict.totals) if own != best]
            points.append((k, (verdict.totals[best] - max(others)) / len(verdict.voted)))
    return points


def reasons(samples: Sequence[Sample], votes: Sequence[Verdict], best: int | None) -> list[Reason]:
    """The two samples to read: those that turned the vote, or, where it stays wrong, one for it and one against it.

    A vote that ends right after it was wrong: the sample that made its last wrong leader, and the one that made the
    labelled best lead for good. A vote that stays wrong: the sample that prefers its winner most to the labelled best,
    and the one that prefers the labelled best most. Empty for a vote that was never wrong.
    """
    winners = [verdict.winner for verdict in votes]
    wrong = [i for i, winner in enumerate(winners) if winner not in (None, best)]
    if best is None or not wrong:
        return []
    last = winners[-1]
    if last == best:
        leader, first = winners[wrong[-1]], wrong[-1]
        while first and winners[first - 1] == leader:
            first -= 1
        assert leader is not None
        right = next(i for i in range(wrong[-1], len(winners)) if winners[i] == best)
        return [(first, leader), (right, best)]
    return [] if last is None else _extremes(samples, last, best)


def _extremes(samples: Sequence[Sample], winner: int, best: int) -> list[Reason]:
    """The samples that prefer the winner, and the labelled best, most to the other; the first where several do."""
    gaps = [(scores[winner] - scores[best], i) for i, s in enumerate(samples) if (scores := s.scores) is not None]
    most, least = max(gaps, key=lambda each: each[0]), min(gaps, key=lambda each: each[0])
    against = [(least[1], winner)] if least[0] < 0 else []
    return [(most[1], winner), *against]


def prefers(samples: Sequence[Sample], one: int, other: int) -> int:
    """How many samples score one response above another."""
    return sum(s.scores[one] > s.scores[other] for s in samples if s.scores is not None)
