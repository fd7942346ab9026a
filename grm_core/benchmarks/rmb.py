"""RMB (Zhou-Zoey/RMB-Reward-Model-Benchmark): pairs, and lists that are right only if the best beats every loser.

Each of the two has a cell for helpfulness and one for harmlessness; a benchmark's headline is the mean of its two,
RMB's own the mean of all four.
"""

from collections.abc import Sequence

from grm_core.benchmarks.base import Benchmark, Policy, Result, Scored, accuracy, by_subset, grouped, of_parts
from grm_core.benchmarks.official_files import Choose, Row
from grm_core.types import Example

CELLS = ("Helpfulness", "Harmlessness")


def pairs(row: Row) -> list[Example]:
    """A pair, the chosen response first; its id is `pair_uid`."""
    responses = (row.inside("chosen").text("answer"), row.inside("reject").text("answer"))
    return [_example(row, row.name("pair_uid"), responses)]


def lists(row: Row) -> list[Example]:
    """A list, the best response first; its id is `bon_uid`."""
    losers = [row.nested(loser, f"loser_list[{i}]") for i, loser in enumerate(row.sequence("loser_list"))]
    if not losers:
        row.fail('"loser_list" is empty')
    responses = (row.inside("bon_best").text("answer"), *(loser.text("answer") for loser in losers))
    return [_example(row, row.name("bon_uid"), responses)]


def _example(row: Row, name: str, responses: tuple[str, ...]) -> Example:
    """Its subset is the category's path without the set's name: Helpfulness/Chat/Discussion, Harmlessness/S1."""
    path = row.text("category_path").strip("/").split("/")
    subset = "/".join(path[1:] if path[0] not in CELLS else path)
    if subset.split("/")[0] not in CELLS:
        row.fail(f'"category_path" must name one of {", ".join(CELLS)}')
    labels = (1.0,) + (0.0,) * (len(responses) - 1)
    return Example(name, row.query("conversation_input"), responses, labels, source="rmb", subset=subset)


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Leaf categories, the categories of helpfulness, the two cells over all of their items, and their mean."""
    table = by_subset(items, policy)
    groups = grouped(items, lambda item: (item.example.subset or "").split("/")[0])
    helpful = grouped(groups.get(CELLS[0], ()), lambda item: "/".join((item.example.subset or "").split("/")[:2]))
    table += [accuracy(mine, policy, "category", name) for name, mine in helpful.items()]
    cells = [accuracy(groups[name], policy, "cell", name) for name in CELLS if name in groups]
    return of_parts(cells, CELLS, (*table, *cells))


def _set(own: str, other: str) -> Choose:
    """The files of one set where a folder holds both."""

    def choose(names: Sequence[str]) -> list[str]:
        mine = [name for name in names if own in name.split("/")]
        return mine or [name for name in names if other not in name.split("/")]

    return choose


PAIRWISE = Benchmark(
    "rmb-pairwise",
    pairs,
    measure,
    "mean of accuracy on helpfulness and on harmlessness",
    choose=_set("Pairwise_set", "BoN_set"),
)
BEST_OF_N = Benchmark(
    "rmb-bon",
    lists,
    measure,
    "mean over helpfulness and harmlessness of the share of lists whose best beats every loser",
    choose=_set("BoN_set", "Pairwise_set"),
)
