"""The Principles page: what the GRM thinks of, for a session, a run, or two of them against each other."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from grm_core.analysis import clusters, diversity
from grm_core.embedders import Embedder
from grm_core.errors import EngineError
from grm_core.types import Sample
from storage.listing import Wanted
from storage.store import Store
from ui import render, script
from ui.panels import COLOURS, Json, band, figure, line, panel
from ui.run_page import called

_KEPT = 50_000
"""Texts whose vectors are kept."""
_SESSIONS_MOST = 500
_POINTS_MOST = 10_000
_SIDES = ("first", "second")
_KINDS = ("session", "run")

Samples = Mapping[str, Sequence[Sample]]


class Vectors:
    """Embeddings of principles, each text embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._known = embedder, dict[str, NDArray[np.float32]]()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions) unit vectors. Raises EngineError where the sentence model is missing."""
        with self._lock:
            if len(self._known) > _KEPT:
                self._known.clear()
            fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
            self._known |= dict(zip(fresh, self._embedder.embed(fresh), strict=True)) if fresh else {}
            found = [self._known[text] for text in texts]
        return np.array(found) if found else np.zeros((0, 0), dtype=np.float32)


class PrinciplesPage:
    """A view that asks the server for the scope that its address names."""

    def __init__(self, store: Store) -> None:
        self.store, self.vectors = store, Vectors(Embedder())
        gr.HTML(
            {},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=script("dom.js", "plot.js", "principles.js"),
            server_functions=self._functions(),
            elem_id="principles-page",
        )

    def _functions(self) -> list[Callable[..., Any]]:
        def choices(_: Any) -> Any:
            return render.sendable(self.choices())

        def principles(given: Any) -> Any:
            if not isinstance(given, list) or len(given) != 3 or not all(isinstance(text, str) for text in given):
                return {"error": "Choose a session or a run."}
            return render.sendable(self.found(*given))

        return [choices, principles]

    def choices(self) -> Json:
        """What can be looked at: the newest sessions and the newest runs of more than one session."""
        sessions = [{"id": row.session.id, "title": row.session.title} for row in self.store.sessions(limit=100)]
        runs = [{"id": run.id, "title": f"{called(run)} ({n} sessions)"} for run, n in self.store.runs() if n > 1]
        return {"session": sessions, "run": runs}

    def found(self, kind: str, name: str, other: str) -> Json:
        """Clusters, map and numbers of one or two scopes; `error` says what is wrong."""
        try:
            scopes = [self._scope(kind, each) for each in (name, other) if each]
            if not scopes:
                return {"error": "Choose a session or a run."}
            return view([title for title, _ in scopes], [samples for _, samples in scopes], self.vectors)
        except LookupError as missing:
            return {"error": str(missing.args[0])}
        except EngineError as error:
            return {"error": f"{error}. {error.hint}"}

    def _scope(self, kind: str, name: str) -> tuple[str, dict[str, list[Sample]]]:
        if kind == "session" and (session := self.store.session(name)) is not None:
            return session.title, {name: self.store.samples(name)}
        if kind == "run" and (run := self.store.run(name)) is not None:
            rows = self.store.sessions(Wanted(run=name), limit=_SESSIONS_MOST)
            return called(run), {row.session.id: self.store.samples(row.session.id) for row in rows}
        raise LookupError(f"There is no {kind if kind in _KINDS else 'session'} {name}.")


def view(titles: list[str], scopes: list[dict[str, list[Sample]]], vectors: Vectors) -> Json:
    """What the page draws. Principles of both scopes are clustered together, so that shares can be compared."""
    frames = [clusters.statements(scope).assign(side=i) for i, scope in enumerate(scopes)]
    stated = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if not len(stated):
        return {"error": "None of these samples states a principle that could be read."}
    texts = list(dict.fromkeys(stated["principle"]))
    embedded = vectors.of(texts)
    places = clusters.cluster(embedded)
    stated["cluster"] = stated["principle"].map(dict(zip(texts, places.tolist(), strict=True)))
    called = clusters.names(texts, places)
    sides = [stated[stated["side"] == i] for i in range(len(scopes))]
    tables = [clusters.table(mine, called, scope) for mine, scope in zip(sides, scopes, strict=True)]
    return {
        "error": "",
        "titles": titles,
        "clusters": _clusters(called, tables),
        "numbers": [_numbers(mine, scope, vectors) for mine, scope in zip(sides, scopes, strict=True)],
        "panels": [
            _map(stated, texts, clusters.project(embedded), called, len(scopes)),
            *_growth(sides, scopes, titles),
        ],
        "statements": _statements(stated, texts),
    }


def _clusters(called: list[str], tables: list[pd.DataFrame]) -> list[Json]:
    """One object per cluster: its name and, per side, the row of its table or None."""
    rows = [{int(row["cluster"]): row for row in _plain(table)} for table in tables]
    return [{"cluster": i, "name": name, "sides": [side.get(i) for side in rows]} for i, name in enumerate(called)]


def _plain(table: pd.DataFrame) -> list[Json]:
    """Rows as objects, NaN as None."""
    found: list[Json] = table.astype(object).where(table.notna(), None).to_dict("records")
    return found


def _numbers(stated: pd.DataFrame, scope: Samples, vectors: Vectors) -> list[Json]:
    """Figures with their definitions."""
    texts = stated["principle"].tolist()
    samples = [sample for each in scope.values() for sample in each]
    told = [text for sample in samples if (text := diversity.stated(sample))]
    alike = _mean(
        diversity.pairwise_cosine(vectors.of([t for s in each if (t := diversity.stated(s))]))
        for each in scope.values()
    )
    common = clusters.boilerplate(vectors.of(texts), stated["session"].tolist())
    known = [
        ("principles stated", len(texts), "in all samples, repeated ones counted each time"),
        ("different ones", len(set(texts)), "in other words"),
        ("samples that state some", len(told), f"of {len(samples)}"),
        ("clusters", int(stated["cluster"].nunique()), "groups of principles with like meaning"),
        ("entropy", clusters.entropy(stated["cluster"].tolist()), "of the share of clusters, in bits"),
        ("mean cosine", alike, "between the principles of two samples of one item; 1 = the same"),
        ("boilerplate", common, "share that nearly stands under another item too (cosine 0.9)"),
    ]
    return [{"name": name, "value": value, "definition": said} for name, value, said in known]


def _mean(values: Any) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None


def _statements(stated: pd.DataFrame, texts: list[str]) -> list[Json]:
    """Each different principle: its cluster and where it stands (session, sample), for the list under the map."""
    groups = stated.groupby("principle", sort=False)
    at = {text: list(zip(mine["session"], mine["index"], strict=True)) for text, mine in groups}
    cluster = groups["cluster"].first()
    weight = groups["weight"].mean()
    return [
        {
            "text": text,
            "cluster": int(cluster[text]),
            "count": len(at[text]),
            "weight": None if pd.isna(weight[text]) else float(weight[text]),
            "samples": [[session, int(index)] for session, index in at[text][:12]],
        }
        for text in texts[:_POINTS_MOST]
    ]


def _map(stated: pd.DataFrame, texts: list[str], points: NDArray[np.float64], called: list[str], sides: int) -> Json:
    """One point per different principle; numbers only, the words are looked up by the page."""
    weight = stated.groupby("principle")["weight"].mean().reindex(texts).fillna(10.0)
    first = stated.groupby("principle")["side"].min().reindex(texts)
    both = stated.groupby("principle")["side"].nunique().reindex(texts)
    place = stated.groupby("principle")["cluster"].first().reindex(texts)
    table = pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "cluster": place.to_numpy()}).head(_POINTS_MOST)
    table["size"] = 6 + 12 * (weight.to_numpy()[: len(table)] / 100).clip(0, 1)
    table["symbol"] = np.where(both > 1, "diamond", np.where(first > 0, "square", "circle"))[: len(table)]
    traces = []
    for i in range(min(len(called), len(COLOURS))):
        last = i == len(COLOURS) - 1
        mine = table[table["cluster"] >= i] if last else table[table["cluster"] == i]
        marks = {"size": mine["size"].tolist(), "color": COLOURS[i], "symbol": mine["symbol"].tolist(), "opacity": 0.8}
        places = {"x": mine["x"].tolist(), "y": mine["y"].tolist(), "customdata": mine.index.tolist()}
        name = "all others" if last and len(called) > len(COLOURS) else f"cluster {i + 1}"
        hover = f"{name}<extra></extra>"
        traces.append(go.Scattergl(mode="markers", name=name, marker=marks, hovertemplate=hover, **places))
    axes = {"xaxis": {"showticklabels": False}, "yaxis": {"showticklabels": False}, "dragmode": "select"}
    shown = figure(traces, "", "", height=420, **axes)
    said = "Every point is a principle, its size the weight, near points mean like things; the axes mean nothing."
    said += " Circles stand in the first, squares in the second, diamonds in both." if sides > 1 else ""
    return panel("map", "What does the GRM think of?", table[["x", "y", "cluster"]], shown, said)


def _growth(sides: list[pd.DataFrame], scopes: list[dict[str, list[Sample]]], titles: list[str]) -> list[Json]:
    """Distinct clusters over k, for scopes of one session each."""
    if any(len(scope) != 1 for scope in scopes):
        return []
    traces: list[Any] = []
    tables = []
    for i, (mine, scope) in enumerate(zip(sides, scopes, strict=True)):
        (samples,) = scope.values()
        grown = clusters.accumulation(mine, [sample.index for sample in samples])
        traces += band(grown["k"].tolist(), grown["low"].tolist(), grown["high"].tolist(), COLOURS[i])
        traces.append(line(grown["k"].tolist(), grown["mean"].tolist(), _SIDES[i], COLOURS[i]))
        tables.append(grown.assign(side=_SIDES[i]))
    said = "Mean and 90% band over 200 random orders of the samples; where it is flat, more samples bring nothing new."
    shown = figure(traces, "k, samples", "distinct clusters")
    return [panel("growth", "Is the last sample still finding new views?", pd.concat(tables), shown, said)]
