"""A model's weights, written as they come: some hundred megabytes a file, and an index of what lies where."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_MOST = 400_000_000
"""Bytes that are held before they are written."""


class Shards:
    """Safetensors files in the layout of transformers."""

    def __init__(self, folder: Path, most: int = _MOST) -> None:
        self._folder, self._most = folder, most
        self._tensors: dict[str, Tensor] = {}
        self._size = self._total = 0
        self._written: list[list[str]] = []
        """The names of the tensors in each file so far."""

    def add(self, tensors: "dict[str, Tensor]") -> None:
        """Take tensors; what is held is written when it is enough."""
        self._tensors |= tensors
        self._size += sum(tensor.nbytes for tensor in tensors.values())
        if self._size >= self._most:
            self._write()

    def close(self) -> None:
        """Write the rest, and give the files the names by which they are found."""
        self._write()
        count = len(self._written)
        places: dict[str, str] = {}
        for number, names in enumerate(self._written, 1):
            name = f"model-{number:05}-of-{count:05}.safetensors"
            self._part(number).rename(self._folder / name)
            places |= dict.fromkeys(names, name)
        index = {"metadata": {"total_size": self._total}, "weight_map": dict(sorted(places.items()))}
        (self._folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")

    def _write(self) -> None:
        from safetensors.torch import save_file

        if self._tensors:
            self._written.append(list(self._tensors))
            save_file(self._tensors, self._part(len(self._written)), metadata={"format": "pt"})
            self._total += self._size
            self._tensors, self._size = {}, 0

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number}.safetensors"
