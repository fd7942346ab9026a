"""A pairwise reward model: which of two responses is better, asked for every two in both orders.

By majority a judge writes k critiques for each order and every choice is a game (two responses: arXiv 2504.02495,
Eq. 13). By probability there is no critique: the games are shared by how likely `1` and `2` are right after the
prompt, and k changes nothing. More than two responses play round robin; Bradley-Terry strengths rank them.
"""

import math
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from itertools import combinations

import evalica
import numpy as np

from grm_core import prompts
from grm_core.baselines import ask, llm_judge
from grm_core.baselines.ask import Answers, Settings
from grm_core.baselines.poll import Poll, Row, Values, poll
from grm_core.engines.base import Engine
from grm_core.errors import GRMError
from grm_core.types import Baseline, Example, ParseStatus

BEGUN = {"judge": "Best response: \\boxed{", "verdict": "Verdict: [["}
"""The assistant's text where the names' probabilities are asked for without a critique, by template."""
_PRIOR = 0.5
"""Wins of every response over every other before the first game: one that never loses keeps a finite strength."""


async def judge(engine: Engine, examples: Sequence[Example], settings: Settings) -> list[Poll | GRMError]:
    """A verdict for every example, in their order; an error where one cannot be judged or the engine failed.

    Totals are Bradley-Terry log-strengths in own order, their sum 0: a difference is the log odds that one beats the
    other. Row s holds the games of sample s as n x n counts, flattened: [i * n + j] = how often i beat j; with vote by
    probability there is one row. Raises UsageError for a vote that cannot be had.
    """
    ask.check_vote(engine, settings)
    if settings.vote == "probability":
        return [await _or_error(_probable(engine, example, settings.template)) for example in examples]
    # A Latin square of two: samples 2s and 2s + 1 of a pair show it in both orders.
    both = replace(settings, k=2 * settings.k, order="balanced")
    every_pair = [pair for example in examples for pair in pairs(example)]
    answers = iter(await ask.answers(engine, every_pair, settings.template, both))
    played = [[next(answers) for _ in pairs(example)] for example in examples]
    return [
        await _or_error(_played(engine, example, each, settings))
        for example, each in zip(examples, played, strict=True)
    ]


def pairs(example: Example) -> list[Example]:
    """Every two responses of the example as an example of their own, in the order of combinations."""
    return [
        replace(
            example, id=f"{example.id}|{i}-{j}", responses=(example.responses[i], example.responses[j]), labels=None
        )
        for i, j in combinations(range(len(example.responses)), 2)
    ]


def strengths(sums: Values) -> Values:
    """(D, n * n) counts of wins -> (D, n) Bradley-Terry log-strengths, their sum 0, to six decimals.

    Half a win each way is added to every two, so that the strengths exist whatever the games were.
    """
    n = math.isqrt(sums.shape[1])
    different, place = np.unique(sums, axis=0, return_inverse=True)
    return np.array([_strengths(row.reshape(n, n)) for row in different])[place.ravel()]


def _strengths(wins: Values) -> Values:
    n = len(wins)
    games = [(i, j) for i in range(n) for j in range(n) if i != j]
    solution = evalica.bradley_terry(
        [i for i, _ in games],
        [j for _, j in games],
        [evalica.Winner.X] * len(games),
        weights=[float(wins[i, j]) + _PRIOR for i, j in games],
        tolerance=1e-12,
        limit=100_000,
    )
    logs = np.log(solution.scores.reindex(range(n)).to_numpy(dtype=np.float64))
    # Responses that did equally well must come out equal.
    rounded: Values = np.round(logs - logs.mean(), 6)
    return rounded


async def _or_error(judging: Coroutine[None, None, Poll]) -> Poll | GRMError:
    try:
        return await judging
    except GRMError as error:
        return error


async def _played(engine: Engine, example: Example, answers: Sequence[Answers], how: Settings) -> Poll:
    """The poll of games that were played out in k samples of both orders."""
    ask.check_choice(example, "majority")
    n = len(example.responses)
    wins, unread = np.zeros((how.k, n, n)), Counter[str]()
    for (i, j), each in zip(combinations(range(n), 2), answers, strict=True):
        rows, missed = await llm_judge.votes(engine, ask.needed(each), how)
        unread += missed
        for place, row in enumerate(rows):
            if row is not None:
                wins[place // 2, i, j] += row[0]
                wins[place // 2, j, i] += row[1]
    return _poll(example, wins, unread, sum(ask.tokens(ask.needed(each)) for each in answers))


async def _probable(engine: Engine, example: Example, name: str) -> Poll:
    """The poll of games whose outcome is the probability of either index, one for each order of every two."""
    ask.check_choice(example, "majority")
    n = len(example.responses)
    wins, unread, template = np.zeros((1, n, n)), Counter[str](), prompts.load(name)
    for (i, j), pair in zip(combinations(range(n), 2), pairs(example), strict=True):
        for order, first, second in (((0, 1), i, j), ((1, 0), j, i)):
            chances = await ask.probabilities(engine, prompts.fill(template, pair, order), BEGUN[name], 2, name)
            if sum(chances):
                wins[0, first, second] += chances[0] / sum(chances)
                wins[0, second, first] += chances[1] / sum(chances)
            else:
                unread[str(ParseStatus.NO_SCORES)] += 1
    return _poll(example, wins, unread, 0)


def _poll(example: Example, wins: Values, unread: Counter[str], tokens: int) -> Poll:
    rows: list[Row | None] = [tuple(sample.ravel().tolist()) if sample.any() else None for sample in wins]
    return poll(Baseline.PAIRWISE, example, rows, strengths, unread, tokens)
