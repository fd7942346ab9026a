"""Which sessions an annotator should look at, and why: named rules, each with an order of its own.

Pure: sessions with their samples in, ordered items out. The same sessions, rules and seed give the same queue.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grm_core import outcome
from grm_core.analysis import audit
from grm_core.errors import UsageError
from grm_core.types import Example, Method, Sample, Verdict
from grm_core.voting import vote

SMALL_MARGIN = 0.5
"""Per sample voted: below it a verdict counts as close."""
SPLIT = 2 / 3
"""Share of valid samples that put the winner first: below it they count as split."""
_GRAVE = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Case:
    """A session as the rules see it."""

    session_id: str
    example: Example
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One session of a queue."""

    session_id: str
    reason: str
    """The rule that put it there, and what it saw."""
    need: int
    """Annotators who have to look at it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything that the rules look at, computed once per session."""

    case: Case
    naive: Verdict
    guided: Verdict | None


def against_label(seen: _Seen) -> tuple[float, str] | None:
    """The naive verdict is not what the labels say; the wider its margin, the earlier it comes."""
    labels, winner = seen.case.example.labels, seen.naive.winner
    if labels is None or len(labels) < 2 or winner is None or winner in outcome.best_labels(labels):
        return None
    margin = seen.naive.margin_mean or 0.0
    return -margin, f"the vote differs from the label by {margin:.2f} a sample"


def flip(seen: _Seen) -> tuple[float, str] | None:
    """Naive and guided voting name different winners."""
    if seen.guided is None or seen.guided.winner == seen.naive.winner:
        return None
    return 0.0, "naive and guided voting differ"


def tie(seen: _Seen) -> tuple[float, str] | None:
    """The naive vote has no winner."""
    tied = seen.naive.winner is None and seen.naive.margin is not None
    return (0.0, "the vote is a tie") if tied else None


def small_margin(seen: _Seen) -> tuple[float, str] | None:
    """The naive margin per sample is small; the smallest first."""
    margin = seen.naive.margin_mean
    if margin is None or seen.naive.winner is None or margin >= SMALL_MARGIN:
        return None
    return margin, f"won by {margin:.2f} a sample"


def split(seen: _Seen) -> tuple[float, str] | None:
    """Fewer than two thirds of the valid samples put the winner first."""
    winner = seen.naive.winner
    scores = [sample.scores for sample in seen.case.samples if sample.scores is not None]
    if winner is None or len(seen.case.example.responses) < 2:
        return None
    share = sum(each[winner] == max(each) and each.count(max(each)) == 1 for each in scores) / len(scores)
    return (share, f"{share:.0%} of the samples put the winner first") if share < SPLIT else None


def findings(seen: _Seen) -> tuple[float, str] | None:
    """The audit has something to say; the more, the earlier."""
    grave = [each for each in audit.find(seen.case.example, seen.case.samples) if each.severity in _GRAVE]
    kinds = list(dict.fromkeys(each.kind for each in grave))
    return (-len(grave), f"findings: {', '.join(kinds)}") if grave else None


def quote_not_found(seen: _Seen) -> tuple[float, str] | None:
    """A critique quotes what no response holds."""
    missing = [each for each in audit.find(seen.case.example, seen.case.samples) if each.kind == "quote not found"]
    touched = sum(len(each.sample_ids) for each in missing)
    return (-touched, f"{touched} samples quote what nobody wrote") if missing else None


RULES: dict[str, Callable[[_Seen], tuple[float, str] | None]] = {
    "verdict against label": against_label,
    "naive/guided flip": flip,
    "tie": tie,
    "small margin": small_margin,
    "split samples": split,
    "findings": findings,
    "quote not found": quote_not_found,
}
CONTROL = "random control"


def build(
    cases: Sequence[Case], rules: Sequence[str], overlap: float = 0.2, control: float = 0.1, seed: int = 0
) -> list[Item]:
    """The queue: rules in the order given, each with its own order; every session once, under its first rule.

    `control` of as many sessions again are drawn from those that no rule chose, and mixed in. `overlap` 0..1 is the
    share that two annotators look at. Raises UsageError for an unknown rule or shares outside 0..1.
    """
    if unknown := [rule for rule in rules if rule not in RULES]:
        raise UsageError(f"there is no rule {unknown[0]!r}; there are {', '.join(RULES)}")
    if not (0 <= overlap <= 1 and 0 <= control <= 1):
        raise UsageError("overlap and control are shares from 0 to 1")
    seen = [_seen(case) for case in cases]
    chosen: dict[str, str] = {}
    for rule in rules:
        ranked = [(rule_says, one.case.session_id) for one in seen if (rule_says := RULES[rule](one)) is not None]
        for (_, why), name in sorted(ranked, key=lambda each: each[0][0]):
            chosen.setdefault(name, f"{rule}: {why}")
    rng = random.Random(seed)
    left = [one.case.session_id for one in seen if one.case.session_id not in chosen]
    count = len(left) if not rules else min(len(left), round(control * max(1, len(chosen))))
    items = list(chosen.items())
    for name in rng.sample(left, count):
        items.insert(rng.randint(0, len(items)), (name, CONTROL))
    twice = set(rng.sample(range(len(items)), round(overlap * len(items))))
    return [Item(name, why, 2 if place in twice else 1) for place, (name, why) in enumerate(items)]


def _seen(case: Case) -> _Seen:
    try:
        guided = vote(case.samples, Method.GUIDED)
    except UsageError:  # no meta RM has read it
        guided = None
    return _Seen(case, vote(case.samples), guided)
