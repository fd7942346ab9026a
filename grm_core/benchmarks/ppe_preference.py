"""PPE, human preference (lmarena-ai/PPE-Human-Preference-V1, split `test`): accuracy on 16,038 votes of people.

A vote without a winner has no labels and does not count.
"""

from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, accuracy, by_subset
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.types import Example

_WINNERS: dict[str, tuple[float, float] | None] = {
    "model_a": (1.0, 0.0), "model_b": (0.0, 1.0), "tie": None, "tie (bothbad)": None,
}  # fmt: skip


def examples(row: Row) -> list[Example]:
    """A pair in the data's order; its id is the question's, its subset the language."""
    labels = _WINNERS[row.one_of("winner", tuple(_WINNERS))]
    responses = (row.text("response_1"), row.text("response_2"))
    subset = row.text("language") if "language" in row.value else None
    name = row.name("question_id")
    return [Example(name, row.query("prompt"), responses, labels, source="ppe-preference", subset=subset)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy over all votes, and by language."""
    overall = accuracy(items, policy, "overall", "all")
    lines: list[Line] = by_subset(items, policy)
    return Result(overall.value, (*lines, overall))


BENCHMARK = Benchmark(
    "ppe-preference",
    examples,
    measure,
    "accuracy over votes that have a winner",
    (Hub("lmarena-ai/PPE-Human-Preference-V1", "test"),),
)
