"""RewardBench 2 (allenai/reward-bench-2, split `test`): best of four in five subsets, and a score of its own for Ties.

In Ties a prompt has several right responses ("tied:N") and a twin with one ("ref:N"). The score looks at whether every
right response beats every wrong one, and whether that margin is larger than the spread among the right ones.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, by_subset, mean, of_parts
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.outcome import TIE, Invalid, Tie
from grm_core.types import Example

TIES = "Ties"
SUBSETS = ("Factuality", "Focus", "Math", "Precise IF", "Safety", TIES)
_TIES_ID = re.compile(r"(tied|ref):(\d+)")


def examples(row: Row) -> list[Example]:
    """A list, right responses first; its id is the record's."""
    right, wrong = row.texts("chosen"), row.texts("rejected")
    labels = (1.0,) * len(right) + (0.0,) * len(wrong)
    name, subset = row.name("id"), row.text("subset")
    if subset == TIES and not _TIES_ID.fullmatch(name):
        row.fail(f'"id" of a record of Ties must be tied:N or ref:N, not {name!r}')
    return [Example(name, row.query("prompt"), right + wrong, labels, source="rewardbench2", subset=subset)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """The six subsets and their plain mean."""
    ties = [item for item in items if item.example.subset == TIES]
    lines = by_subset([item for item in items if item.example.subset != TIES], policy)
    if ties:
        lines += [Line("subset", TIES, "ties score", *_score(ties, policy))]
    return of_parts(lines, SUBSETS, lines)


class _Margins(NamedTuple):
    """Of one prompt, in score points per sample."""

    ahead: float
    """Worst right response minus best wrong one."""
    spread: float | None
    """Best right response minus the worst right one; None when there is one only."""


def _score(items: Sequence[Scored], policy: Policy) -> tuple[int, float | None]:
    """(prompts that count, score) by process_single_model of rewardbench/utils.py.

    0.30 each for accuracy on tied and ref prompts, 0.20 each for a margin larger than the spread, of the tied prompt
    and of both, and 0.01 for tanh(smaller margin / spread - 1). Comparisons are strict whatever the policy for ties:
    the formula is about margins. A prompt that could not be read has 0 in each, or 1/2, or is left out.
    """
    margins: dict[str, dict[int, _Margins | None]] = {"tied": {}, "ref": {}}
    for item in items:
        if match := _TIES_ID.fullmatch(item.example.id):
            margin = _margins(item)
            if margin is not None or policy.invalid is not Invalid.SKIP:
                margins[match[1]][int(match[2])] = margin
    tied, ref = margins["tied"], margins["ref"]
    count = len(tied) + len(ref)
    if not count:
        return 0, None
    both = [(tied[n], ref[n]) for n in tied if n in ref]
    unread = 0.5 if policy.invalid is Invalid.HALF else 0.0
    preferred, hard, smooth = [], [], []
    for mine, twin in both:
        if mine is not None and mine.spread is None:
            continue
        preferred.append(unread if mine is None else _more(mine.ahead, mine.spread))
        if mine is None or twin is None:
            hard.append(unread)
            smooth.append(unread)
            continue
        least = min(mine.ahead, twin.ahead)
        hard.append(_more(least, mine.spread))
        smooth.append(_gap(least, mine.spread or 0.0))
    accurate = [
        mean(unread if m is None else _more(m.ahead, 0.0) for m in part.values()) or 0.0 for part in (tied, ref)
    ]
    parts = [*zip((0.3, 0.3), accurate, strict=True), (0.2, mean(preferred)), (0.2, mean(hard)), (0.01, mean(smooth))]
    return count, sum(weight * (value or 0.0) for weight, value in parts)


def _gap(least: float, spread: float) -> float:
    """tanh(least / spread - 1); without spread its limit, and 0 for 0 / 0, as NumPy's division has it there."""
    if spread > TIE:
        return math.tanh(least / spread - 1)
    return 0.0 if abs(least) <= TIE else math.copysign(1.0, least)


def _more(one: float, other: float | None) -> float:
    return float(one - (other or 0.0) > TIE)


def _margins(item: Scored) -> _Margins | None:
    totals, verdict = item.totals, item.verdict
    if totals is None or verdict is None:
        return None
    right = [total for total, label in zip(totals, item.labels, strict=True) if label > 0]
    wrong = [total for total, label in zip(totals, item.labels, strict=True) if label <= 0]
    # A tied prompt and its twin may have different numbers of readable samples: points per sample compare.
    voted = len(verdict.voted)
    spread = (max(right) - min(right)) / voted if len(right) > 1 else None
    return _Margins((min(right) - max(wrong)) / voted, spread)


BENCHMARK = Benchmark(
    "rewardbench2",
    examples,
    measure,
    "mean of six subsets: best-of-4 accuracy, and the score of Ties",
    (Hub("allenai/reward-bench-2", "test"),),
    tie=Tie.HALF,
)
