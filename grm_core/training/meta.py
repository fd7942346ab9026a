"""The meta RM's training: a scalar head that says how likely a judgment is right.

Input is what the GRM saw and what it wrote: query and responses in the user turn, principles and critique in the
assistant turn (arXiv 2504.02495, App. G). Labels come from outcome.py, the loss is binary cross-entropy on the raw
logit. Judgments of one item stay on one side of every split.

The head is fitted first, on features of the frozen GRM (head.py), then an adapter is trained under it: a head that
starts at nothing takes more steps than a CPU has in an hour before it tells anything apart.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import Linear, functional
from transformers import AutoModelForSequenceClassification

from grm_core import models
from grm_core.meta_rm import Reading, encode, logits
from grm_core.training.generate import Trajectory
from grm_core.training.policy import Policy, dtype_of, in_32_bits, tokenizer_of
from grm_core.training.rounds import rounds

_UPPER = 1 / 3
"""On a CPU, the share of the layers, from the top, that the adapter changes: gradients need not go further down."""


class Labelled(NamedTuple):
    """A judgment as the meta RM reads it, and whether it is right: by the item's labels, or in somebody's eyes."""

    reading: Reading
    right: bool


class Row(NamedTuple):
    """A judgment in tokens and whether it was right."""

    ids: tuple[int, ...]
    label: bool


def load(base: Path, adapter: Path | None, rank: int, device: str, judgments: bool = True) -> Policy:
    """The base as a classifier with one raw logit, with this adapter and head or fresh ones, ready to be trained.

    `judgments`: it is to read judgments of the GRM that is its base: up to their scores, and on a CPU with an adapter
    in the upper layers only. Other models with a head read whole turns, and the adapter is in all layers.
    """
    tokenizer = tokenizer_of(base)
    dtype = dtype_of(device)
    plain = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=dtype).to(device)
    plain.config.pad_token_id = tokenizer.pad_token_id
    if adapter is None:
        layers = plain.config.num_hidden_layers
        upper = list(range(layers - math.ceil(layers * _UPPER), layers)) if judgments and device == "cpu" else None
        linear = {name.rpartition(".")[2] for name, layer in plain.named_modules() if isinstance(layer, Linear)}
        config = LoraConfig(
            r=rank, lora_alpha=rank, target_modules=linear - {"score"}, layers_to_transform=upper, task_type="SEQ_CLS"
        )
        plain.score.weight.data.zero_()  # every judgment starts at even odds
        if judgments:
            tokenizer.chat_template = open_ended(tokenizer.chat_template)
        model: Any = get_peft_model(plain, config)
    else:
        tokenizer.chat_template = models.template_of(adapter) or tokenizer.chat_template
        model = PeftModel.from_pretrained(plain, adapter, is_trainable=True)
    return Policy(in_32_bits(model), tokenizer, device)


def open_ended(template: str) -> str:
    """A chat template that leaves out what a template writes after the last message, its end-of-turn mark.

    A judgment ends with its scores, and there the frozen GRM knows best whether it is right: AUC .82 by a linear head
    against .73 after the mark, which it never saw as input (docs/training.md). The template belongs to the model, so
    that vLLM reads a judgment in the same way.
    """
    return (
        "{% set whole %}" + template + "{% endset %}{% set said = messages[-1]['content'] | trim %}"
        "{{ whole.rsplit(said, 1)[0] + said if said else whole }}"
    )


def labelled(judgments: Sequence[Trajectory]) -> list[Labelled]:
    """Judgments with what the labels of their items say of them (Eq. 10)."""
    readings = [Reading(each.question.example, each.question.order, each.text) for each in judgments]
    return [Labelled(reading, each.correct()) for reading, each in zip(readings, judgments, strict=True)]


def row(tokenizer: Any, one: Labelled) -> Row:
    """The judgment in tokens."""
    return Row(tuple(encode(tokenizer, one.reading)), one.right)


def endless(tokenizer: Any, judgments: Sequence[Labelled], seed: int, skip: int) -> Iterator[Row]:
    """All judgments in an order drawn anew each time round: right ones are as frequent as the GRM makes them."""
    return (row(tokenizer, judgment) for _, judgment in rounds(judgments, seed, skip))


def loss(policy: Policy, part: list[Any]) -> tuple[torch.Tensor, float]:
    """Sum over the rows of the binary cross-entropy in nats, and the number of rows."""
    with policy.autocast():
        values = logits(policy.model, [list(each.ids) for each in part], policy.device)
    labels = torch.tensor([float(each.label) for each in part], device=values.device)
    return functional.binary_cross_entropy_with_logits(values.float(), labels, reduction="sum"), float(len(part))


def split(judgments: Sequence[Labelled], held_out: float, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Judgments for training and held-out ones; all judgments of an item fall on the same side."""
    items = sorted({judgment.reading.example.id for judgment in judgments})
    random.Random(seed).shuffle(items)
    kept_out = set(items[: round(len(items) * held_out)])
    return (
        [judgment for judgment in judgments if judgment.reading.example.id not in kept_out],
        [judgment for judgment in judgments if judgment.reading.example.id in kept_out],
    )


def evaluate(policy: Policy, judgments: Sequence[Labelled], log: Callable[[str], None]) -> dict[str, Any]:
    """AUC, Brier score, expected calibration error (ten bins) and the bins themselves, on judgments not trained on.

    `within`: how often a right judgment of an item has a higher logit than a wrong one of the same item (None where no
    item has both). The filter of a guided vote compares such judgments only.
    """
    rows = [row(policy.tokenizer, judgment) for judgment in judgments]
    values = looked_at(policy, rows, logits).tolist()
    result = told_apart(values, [each.label for each in rows], [one.reading.example.id for one in judgments])
    log(f"meta RM on {len(rows)} held-out judgments: AUC {result['auc']:.3f}, ECE {result['ece']:.3f}")
    return result


def looked_at(policy: Policy, rows: Sequence[Row], what: Callable[[Any, list[list[int]], str], Any]) -> torch.Tensor:
    """`what` of the rows (last_states or logits), eight at a time and not learned from; float32, in their order."""
    policy.model.eval()
    parts = []
    for start in range(0, len(rows), 8):
        with torch.inference_mode(), policy.autocast():
            part = [list(each.ids) for each in rows[start : start + 8]]
            parts.append(what(policy.model, part, policy.device).float())
    return torch.cat(parts)


def told_apart(values: Sequence[float], right: Sequence[bool], items: Sequence[str]) -> dict[str, Any]:
    """The numbers of `evaluate` from raw logits, whether each judgment is right, and its item."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    labels = np.array(right)
    chance = 1 / (1 + np.exp(-np.array(values)))
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
    return {
        "n": len(labels), "right": float(labels.mean()), "auc": float(roc_auc_score(labels, values)),
        "within": _within(np.array(values), labels, np.array(items)), "brier": float(brier_score_loss(labels, chance)),
        "ece": sum(line["n"] * abs(line["said"] - line["was"]) for line in table) / len(labels), "bins": table,
    }  # fmt: skip


def _within(values: np.ndarray, right: np.ndarray, items: np.ndarray) -> float | None:
    """Share of pairs, a right and a wrong judgment of one item, that the logits order rightly; ties count half."""
    ordered, pairs = 0.0, 0
    for item in sorted(set(items.tolist())):
        good, other = values[(items == item) & right][:, None], values[(items == item) & ~right]
        ordered += float((good > other).sum() + 0.5 * (good == other).sum())
        pairs += good.size * other.size
    return ordered / pairs if pairs else None
