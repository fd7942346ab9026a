"""How different the principles of an item's samples are; vectors come in by argument (see grm_core.embedders).

In a notebook: `diversity.numbers({"item": samples}, Embedder().embed)` is the table of the Principles page.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grm_core.analysis import clusters
from grm_core.types import Example, Sample

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts -> (texts, dimensions) unit vectors."""
NEAR_SEED = 0.5
"""Cosine from which a stated principle counts as one of the template's general ones."""
NEAR_OTHER = 0.9
"""Cosine from which a principle counts as standing under another item too."""
_LEAST = 4
"""Letters of a word that can name something of a query: shorter ones stand in every sentence."""


def numbers(
    sessions: Mapping[str, Sequence[Sample]],
    embed: Embed,
    seeds: Sequence[str] = (),
    stated: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per figure on the principles of some sessions: name, value (None where undefined), definition.

    `seeds` are the general principles of their template. `stated` is clusters.statements with a column `cluster`;
    without it the principles are clustered here, by themselves.
    """
    statements = placed(sessions, embed) if stated is None else stated
    texts = statements["principle"].tolist()
    samples = [sample for each in sessions.values() for sample in each]
    stating = sum(bool(sample.parsed.principles) for sample in samples)
    alike = [pairwise_cosine(embed([text for s in each if (text := in_words(s))])) for each in sessions.values()]
    cosines = [value for value in alike if value is not None]
    vectors = embed(texts)
    rows = [
        ("principles stated", len(texts), "in all samples, repetitions included"),
        ("distinct principles", len(set(texts)), "each wording once"),
        ("samples that state principles", stating, f"of {len(samples)}"),
        ("clusters", statements["cluster"].nunique(), "groups of principles that mean much the same"),
        ("entropy", clusters.entropy(statements["cluster"].tolist()), "of the clusters' shares, in bits"),
        ("mean cosine", float(np.mean(cosines)) if cosines else None,
         "between the principles of two samples of one item; 1 = the same"),
        ("boilerplate", clusters.boilerplate(vectors, statements["session"].tolist(), NEAR_OTHER),
         f"share that also stands, nearly word for word, under another item (cosine {NEAR_OTHER})"),
        ("overlap with general principles", overlap(vectors, embed(list(seeds)) if seeds else None),
         f"share close to one of the template's general principles (cosine {NEAR_SEED})"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "definition"], dtype=object)


def placed(sessions: Mapping[str, Sequence[Sample]], embed: Embed) -> pd.DataFrame:
    """clusters.statements of some sessions with a column `cluster`, 0 = the one of most different principles."""
    stated = clusters.statements(sessions)
    texts = list(dict.fromkeys(stated["principle"]))
    of = dict(zip(texts, clusters.cluster(embed(texts)).tolist(), strict=True)) if texts else {}
    return stated.assign(cluster=stated["principle"].map(of))


def pairwise_cosine(vectors: Vectors) -> float | None:
    """Mean cosine over all pairs of (samples, dimensions) unit vectors, -1..1; None for fewer than two."""
    count = len(vectors)
    if count < 2:
        return None
    total = float(np.linalg.norm(vectors.sum(axis=0)) ** 2)
    return (total - count) / (count * (count - 1))


def overlap(vectors: Vectors, seeds: Vectors | None) -> float | None:
    """The share 0..1 of (m, d) unit vectors that are near one of the seeds; None without either."""
    if seeds is None or not len(seeds) or not len(vectors):
        return None
    return float(((vectors @ seeds.T).max(axis=1) >= NEAR_SEED).mean())


def in_words(sample: Sample) -> str:
    """A sample's principles as one text, in the order written; '' when it states none."""
    return "; ".join(principle.text for principle in sample.parsed.principles)


def names_the_query(example: Example, samples: Sequence[Sample]) -> float | None:
    """The share 0..1 of samples with a principle that holds a word or number of the query; None without principles."""
    query = {word for message in example.query for word in _words(message.content)}
    principles = [_words(in_words(sample)) for sample in samples if sample.parsed.principles]
    return sum(bool(query & words) for words in principles) / len(principles) if principles else None


def _words(text: str) -> set[str]:
    cleaned = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return {word for word in cleaned if len(word) >= _LEAST or word.isdigit()}
