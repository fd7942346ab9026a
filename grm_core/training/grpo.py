"""Rule-based online RL with GRPO: sample G judgments of an item, reward them, push the policy towards the better ones.

arXiv 2504.02495, section 3.2. Samples are fresh in every update, so the importance ratio is 1 and nothing is clipped.
The KL term (k3 estimator, against the model before RL) keeps the format; there is no format reward. A group whose
samples all got the same reward has no advantages; it is counted, not learned from: nothing but the KL term
would move it.
"""

import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from grm_core.training import policy as policies
from grm_core.training import token_rows
from grm_core.training.generate import Question, Trajectory, judge
from grm_core.training.policy import Policy
from grm_core.training.reward import advantages, reward
from grm_core.training.tasks import Piece
from grm_core.training.token_rows import Row


@dataclass(frozen=True, slots=True)
class Preset:
    """Numbers of a GRPO run."""

    rate: float
    items: int
    """Items per update; the batch is items x group."""
    group: int
    """G: samples of one item."""
    beta: float
    """Coefficient of the KL term."""
    updates: int
    temperature: float = 1.0
    limit: int = 400
    """Most tokens of a completion."""


PRESETS = {
    "paper-27b": Preset(rate=4e-7, items=128, group=4, beta=0.08, updates=900, limit=1024),
    "paper-16b": Preset(rate=4e-7, items=128, group=4, beta=0.002, updates=900, limit=1024),
    "small": Preset(rate=5e-5, items=2, group=4, beta=0.02, updates=100),
    "cpu": Preset(rate=5e-5, items=1, group=4, beta=0.02, updates=100),
    "small-gpu": Preset(rate=2e-5, items=16, group=4, beta=0.02, updates=200),
}
"""Paper: batch 512 = 128 items x G = 4 and 900 steps (App. C.1); the small ones are ours, for LoRA on one machine."""
_PIECE_S = 8 * 60


def train(
    policy: Policy, reference: Policy, questions: Sequence[Question], preset: Preset, minutes: float, folder: Path,
    log: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Update until the preset's number of updates or the minutes are reached, going on after the last checkpoint.

    `reference` is the model before RL and stays as it is. Every update appends a line to train.jsonl beside the
    checkpoint: reward (mean), valid (share), length (mean tokens), learned (samples with an advantage), kl (nats per
    token) and loss over those, None where there are none. Returns the state.
    """
    optimizer = torch.optim.AdamW(policy.parameters(), preset.rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    state: dict[str, Any] = policies.state_of(folder) or {"update": 0, "seconds": 0.0}
    if state["update"]:
        optimizer.load_state_dict(torch.load(folder / "optimizer.pt", weights_only=True))
        log(f"going on at update {state['update']}")
    state["preset"] = asdict(preset)
    actor = policies.copy_of(reference)
    saved = begun = time.monotonic()
    spent = state["seconds"]
    with (folder.parent / "train.jsonl").open("a", encoding="utf-8") as record:
        while state["update"] < preset.updates and state["seconds"] < minutes * 60:
            torch.manual_seed(state["update"])
            line = _update(
                policy, reference, actor, _pick(questions, preset.items, state["update"]), preset, optimizer
            )
            state["update"] += 1
            state["seconds"] = spent + time.monotonic() - begun
            record.write(json.dumps({"update": state["update"], "seconds": round(state["seconds"], 1)} | line) + "\n")
            record.flush()
            if time.monotonic() - saved > _PIECE_S:
                policies.save(policy, optimizer, state, folder)
                log(f"update {state['update']}: {line}")
                saved = time.monotonic()
    policies.save(policy, optimizer, state, folder)
    return state


def _pick(questions: Sequence[Question], count: int, update: int) -> list[Question]:
    """The update's items: the list is gone through in an order drawn anew each time round."""
    start, places = update * count, []
    for place in range(start, start + count):
        around, at = divmod(place, len(questions))
        places.append(random.Random(around).sample(range(len(questions)), len(questions))[at])
    return [questions[i] for i in places]


def _update(
    policy: Policy, reference: Policy, actor: Policy, picked: Sequence[Question], preset: Preset,
    optimizer: torch.optim.Optimizer,
) -> dict[str, float | None]:  # fmt: skip
    policies.sync(policy, actor)
    judgments = judge(
        actor, [question for question in picked for _ in range(preset.group)], preset.temperature, preset.limit
    )
    rewards = [_reward(judgment) for judgment in judgments]
    gains: list[float] = []
    for start in range(0, len(rewards), preset.group):
        gains += advantages(rewards[start : start + preset.group])
    written = [_row(policy, judgment) for judgment in judgments]
    record: dict[str, float | None] = {
        "reward": round(sum(rewards) / len(rewards), 4),
        "valid": sum(judgment.scores() is not None for judgment in judgments) / len(judgments),
        "length": round(sum(len(each.weights) for each in written) / len(written), 1),
    }
    learned = [(each, gain) for each, gain in zip(written, gains, strict=True) if gain]
    if not learned:
        return record | {"kl": None, "loss": None, "learned": 0}
    loss, divergence = _learn(policy, reference, learned, preset.beta)
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return record | {"kl": round(divergence, 5), "loss": round(loss, 5), "learned": len(learned)}


def _learn(policy: Policy, reference: Policy, sampled: list[tuple[Row, float]], beta: float) -> tuple[float, float]:
    """Gradients of the GRPO loss over all sampled rows, a few at a time; the loss and the mean KL per token."""
    policy.model.train()
    sampled.sort(key=lambda pair: len(pair[0].ids))
    total = divergence = 0.0
    for start in range(0, len(sampled), 8):
        part = sampled[start : start + 8]
        only = [each for each, _ in part]
        log_probs, _, owners = policies.log_probs(policy, only)
        with torch.no_grad():
            before, _, _ = policies.log_probs(reference, only)
        gap = before - log_probs
        kl = torch.exp(gap) - gap - 1
        gains = torch.tensor([gain for _, gain in part], device=log_probs.device)[owners]
        # The ratio of the policy to itself: 1, with the gradient of its logarithm.
        ratio = torch.exp(log_probs - log_probs.detach())
        lengths = torch.tensor([len(each.weights) for each in only], device=log_probs.device)[owners]
        loss = ((-ratio * gains + beta * kl) / lengths).sum() / len(sampled)
        loss.backward()
        total += float(loss.detach())
        divergence += float((kl.detach() / lengths).sum()) / len(sampled)
    if not math.isfinite(total):
        raise FloatingPointError("the GRPO loss is not finite; lower the rate or raise beta")
    return total, divergence


def _reward(judgment: Trajectory) -> float:
    question = judgment.question
    labels = question.example.labels or ()
    return reward(judgment.text, labels, question.order, finished=judgment.finished, binary=question.binary)


def _row(policy: Policy, judgment: Trajectory) -> Row:
    """The judgment in tokens; one that was cut off has no end-of-turn token to learn."""
    full = token_rows.encode(policy.tokenizer, judgment.question.messages(), [Piece(judgment.text or " ", 1.0)])
    return full if judgment.finished else Row(full.ids[:-1], full.start, full.weights[:-1])
