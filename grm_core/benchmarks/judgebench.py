"""JudgeBench (ScalerLab/JudgeBench, splits `gpt` 350 and `claude` 270): two games a pair, the second one swapped.

A game that names the right response gives +1, the wrong one -1, a tie or an unreadable game 0; a pair is right when
the sum is above 0.
"""

from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, grouped, mean
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example

SOURCES = ("mmlu-pro", "livebench-reasoning", "livebench-math", "livecodebench")


def examples(row: Row) -> list[Example]:
    """A pair in the data's order; its id is `pair_id`, its subset the family of its source, its source the model."""
    first = row.one_of("label", ("A>B", "B>A")) == "A>B"
    labels = (1.0, 0.0) if first else (0.0, 1.0)
    source = row.text("source")
    family = next((name for name in SOURCES if source.startswith(name)), source)
    responses = (row.text("response_A"), row.text("response_B"))
    model = row.text("response_model") if row.value.get("response_model") is not None else None
    return [Example(row.name("pair_id"), row.query("question"), responses, labels, source=model, subset=family)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy overall, by family of sources, and by the model that wrote the responses where there are several."""
    families = grouped(items, lambda item: item.example.subset or "")
    table = [_accuracy(mine, policy, "subset", name) for name, mine in families.items()]
    models = grouped(items, lambda item: item.example.source or "(none)")
    if len(models) > 1:
        table += [_accuracy(mine, policy, "responses of", name) for name, mine in models.items()]
    overall = _accuracy(items, policy, "overall", "all")
    return Result(overall.value, (*table, overall))


def _accuracy(items: Sequence[Scored], policy: Policy, kind: str, name: str) -> Line:
    credits = [credit for credit in (right(item, policy) for item in items) if credit is not None]
    return Line(kind, name, "two-game accuracy", len(credits), mean(credits))


def right(item: Scored, policy: Policy) -> float | None:
    """1 when the two games sum to more than 0, else 0; None when a game is skipped.

    A game's points are 2 x credit - 1, so `half` gives the official 0 to ties and unreadable games, `strict` and
    `wrong` count them as lost.
    """
    points = 0.0
    for number, game in enumerate(item.games):
        credit = policy.credit(f"{item.example.id}/{number}", None if game is None else game.totals, item.labels)
        if credit is None:
            return None
        points += 2 * credit - 1
    return float(points > 0)


BENCHMARK = Benchmark(
    "judgebench",
    examples,
    measure,
    "share of pairs whose two games sum to more than 0",
    (Hub("ScalerLab/JudgeBench"),),
    tie=Tie.HALF,
    invalid=Invalid.HALF,
    both_orders=True,
)
