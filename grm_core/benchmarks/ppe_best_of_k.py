"""PPE, correctness, by its other two metrics: the best-of-K curve and ROC-AUC over all responses of a prompt.

Each response is judged alone and is an item of its own. For a prompt, best-of-K is the chance that the response with
the highest score among K random ones is right: exact over all subsets, not drawn. How the official code draws its
subsets could not be checked; a mean over random subsets has this as its expectation.
"""

from collections.abc import Sequence
from math import comb, inf

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, grouped, mean, of_parts
from grm_core.benchmarks.official_files import Row
from grm_core.benchmarks.ppe_correctness import HUBS, SETS, base_of, set_of
from grm_core.benchmarks.realmistake import auc, score
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example

KS = (1, 2, 4, 8, 16, 32)


def examples(row: Row) -> list[Example]:
    """An item for each response: id 'SET/question_id/model_name/i', i 0-based; label 1 = right."""
    subset, query, right = set_of(row), row.query("prompt"), row.sequence("scores")
    if any(each not in (0, 1) for each in right):
        row.fail('"scores" must hold true and false')
    base = base_of(row)
    return [
        Example(
            f"{base}/{i}",
            query,
            (row.text(f"response_{i + 1}"),),
            (float(each),),
            source="ppe-best-of-k",
            subset=subset,
        )
        for i, each in enumerate(right)
    ]


def best_of(scores: Sequence[float], right: Sequence[float], k: int, strict: bool = False) -> float:
    """Chance 0..1 that the highest of k of these n >= k responses, drawn without replacement, is a right one.

    Equal leaders share; with `strict` a tie for the highest score is wrong.
    """
    n, expected = len(scores), 0.0
    for top in set(scores):
        below = sum(each < top for each in scores)
        mine = [value for each, value in zip(scores, right, strict=True) if each == top]
        # With the highest score in hand, each that has it is as likely to be picked as any other.
        ways = len(mine) * comb(below, k - 1) if strict else comb(below + len(mine), k) - comb(below, k)
        expected += ways / comb(n, k) * sum(mine) / len(mine)
    return expected


def curve(items: Sequence[Scored], policy: Policy, name: str) -> list[Line]:
    """Best-of-K of one set for each K, mean over the prompts that have so many responses, then with all of each."""
    prompts = [_pairs(mine, policy.invalid) for mine in _by_prompt(items)]
    prompts = [mine for mine in prompts if mine]

    def chance(mine: Sequence[tuple[float, float]], k: int) -> float:
        return best_of([s for s, _ in mine], [r for _, r in mine], k, policy.tie is Tie.STRICT)

    lines = []
    for k in KS:
        chances = [chance(mine, k) for mine in prompts if len(mine) >= k]
        lines.append(Line("set", name, f"best of {k}", len(chances), mean(chances)))
    ends = [chance(mine, len(mine)) for mine in prompts]
    return [*(each for each in lines if each.items), Line("set", name, "best of all", len(ends), mean(ends))]


def _by_prompt(items: Sequence[Scored]) -> list[list[Scored]]:
    return list(grouped(items, lambda item: item.example.id.rsplit("/", 1)[0]).values())


def _pairs(items: Sequence[Scored], invalid: Invalid) -> list[tuple[float, float]]:
    """(mean score, worth) of each response, worth being its label.

    An unreadable one is the worst and worth nothing (`wrong`) or left out (`half`, `skip`). A prompt of which nothing
    could be read is empty then, except under `half`: all its responses have the same score.
    """
    pairs = [(score(item), item.labels[0]) for item in items]
    if invalid is Invalid.WRONG:
        return [(-inf, 0.0) if value is None else (value, label) for value, label in pairs]
    scored = [(value, label) for value, label in pairs if value is not None]
    return [(0.0, label) for _, label in pairs] if invalid is Invalid.HALF and not scored else scored


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Per set the curve, what a perfect judge would reach, and ROC-AUC; the headline is over all responses."""
    table, ends = [], []
    for name, mine in grouped(items, lambda item: item.example.subset or "").items():
        lines, prompts = curve(mine, policy, name), _by_prompt(mine)
        reachable = mean(max(item.labels[0] for item in prompt) for prompt in prompts)
        table += [*lines, Line("set", name, "any right", len(prompts), reachable), auc(mine, policy, "set", name)]
        ends.append(lines[-1])
    return of_parts(ends, SETS, table, "best of all")


BENCHMARK = Benchmark(
    "ppe-best-of-k",
    examples,
    measure,
    "mean of five sets' share of prompts whose highest-scored response of all is right",
    HUBS,
    tie=Tie.HALF,
)
