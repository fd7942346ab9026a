"""LLMBar (princeton-nlp/LLMBar): 419 pairs of which one follows the instruction; judged in both orders.

The headline is the accuracy averaged over the two orders. Beside it stand positional agreement (how often both orders
name the same response) and Cohen's kappa, against the labels and between the orders; the same figures can be had from
the judge outputs that come with the data.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grm_core.analysis.agreement import kappa
from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, grouped, mean
from grm_core.benchmarks.official_files import Hub, Row, read
from grm_core.outcome import Tie
from grm_core.types import Example

ADVERSARIAL = ("Neighbor", "GPTInst", "GPTOut", "Manual")
SUBSETS = ("Natural", *ADVERSARIAL)


@dataclass(frozen=True, slots=True)
class Decision:
    """A judge's decision on one pair."""

    label: int
    """1 or 2: the better response."""
    winners: tuple[int | None, int | None]
    """In the data's order, and swapped; the numbers are the data's in both. None = no winner."""
    credits: tuple[float, float]
    """Worth of each decision, 0..1."""


def examples(row: Row) -> list[Example]:
    """A pair in the data's order; its id is folder and 0-based place: 'Natural/0', 'Adversarial/Neighbor/12'."""
    responses = (row.text("output_1"), row.text("output_2"))
    labels = (1.0, 0.0) if row.one_of("label", ("1", "2")) == "1" else (0.0, 1.0)
    name = subset(row)
    folder = f"Adversarial/{name}" if name in ADVERSARIAL else name
    made = Example(f"{folder}/{row.number}", row.query("input"), responses, labels, source="llmbar", subset=name)
    return [made]


def subset(row: Row) -> str:
    """The subset that a file's folder (or split on the hub) names; 'LLMBar' when it names none."""
    for part in row.parts():
        for name in SUBSETS:
            if part.lower().removeprefix("adversarial_").split(".")[0] == name.lower():
                return name
    return "LLMBar"


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Accuracy, agreement and kappa per subset, over the adversarial ones, over all, and the mean of subsets."""
    decided = [(item.example.subset or "", decision(item, policy)) for item in items]
    return summary([(name, made) for name, made in decided if made is not None])


def decision(item: Scored, policy: Policy) -> Decision | None:
    """The two games of a pair; None when one is skipped. A tie that is drawn has the winner that was drawn."""
    winners: list[int | None] = []
    credits: list[float] = []
    label = 1 if item.labels[0] > item.labels[1] else 2
    for number, game in enumerate(item.games):
        totals = None if game is None else game.totals
        credit = policy.credit(f"{item.example.id}/{number}", totals, item.labels)
        if credit is None:
            return None
        named = None if game is None or game.winner is None else game.winner + 1
        if named is None and totals is not None and policy.tie is Tie.RANDOM:
            named = label if credit == 1 else 3 - label
        winners.append(named)
        credits.append(credit)
    return Decision(label, (winners[0], winners[1]), (credits[0], credits[1]))


def summary(decided: Sequence[tuple[str, Decision]]) -> Result:
    """The table of (subset, decision) pairs; the headline is the accuracy over all of them."""
    by = {name: [made for _, made in mine] for name, mine in grouped(decided, lambda each: each[0]).items()}
    table = [line for name, mine in by.items() for line in figures(mine, "subset", name)]
    tricky = [made for name, made in decided if name in ADVERSARIAL]
    if tricky and len(tricky) < len(decided):
        table += figures(tricky, "subsets", "Adversarial")
    means = [_accuracy(mine) for mine in by.values()]
    table.append(Line("overall", "mean of subsets", "accuracy", len(decided), mean(means)))
    everything = [made for _, made in decided]
    return Result(_accuracy(everything), (*table, *figures(everything, "overall", "all")))


def figures(decided: Sequence[Decision], kind: str, name: str) -> list[Line]:
    """Accuracy averaged over both orders, and right in both; agreement; kappa with the labels and between the orders.

    Two orders without a winner do not agree. Kappa looks at what has a winner; against the labels it is the mean of
    the two orders'.
    """
    count = len(decided)
    agreed = mean(float(d.winners[0] is not None and d.winners[0] == d.winners[1]) for d in decided)
    both = mean(float(min(d.credits) == 1) for d in decided)
    orders = [[(d.winners[i], d.label) for d in decided if d.winners[i] is not None] for i in (0, 1)]
    between = [d.winners for d in decided if None not in d.winners]
    values: dict[str, tuple[int, float | None]] = {
        "accuracy": (count, _accuracy(decided)),
        "right in both orders": (count, both),
        "positional agreement": (count, agreed),
        "kappa with labels": (min(map(len, orders)), mean(_kappa(pairs) for pairs in orders)),
        "kappa between orders": (len(between), _kappa(between)),
    }
    return [Line(kind, name, metric, n, value) for metric, (n, value) in values.items()]


def judge_outputs(folder: str | Path, judge: str) -> Result:
    """The recorded outputs of one judge ('GPT-4/Metrics'), wherever below the folder; an unread winner is wrong.

    Raises UsageError where there is none, or where a record's outputs are not what LLMBar's code writes.
    """
    wanted = _named(judge)
    return summary([(subset(row), _recorded(row)) for row in read(folder, wanted)])


def judges(folder: Path) -> list[str]:
    """The judges that the folder holds outputs of."""
    folders = (path.parent.parts for path in folder.rglob("result.json") if "evaluators" in path.parts)
    return sorted({"/".join(parts[parts.index("evaluators") + 1 :]) for parts in folders})


def _named(judge: str) -> Callable[[Sequence[str]], Sequence[str]]:
    ending = f"evaluators/{judge}/result.json"
    return lambda names: [name for name in names if name.endswith(ending)]


def _recorded(row: Row) -> Decision:
    label = int(row.one_of("label", ("1", "2")))
    results = row.sequence("results")
    if not results:
        row.fail('"results" is empty')
    last = row.nested(results[-1], "results[-1]")
    winners = [_winner(last.inside(f"swap = {swapped}")) for swapped in (False, True)]
    return Decision(label, (winners[0], winners[1]), (float(winners[0] == label), float(winners[1] == label)))


def _winner(game: Row) -> int | None:
    return None if game.value.get("winner") is None else int(game.one_of("winner", ("1", "2")))


def _accuracy(decided: Iterable[Decision]) -> float | None:
    return mean(sum(d.credits) / 2 for d in decided)


def _kappa(pairs: Sequence[tuple[int | None, int | None]]) -> float | None:
    return kappa([one for one, _ in pairs], [other for _, other in pairs])


def _files(names: Sequence[str]) -> list[str]:
    """Without the judges' outputs that lie beside the data."""
    return [name for name in names if "evaluators" not in name.split("/")]


BENCHMARK = Benchmark(
    "llmbar",
    examples,
    measure,
    "accuracy averaged over both orders",
    (Hub("princeton-nlp/LLMBar", config="LLMBar"),),
    choose=_files,
    both_orders=True,
)
