"""The failure report of annotators' labels: counts by class beside the paper's, by group, with examples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from grm_core.analysis import clusters as analysis_clusters
from grm_core.analysis import failures
from grm_core.analysis.frames import letter
from grm_core.analysis.labels import CLASSES, standing
from grm_core.formats.annotations import JudgedById
from grm_core.types import Annotation
from grm_core.voting import vote
from reports import sections
from reports.figures import COLOURS, Figure, figure, whiskers
from reports.sections import Section
from reports.words import count

Embed = Callable[[Sequence[str]], NDArray[Any]]
_TITLE = "Failure report"
_CLUSTER_LEAST = 3
"""Samples that a cluster needs for a row of its own."""
TITLES = {
    "benchmark": "By benchmark", "domain": "By domain", "length": "By length of the longest response",
    "position": "By where the response put first was shown", "cluster": "By the cluster of the weightiest principle",
}  # fmt: skip
_QUERY_MOST = 200
"""Characters of a query that an example shows."""


class Case(NamedTuple):
    """A sample that shows a class of failure."""

    session: str
    sample: int
    query: str
    scores: str


@dataclass(frozen=True, slots=True)
class FailureReport:
    """The failures that annotators counted."""

    said: str
    """How much was labelled, as a sentence or two."""
    classes: pd.DataFrame
    """See failures.by_class."""
    groups: dict[str, pd.DataFrame]
    """Name of the group -> failures.by_group, of those groups that have rows."""
    examples: dict[str, list[Case]]
    """Class -> samples that show it."""


def make(
    annotations: Sequence[Annotation], judged: JudgedById, cluster: dict[str, str] | None = None
) -> FailureReport:
    """The report of what stands; `cluster` as `clusters` returns it."""
    table = _folded(failures.labelled(annotations, judged, cluster))
    winners = {name: vote(samples).winner for name, (_, samples) in judged.items()}
    groups = {name: failures.by_group(table, name) for name in failures.GROUPS}
    return FailureReport(
        _sentence(table, failures.blind(annotations, judged, winners)),
        failures.by_class(table),
        {name: group for name, group in groups.items() if len(group)},
        {label: _cases(table, judged, label) for label in CLASSES},
    )


def clusters(annotations: Sequence[Annotation], judged: JudgedById, embed: Embed) -> dict[str, str]:
    """Text of a principle -> name of its cluster, over the principles of all labelled samples.

    `embed` turns texts into unit vectors. Raises EngineError where it cannot.
    """
    stated: dict[str, None] = {}
    for each in standing(annotations):
        if each.kind == "class" and each.session_id in judged:
            for sample in judged[each.session_id][1]:
                if sample.index == each.sample:
                    stated |= dict.fromkeys(principle.text for principle in sample.parsed.principles)
    texts = list(stated)
    if not texts:
        return {}
    places = analysis_clusters.cluster(embed(texts))
    called = analysis_clusters.names(texts, places)
    return {text: called[place] for text, place in zip(texts, places, strict=True)}


def markdown(report: FailureReport) -> str:
    """The report to paste."""
    return sections.markdown(_TITLE, [report.said], parts(report))


def html(report: FailureReport) -> str:
    """The report as a page that opens offline: no script, no network."""
    return sections.html("failures", _TITLE, [report.said], parts(report), examples=report.examples)


def parts(report: FailureReport) -> list[Section]:
    """The classes, then every group."""
    groups = [Section(TITLES[name], "", group) for name, group in report.groups.items()]
    return [Section("By class", "", report.classes), *groups]


def shares(classes: pd.DataFrame) -> Figure:
    """Each class's share of all failures, here and in the paper."""
    n = int(classes["n"].iloc[0]) if len(classes) else 0
    names = classes["class"].tolist()
    bars = [
        go.Bar(x=names, y=classes["share"].fillna(0).tolist(), name=f"here (n = {n})",
               error_y=whiskers(classes, "share"), marker={"color": COLOURS[0]}),
        go.Bar(x=names, y=classes["paper_share"].tolist(), name=f"the paper (n = {failures.PAPER_N})",
               marker={"color": COLOURS[7]}),
    ]  # fmt: skip
    return figure(bars, "", "share of failures", barmode="group", yaxis={"range": [0, 1.03]})


def _folded(table: pd.DataFrame) -> pd.DataFrame:
    """Clusters of one or two samples say nothing alone: they share a row."""
    counts = table["cluster"].value_counts()
    small = counts.index[counts < _CLUSTER_LEAST]
    other = f"{len(small)} clusters with fewer than {_CLUSTER_LEAST}"
    return table.assign(cluster=table["cluster"].replace(dict.fromkeys(small, other)))


def _sentence(table: pd.DataFrame, blind: pd.DataFrame) -> str:
    good = int((table["label"] == "good").sum())
    read = len(table.drop_duplicates(["session", "index"]))
    labels = f": {len(table)} labels" if len(table) != read else ""
    said = f"{count(read, 'sample')} labelled by {table['author'].nunique()}{labels}, {good} of them good."
    named = blind[blind["label"].map(lambda label: len(label) <= 2)]
    if len(named):
        agreed = int((named["label"] == named["grm"]).sum())
        said += f" Blind, people and the GRM named the same best response in {agreed} of {len(named)} cases."
    return said


def _cases(table: pd.DataFrame, judged: JudgedById, label: str) -> list[Case]:
    cases = []
    for session, index in failures.examples(table, label):
        example, samples = judged[session]
        sample = next(s for s in samples if s.index == index)
        scores = " ".join(f"{letter(own)} {score}" for own, score in enumerate(sample.scores or ()))
        cases.append(Case(session, index, example.query[-1].content[:_QUERY_MOST], scores))
    return cases
