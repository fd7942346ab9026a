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


def line(drawn: Drawn) -> dict[str, Any]:
    """A judgment as it is kept for training: ids, scores, whether it is right, tokens of its conversations."""
    return {
        "id": drawn.example.id, "context": drawn.context, "order": drawn.order, "scores": drawn.scores,
        "right": drawn.right(), "principles": drawn.principles, "conversations": drawn.conversations,
        "starts": drawn.starts,
    }  # fmt: skip


class Own:
    """Own judgments of training items, sorted into what is learned from them."""

    def __init__(self, tokenizer: Any, path: Path, known: Material) -> None:
        """`path`: what `samples` wrote. Raises UsageError where it is missing."""
        if not path.is_file():
            raise UsageError(f"there is no {path}: run the stage samples first")
        self.tokenizer = tokenizer
        shown = {each.example.id: each for each in known.shown}
        labelled = {example.id: example for example in known.labelled}
        self.kept: list[Group] = []
        self.judged: list[tuple[list[list[int]], bool]] = []
        self.stated: list[tuple[Example, str]] = []
        self.written: list[tuple[Demonstration, str]] = []
        everything = right = 0
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                drawn = json.loads(line)
                example = shown[drawn["id"]].example if drawn["id"] in shown else labelled[drawn["id"]]
                everything, right = everything + 1, right + drawn["right"]
                if drawn["scores"] is None:
                    continue
                if len(example.responses) <= MOST:
                    self.judged.append((drawn["conversations"], drawn["right"]))
                if drawn["principles"] and drawn["id"] in shown:
                    self.written.append((shown[drawn["id"]], drawn["principles"]))
                elif drawn["principles"]:
                    self.stated.append((example, drawn["principles"]))
                if drawn["right"] and _near(drawn["scores"], example):
                    self.kept.append(self._group(drawn, example))
        self.summary = {"drawn": everything, "right": right, "kept": len(self.kept), "for meta": len(self.judged)}

    def _group(self, drawn: dict[str, Any], example: Example) -> Group:
        rows, verdicts = [], []
        chosen = list(enumerate(zip(drawn["conversations"], drawn["starts"], strict=True)))[:MOST]
        for number, (ids, start) in chosen:
            written = len(ids) - start
            ids = (*ids, self.tokenizer.eos_token_id)
            rows.append(Row(tuple(ids), (0.0,) * start + (1.0,) * (written + 1)))
            if drawn["context"] == SINGLE:
                verdicts.append(Verdict(number, start, (example.labels or ())[number], None))
        return Group("own", tuple(rows), tuple(verdicts))

    def streams(self, seed: str) -> dict[str, Iterator[Group]]:
        """Endless groups by kind: own judgments, written ones and pairs under own principles, right and wrong ones."""
        rng = random.Random(f"{seed}|chosen")
        found: dict[str, Iterator[Group]] = {}
        if self.kept:
            found["own"] = (group for group in endless(self.kept, f"{seed}|own"))
        if self.stated:
            found["pair-own"] = (
                forms.pair_single(self.tokenizer, each, text) for each, text in endless(self.stated, f"{seed}|p")
            )
        if self.written:
            found["single-own"] = (
                forms.single(self.tokenizer, each, rng.choice(each.judgments), chosen(each.example, rng), text)
                for each, text in endless(self.written, f"{seed}|w")
            )
        if self.judged:
            found["meta"] = (
                forms.meta(self.tokenizer, ids, right) for ids, right in endless(self.judged, f"{seed}|meta")
            )
        return found


def _near(scores: Sequence[int], example: Example) -> bool:
    if example.source != "demonstrations":
        return True
    return all(abs(score - label) <= _NEAR for score, label in zip(scores, example.labels or (), strict=True))
