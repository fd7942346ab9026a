"""The rule-based reward of online RL: +1 for a judgment that agrees with the labels, -1 for any other (Eq. 11)."""

import json
import statistics
from collections.abc import Sequence
from typing import Any

from grm_core import outcome
from grm_core.reading.parsing import parse

RIGHT, WRONG = 1.0, -1.0


def reward(
    text: str, labels: Sequence[float], order: Sequence[int], *, finished: bool = True, binary: bool = False
) -> float:
    """+1 where the labelled best response got strictly the highest score, else -1; an unreadable completion is -1.

    `labels` are in own order, order[p] is the own index of the response shown at position p. There is no reward for
    the format: the KL term keeps it.
    """
    scale = (0, 1) if binary else (1, 10)
    shown = parse(text, len(order), "stop" if finished else "length", scale).shown_scores
    if shown is None:
        return WRONG
    scores = [shown[list(order).index(own)] for own in range(len(order))]
    return RIGHT if outcome.correct(scores, labels) else WRONG


def trl_reward(completions: Sequence[Any], labels: Sequence[str], order: Sequence[str], **_: object) -> list[float]:
    """The same as a reward function of TRL's GRPOTrainer: dataset columns `labels` and `order` hold JSON lists."""
    texts = [each if isinstance(each, str) else each[-1]["content"] for each in completions]
    return [
        reward(text, json.loads(marks), json.loads(shown))
        for text, marks, shown in zip(texts, labels, order, strict=True)
    ]


def advantages(rewards: Sequence[float]) -> list[float]:
    """(r - mean) / standard deviation within a group; zeros where all rewards are the same."""
    spread = statistics.pstdev(rewards)
    mean = statistics.fmean(rewards)
    return [(value - mean) / spread if spread else 0.0 for value in rewards]
