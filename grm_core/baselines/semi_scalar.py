"""A semi-scalar reward model (CLoud): the model criticises one response, then a head reads prompt and critique.

k critiques of every response are drawn and read; their mean is the reward (arXiv 2504.02495, Eq. 12): `totals` hold
the sum, `margin_mean` the margin of the mean. The critic is the base model under the head, unless an engine brings
another.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grm_core import prompts, torch_thread
from grm_core.baselines import ask, heads, scalar
from grm_core.baselines.ask import Answers, Settings
from grm_core.baselines.heads import Text
from grm_core.baselines.poll import Poll, Row, poll
from grm_core.engines.base import Engine
from grm_core.errors import GRMError
from grm_core.training.policy import Policy
from grm_core.types import Baseline, Example, ParseStatus


def single(example: Example) -> list[Example]:
    """Every response of the example as an example of its own."""
    return [
        replace(example, id=f"{example.id}|{place}", responses=(response,), labels=None)
        for place, response in enumerate(example.responses)
    ]


def conversation(alone: Example, critique: str) -> Text:
    """The text that the head reads: the critic's prompt as the user's turn, the critique as the assistant's."""
    (message,) = prompts.fill(prompts.load(ask.CRITIQUE), alone, (0,))
    return [
        {"role": message.role, "content": message.content},
        {"role": "assistant", "content": prompts.harmless(critique)},
    ]


async def judge(
    engine: Engine, head: Policy, examples: Sequence[Example], settings: Settings
) -> list[Poll | GRMError]:
    """A verdict for every example, in their order; an error where one cannot be judged or the engine failed.

    Row s holds the logits of all responses under their s-th critiques; it is None when one of these is empty.
    """
    alone = [one for example in examples for one in single(example)]
    answers = iter(await ask.answers(engine, alone, ask.CRITIQUE, settings))
    polls: list[Poll | GRMError] = []
    for example in examples:
        each = [next(answers) for _ in example.responses]
        try:
            polls.append(await torch_thread.run_async(_read, head, example, each))
        except GRMError as error:
            polls.append(error)
    return polls


def _read(head: Policy, example: Example, answers: Sequence[Answers]) -> Poll:
    critiques = [[answer.completion.text for answer in ask.needed(each)] for each in answers]
    rows: list[Row | None] = []
    for written in zip(*critiques, strict=True):
        if all(text.strip() for text in written):
            alone = zip(single(example), written, strict=True)
            rows.append(tuple(heads.read(head, [conversation(one, text) for one, text in alone])))
        else:
            rows.append(None)
    empty = sum(not text.strip() for each in critiques for text in each)
    unread = Counter({str(ParseStatus.EMPTY): empty} if empty else {})
    tokens = sum(ask.tokens(ask.needed(each)) for each in answers)
    return poll(Baseline.SEMI_SCALAR, example, rows, unread=unread, tokens=tokens)


async def criticise(engine: Engine, examples: Sequence[Example], settings: Settings) -> list[tuple[str, ...] | None]:
    """One critique of every response of the examples, in own order; None where one is missing or empty."""
    answers = iter(
        await ask.answers(engine, [one for each in examples for one in single(each)], ask.CRITIQUE, settings)
    )
    critiques: list[tuple[str, ...] | None] = []
    for example in examples:
        each = [next(answers) for _ in example.responses]
        texts = tuple("" if isinstance(one, GRMError) else one[0].completion.text for one in each)
        critiques.append(texts if all(text.strip() for text in texts) else None)
    return critiques


def fit_semi_scalar(
    base: Path, examples: Sequence[Example], critiques: Sequence[tuple[str, ...] | None], minutes: float, folder: Path,
    device: str = "cpu", seed: int = 0, log: Callable[[str], None] = print, rate: float = heads.RATE,
    rounds: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train the head on the base model's own critiques of labelled examples; see scalar.fit_scalar.

    Examples whose critiques are None are left out. Raises UsageError when none is left.
    """
    texts = []
    for example, written in zip(examples, critiques, strict=True):
        if written is not None:
            read = [conversation(one, text) for one, text in zip(single(example), written, strict=True)]
            texts += [(read[best], read[other]) for best, other in scalar.contests(example)]
    return heads.fit(base, texts, minutes, folder, device, seed, log, rate, rounds)
