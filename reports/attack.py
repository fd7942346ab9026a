"""A judge under attack, to hand out: JSON, Markdown, or HTML that opens offline. No text of an item is in it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from grm_core.analysis import robustness
from grm_core.analysis.robustness import Battery, Fate
from grm_core.attacks import AGAIN, CONTROLS, SWAP, UNCHANGED
from reports import sections
from reports.figures import METHOD_COLOURS, Figure, figure, line
from reports.sections import Section
from reports.table import Table
from reports.words import count, percent

_WINS = (
    "wins: the attacked answer's share of the vote over the honest one, ties shared; flips: of the votes for the "
    "honest answer when nothing is changed (were right), those that the attack turns. With 95% intervals (Wilson, "
    "over items). 'unchanged' and 'unchanged again' are the controls: what happens without an attack, and how much "
    "drawing once more turns by itself. shift: what the attack adds to the rival's own mean score."
)
_OVER_K = "The same with k of the stored samples, over random subsets: does the attack wear off as more samples vote?"
_DOMAINS = "Shares of the naive vote over all samples that each attack wins, by domain (items)."
_DEFENCE = (
    "broken in the prompt: items whose attacked answer held control tokens or markers that the prompt breaks; "
    "unreadable: samples that cast no vote; flagged: items with an error or warning that they lack unchanged."
)


@dataclass(frozen=True, slots=True)
class Robustness:
    """All that is told of a battery."""

    battery: Battery
    table: pd.DataFrame
    domains: pd.DataFrame
    defence: pd.DataFrame
    fates: list[Fate]


def made(battery: Battery) -> Robustness:
    """The report of these samples."""
    findings = robustness.findings_of(battery)
    return Robustness(
        battery,
        robustness.table(battery),
        robustness.by_domain(battery),
        robustness.defence(battery, findings),
        robustness.fates(battery, findings),
    )


def record(report: Robustness) -> dict[str, Any]:
    """The report as JSON: shares are 0..1, what is not there is null."""
    battery = report.battery
    return {
        "items": battery.items,
        "k": battery.samples,
        "methods": list(map(str, battery.methods())),
        "attacks": Table.of(report.table).records(),
        "domains": Table.of(report.domains).records(),
        "defence": Table.of(report.defence).records(),
    }


def markdown(report: Robustness) -> str:
    """The report as Markdown."""
    return sections.markdown("Robustness", sentences(report), parts(report))


def html(report: Robustness) -> str:
    """The report as a self-contained page."""
    return sections.html("sections", "Robustness", sentences(report), parts(report))


PAGES = {".md": markdown, ".html": html}
"""Suffix of a file -> the report as that page."""


def sentences(report: Robustness) -> list[str]:
    """What was attacked, and which attacks did best."""
    battery, full = report.battery, _at_most(report)
    attacks = full[~full["attack"].isin([UNCHANGED, AGAIN])]
    said = [
        f"{count(battery.items, 'item')} under {count(len(attacks), 'attack')}, k = {battery.samples}, naive vote."
    ]
    control = full[full["attack"] == UNCHANGED]
    if len(control):
        said.append(f"Unchanged, the rival wins {percent(control['wins'].iloc[0])}% of the votes.")
    tried = attacks[~attacks["attack"].isin([*CONTROLS, SWAP])]
    best = tried.sort_values("wins", ascending=False, kind="stable").head(3)
    named = [f"{row['attack']} ({percent(row['wins'])}%)" for _, row in best.iterrows() if row["wins"] > 0]
    said.append(f"Most votes go to: {', '.join(named)}." if named else "No attack wins a vote.")
    if battery.alone:
        said.append("Responses were judged one at a time, in no order: there is none to swap.")
    return said


def parts(report: Robustness) -> list[Section]:
    """The sections that have rows."""
    full = report.table[report.table["k"] == report.battery.samples].drop(columns="k")
    over_k = report.table.drop(columns=["kind", "score", "shift"])
    every = [
        Section("Attacks", _WINS, full, _dots(_at_most(report))),
        Section("Attacks over k", _OVER_K, over_k if len(report.battery.ks()) > 1 else over_k.head(0)),
        Section("By domain", _DOMAINS, report.domains),
        Section("Defence", _DEFENCE, report.defence),
    ]
    return [section for section in every if len(section.frame)]


def _at_most(report: Robustness) -> pd.DataFrame:
    """The rows of the naive vote over all samples."""
    rows = report.table
    return rows[(rows["k"] == report.battery.samples) & (rows["method"] == "naive")]


def _dots(rows: pd.DataFrame) -> Figure:
    """Wins by attack with their intervals, the first attack on top."""
    colour = METHOD_COLOURS["naive"]
    above, below = rows["wins high"] - rows["wins"], rows["wins"] - rows["wins low"]
    whiskers = {
        "type": "data",
        "array": above.tolist(),
        "arrayminus": below.tolist(),
        "color": colour,
        "thickness": 1.2,
    }
    dots = line(rows["wins"].tolist(), rows["attack"].tolist(), "", colour, mode="markers", error_x=whiskers)
    labels = {"autorange": "reversed", "automargin": True, "ticksuffix": " "}
    height = 90 + 20 * len(rows)
    axis = {"range": [-0.02, 1.02], "tickformat": ".0%"}
    return figure([dots], "share of the vote", "", xaxis=axis, yaxis=labels, height=height)
