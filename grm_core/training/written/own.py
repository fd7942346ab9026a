"""A GRM's own judgments of training items, sorted into what is learned from them."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grm_core.errors import UsageError
from grm_core.training.written import forms
from grm_core.training.written.demonstrations import Demonstration
from grm_core.training.written.draw import SINGLE, Drawn
from grm_core.training.written.forms import Group, Row, Verdict
from grm_core.training.written.material import MOST, Material, chosen, endless
from grm_core.types import Example

_NEAR = 3
"""Own judgments of demonstrations are kept where the winner is right and every score so near to the written one."""


def line(judgment: Drawn) -> dict[str, Any]:
    """A judgment as it is kept for training: ids, scores, whether it is right, tokens of its conversations."""
    return {
        "id": judgment.example.id, "context": judgment.context, "order": judgment.order, "scores": judgment.scores,
        "right": judgment.right(), "principles": judgment.principles, "conversations": judgment.conversations,
        "starts": judgment.starts,
    }  # fmt: skip


class Own:
    """Own judgments of training items, sorted into what is learned from them."""

    def __init__(self, tokenizer: Any, path: Path, corpus: Material) -> None:
        """`path`: what `samples` wrote. Raises UsageError where it is missing."""
        if not path.is_file():
            raise UsageError(f"there is no {path}: run the stage samples first")
        self.tokenizer = tokenizer
        shown = {each.example.id: each for each in corpus.shown}
        labelled = {example.id: example for example in corpus.labelled}
        self.kept: list[Group] = []
        self.judged: list[tuple[list[list[int]], bool]] = []
        self.stated: list[tuple[Example, str]] = []
        self.written: list[tuple[Demonstration, str]] = []
        everything = right = 0
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                example = shown[record["id"]].example if record["id"] in shown else labelled[record["id"]]
                everything, right = everything + 1, right + record["right"]
                if record["scores"] is None:
                    continue
                if len(example.responses) <= MOST:
                    self.judged.append((record["conversations"], record["right"]))
                if record["principles"] and record["id"] in shown:
                    self.written.append((shown[record["id"]], record["principles"]))
                elif record["principles"]:
                    self.stated.append((example, record["principles"]))
                if record["right"] and _near(record["scores"], example):
                    self.kept.append(self._group(record, example))
        self.summary = {"drawn": everything, "right": right, "kept": len(self.kept), "for meta": len(self.judged)}

    def _group(self, record: dict[str, Any], example: Example) -> Group:
        rows, verdicts = [], []
        chosen = list(enumerate(zip(record["conversations"], record["starts"], strict=True)))[:MOST]
        for number, (ids, start) in chosen:
            written = len(ids) - start
            ids = (*ids, self.tokenizer.eos_token_id)
            rows.append(Row(tuple(ids), (0.0,) * start + (1.0,) * (written + 1)))
            if record["context"] == SINGLE:
                verdicts.append(Verdict(number, start, (example.labels or ())[number], None))
        return Group("own", tuple(rows), tuple(verdicts))

    def streams(self, seed: str) -> dict[str, Iterator[Group]]:
        """Endless groups by kind: own judgments, written ones and pairs under own principles, right and wrong ones."""
        rng = random.Random(f"{seed}|chosen")
        groups: dict[str, Iterator[Group]] = {}
        if self.kept:
            groups["own"] = (group for group in endless(self.kept, f"{seed}|own"))
        if self.stated:
            groups["pair-own"] = (
                forms.pair_single(self.tokenizer, each, text) for each, text in endless(self.stated, f"{seed}|p")
            )
        if self.written:
            groups["single-own"] = (
                forms.single(self.tokenizer, each, rng.choice(each.judgments), chosen(each.example, rng), text)
                for each, text in endless(self.written, f"{seed}|w")
            )
        if self.judged:
            groups["meta"] = (
                forms.meta(self.tokenizer, ids, right) for ids, right in endless(self.judged, f"{seed}|meta")
            )
        return groups


def _near(scores: Sequence[int], example: Example) -> bool:
    if example.source != "demonstrations":
        return True
    return all(abs(score - label) <= _NEAR for score, label in zip(scores, example.labels or (), strict=True))
