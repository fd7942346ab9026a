"""Supervised fine-tuning within a budget of minutes, in pieces: it goes on where the last checkpoint stands."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import torch

from grm_core.training import policy as policies
from grm_core.training.policy import Policy
from grm_core.training.token_rows import Tokens, batches

Source = Callable[[int], Iterator[Any]]
"""Number of steps already taken -> rows; the same rows for the same number."""
Cut = Callable[[Iterator[Any], int, int], Iterator[list[list[Any]]]]
"""Rows, how many a step, most tokens in one forward pass -> steps, each cut into the parts of one forward pass."""
Loss = Callable[[Policy, list[Any]], tuple[torch.Tensor, float]]
"""The summed loss of some rows, and what it is to be divided by once the whole step's is known."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fine-tune."""

    minutes: float
    rate: float = 1e-3
    rows: int = 16
    """Rows per step."""
    tokens: int = 2048
    """Most tokens in one forward pass, padding included."""
    warmup: int = 20
    piece: float = 4.0
    """Minutes between checkpoints, at most."""
    floor: float = 0.05
    """The rate falls along a cosine to this share of itself."""


def imitate(policy: Policy, part: list[Any]) -> tuple[torch.Tensor, float]:
    """Weighted negative log-likelihood of the completions, in nats, and the sum of the weights."""
    log_probs, weights, _ = policies.log_probs(policy, part)
    return -(log_probs * weights).sum(), float(weights.sum())


def fit(
    policy: Policy,
    source: Source,
    settings: Settings,
    folder: Path,
    log: Callable[[str], None],
    loss: Loss = imitate,
    cut: Cut = batches,
) -> dict[str, Any]:
    """Train until the minutes spent, those before the last checkpoint included, reach the budget; returns the state.

    Every step appends a line of JSON to train.jsonl beside the checkpoint: step, seconds, loss (weighted mean of
    negative log-probabilities in nats), tokens per second.
    """
    optimizer = torch.optim.AdamW(policy.parameters(), settings.rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    state: dict[str, Any] = policies.state_of(folder) or {"step": 0, "seconds": 0.0, "rows": 0}
    if state["step"]:
        optimizer.load_state_dict(torch.load(folder / "optimizer.pt", weights_only=True))
        log(f"going on at step {state['step']}, {state['seconds'] / 60:.1f} minutes spent")
    state["settings"] = asdict(settings)
    steps = cut(source(state["step"]), settings.rows, settings.tokens)
    begun, spent, saved = time.monotonic(), state["seconds"], time.monotonic()
    policy.model.train()
    with (folder.parent / "train.jsonl").open("a", encoding="utf-8") as record:
        for parts in steps:
            progress = state["seconds"] / 60 / settings.minutes
            if progress >= 1:
                break
            _set_rate(optimizer, settings, state["step"], progress)
            value, tokens, seconds = _step(policy, optimizer, parts, loss)
            state["step"] += 1
            state["rows"] += sum(map(len, parts))
            state["seconds"] = spent + time.monotonic() - begun
            _note(record, state, value, tokens / seconds)
            if time.monotonic() - saved > settings.piece * 60:
                policies.save(policy, optimizer, state, folder)
                log(f"step {state['step']}: loss {value:.3f}, saved")
                saved = time.monotonic()
    policies.save(policy, optimizer, state, folder)
    return state


def _note(record: TextIO, state: dict[str, Any], loss: float, speed: float) -> None:
    line = {"step": state["step"], "seconds": round(state["seconds"], 1), "loss": round(loss, 4)}
    record.write(json.dumps(line | {"tokens_per_second": round(speed)}) + "\n")
    record.flush()


def _set_rate(optimizer: torch.optim.Optimizer, settings: Settings, step: int, progress: float) -> None:
    """Linear warm-up, then a cosine over the budget."""
    decay = settings.floor + (1 - settings.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    for group in optimizer.param_groups:
        group["lr"] = settings.rate * min(1.0, (step + 1) / settings.warmup) * decay


def _step(
    policy: Policy, optimizer: torch.optim.Optimizer, parts: list[list[Tokens]], loss: Loss
) -> tuple[float, int, float]:
    """One optimizer step; the mean loss, the tokens read and the seconds taken."""
    begun, total, size, tokens = time.monotonic(), 0.0, 0.0, 0
    for part in parts:
        summed, share = loss(policy, part)
        summed.backward()
        total, size = total + float(summed.detach()), size + share
        tokens += sum(len(row.ids) for row in part)
    for weight in policy.parameters():
        if weight.grad is not None:
            weight.grad /= size
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return total / size, tokens, time.monotonic() - begun
