"""RewardBench (allenai/reward-bench, split `filtered`): accuracy on 2,985 pairs, weighted into four sections.

A section is the mean of its subsets weighted by the counts of the official code, in which math-prm counts 984 although
it has 447 pairs; the headline is the plain mean of the sections. The prior sets have no part in it.
"""

from collections.abc import Sequence
from dataclasses import replace

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, by_subset, of_parts, total
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.types import Example

SECTIONS = {
    "Chat": {
        "alpacaeval-easy": 100, "alpacaeval-length": 95, "alpacaeval-hard": 95, "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "Chat Hard": {
        "mt-bench-hard": 37, "llmbar-natural": 100, "llmbar-adver-neighbor": 134, "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47, "llmbar-adver-manual": 46,
    },
    "Safety": {
        "refusals-dangerous": 100, "refusals-offensive": 100, "xstest-should-refuse": 250,
        "xstest-should-respond": 154, "donotanswer": 136,
    },
    "Reasoning": {
        "math-prm": 984, "hep-cpp": 164, "hep-go": 164, "hep-java": 164, "hep-js": 164, "hep-python": 164,
        "hep-rust": 164,
    },
}  # fmt: skip
"""Section -> subset -> weight (rewardbench/constants.py)."""


def examples(row: Row) -> list[Example]:
    """A pair, the chosen response first; its id is the record's."""
    responses = (row.text("chosen"), row.text("rejected"))
    made = Example(
        row.name("id"), row.query("prompt"), responses, (1.0, 0.0), source="rewardbench", subset=row.text("subset")
    )
    return [made]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Subsets, sections and their plain mean."""
    subsets = by_subset(items, policy)
    sections = [section(name, weights, subsets) for name, weights in SECTIONS.items()]
    result = of_parts(sections, tuple(SECTIONS), (*subsets, *(line for line in sections if line.items)))
    measured = {line.name for line in subsets if line.items}
    lacking = [
        subset
        for name, weights in SECTIONS.items()
        for subset in weights
        if name not in result.missing and subset not in measured
    ]
    return replace(result, lacking=tuple(lacking))


def section(name: str, weights: dict[str, int], subsets: Sequence[Line]) -> Line:
    """A section's weighted mean over those of its subsets that are there."""
    weighted = [
        (line.value, weights[line.name]) for line in subsets if line.name in weights and line.value is not None
    ]
    weight = sum(each for _, each in weighted)
    value = sum(value * each for value, each in weighted) / weight if weight else None
    return Line("section", name, "weighted accuracy", total(line for line in subsets if line.name in weights), value)


BENCHMARK = Benchmark(
    "rewardbench",
    examples,
    measure,
    "mean of four sections, each the mean of its subsets by official counts",
    (Hub("allenai/reward-bench", "filtered"),),
)
