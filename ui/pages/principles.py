"""The Principles page: what the GRM thinks of, for a session, a run, or two of them against each other."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from grm_core import prompts
from grm_core.analysis.principles import Study, study
from grm_core.errors import EngineError
from grm_core.formats.lines import compact
from grm_core.types import Run, Sample
from reports import table as tables
from reports.figures import COLOURS, band, figure, label, line
from reports.words import run_title
from storage.store import Store
from ui.panels import panel
from ui.vectors import Vectors
from ui.view import View, calls, served
from ui.wire.principles import Cluster, Scopes, Statement, Thoughts
from ui.wire.shared import Choice, Failed, Panel, Table

_SAMPLES_MOST = 1_000
"""Samples of a run that are looked at, those of whole sessions: each principle has to be embedded."""
_EDITION = 2
"""Goes up when the same samples become another page: what was kept before is then made anew."""
_POINTS_MOST = 10_000
_NAME_MOST = 30
"""Characters of a cluster's name in the map's legend."""
_SIDES = ("first", "second")
_KINDS = ("session", "run")
_SETTINGS_MOST, _POOLED_MOST, _RUNS_MOST = 12, 40, 50
"""Settings side by side, and sessions of each."""
_CHOOSE = "Choose a session or a run."
_NONE = "None of these samples states a principle that could be read."


class PrinciplesPage:
    """A view that asks the server for the scope that its address names."""

    def __init__(self, store: Store, vectors: Vectors) -> None:
        self.store, self.vectors = store, vectors
        View("principles", calls(self)).place({}, elem_id="principles-page")

    @served(wrong=Scopes(session=[], run=[]))
    def choices(self) -> Scopes:
        """The scopes to choose from: the newest sessions and the newest runs of more than one session."""
        sessions = [Choice(id=row.session.id, title=row.session.title) for row in self.store.sessions(limit=100)]
        runs = [Choice(id=run.id, title=f"{run_title(run)} ({n} sessions)") for run, n in self.store.runs(least=2)]
        return Scopes(session=sessions, run=runs)

    @served(wrong=Failed(error=_CHOOSE))
    def principles(self, kind: str, name: str, other: str) -> Thoughts | Failed:
        """Clusters, map and numbers of one or two scopes; `error` says what is wrong."""
        try:
            scopes = [self._scope(kind, each) for each in (name, other) if each]
            key = _key(kind, scopes)
            kept = self.store.kept(key)
            if kept is not None:
                thoughts: Thoughts = json.loads(kept)
                return thoughts
            studied = self._studied(scopes)
        except LookupError as missing:
            return Failed(error=str(missing.args[0]))
        except EngineError as error:
            return Failed(error=f"{error}. {error.hint}")
        if studied is None:
            return Failed(error=_NONE if scopes else _CHOOSE)
        made = view([scope.title for scope in scopes], studied, kind == "session")
        self.store.keep(key, compact(made))
        return made

    @served()
    def table(self, kind: str, name: str, other: str, wanted: str) -> str | None:
        """All stated principles with their clusters: CSV as text, Parquet in base64; None where there are none."""
        try:
            studied = self._studied([self._scope(kind, each) for each in (name, other) if each])
        except (LookupError, EngineError):
            return None
        if studied is None:
            return None
        if wanted == "parquet":
            return base64.b64encode(studied.stated.to_parquet(index=False)).decode("ascii")
        return tables.Table.of(studied.stated).csv()

    @served()
    def settings(self) -> Table | Failed:
        """The numbers by model, template, temperature and order: the newest settings, clustered together."""
        groups: dict[tuple[str, str, str, str], list[Run]] = {}
        for run, _ in self.store.runs(_RUNS_MOST, least=2) or self.store.runs(_RUNS_MOST):
            key = (run.model, run.template, f"{run.params.temperature:g}", run.order)
            groups.setdefault(key, []).append(run)
        keys = list(groups)[:_SETTINGS_MOST]
        scopes = [self._pooled(groups[key]) for key in keys]
        try:
            studied = self._studied(scopes)
        except EngineError as error:
            return Failed(error=f"{error}. {error.hint}")
        if studied is None:
            return Failed(error=_NONE)
        names = studied.numbers[0]["name"].tolist()
        columns = ["model", "template", "temperature", "order", "sessions", *names]
        lines = zip(keys, scopes, studied.numbers, strict=True)
        rows = [[*key, len(scope.sessions), *_values(table)] for key, scope, table in lines]
        return Table(columns=columns, rows=rows)

    def _studied(self, scopes: list["_Scope"]) -> Study | None:
        return study([scope.sessions for scope in scopes], self.vectors.of, [scope.seeds for scope in scopes])

    def _pooled(self, alike: list[Run]) -> "_Scope":
        sessions = self.store.newest_of_runs([run.id for run in alike], _POOLED_MOST)
        samples = self.store.samples_by_session(session.id for session in sessions)
        return _Scope("", samples, _seeds(alike[0]))

    def _scope(self, kind: str, name: str) -> "_Scope":
        if kind == "session" and (stored := self.store.session_and_run(name)) is not None:
            session, run = stored
            return _Scope(session.title, {name: self.store.samples(name)}, _seeds(run))
        if kind == "run" and (judged := self.store.run(name)) is not None:
            there = self.store.run_sessions(name)
            some = evenly(there)
            title = run_title(judged)
            if len(some) < len(there):
                title += f" ({len(some):,} of {len(there):,} sessions, evenly spaced)"
            return _Scope(title, self.store.samples_by_session(some), _seeds(judged))
        raise LookupError(f"There is no {kind if kind in _KINDS else 'session'} {name}.")


@dataclass(frozen=True, slots=True)
class _Scope:
    """The sessions that are looked at: a session, a run, or all runs of the same settings."""

    title: str
    sessions: dict[str, list[Sample]]
    seeds: tuple[str, ...]
    """The general principles of its template."""


def evenly(stored: Sequence[tuple[str, int]]) -> list[str]:
    """Of sessions with their numbers of samples all, or as many as have about _SAMPLES_MOST, evenly spaced."""
    total = sum(count for _, count in stored)
    most = max(1, len(stored) * _SAMPLES_MOST // max(total, _SAMPLES_MOST))
    return (
        [stored[place][0] for place in np.unique(np.linspace(0, len(stored) - 1, most).astype(int))] if stored else []
    )


def _key(kind: str, scopes: Sequence["_Scope"]) -> str:
    """A digest of all that the page follows from."""
    content = hashlib.sha256(f"principles {_EDITION} {kind}".encode())
    for scope in scopes:
        content.update(compact([scope.title, scope.seeds]).encode())
        for session, samples in scope.sessions.items():
            for sample in samples:
                stated = [(each.text, each.weight) for each in sample.parsed.principles]
                content.update(compact([session, sample.index, sample.scores, stated]).encode())
    return content.hexdigest()


def _seeds(run: Run) -> tuple[str, ...]:
    return prompts.seeds(prompts.load(run.template)) if run.template in prompts.names() else ()


def _values(table: pd.DataFrame) -> list[Any]:
    return [round(value, 4) if isinstance(value, float) else value for value in table["value"]]


def view(titles: list[str], studied: Study, single: bool) -> Thoughts:
    """Everything that the page draws; `single` scopes are one session each."""
    different = studied.stated.drop_duplicates("principle")
    return Thoughts(
        titles=titles,
        clusters=_clusters(studied.names, studied.clusters),
        numbers=[_plain(table) for table in studied.numbers],
        panels=[
            _map(studied.stated, different, len(titles), studied.names),
            *(_growth(studied.growth) if single else []),
        ],
        statements=_statements(studied.stated, different["principle"].tolist()),
    )


def _clusters(names: list[str], tables: list[pd.DataFrame]) -> list[Cluster]:
    """One object per cluster: its name and, per side, the row of its table or None."""
    rows = [{int(row["cluster"]): row for row in _plain(table)} for table in tables]
    return [Cluster(cluster=i, name=name, sides=[side.get(i) for side in rows]) for i, name in enumerate(names)]


def _plain(table: pd.DataFrame) -> list[Any]:
    """Rows as objects, NaN as None."""
    records: list[Any] = table.astype(object).where(table.notna(), None).to_dict("records")
    return records


def _statements(stated: pd.DataFrame, texts: list[str]) -> list[Statement]:
    """Each different principle: its cluster and where it stands (session, sample), for the list under the map."""
    groups = stated.groupby("principle", sort=False)
    at = {text: list(zip(mine["session"], mine["index"], strict=True)) for text, mine in groups}
    cluster = groups["cluster"].first()
    weight = groups["weight"].mean()
    return [
        Statement(
            text=text,
            cluster=int(cluster[text]),
            count=len(at[text]),
            weight=None if pd.isna(weight[text]) else float(weight[text]),
            samples=[(session, int(index)) for session, index in at[text][:12]],
        )
        for text in texts[:_POINTS_MOST]
    ]


def _map(stated: pd.DataFrame, different: pd.DataFrame, scopes: int, names: Sequence[str]) -> Panel:
    """One point per different principle; numbers only, the words are looked up by the page."""
    groups, texts = stated.groupby("principle"), different["principle"]
    weight = groups["weight"].mean().reindex(texts).fillna(10.0).to_numpy()
    first, both = groups["scope"].min().reindex(texts), groups["scope"].nunique().reindex(texts)
    table = different[["x", "y", "cluster"]].reset_index(drop=True)
    table["size"] = 6 + 12 * (weight / 100).clip(0, 1)
    table["symbol"] = np.where(both > 1, "diamond", np.where(first > 0, "square", "circle"))
    table, count = table.head(_POINTS_MOST), int(stated["cluster"].max()) + 1
    traces = []
    for i in range(min(count, len(COLOURS))):
        last = i == len(COLOURS) - 1
        mine = table[table["cluster"] >= i] if last else table[table["cluster"] == i]
        marks = {"size": mine["size"].tolist(), "color": COLOURS[i], "symbol": mine["symbol"].tolist(), "opacity": 0.8}
        places = {"x": mine["x"].tolist(), "y": mine["y"].tolist(), "customdata": mine.index.tolist()}
        name = "all others" if last and count > len(COLOURS) else label(names[i], _NAME_MOST)
        hover = f"{name}<extra></extra>"
        traces.append(go.Scattergl(mode="markers", name=name, marker=marks, hovertemplate=hover, **places))
    bare = {"showticklabels": False, "zeroline": False}
    axes = {"xaxis": bare, "yaxis": bare, "dragmode": "select"}
    shown = figure(traces, "", "", height=420, **axes)
    said = "Each point is a principle, sized by its weight. Points close together mean similar things; the axes mean "
    said += "nothing."
    said += " Circles stand in the first, squares in the second, diamonds in both." if scopes > 1 else ""
    return panel("map", "Which principles does the GRM state?", table[["x", "y", "cluster"]], shown, said)


def _growth(grown: list[pd.DataFrame]) -> list[Panel]:
    """Distinct clusters over k, for scopes of one session each."""
    traces: list[Any] = []
    for i, table in enumerate(grown):
        traces += band(table["k"].tolist(), table["low"].tolist(), table["high"].tolist(), COLOURS[i])
        traces.append(line(table["k"].tolist(), table["mean"].tolist(), _SIDES[i], COLOURS[i]))
    said = "Mean and 90% band over 200 random orders of the samples; where it is flat, more samples bring nothing new."
    shown = figure(traces, "k, samples", "distinct clusters")
    joined = pd.concat([table.assign(side=_SIDES[i]) for i, table in enumerate(grown)])
    return [panel("growth", "Do more samples still bring new principles?", joined, shown, said)]
