"""RM-Bench (THU-KEG/RM-Bench): three right and three wrong responses: concise, detailed, and detailed in Markdown.

Every right one is compared with every wrong one: hard where the wrong one has the fancier style (above the diagonal),
normal on it, easy below. A domain is the mean of the three, safety the mean of its two parts, the headline the mean of
the four domains.
"""

from collections.abc import Sequence
from dataclasses import replace

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, grouped, mean, of_parts
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.outcome import Tie
from grm_core.types import Example

STYLES = 3
LEVELS = ("hard", "normal", "easy")
DOMAINS = {
    "chat": ("chat",), "code": ("code",), "math": ("math",), "safety": ("safety-refuse", "safety-response"),
}  # fmt: skip


def examples(row: Row) -> list[Example]:
    """A list of six, the right ones first, each three in order of style; its id is the record's.

    The per-domain files lack the field `domain`: it follows from the file's name, and stands before the id (`chat/8`),
    because chat and code have ids in common.
    """
    right, wrong = row.texts("chosen"), row.texts("rejected")
    if len(right) != STYLES or len(wrong) != STYLES:
        row.fail(f'"chosen" and "rejected" must hold {STYLES} responses each')
    named = row.text("domain") if "domain" in row.value else row.parts()[0].split(".")[0].removesuffix("_filtered")
    parts = [part for domain in DOMAINS.values() for part in domain]
    if named not in parts:
        row.fail(f"domain is {named!r}; it must be one of {', '.join(parts)}")
    labels = (1.0,) * STYLES + (0.0,) * STYLES
    name = row.name("id")
    if "domain" not in row.value and not name.startswith(f"{named}/"):
        name = f"{named}/{name}"
    return [Example(name, row.query("prompt"), right + wrong, labels, source="rm-bench", subset=named)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """Levels per part, domains, levels over domains, and the mean of the domains."""
    groups = grouped(items, lambda item: item.example.subset or "")
    parts = {name: _levels(mine, policy) for name, mine in groups.items()}
    counts = {name: len(mine) for name, mine in groups.items()}
    table = [Line("subset", name, level, counts[name], parts[name][level]) for name in parts for level in LEVELS]
    domains, levels = [], {}
    for name, of in DOMAINS.items():
        there = [part for part in of if part in parts]
        levels[name] = {level: mean(parts[part][level] for part in there) for level in LEVELS}
        if there:
            count = sum(counts[part] for part in there)
            domains.append(Line("domain", name, "accuracy", count, mean(levels[name].values())))
    table += domains
    count = len(items)
    table += [Line("level", level, "accuracy", count, mean(levels[n][level] for n in DOMAINS)) for level in LEVELS]
    result = of_parts(domains, tuple(DOMAINS), table)
    half = [part for name, of in DOMAINS.items() if name not in result.missing for part in of if part not in parts]
    return replace(result, lacking=tuple(half))


def _levels(items: Sequence[Scored], policy: Policy) -> dict[str, float | None]:
    """Level -> mean of its cells, each a mean over the items that count."""
    cells: dict[tuple[int, int], list[float | None]] = {}
    for item in items:
        totals = item.totals
        for right in range(STYLES):
            for wrong in range(STYLES):
                two = None if totals is None else (totals[right], totals[STYLES + wrong])
                credit = policy.credit(f"{item.example.id}/{right}-{wrong}", two, (1.0, 0.0))
                cells.setdefault((right, wrong), []).append(credit)
    means = {cell: mean(credits) for cell, credits in cells.items()}
    by_level = grouped(means, lambda cell: LEVELS[1 + (cell[0] > cell[1]) - (cell[0] < cell[1])])
    return {level: mean(means[cell] for cell in of) for level, of in by_level.items()}


def _files(names: Sequence[str]) -> list[str]:
    """The total file where there is one: the per-domain files hold the same items."""
    totals = [name for name in names if name.rsplit("/", 1)[-1].startswith("total_dataset.")]
    return totals or list(names)


BENCHMARK = Benchmark(
    "rm-bench",
    examples,
    measure,
    "mean of four domains, each the mean of hard, normal and easy",
    (Hub("THU-KEG/RM-Bench", "train"),),
    choose=_files,
    tie=Tie.STRICT,
)
