"""The difference between a fully trained model and its base as a LoRA adapter: truncated singular values."""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def extract(base: Path, trained: Path, rank: int, folder: Path) -> float:
    """Write the best adapter of this rank to `folder`; the share 0..1 of the difference (squared) that it holds."""
    before = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    after = AutoModelForCausalLM.from_pretrained(trained, dtype=torch.float32).state_dict()
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear", task_type="CAUSAL_LM")
    model: Any = get_peft_model(before, config)
    held = whole = 0.0
    for name, layer in model.get_base_model().named_modules():
        if not hasattr(layer, "lora_A"):
            continue
        difference = after[f"{name}.weight"] - layer.get_base_layer().weight.detach()
        left, values, right = torch.linalg.svd(difference, full_matrices=False)
        root = values[:rank].sqrt()
        for factor in (layer.lora_A["default"], layer.lora_B["default"]):
            factor.weight.data.zero_()  # a layer narrower than the rank fills only part of it
        layer.lora_B["default"].weight.data[:, : len(root)] = left[:, :rank] * root
        layer.lora_A["default"].weight.data[: len(root)] = root[:, None] * right[:rank]
        held += float((values[:rank] ** 2).sum())
        whole += float((values**2).sum())
    model.save_pretrained(folder)
    return held / whole if whole else 1.0
