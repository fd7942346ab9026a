"""Principles as vectors: one sentence model in memory for all pages, and each text embedded once."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grm_core.embedders import Embedder

_KEPT = 50_000
"""Texts whose vectors are kept."""


class Vectors:
    """Embeddings of principles, each text embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._vectors = embedder, dict[str, NDArray[np.float32]]()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions) unit vectors. Raises EngineError where the sentence model is missing."""
        with self._lock:
            if len(self._vectors) > _KEPT:
                self._vectors.clear()
            fresh = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            self._vectors |= dict(zip(fresh, self._embedder.embed(fresh), strict=True)) if fresh else {}
            vectors = [self._vectors[text] for text in texts]
        return np.array(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)
