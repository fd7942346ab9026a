"""LLM-as-a-Judge: the model criticises all responses and names the best one (arXiv 2504.02495, App. G).

Responses are shuffled anew for every sample. Over k samples the names are counted (majority), or the probabilities
that each index had at the place of the box are added up (the paper's token-probability vote). A completion whose index
cannot be read casts no vote of either kind.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from grm_core import prompts
from grm_core.baselines import ask
from grm_core.baselines.ask import Answer, Settings
from grm_core.baselines.poll import Poll, Row, poll
from grm_core.engines.base import Engine
from grm_core.errors import GRMError
from grm_core.reading import boxed_choice, letter_choice
from grm_core.types import Baseline, Example, ParseStatus


async def judge(engine: Engine, examples: Sequence[Example], settings: Settings) -> list[Poll | GRMError]:
    """A verdict for every example, in their order; an error where one cannot be judged or the engine failed.

    Totals are votes 0..k in own order, or sums of probabilities. Raises UsageError for a vote that cannot be had.
    """
    ask.check_vote(engine, settings)
    polls: list[Poll | GRMError] = []
    for example, answers in zip(
        examples, await ask.answers(engine, examples, settings.template, settings), strict=True
    ):
        try:
            needed = ask.needed(answers)
            rows, unread = await votes(engine, needed, settings)
            polls.append(poll(Baseline.LLM_JUDGE, example, rows, unread=unread, tokens=ask.tokens(needed)))
        except GRMError as error:
            polls.append(error)
    return polls


async def votes(engine: Engine, answers: Sequence[Answer], how: Settings) -> tuple[list[Row | None], Counter[str]]:
    """One row per answer in own order, and the status of those that cast no vote. Raises EngineError."""
    read = await asyncio.gather(*(_vote(engine, answer, how) for answer in answers))
    return [row for row, _ in read], Counter(str(status) for row, status in read if row is None)


async def _vote(engine: Engine, answer: Answer, how: Settings) -> tuple[Row | None, ParseStatus]:
    text, n = answer.completion.text, len(answer.slot.order)
    reader = letter_choice.read if how.template in prompts.LETTERED else boxed_choice.read
    read = reader(text, n, answer.completion.finish_reason)
    if read.shown is None or read.span is None:
        return None, read.status
    shown = tuple(float(place == read.shown) for place in range(n))
    if how.vote == "probability":
        shown = await ask.probabilities(engine, answer.messages, text[: read.span[0]], n, how.template)
    # A server that has no index among its likeliest tokens says nothing.
    return (own(shown, answer.slot.order), read.status) if any(shown) else (None, ParseStatus.NO_SCORES)


def own(shown: Sequence[float], order: Sequence[int]) -> Row:
    """Numbers by shown position -> by own index."""
    scores = [0.0] * len(order)
    for position, response in enumerate(order):
        scores[response] = shown[position]
    return tuple(scores)
