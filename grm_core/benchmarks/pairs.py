"""Pairs: our own, `id, source, prompt, a, b, gold ("a" | "b")`, or preference pairs in any form that `score` reads."""

from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored, accuracy, by_subset
from grm_core.benchmarks.official_files import Row
from grm_core.errors import UsageError
from grm_core.formats.foreign import contents, forms
from grm_core.training.pairs import turns
from grm_core.types import Example

RIGHT = '{"id": "1", "source": "own", "prompt": "What is 2+2?", "a": "4", "b": "5", "gold": "a"}'


def examples(row: Row) -> list[Example]:
    """A pair in the data's order; its subset is its source. A prompt 'user: ... assistant: ...' becomes its turns.

    A pair in another form without an id is called by its number, `pair-1`; one without a winner has no label.
    """
    if not {"a", "b", "gold"} & row.value.keys():
        return [_foreign(row)]
    labels = (1.0, 0.0) if row.one_of("gold", ("a", "b")) == "a" else (0.0, 1.0)
    responses = (row.text("a"), row.text("b"))
    source = row.text("source")
    return [Example(row.name("id"), turns(row.text("prompt")), responses, labels, source="pairs", subset=source)]


def _foreign(row: Row) -> Example:
    value = contents.record_of(row.value) if row.is_table else row.value
    try:
        _, example = forms.example_of(value, f"pair-{row.number + 1}")
    except UsageError as error:
        row.fail(f"{error}; a line that would be right: {RIGHT}")
    if len(example.responses) != 2:
        row.fail(f"{len(example.responses)} responses given; a pair has 2")
    return example


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy over all pairs, and by source."""
    overall = accuracy(items, policy, "overall", "all")
    return Result(overall.value, (*by_subset(items, policy), overall))


BENCHMARK = Benchmark("pairs", examples, measure, "accuracy")
