"""The loss of groups of rows: the text, the verdict words, their ranking, and whether a judgment is right.

text      cross-entropy per token, weighted, mean over a row's weight
verdict   cross-entropy over the five verdict words, given before the critique's text
ranking   mean over pairs of responses of softplus(-2 (E_i - E_j)) where i is better; E = expected level, 4 .. 0
meta      binary cross-entropy of the mean over the rows of log P(Yes) - log P(No)
"""

import json
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch.nn import functional

from grm_core.training.policy import Policy
from grm_core.training.written import forms
from grm_core.training.written.forms import Group
from grm_core.training.written.packing import Packed, pack

_RANKING = 2.0
_META = 1.0
_STEP = 256
"""On a CPU the number of tokens that are learned is rounded up to a multiple of this."""
_CURVE = 60
"""Items of the learning curve: right among the last so many, before they were trained on."""


class Loss:
    """The summed loss of some groups; keeps a curve of what was right before it was learned."""

    def __init__(self, tokenizer: Any, curve: Path, tokens: int = 0) -> None:
        """`curve`: a file of JSON Lines, one line every 60 items. `tokens`: of every pass on a CPU, which prepares
        its matrix kernels anew for every number of tokens."""
        self.tokens = tokens
        self.words = forms.words(tokenizer)
        self.answers = forms.answers(tokenizer)
        self.curve = curve
        self.seen = 0
        self.recent: dict[str, deque[tuple[torch.Tensor, float]]] = {}

    def __call__(self, policy: Policy, part: list[Any]) -> tuple[torch.Tensor, float]:
        """Sum over the groups of their losses, and how many groups there are."""
        groups: list[Group] = part
        packed = pack(groups, self.tokens if policy.device == "cpu" else 0)
        hidden, causal = states(policy, packed)
        total = _text(causal, hidden, packed, groups, policy)
        first = 0
        for group in groups:
            if group.verdicts:
                total = total + self._verdicts(causal, hidden, packed, group, first)
            if group.right is not None:
                total = total + _META * self._right(causal, hidden, packed, group, first)
            first += len(group.rows)
        return total, float(len(groups))

    def _verdicts(self, causal: Any, hidden: torch.Tensor, packed: Packed, group: Group, first: int) -> torch.Tensor:
        places = [packed.place(first + each.row, each.place - 1) for each in group.verdicts]
        logits = _verdict_logits(causal, hidden[torch.tensor(places, device=hidden.device)], self.words)
        levels = torch.arange(len(self.words) - 1.0, -1.0, -1.0, device=hidden.device)
        expected = torch.softmax(logits, -1) @ levels
        loss = logits.new_zeros(())
        if all(each.word is not None for each in group.verdicts):
            loss = functional.cross_entropy(
                logits, torch.tensor([each.word for each in group.verdicts], device=hidden.device)
            )
        truth = [each.level for each in group.verdicts]
        pairs = [(i, j) for i, high in enumerate(truth) for j, low in enumerate(truth) if high > low]
        if pairs:
            better, worse = torch.tensor(pairs, device=hidden.device).T
            loss = loss + _RANKING * functional.softplus(-2 * (expected[better] - expected[worse])).mean()
            # Kept on the device: reading it now would wait for the forward pass.
            self._note(group.kind, expected.detach().argmax() == truth.index(max(truth)), 1 / len(truth))
        return loss

    def _right(self, causal: Any, hidden: torch.Tensor, packed: Packed, group: Group, first: int) -> torch.Tensor:
        ends = [packed.place(row, len(each.ids) - 1) for row, each in enumerate(group.rows, first)]
        logits = _verdict_logits(causal, hidden[torch.tensor(ends, device=hidden.device)], self.answers)
        logit = (logits[:, 0] - logits[:, 1]).mean()
        return functional.binary_cross_entropy_with_logits(logit, torch.tensor(float(group.right is True)).to(logit))

    def _note(self, kind: str, right: torch.Tensor, chance: float) -> None:
        self.seen += 1
        self.recent.setdefault(kind, deque(maxlen=_CURVE)).append((right, chance))
        if self.seen % _CURVE == 0:
            line: dict[str, Any] = {"items": self.seen}
            for name, noted in sorted(self.recent.items()):
                line[name] = {
                    "right": round(sum(bool(each) for each, _ in noted) / len(noted), 3),
                    "chance": round(sum(each for _, each in noted) / len(noted), 3),
                }
            with self.curve.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def states(policy: Policy, packed: Packed) -> tuple[torch.Tensor, Any]:
    """Last hidden states, [width, hidden]; and the causal model that they are of."""
    causal = policy.model.get_base_model() if isinstance(policy.model, PeftModel) else policy.model
    ids, positions, mask = (each.to(policy.device) for each in (packed.ids, packed.positions, packed.mask))
    with policy.autocast():
        output = causal.model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False)
        return output.last_hidden_state[0], causal


def _verdict_logits(causal: Any, hidden: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
    """Logits of a few tokens alone, in 32 bits."""
    weights = causal.lm_head.weight[torch.tensor(tokens, device=hidden.device)].float()
    return functional.linear(hidden.float(), weights)


def _text(causal: Any, hidden: torch.Tensor, packed: Packed, groups: list[Group], policy: Policy) -> torch.Tensor:
    """Sum over groups of the mean over their rows of the weighted mean cross-entropy."""
    share = [1 / len(group.rows) for group in groups for _ in group.rows]
    places, targets, weights = [], [], []
    for index, row in enumerate(row for group in groups for row in group.rows):
        total = sum(row.weights)
        for place, weight in enumerate(row.weights):
            if weight:
                places.append(packed.place(index, place - 1))
                targets.append(row.ids[place])
                weights.append(weight / total * share[index])
    if not targets:
        return hidden.new_zeros((), dtype=torch.float32)
    if policy.device == "cpu":  # again few shapes; what is added weighs nothing
        more = -len(targets) % _STEP
        places, targets, weights = places + places[:1] * more, targets + targets[:1] * more, weights + [0.0] * more
    with policy.autocast():
        logits = causal.lm_head(hidden[torch.tensor(places, device=policy.device)])
    losses = functional.cross_entropy(logits.float(), torch.tensor(targets, device=policy.device), reduction="none")
    return (losses * torch.tensor(weights, device=policy.device)).sum()
