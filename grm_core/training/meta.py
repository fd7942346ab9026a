"""The meta RM's training: a scalar head that says how likely a judgment is right.

Input is what the GRM saw and what it wrote: query and responses in the user turn, principles and critique in the
assistant turn (arXiv 2504.02495, App. G). Labels come from outcome.py, the loss is binary cross-entropy on the raw
logit. Judgments of one item stay on one side of every split.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from grm_core.meta_rm import Reading, encode, logits
from grm_core.training.generate import Judgment
from grm_core.training.policy import Policy, dtype_of, in_32_bits, tokenizer_of


@dataclass(frozen=True, slots=True)
class Told:
    """A judgment as the meta RM reads it, and whether it is right: by the item's labels, or in somebody's eyes."""

    reading: Reading
    right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A judgment in tokens and whether it was right."""

    ids: tuple[int, ...]
    label: bool


def load(base: Path, adapter: Path | None, rank: int, device: str) -> Policy:
    """The base as a classifier with one raw logit, with this adapter and head or fresh ones, ready to be trained."""
    tokenizer = tokenizer_of(base)
    dtype = dtype_of(device)
    plain = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=dtype).to(device)
    plain.config.pad_token_id = tokenizer.pad_token_id
    if adapter is None:
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear", task_type="SEQ_CLS")
        plain.score.weight.data.zero_()  # every judgment starts at even odds
        model: Any = get_peft_model(plain, config)
    else:
        model = PeftModel.from_pretrained(plain, adapter, is_trainable=True)
    return Policy(in_32_bits(model), tokenizer, device)


def told(judgments: Sequence[Judgment]) -> list[Told]:
    """Judgments with what the labels of their items say of them (Eq. 10)."""
    readings = [Reading(each.question.example, each.question.order, each.text) for each in judgments]
    return [Told(reading, each.correct()) for reading, each in zip(readings, judgments, strict=True)]


def row(tokenizer: Any, one: Told) -> Row:
    """The judgment in tokens."""
    return Row(tuple(encode(tokenizer, one.reading)), one.right)


def endless(tokenizer: Any, judgments: Sequence[Told], seed: int, skip: int) -> Iterator[Row]:
    """Right and wrong judgments in equal shares, drawn anew each time round."""
    right = [judgment for judgment in judgments if judgment.right]
    wrong = [judgment for judgment in judgments if not judgment.right]
    size, taken = min(len(right), len(wrong)), 0
    while size:
        rng = random.Random(f"{seed}|{taken // (2 * size)}")
        drawn = rng.sample(right, size) + rng.sample(wrong, size)
        rng.shuffle(drawn)
        for judgment in drawn:
            if (taken := taken + 1) > skip:
                yield row(tokenizer, judgment)


def loss(policy: Policy, part: list[Any]) -> tuple[torch.Tensor, float]:
    """Sum over the rows of the binary cross-entropy in nats, and the number of rows."""
    with policy.autocast():
        found = logits(policy.model, [list(each.ids) for each in part], policy.device)
    labels = torch.tensor([float(each.label) for each in part], device=found.device)
    return functional.binary_cross_entropy_with_logits(found.float(), labels, reduction="sum"), float(len(part))


def split(judgments: Sequence[Told], held_out: float, seed: int) -> tuple[list[Told], list[Told]]:
    """Judgments for training and held-out ones; all judgments of an item fall on the same side."""
    items = sorted({judgment.reading.example.id for judgment in judgments})
    random.Random(seed).shuffle(items)
    kept_out = set(items[: round(len(items) * held_out)])
    return (
        [judgment for judgment in judgments if judgment.reading.example.id not in kept_out],
        [judgment for judgment in judgments if judgment.reading.example.id in kept_out],
    )


def evaluate(policy: Policy, judgments: Sequence[Told], log: Callable[[str], None]) -> dict[str, Any]:
    """AUC, Brier score, expected calibration error (ten bins) and the bins themselves, on judgments not trained on."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    policy.model.eval()
    found: list[float] = []
    rows = [row(policy.tokenizer, judgment) for judgment in judgments]
    for start in range(0, len(rows), 8):
        with torch.inference_mode(), policy.autocast():
            part = [list(each.ids) for each in rows[start : start + 8]]
            found += logits(policy.model, part, policy.device).float().tolist()
    labels = np.array([each.label for each in rows])
    chance = 1 / (1 + np.exp(-np.array(found)))
    bins = np.minimum((chance * 10).astype(int), 9)
    table = [
        {
            "bin": int(b),
            "n": int((bins == b).sum()),
            "said": float(chance[bins == b].mean()),
            "was": float(labels[bins == b].mean()),
        }
        for b in sorted(set(bins.tolist()))
    ]
    result = {
        "n": len(rows), "right": float(labels.mean()), "auc": float(roc_auc_score(labels, found)),
        "brier": float(brier_score_loss(labels, chance)),
        "ece": sum(line["n"] * abs(line["said"] - line["was"]) for line in table) / len(rows), "bins": table,
    }  # fmt: skip
    log(f"meta RM on {len(rows)} held-out judgments: AUC {result['auc']:.3f}, ECE {result['ece']:.3f}")
    return result
