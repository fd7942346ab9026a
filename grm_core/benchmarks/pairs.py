"""Our own pairs: one JSON object a line with `id, source, prompt, a, b, gold ("a" | "b")`, plain or gzipped."""

from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored, accuracy, by_subset
from grm_core.benchmarks.official_files import Row
from grm_core.training.pairs import turns
from grm_core.types import Example


def examples(row: Row) -> list[Example]:
    """A pair in the data's order; its subset is its source. A prompt 'user: ... assistant: ...' becomes its turns."""
    labels = (1.0, 0.0) if row.one_of("gold", ("a", "b")) == "a" else (0.0, 1.0)
    responses = (row.text("a"), row.text("b"))
    source = row.text("source")
    return [Example(row.name("id"), turns(row.text("prompt")), responses, labels, source="pairs", subset=source)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy over all pairs, and by source."""
    overall = accuracy(items, policy, "overall", "all")
    return Result(overall.value, (*by_subset(items, policy), overall))


BENCHMARK = Benchmark("pairs", examples, measure, "accuracy")
