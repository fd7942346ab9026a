"""PPE, correctness (five lmarena-ai/PPE-*-Best-of-K sets, split `train`): accuracy over sampled conflicts.

A conflict is a pair of one right and one wrong response; the headline is the mean of the five sets.

A file's set follows from its name or its folder's.
"""

from collections import Counter
from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored, by_subset, of_parts
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.types import Example

_SETS = {"mmlu": "MMLU-Pro", "gpqa": "GPQA", "mbpp": "MBPP-Plus", "ifeval": "IFEval", "math": "MATH"}
"""Part of a name -> the set; MATH last, the others' names may hold it."""
SETS = ("MMLU-Pro", "MATH", "GPQA", "MBPP-Plus", "IFEval")
HUBS = tuple(Hub(f"lmarena-ai/PPE-{name}-Best-of-K", "train") for name in SETS)


def examples(row: Row) -> list[Example]:
    """A pair for each sampled conflict, in the data's order; ids 'SET/question_id/model_name/i-j', i and j 0-based.

    A conflict that was sampled again counts again, as '...#2'. One whose responses are both right or both wrong has no
    labels.
    """
    subset, query, right, base = set_of(row), row.query("prompt"), row.sequence("scores"), base_of(row)
    source = row.value.get("model_name") or "ppe-correctness"
    seen: Counter[str] = Counter()
    made = []
    for conflict in row.sequence("sampled_conflict_pairs"):
        i, j = _places(row, conflict, right)
        name = f"{base}/{i}-{j}"
        seen[name] += 1
        name += f"#{seen[name]}" if seen[name] > 1 else ""
        responses = (row.text(f"response_{i + 1}"), row.text(f"response_{j + 1}"))
        labels = None if right[i] == right[j] else (float(right[i]), float(right[j]))
        made.append(Example(name, query, responses, labels, source=source, subset=subset))
    return made


def base_of(row: Row) -> str:
    """The beginning of the ids of a record's items: SET/question_id/model_name."""
    model = row.text("model_name") if row.value.get("model_name") is not None else None
    return "/".join(filter(None, (set_of(row), row.name("question_id"), model)))


def set_of(row: Row) -> str:
    """The set that a record is of, by its file's name or its folder's."""
    for part in row.parts():
        for word, name in _SETS.items():
            if word in part.lower():
                return name
    row.fail(f"name the file or its folder after the set it holds: {', '.join(SETS)}")


def _places(row: Row, conflict: object, right: Sequence[object]) -> tuple[int, int]:
    last = len(right) - 1
    if not isinstance(conflict, list) or len(conflict) != 2 or conflict[0] == conflict[1]:
        row.fail('"sampled_conflict_pairs" must hold pairs of different places')
    for place in conflict:
        if type(place) is not int or not 0 <= place <= last:
            row.fail(f'"sampled_conflict_pairs" names place {place!r}; there are 0..{last}')
        if right[place] not in (0, 1):
            row.fail('"scores" must hold true and false')
    return conflict[0], conflict[1]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy per set, and their plain mean."""
    lines = by_subset(items, policy)
    return of_parts(lines, SETS, lines)


BENCHMARK = Benchmark(
    "ppe-correctness",
    examples,
    measure,
    "mean of five sets' accuracy over sampled conflict pairs",
    HUBS,
)
