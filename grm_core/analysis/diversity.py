"""How different the principles of an item's samples are; vectors come in as arguments (see grm_core.embedders)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grm_core.types import Example, Sample

_LEAST = 4
"""Letters of a word that can name something of a query: shorter ones stand in every sentence."""


def pairwise_cosine(vectors: NDArray[np.float32]) -> float | None:
    """Mean cosine over all pairs of (samples, dimensions) unit vectors, -1..1; None for fewer than two."""
    count = len(vectors)
    if count < 2:
        return None
    total = float(np.linalg.norm(vectors.sum(axis=0)) ** 2)
    return (total - count) / (count * (count - 1))


def stated(sample: Sample) -> str:
    """A sample's principles as one text, in the order written; '' when it states none."""
    return "; ".join(principle.text for principle in sample.parsed.principles)


def names_the_query(example: Example, samples: Sequence[Sample]) -> float | None:
    """The share 0..1 of samples with a principle that holds a word or number of the query; None without principles."""
    asked = {word for message in example.query for word in _words(message.content)}
    told = [_words(stated(sample)) for sample in samples if sample.parsed.principles]
    return sum(bool(asked & words) for words in told) / len(told) if told else None


def _words(text: str) -> set[str]:
    cleaned = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return {word for word in cleaned if len(word) >= _LEAST or word.isdigit()}
