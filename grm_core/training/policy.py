"""The model in training, its log-probabilities and its checkpoints.

Either all linear layers are trained, in 32 bits (a small model learns most in a given time so), or a LoRA adapter
over a frozen base, in 16 bits on a GPU (a large one fits in memory so). lowrank.py turns the first into the second.
"""

import copy
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer

from grm_core import precision
from grm_core.training.token_rows import Row

WIDTH_STEP = 32
"""Widths are rounded up to this: the CPU's matrix kernels are prepared once per shape."""
_STATE = "state.json"


@dataclass(slots=True)
class Policy:
    """A causal language model in training."""

    model: Any
    tokenizer: Any
    device: str

    def parameters(self) -> list[torch.nn.Parameter]:
        """The trainable weights."""
        return [weight for weight in self.model.parameters() if weight.requires_grad]

    def autocast(self) -> AbstractContextManager[Any]:
        """16-bit matrix products where the device is faster with them."""
        if dtype_of(self.device) != torch.bfloat16:
            return nullcontext()
        kind = "cuda" if self.device.startswith("cuda") else "cpu"
        context: AbstractContextManager[Any] = torch.autocast(kind, torch.bfloat16)
        return context


def dtype_of(device: str) -> torch.dtype:
    """The type of number that models which are not trained compute in here."""
    dtype: torch.dtype = getattr(torch, precision.of(device))
    return dtype


def load_full(folder: Path, device: str) -> Policy:
    """The model of this folder with all its linear layers trainable: what an adapter can hold afterwards."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").to(device)
    model.requires_grad_(False)
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear) and name != "lm_head":  # the head is the embedding once more
            layer.requires_grad_(True)
    return Policy(model, tokenizer_of(folder), device)


def load_adapter(base: Path, adapter: Path | None, rank: int, device: str) -> Policy:
    """The base with this adapter, or with a fresh one of this rank on every linear layer, ready to be trained."""
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=dtype_of(device), attn_implementation="sdpa").to(device)
    if adapter is None:
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear", task_type="CAUSAL_LM")
        model: Any = get_peft_model(plain, config)
    else:
        model = PeftModel.from_pretrained(plain, adapter, is_trainable=True)
    return Policy(in_32_bits(model), tokenizer_of(base), device)


def in_32_bits(model: Any) -> Any:
    """The same model, its trainable weights in 32 bits: small steps vanish in 16."""
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    return model


def load_frozen(folder: Path, device: str) -> Policy:
    """The model of this folder in the device's number type, not to be trained."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype_of(device), attn_implementation="sdpa").to(device)
    return Policy(model.eval().requires_grad_(False), tokenizer_of(folder), device)


def copy_of(frozen: Policy) -> Policy:
    """A second model with the same weights."""
    return Policy(copy.deepcopy(frozen.model), frozen.tokenizer, frozen.device)


def sync(policy: Policy, actor: Policy) -> None:
    """Give the frozen actor the policy's present weights, an adapter merged in: sampling is faster without one."""
    targets = dict(actor.model.named_modules())
    with torch.no_grad():
        for name, layer in policy.model.named_modules():
            if isinstance(layer, LoraLayer):
                target = targets[name.removeprefix("base_model.model.")]
                target.weight.copy_(layer.get_base_layer().weight + layer.get_delta_weight("default"))


def tokenizer_of(folder: Path) -> Any:
    """The tokenizer of a model folder, padding on the left."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.padding_side = "left"
    return tokenizer


def log_probs(policy: Policy, part: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Log-probabilities of all completion tokens of the rows, one after another; their weights; their rows' indices.

    Three flat tensors of one length. Only the positions that are learned pass through the vocabulary, which is a
    quarter of a small model's work.
    """
    width = -(-max(len(row.ids) for row in part) // WIDTH_STEP) * WIDTH_STEP
    ids = torch.zeros((len(part), width), dtype=torch.long)  # padding on the right is never looked at: causal mask
    places: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    owners: list[int] = []
    for index, row in enumerate(part):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        places += range(index * width + row.start - 1, index * width + len(row.ids) - 1)
        targets += row.ids[row.start :]
        weights += row.weights
        owners += [index] * len(row.weights)
    causal = policy.model.get_base_model() if isinstance(policy.model, PeftModel) else policy.model
    with policy.autocast():
        hidden = causal.model(input_ids=ids.to(policy.device), use_cache=False).last_hidden_state
        logits = causal.lm_head(hidden.flatten(0, 1)[torch.tensor(places, device=policy.device)])
    chosen = torch.tensor(targets, device=policy.device)
    values = -functional.cross_entropy(logits.float(), chosen, reduction="none")
    return values, torch.tensor(weights, device=policy.device), torch.tensor(owners, device=policy.device)


def save(policy: Policy, optimizer: torch.optim.Optimizer | None, state: dict[str, Any], folder: Path) -> None:
    """Write adapter, optimizer and state beside the folder, then put them in its place: it is whole or not there."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    policy.model.save_pretrained(partial)
    policy.tokenizer.save_pretrained(partial)
    if optimizer is not None:
        torch.save(optimizer.state_dict(), partial / "optimizer.pt")
    (partial / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(partial, folder)
    shutil.rmtree(old, ignore_errors=True)


def state_of(folder: Path) -> dict[str, Any] | None:
    """The state saved with a checkpoint, or None where there is none."""
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return state
