"""Judging items that were never trained on, with a model in training: files of samples and a first look at them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from grm_core import outcome
from grm_core.formats.items import item_record
from grm_core.training.policy import Policy
from grm_core.training.written.draw import SINGLE, Drawer, Drawn
from grm_core.types import Example


@dataclass(frozen=True, slots=True)
class Measured:
    """A set of items that are never trained on."""

    name: str
    items: Sequence[Example]
    """With labels."""
    k: int
    contexts: tuple[str, ...] = (SINGLE,)


def measure(
    folder: Path,
    grm: Policy,
    stage: str,
    sets: Sequence[Measured],
    until: float,
    seed: int,
    log: Callable[[str], None],
) -> None:
    """Judge items that were never trained on, the first set in any case, the others until the clock says `until`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawer = Drawer(grm.model, grm.tokenizer, grm.device, 0.5)
    for each in sets:
        items = each.items
        for context in each.contexts:
            out = folder / f"{each.name}.{context}.{stage}.jsonl"
            if out.exists() or (monotonic() > until and each is not sets[0]):
                continue
            begun = monotonic()
            before = drawer.expected(items) if context == SINGLE else []
            judgments = drawer.draw(items, each.k, context, seed, meta=True)
            write(out, items, judgments, before)
            log(
                f"{each.name}, {context}, after {stage}: {len(judgments)} samples in {monotonic() - begun:.0f} s, "
                + json.dumps(first_look(items, judgments, before))
            )


def first_look(
    items: Sequence[Example], judgments: Sequence[Drawn], before: Sequence[Sequence[float]]
) -> dict[str, Any]:
    """A first look: valid share, accuracy of the vote at k = 1, 2, 4, 8, .. (ties half), and of what was expected."""
    by: dict[str, list[Drawn]] = {}
    for each in judgments:
        by.setdefault(each.example.id, []).append(each)
    ranked = [item for item in items if outcome.has_preference(item.labels)]
    figures: dict[str, Any] = {
        "valid": round(sum(each.scores is not None for each in judgments) / max(1, len(judgments)), 4)
    }
    for k in (1, 2, 4, 8, 16, 32):
        credits = [_credit([s.scores for s in by[item.id][:k]], item) for item in ranked if len(by[item.id]) >= k]
        if credits:
            figures[f"@{k}"] = round(sum(credits) / len(credits), 4)
    if before:
        rights = [
            outcome.credit(levels, item.labels or ()) or 0.0
            for item, levels in zip(items, before, strict=True)
            if item in ranked
        ]
        figures["expected"] = round(sum(rights) / max(1, len(rights)), 4)
    return figures


def _credit(scores: Sequence[tuple[int, ...] | None], item: Example) -> float:
    valid = [each for each in scores if each is not None]
    totals = [float(sum(column)) for column in zip(*valid, strict=True)] if valid else None
    return outcome.settle(outcome.credit(totals, item.labels or ()), len(item.responses)) or 0.0


def write(path: Path, items: Sequence[Example], judgments: Sequence[Drawn], before: Sequence[Sequence[float]]) -> None:
    """A file of samples: a line an item, then a line a sample."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for number, item in enumerate(items):
            line = {"item": item_record(item)}
            if before:
                line["item"]["expected"] = [round(level, 4) for level in before[number]]
            file.write(json.dumps(line) + "\n")
        for each in judgments:
            record = {
                "item_id": each.example.id, "index": each.index, "order": each.order, "status": each.status.value,
                "scores": each.scores, "meta_logit": each.meta, "text": each.text,
                "expected": [round(level, 4) for level in each.expected], "completion_tokens": each.tokens,
            }  # fmt: skip
            file.write(json.dumps(record) + "\n")
    partial.rename(path)
