"""Several runs on the items that all of them judged: settings that differ, curves, paired differences, each item."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from grm_core.analysis.standing import Standing, crossed, standings
from grm_core.benchmarks import comparison
from grm_core.formats.lines import compact, digest
from grm_core.formats.scores import ItemScores, digest_of
from grm_core.outcome import has_preference
from grm_core.types import Run
from reports.comparison import curves_over
from reports.words import interval, points, run_title, settings
from storage import numbers
from storage.store import Store
from ui.panels import panel
from ui.wire.runs import ComparedItem, ComparedRun, ComparedRuns, Cross
from ui.wire.shared import Panel

MOST = 12
"""Runs at most."""
_EDITION = 2
"""Goes up when the same samples are compared in another way."""
_NAME_MOST = 40


class _Common(NamedTuple):
    """An item in every run."""

    title: str
    sessions: list[str]
    items: list[ItemScores]


def compare(store: Store, runs: Sequence[Run]) -> ComparedRuns:
    """The comparison; what follows from samples alone is kept by their content."""
    common, others = _common(store, runs)
    names, values = _differing(runs)
    labelled = [each for each in common if has_preference(each.items[0].labels)]
    called = [_called(place, names, mine) for place, mine in enumerate(values)]
    columns = {name: [each.items[place] for each in labelled] for place, name in enumerate(called)}
    figures, panels = _figures(store, columns) if labelled else ([], [])
    lines = [standings([each.items[place] for each in common]) for place in range(len(runs))]
    return ComparedRuns(
        settings=names,
        runs=[_run(run, values[place], figures[place] if figures else None) for place, run in enumerate(runs)],
        said=_said(len(common), len(labelled), others),
        panels=panels,
        crosses=_crosses(lines),
        items=[_item(each, [mine[place] for mine in lines]) for place, each in enumerate(common)],
    )


def _called(place: int, names: Sequence[str], values: Sequence[str]) -> str:
    """A run's name in a plot: its number, and what is different in it."""
    parts = [value if name == "model" else f"{name} {value}" for name, value in zip(names, values, strict=True)]
    return f"{place + 1}: {', '.join(parts) or 'the same settings'}"[:_NAME_MOST]


def _common(store: Store, runs: Sequence[Run]) -> tuple[list[_Common], int]:
    """The items that all runs judged and, beside them, how many ids mean another query or other responses."""
    listed = [{each.item.item_id: each for each in reversed(numbers.listed(store, run.id))} for run in runs]
    contents = [numbers.contents(store, run.id) for run in runs]
    common, others = [], 0
    for item_id in reversed(listed[0]):
        mine = [each[item_id] for each in listed if item_id in each]
        if len(mine) < len(runs) or not all(len(each.item.indices) for each in mine):
            continue
        if len({texts.get(each.session) for texts, each in zip(contents, mine, strict=True)}) > 1:
            others += 1
        else:
            common.append(_Common(mine[0].title, [each.session for each in mine], [each.item for each in mine]))
    return common, others


def _differing(runs: Sequence[Run]) -> tuple[list[str], list[list[str]]]:
    """Names of the settings that are not the same in all runs, and each run's values of them."""
    tables = [dict([*settings(run), ("k", str(run.k))]) for run in runs]
    names = [name for name in tables[0] if len({table[name] for table in tables}) > 1]
    return names, [[table[name] for name in names] for table in tables]


def _figures(store: Store, columns: dict[str, list[ItemScores]]) -> tuple[list[dict[str, Any]], list[Panel]]:
    """Each run's line of `against_first`, and the panels."""
    parts = "/".join(f"{name} {digest_of(items)}" for name, items in columns.items())
    key = digest(f"compared runs {_EDITION} {parts}")
    kept = store.kept(key)
    if kept:
        figures, panels = json.loads(kept)
        return figures, panels
    made = comparison.compare(columns, {})
    growth = comparison.growth(made).drop(columns="tokens")
    table = comparison.against_first(made)
    said = f"Means over the {len(made.items)} labelled items that all runs judged, 95% bootstrap over items."
    panels = [panel("curves", "Which run gains more from k?", growth, curves_over(growth, "k", "k, samples"), said)]
    figures = json.loads(table.to_json(orient="records"))
    store.keep(key, compact([figures, panels]))
    return figures, panels


def _run(run: Run, values: list[str], figures: dict[str, Any] | None) -> ComparedRun:
    mine = figures or {"k": run.k, "k = 1": None, "difference": None}
    own = interval(mine["accuracy"], mine["low"], mine["high"]) if figures else ""
    ends = (mine.get("difference low", 0.0), mine.get("difference high", 0.0))
    return ComparedRun(
        id=run.id,
        title=run_title(run),
        values=values,
        k=mine["k"],
        alone=mine["k = 1"],
        accuracy=own,
        difference="" if mine["difference"] is None else points(mine["difference"], *ends),
    )


def _said(common: int, labelled: int, others: int) -> list[str]:
    said = [f"{common:,} items were judged in all of these runs, {labelled:,} of them have labels."]
    if others:
        said.append(f"{others:,} more have the same id but another query or other responses: they are left out.")
    return said


def _crosses(lines: Sequence[Sequence[Standing]]) -> list[Cross]:
    return [
        Cross(run=place, one=one, other=other, count=count)
        for place, mine in enumerate(lines[1:], 1)
        for (one, other), count in crossed(list(zip(lines[0], mine, strict=True))).items()
    ]


def _item(each: _Common, lines: Sequence[Standing]) -> ComparedItem:
    first = lines[0]
    return ComparedItem(
        item=first.item_id,
        title=each.title,
        subset=first.subset,
        best=list(first.best),
        sessions=each.sessions,
        winners=[line.winner for line in lines],
        margins=[line.margin for line in lines],
        right=[line.right for line in lines],
    )
