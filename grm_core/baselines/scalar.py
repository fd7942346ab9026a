"""A scalar Bradley-Terry reward model: a classifier's one logit for each response, read as the assistant's answer.

It draws nothing: one reading is all there is, and k changes nothing. Any model of transformers with one label and a
chat template can be loaded; `fit_scalar` trains one from a base model on labelled pairs.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from grm_core import outcome, prompts, sampling
from grm_core.baselines import heads
from grm_core.baselines.heads import Text
from grm_core.baselines.poll import Poll, poll
from grm_core.errors import GRMError
from grm_core.training.policy import Policy
from grm_core.types import Baseline, Example


def conversation(example: Example, response: int) -> Text:
    """The query's turns and one response (own index) as the assistant's, control tokens broken."""
    turns = [{"role": turn.role, "content": prompts.harmless(turn.content)} for turn in example.query]
    return [*turns, {"role": "assistant", "content": prompts.harmless(example.responses[response])}]


def score(model: Policy, example: Example) -> Poll:
    """The verdict on one example: totals are raw logits in own order, k is 1. UsageError where a text is too long."""
    sampling.check(example, 1)
    logits = heads.read(model, [conversation(example, place) for place in range(len(example.responses))])
    return poll(Baseline.SCALAR, example, [tuple(logits)], tokens=0)


def judge(model: Policy, examples: Sequence[Example]) -> list[Poll | GRMError]:
    """A verdict for every example, in their order; an error for one that cannot be read."""
    polls: list[Poll | GRMError] = []
    for example in examples:
        try:
            polls.append(score(model, example))
        except GRMError as error:
            polls.append(error)
    return polls


def fit_scalar(
    base: Path, examples: Sequence[Example], minutes: float, folder: Path, device: str = "cpu", seed: int = 0,
    log: Callable[[str], None] = print, rate: float = heads.RATE, rounds: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train on labelled examples; adapter and head go to folder/checkpoint, where it goes on; returns the state.

    It ends with the minutes, or when every pair was seen `rounds` times. The one best response of an example is
    paired with each other one. Raises UsageError when there is no such pair.
    """
    texts = [
        (conversation(example, best), conversation(example, other))
        for example in examples
        for best, other in contests(example)
    ]
    return heads.fit(base, texts, minutes, folder, device, seed, log, rate, rounds)


def contests(example: Example) -> list[tuple[int, int]]:
    """(labelled best response, another one), own indices, for every other one; none where the labels name no best."""
    best = outcome.best_labels(example.labels or (0.0,))
    if example.labels is None or len(best) != 1:
        return []
    return [(best[0], other) for other in range(len(example.responses)) if other != best[0]]
