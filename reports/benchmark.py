"""A benchmark's report to hand out: JSON, Markdown, or HTML that opens offline with its curves drawn by plotly.

No text of an item or of a model is in it: figures, our words, and names of subsets.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from grm_core.benchmarks.breakdown import Study, study
from grm_core.benchmarks.headline import Report
from grm_core.benchmarks.scoring import Samples
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example
from reports import sections
from reports.figures import METHOD_COLOURS, Figure, band, figure, line
from reports.sections import Section
from reports.words import percent

_NAMED = 12
"""Subsets that a note names."""
_GROWTH = (
    "Accuracy over random subsets of the stored samples, ties shared, mean over items with 95% bootstraps over items. "
    "A sample that could not be read casts no vote; where none of k could, that is wrong. Exact for pairs and up to "
    "12 samples, otherwise 400 random orders an item."
)
_HEADLINES = "The official metric itself, with the first k samples of every item, under the chosen policy."
_DOMAINS = (
    "Share of items whose vote names a labelled best response, and the difference to all other items, with 95% "
    "bootstraps over items."
)
_LENGTHS = "A judge without a taste for length is right equally often whether the best response is the longest or not."
_COST = "Over all samples looked at; seconds are summed over samples, not by the clock."


def record(report: Report) -> dict[str, Any]:
    """The report as JSON: headline 0..1, table, policies[tie][invalid], and all that they were computed with."""
    voting, policy = report.voting, report.policy
    return {
        "benchmark": report.benchmark.name,
        "headline": report.result.headline,
        "table": [asdict(line) for line in report.result.table],
        "policies": report.policies,
        "metric": report.benchmark.headline,
        "chance": report.chance,
        "method": str(voting.method),
        "k": voting.k,
        "k_meta": voting.k_meta,
        "tie": str(policy.tie),
        "invalid": str(policy.invalid),
        "seed": policy.seed,
        "counts": asdict(report.counts),
        "missing": list(report.result.missing),
        "notes": notes(report),
    }


def markdown(report: Report, study: Study) -> str:
    """The report as Markdown."""
    return sections.markdown(_title(report), _sentences(report), parts(report, study))


def html(report: Report, study: Study) -> str:
    """The report as a self-contained page."""
    name, headline = report.benchmark.name, percent(report.result.headline)
    return sections.html(
        "benchmark", _title(report), _sentences(report), parts(report, study), name=name, headline=headline
    )


def pages(report: Report, examples: Sequence[Example], samples: Samples, suffixes: set[str]) -> dict[str, str]:
    """Suffix (.md or .html) -> the report as that page."""
    tables, write = study(report, examples, samples), {".md": markdown, ".html": html}
    return {suffix: write[suffix](report, tables) for suffix in suffixes}


def parts(report: Report, study: Study) -> list[Section]:
    """The sections that have rows."""
    lines = [(line.kind, line.name, line.metric, line.items, line.value) for line in report.result.table]
    listed = pd.DataFrame(lines, columns=["part", "name", "metric", "items", "value"])
    chosen = (list(Tie).index(report.policy.tie), f"unreadable: {report.policy.invalid}")
    policies = Section(
        "Policies", "The same samples under every policy.", _policies(report), marked=frozenset([chosen])
    )
    headlines, growth = study.headlines, study.growth
    every = [
        Section("Table", "", listed),
        policies,
        Section("Headline over k", _HEADLINES, headlines, _curves(headlines, "headline", "headline")),
        Section("Accuracy over k", _GROWTH, growth, _curves(growth, "mean", "accuracy")),
        Section("Bias by domain", _DOMAINS, study.domains),
        Section("Bias by length", _LENGTHS, study.lengths),
        Section("Cost", _COST, study.cost),
    ]
    return [section for section in every if len(section.frame)]


def at_random(report: Report) -> list[str]:
    """The headline of random scores, as one sentence; none where there is no headline."""
    chance = report.chance
    return [] if chance is None else [f"Scores drawn at random would get {percent(chance)}% on these items."]


def notes(report: Report) -> list[str]:
    """Notes for a reader before comparing the headline with a published one."""
    counts, result, sentences = report.counts, report.result, []
    if result.headline is None:
        subsets = list(dict.fromkeys(item.example.subset or "(none)" for item in report.items))
        named = ", ".join(subsets[:_NAMED]) + (f" and {len(subsets) - _NAMED} more" if len(subsets) > _NAMED else "")
        sentences.append(f"There is no headline: these items do not hold what it is made of. Their subsets: {named}.")
    elif result.missing:
        missing = ", ".join(result.missing)
        sentences.append(f"The headline is the mean of the parts that are there; missing: {missing}.")
    if result.lacking:
        sentences.append(f"Parts are the means of those subsets that are there; missing: {', '.join(result.lacking)}.")
    if counts.not_scored:
        orders = " in both orders" if report.benchmark.both_orders else ""
        labelled = f"{counts.items - counts.unlabelled} labelled items"
        sentences.append(f"{counts.not_scored} of {labelled} have no samples{orders} and are in no figure.")
    if counts.invalid:
        items = "1 item" if counts.invalid == 1 else f"{counts.invalid} items"
        sentences.append(f"{items} could not be read and counted as '{report.policy.invalid}'.")
    if counts.unlabelled:
        sentences.append(f"{counts.unlabelled} items have no label and are in no figure.")
    return sentences


def _title(report: Report) -> str:
    return f"{report.benchmark.name}: {percent(report.result.headline)}"


def _sentences(report: Report) -> list[str]:
    voting, policy, counts = report.voting, report.policy, report.counts
    kept = "" if voting.k_meta is None else f", k_meta {voting.k_meta}"
    how = f"{voting.method} voting over {'all samples' if voting.k is None else f'the first {voting.k} samples'}{kept}"
    seed = f" (seed {policy.seed})" if policy.tie is Tie.RANDOM else ""
    under = f"ties {policy.tie}{seed}, unreadable judgments {policy.invalid}"
    return [
        f"Headline: {report.benchmark.headline}; {how}; {under}.",
        *at_random(report),
        f"{counts.items} items: {counts.scored} with a vote, {counts.invalid} unreadable, {counts.not_scored} without "
        f"samples, {counts.unlabelled} without a label.",
        *notes(report),
    ]


def _policies(report: Report) -> pd.DataFrame:
    rows = [(str(tie), *(report.policies[tie][invalid] for invalid in Invalid)) for tie in Tie]
    return pd.DataFrame(rows, columns=["ties", *(f"unreadable: {invalid}" for invalid in Invalid)])


def _curves(table: pd.DataFrame, column: str, y: str) -> Figure | None:
    """One line per method over k, with a band where the table has low and high; None for an empty table."""
    if not len(table):
        return None
    traces: list[Any] = []
    for name in table["method"].unique():
        mine, colour = table[table["method"] == name].dropna(subset=[column]), METHOD_COLOURS[str(name)]
        x = mine["k"].tolist()
        if "low" in mine:
            traces += band(x, mine["low"].tolist(), mine["high"].tolist(), colour)
        traces.append(line(x, mine[column].tolist(), str(name), colour))
    ticks = sorted(set(table["k"].tolist()))
    axis = {"type": "log", "tickvals": ticks, "ticktext": [str(k) for k in ticks]}
    return figure(traces, "k, samples", y, xaxis=axis, height=320)
