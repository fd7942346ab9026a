"""Principles of one scope, or of several against each other, as tables: the Principles page and `principles`.

A scope is some sessions: one, or all of a run. Vectors come in by argument.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from grm_core.analysis import clusters, diversity
from grm_core.analysis.diversity import Embed
from grm_core.types import Sample

Scope = Mapping[str, Sequence[Sample]]
"""Session -> its samples."""


@dataclass(frozen=True, slots=True)
class Study:
    """Principles of some scopes, clustered together so that shares can be compared. One table per scope."""

    stated: pd.DataFrame
    """One row per stated principle: scope (0-based), session, index, place, principle, weight, cluster, name, x, y."""
    names: list[str]
    """Of the clusters, by number."""
    clusters: list[pd.DataFrame]
    """See clusters.table."""
    numbers: list[pd.DataFrame]
    """See diversity.numbers."""
    growth: list[pd.DataFrame]
    """See clusters.accumulation; empty unless every scope is one session."""


def study(scopes: Sequence[Scope], embed: Embed, seeds: Sequence[Sequence[str]] = ()) -> Study | None:
    """All tables on these scopes, or None where no sample states a principle.

    `seeds` are the general principles of each scope's template; without them there is no overlap to tell.
    """
    frames = [clusters.statements(scope).assign(scope=i) for i, scope in enumerate(scopes)]
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return None
    stated = pd.concat(filled, ignore_index=True)
    texts = list(dict.fromkeys(stated["principle"]))
    vectors = embed(texts)
    places = clusters.cluster(vectors)
    names = clusters.names(texts, places)
    points = pd.DataFrame(clusters.project(vectors), columns=["x", "y"])
    points = points.assign(principle=texts, cluster=places, name=[names[place] for place in places])
    stated = stated.merge(points, on="principle", how="left", sort=False)
    parts = [stated[stated["scope"] == i] for i in range(len(scopes))]
    all_seeds = [*seeds, *[()] * (len(scopes) - len(seeds))]
    growth = []
    if all(len(scope) == 1 for scope in scopes):
        lone = [next(iter(scope.values())) for scope in scopes]
        growth = [clusters.accumulation(mine, [s.index for s in each]) for mine, each in zip(parts, lone, strict=True)]
    return Study(
        stated[["scope", "session", "index", "place", "principle", "weight", "cluster", "name", "x", "y"]],
        names,
        [clusters.table(mine, names, scope) for mine, scope in zip(parts, scopes, strict=True)],
        [diversity.numbers(*each) for each in zip(scopes, [embed] * len(scopes), all_seeds, parts, strict=True)],
        growth,
    )
