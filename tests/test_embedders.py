"""The bundled sentence model works without a network and knows what belongs together."""

from pathlib import Path

import numpy as np
import pytest

from grm_core import embedders
from grm_core.errors import EngineError


@pytest.mark.model
def test_like_sentences_are_near_and_vectors_keep_their_order_and_length() -> None:
    embedder = embedders.Embedder()
    texts = ["The answer must be correct.", "Accuracy: no errors in the answer.", "A cat sleeps in the sun."]
    vectors = embedder.embed(texts)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = vectors @ vectors.T
    assert near[0, 1] > near[0, 2] + 0.2
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.allclose(alone, vectors, atol=1e-4), "neighbours in a batch change nothing"
    assert embedder.embed([]).shape[0] == 0


@pytest.mark.slow
def test_a_folder_without_a_model_and_a_missing_wheel_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match=str(tmp_path)):
        embedders.Embedder(tmp_path).embed(["x"])
    monkeypatch.setattr(embedders, "WHEEL", "no-such-wheel-at-all")
    with pytest.raises(EngineError, match="no-such-wheel-at-all"):
        embedders.Embedder().embed(["x"])
