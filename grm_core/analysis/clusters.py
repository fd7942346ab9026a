"""A GRM's principles: clusters of their embeddings, named by their own words, and what they do to votes.

Vectors come in as arguments (see grm_core.embedders). Everything is seeded: the same principles give the same clusters
in the same order, the largest first.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering, MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer

from grm_core.analysis.frames import principles_frame
from grm_core.types import Sample
from grm_core.voting import vote

Vectors = NDArray[np.float32]
_FEW = 1500
"""Up to so many different principles are clustered by distance, more by k-means: the former grows with the square."""
_DISTANCE = 0.5
"""Mean cosine distance up to which groups of principles are one."""
_MOST_CLUSTERS = 60
_DRAWS = 200
_HEADLINE_MOST = 60
_WORD = re.compile(r"\b\w\w+\b")


def statements(sessions: Mapping[str, Sequence[Sample]]) -> pd.DataFrame:
    """One row per stated principle: session, index (sample), place, principle, weight (NaN where none is written)."""
    frames = [principles_frame(samples).assign(session=name) for name, samples in sessions.items()]
    columns = ["session", "index", "place", "principle", "weight"]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


def cluster(vectors: Vectors, seed: int = 0) -> NDArray[np.int64]:
    """(m,) cluster of each of (m, d) unit vectors, 0 = the largest; equal sizes by first appearance."""
    count = len(vectors)
    if count < 2:
        return np.zeros(count, dtype=np.int64)
    if count <= _FEW:
        labels = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=_DISTANCE
        ).fit_predict(vectors)
    else:
        wanted = min(_MOST_CLUSTERS, round((count / 2) ** 0.5))
        labels = MiniBatchKMeans(wanted, random_state=seed, n_init=3, batch_size=2048).fit_predict(vectors)
    values, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = sorted(range(len(values)), key=lambda i: (-sizes[i], first[i]))
    rank = {values[i]: place for place, i in enumerate(order)}
    return np.array([rank[value] for value in labels], dtype=np.int64)


def names(texts: Sequence[str], clusters: Sequence[int] | NDArray[np.int64]) -> list[str]:
    """A name per cluster, in the GRM's own words: the headline that speaks most like all of them, no two alike.

    A headline is what stands before a colon or a dash, else the principle itself. Of a cluster's headlines the one is
    taken whose words are the most frequent there and the rarest elsewhere (class-based TF-IDF, mean over its words,
    times the logarithm of how many principles have it).
    """
    places = np.asarray(clusters)
    count = int(places.max()) + 1 if len(places) else 0
    stated = [[headline(text) for text, at in zip(texts, places, strict=True) if at == i] for i in range(count)]
    weights = _distinctive([" ".join(each) for each in stated])
    named: list[str] = []
    for i in range(count):
        called = Counter(each.casefold() for each in stated[i])
        written = {each.casefold(): each for each in reversed(stated[i])}
        ranked = sorted(called, key=lambda each: (-_typical(each, called[each], weights[i]), each))
        free = next((written[each] for each in ranked if each and written[each] not in named), "")
        named.append(free or f"cluster {i + 1}")
    return named


def headline(principle: str) -> str:
    """What a principle is about, without what it says of it; at most 60 characters."""
    head = re.split(r":\s|\s[-–—]\s", principle.strip(), maxsplit=1)[0].strip(" .*_#\"'“”")
    return head if len(head) <= _HEADLINE_MOST else head[: _HEADLINE_MOST - 1].rsplit(" ", 1)[0] + "…"


def _typical(headline: str, count: int, weights: Mapping[str, float]) -> float:
    words = _WORD.findall(headline)
    mean = sum(weights.get(word, 0.0) for word in words) / len(words) if words else -1.0
    return mean * math.log1p(count)


def _distinctive(joined: Sequence[str]) -> list[dict[str, float]]:
    """Word -> how frequent it is in a text and how rare in the others, for each of the texts."""
    counter = CountVectorizer(stop_words="english", token_pattern=_WORD.pattern)
    try:
        counts = counter.fit_transform(joined).toarray().astype(float)
    except ValueError:  # no word is left: numbers and marks only
        return [{} for _ in joined]
    rarity = np.log1p(counts.sum() / len(joined) / counts.sum(axis=0))
    weights = counts / np.maximum(1, counts.sum(axis=1, keepdims=True)) * rarity
    return [dict(zip(counter.get_feature_names_out(), row.tolist(), strict=True)) for row in weights]


def project(vectors: Vectors) -> NDArray[np.float64]:
    """(m, 2) principal components of (m, d) vectors, for a map: near points are alike, axes mean nothing."""
    if len(vectors) < 3:
        return np.zeros((len(vectors), 2))
    return np.asarray(PCA(2, random_state=0).fit_transform(vectors), dtype=np.float64)


def table(stated: pd.DataFrame, called: Sequence[str], sessions: Mapping[str, Sequence[Sample]]) -> pd.DataFrame:
    """One row per cluster of `stated` (which has a column `cluster`): what it is and what it does to the vote.

    cluster, name, principles (different ones), share (of samples that state it), weight (mean), first (sample,
    1-based, the earliest over sessions), with and without (mean margin for the session's winner over samples that
    state it and over those that do not), low and high (95% bootstrap interval of the difference, over samples), flips
    (share of sessions whose verdict changes when its samples are left out; a session where nobody is left to vote does
    not count, and NaN where none counts). An association, not a cause.
    """
    total = sum(len(samples) for samples in sessions.values())
    margins = {(name, i): margin for name, samples in sessions.items() for i, margin in _margins(samples).items()}
    rows = []
    for place, mine in stated.groupby("cluster", sort=True):
        members = set(zip(mine["session"], mine["index"], strict=True))
        inside = [margin for sample, margin in margins.items() if sample in members]
        outside = [margin for sample, margin in margins.items() if sample not in members]
        low, high = _difference(inside, outside)
        rows.append(
            {
                "cluster": int(str(place)),
                "name": called[int(str(place))],
                "principles": mine["principle"].nunique(),
                "share": len(members) / total,
                "weight": mine["weight"].mean(),
                "first": int(mine["index"].min()) + 1,
                "with": float(np.mean(inside)) if inside else np.nan,
                "without": float(np.mean(outside)) if outside else np.nan,
                "low": low,
                "high": high,
                "flips": _flips(sessions, members),
            }
        )
    return pd.DataFrame(rows)


def accumulation(stated: pd.DataFrame, indices: Sequence[int], seed: int = 0) -> pd.DataFrame:
    """Distinct clusters after k samples of one session: k, mean, low, high (5th and 95th percentile of random orders).

    `indices` are all samples of the session, also those that state nothing.
    """
    clusters = sorted(stated["cluster"].unique())
    sets = stated.groupby("index")["cluster"].apply(set).to_dict()
    holds = np.array([[place in sets.get(index, set()) for place in clusters] for index in indices])
    rng = np.random.default_rng(seed)
    curves = []
    for _ in range(_DRAWS if clusters else 0):
        curves.append(np.maximum.accumulate(holds[rng.permutation(len(indices))], axis=0).sum(axis=1))
    if not curves:
        return pd.DataFrame(columns=["k", "mean", "low", "high"])
    counts = np.array(curves)
    low, high = np.quantile(counts, (0.05, 0.95), axis=0)
    return pd.DataFrame({"k": range(1, len(indices) + 1), "mean": counts.mean(axis=0), "low": low, "high": high})


def entropy(clusters: Sequence[int] | NDArray[np.int64]) -> float:
    """Of the distribution over clusters, in bits: 0 = always the same, log2(c) = all c equally often."""
    _, counts = np.unique(np.asarray(clusters), return_counts=True)
    shares = counts / counts.sum() if len(counts) else counts
    return float(-(shares * np.log2(shares)).sum()) if len(counts) else 0.0


def boilerplate(vectors: Vectors, sessions: Sequence[str], near: float = 0.9) -> float | None:
    """The share 0..1 of principles that nearly stand under another item too (cosine >= near); None for one item."""
    owners = np.asarray(sessions)
    if len(set(sessions)) < 2:
        return None
    hits = 0
    for start in range(0, len(vectors), 512):
        alike = vectors[start : start + 512] @ vectors.T
        foreign = owners[start : start + 512, None] != owners[None, :]
        hits += int(((alike >= near) & foreign).any(axis=1).sum())
    return hits / len(vectors)


def _margins(samples: Sequence[Sample]) -> dict[int, float]:
    """Each valid sample's margin for the naive winner of its session; empty where nobody wins."""
    winner = vote(samples).winner
    margins = {}
    for sample in samples:
        scores = sample.scores
        if scores is not None and winner is not None and len(scores) > 1:
            margins[sample.index] = float(scores[winner] - max(s for own, s in enumerate(scores) if own != winner))
    return margins


def _difference(inside: list[float], outside: list[float], seed: int = 0) -> tuple[float, float]:
    if len(inside) < 2 or len(outside) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, (2000, len(values))).mean(axis=1) for values in (inside, outside)]
    low, high = np.quantile(means[0] - means[1], (0.025, 0.975))
    return float(low), float(high)


def _flips(sessions: Mapping[str, Sequence[Sample]], members: set[tuple[str, int]]) -> float:
    touched = flipped = 0
    for name, samples in sessions.items():
        left = [sample for sample in samples if (name, sample.index) not in members]
        if len(left) < len(samples) and any(sample.scores is not None for sample in left):
            touched += 1
            flipped += vote(left).winner != vote(samples).winner
    return flipped / touched if touched else math.nan
