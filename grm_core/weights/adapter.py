"""A LoRA adapter in peft's format, read without peft: what it adds to each weight of its base."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grm_core import prepared
from grm_core.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

CARD = "grm_lens.json"
"""The card that says how the model was trained to be asked; it goes with the weights."""
_PREFIX = "base_model.model."
_ODD = ("use_dora", "alpha_pattern", "fan_in_fan_out", "modules_to_save", "use_qalora", "alora_invocation_tokens")
"""Settings with which an adapter is more than W + scale * B A."""


@dataclass(frozen=True, slots=True)
class Delta:
    """An addition to one weight: scale * up @ down."""

    up: "Tensor"
    down: "Tensor"
    scale: float

    def rows(self, first: int, last: int) -> "Tensor":
        """Some rows of it, in 32 bits."""
        return self.scale * (self.up[first:last] @ self.down)


def files(folder: Path) -> list[Path]:
    """The files of weights, in order; more than one where a single one would be too large to keep in a repository."""
    return sorted(folder.glob("adapter_model*.safetensors"))


def exists(folder: Path) -> bool:
    """Whether an adapter lies in the folder."""
    return (folder / "adapter_config.json").is_file() and bool(files(folder))


def digest(folder: Path) -> str:
    """A digest of the adapter: its weights, its settings and its card."""
    parts = [*files(folder), folder / "adapter_config.json", folder / CARD]
    return prepared.digest(*(prepared.sha256(path) if path.is_file() else "" for path in parts))


def read(folder: Path) -> dict[str, Delta]:
    """The additions to the weights of these names. Raises EngineError for an adapter that is no plain LoRA."""
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} holds no adapter: {error}") from error
    odd = [name for name in _ODD if config.get(name)]
    if config.get("peft_type") != "LORA" or odd or config.get("bias", "none") != "none":
        raise EngineError(f"the adapter in {folder} is no plain LoRA ({', '.join(odd) or config.get('peft_type')})")
    halves = dict(_tensors(folder))
    names = {name.rpartition(".lora_")[0] for name in halves}
    deltas = {}
    for name in sorted(names):
        try:
            down, up = halves.pop(f"{name}.lora_A.weight"), halves.pop(f"{name}.lora_B.weight")
        except KeyError as error:
            raise EngineError(f"the adapter in {folder} lacks {error}") from error
        rank = down.shape[0] ** 0.5 if config.get("use_rslora") else down.shape[0]
        deltas[name.removeprefix(_PREFIX) + ".weight"] = Delta(up.float(), down.float(), config["lora_alpha"] / rank)
    if halves:
        raise EngineError(f"the adapter in {folder} holds more than LoRA weights: {min(halves)}")
    return deltas


def _tensors(folder: Path) -> Iterator[tuple[str, "Tensor"]]:
    from safetensors.torch import load_file

    for path in files(folder):
        yield from load_file(path).items()
