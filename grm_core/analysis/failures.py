"""Failures in a GRM's samples, counted from annotations by class and by what the samples have in common.

The paper counted 40 failures of its own GRM (arXiv 2504.02495, App. F); its counts stand beside ours.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from grm_core.analysis.frames import letter
from grm_core.analysis.labels import CLASSES, standing
from grm_core.analysis.shares import wilson
from grm_core.formats.annotations import JudgedById
from grm_core.types import GOOD, Annotation, Example, Sample

PAPER = {"incorrect critique": 21, "imbalanced weights": 13, "improper principles": 2, "wrong ground truth": 4}
"""Of 40 failures of DeepSeek-GRM-27B that the authors read."""
PAPER_N = sum(PAPER.values())
GROUPS = ("benchmark", "domain", "length", "position", "cluster")
_LENGTHS = ((50, "up to 50 words"), (200, "51 to 200 words"), (10**9, "over 200 words"))


def labelled(
    annotations: Iterable[Annotation], judged: JudgedById, cluster: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """One row per labelled sample and author: session, index, author, label, and its groups.

    benchmark: the item's source; domain: its subset; length: words of the longest response; position: where the
    response that the sample puts first was shown; cluster: that of its weightiest principle (`cluster`: text -> name).
    """
    rows = []
    for each in standing(annotations):
        if each.kind != "class" or each.session_id not in judged or each.sample is None:
            continue
        example, samples = judged[each.session_id]
        sample = next((s for s in samples if s.index == each.sample), None)
        if sample is not None:
            rows.append(
                (each.session_id, each.sample, each.author, each.label, *_groups(example, sample, cluster or {}))
            )
    return pd.DataFrame(rows, columns=["session", "index", "author", "label", *GROUPS])


def by_class(table: pd.DataFrame) -> pd.DataFrame:
    """One row per class of failure: class, count, n (failures), share, low, high (95%, Wilson), paper, paper_share.

    `table` is from `labelled`; samples labelled good are not failures.
    """
    failures = table[table["label"] != GOOD]
    rows = []
    for name in CLASSES[1:]:
        count = int((failures["label"] == name).sum())
        rows.append((name, count, len(failures), *wilson(count, len(failures)), PAPER[name], PAPER[name] / PAPER_N))
    return pd.DataFrame(rows, columns=["class", "count", "n", "share", "low", "high", "paper", "paper_share"])


def by_group(table: pd.DataFrame, group: str) -> pd.DataFrame:
    """One row per value of a group: the value, n (labelled samples), failures, share, low, high, and each class.

    Lengths and positions stand in their order, other groups by n, the largest first.
    """
    rows = []
    for value, mine in sorted(table.groupby(group, dropna=True), key=lambda each: _rank(group, *each)):
        count = int((mine["label"] != GOOD).sum())
        classes = [int((mine["label"] == name).sum()) for name in CLASSES[1:]]
        rows.append((value, len(mine), count, *wilson(count, len(mine)), *classes))
    return pd.DataFrame(rows, columns=[group, "n", "failures", "share", "low", "high", *CLASSES[1:]])


def _rank(group: str, value: object, mine: pd.DataFrame) -> tuple[object, ...]:
    if group == "length":
        return ([name for _, name in _LENGTHS].index(str(value)),)
    return (str(value),) if group == "position" else (-len(mine), str(value))


def examples(table: pd.DataFrame, label: str, most: int = 5) -> list[tuple[str, int]]:
    """Some samples of a class: (session, index), in order of arrival."""
    mine = table[table["label"] == label].drop_duplicates(["session", "index"])
    return [(str(session), int(index)) for session, index in zip(mine["session"], mine["index"], strict=True)][:most]


def _groups(example: Example, sample: Sample, cluster: Mapping[str, str]) -> tuple[str | None, ...]:
    words = max(len(text.split()) for text in example.responses)
    length = next(name for most, name in _LENGTHS if words <= most)
    position = None
    if sample.scores is not None and len(sample.scores) > 1 and sample.scores.count(max(sample.scores)) == 1:
        first = sample.scores.index(max(sample.scores))
        position = f"shown {sample.order.index(first) + 1} of {len(sample.order)}"
    stated = sorted(sample.parsed.principles, key=lambda p: -(p.weight or 0))
    return example.source, example.subset, length, position, cluster.get(stated[0].text) if stated else None


def blind(annotations: Iterable[Annotation], judged: JudgedById, winners: Mapping[str, int | None]) -> pd.DataFrame:
    """Labels of people before they saw the GRM: session, author, label, grm (its winner), label_best (of the data)."""
    rows = []
    for each in standing(annotations):
        if each.kind == "best" and each.session_id in judged:
            example, winner = judged[each.session_id][0], winners.get(each.session_id)
            labels = example.labels
            best = None if labels is None or len(labels) < 2 else letter(labels.index(max(labels)))
            rows.append((each.session_id, each.author, each.label, None if winner is None else letter(winner), best))
    return pd.DataFrame(rows, columns=["session", "author", "label", "grm", "label_best"])
