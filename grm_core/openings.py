"""Verdict words and numbers: how likely each is, and how the k samples of an item share them out.

A GRM that opens each critique with one of five words says how likely each is before it writes, and before it states
principles: the query and one response are all it has read, and the principles that the user gave it, if any. What a
GRM of 1.5B states itself leads it astray: on 40 held-out everyday items the verdict expected so is right on .76, with
its own principles before it on .67, on 40 dev pairs on .75 and .67. Its principles are for the critique, and for the
score within the word.

A sample aims at a score half way between the expected one and the one at its place in the distribution: places lie
evenly, so that the mean of k samples soon is the expectation, and a single sample is not far from it. It rounds that
score up or down by its place, too; the word is the one that the rounded score has, and once the critique is written,
the GRM says how likely either score of the word is. The outer tenths of the distribution are left out, because a
critique that has to argue for a word that the GRM hardly expects is a poor one. The responses of one sample share a
place, as if one judge, stricter or milder, had read them all: what differs between their words is what the GRM expects
of them.

On the same items (chance .40, .50), simulated, right at k = 1, 8: words at their places in the distribution .61, .74
and .65, .70; aimed half way .66, .74 and .73, .75.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from grm_core import contexts, prompts
from grm_core.plan import SamplingPlan
from grm_core.types import Params, Request

ONE = Params(temperature=0.0, max_tokens=1, first=20)
"""Asks for the first token alone and the likeliest ones in its place: the most that a vLLM server allows by itself."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of the golden ratio lie evenly in [0, 1) for every k, so that a run can grow."""
_MIDDLE = 0.8
"""The share of a distribution that words are drawn from."""
_TOWARDS = 0.5
"""How far from its place in the distribution towards the expectation a sample aims."""

First = Sequence[tuple[str, float]]
"""The likeliest first tokens of a reply with their log-probabilities."""


def requests(plan: SamplingPlan, key: str) -> list[Request]:
    """Asks for the token in place of the verdict word: one request a response, in own order, `key`/0, `key`/1, ..."""
    template, example = prompts.alone(plan.template, plan.example), plan.example
    principles = prompts.harmless(contexts.listed(plan.principles)) if plan.principles else ""
    return [
        Request(
            f"{key}/{own}", prompts.fill(template, example, (own,)), ONE, plan.seed,
            start=contexts.reply_start(principles, response),
        )
        for own, response in enumerate(example.responses)
    ]  # fmt: skip


def chances(first: First) -> list[float]:
    """The probability of each of the five words, best first; a word whose token is not listed has none."""
    return [_chance(first, word) for word in contexts.VERDICTS]


def expected_level(likely: Sequence[float]) -> float:
    """The level, 4 (Excellent) .. 0 (Bad), that the chances of the five words expect; they are not all 0."""
    levels = range(len(likely) - 1, -1, -1)
    return sum(level * chance for level, chance in zip(levels, likely, strict=True)) / sum(likely)


def begins(token: str, word: str) -> bool:
    """Whether a token is a verdict word or a score, or its beginning."""
    return bool(token.strip()) and word.startswith(token.strip())


def place(seed: int, item_id: str, index: int) -> float:
    """Where in [0, 1) sample `index` of an item stands: the places of one run lie evenly, whatever k is."""
    digest = hashlib.sha256(f"{seed}|{item_id}|verdicts".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:6], "big") / 2**48 + index * _GOLDEN) % 1.0


@dataclass(frozen=True, slots=True)
class Word:
    """The verdict word of a sample."""

    text: str
    better: float
    """How likely the better of its two scores is before the critique is written."""
    at: float
    """The sample's place."""

    @property
    def open(self) -> bool:
        """Whether the score is still to be told by the critique."""
        return 0 < self.better < 1


def word(first: First, at: float, greedy: bool = False) -> Word | None:
    """The verdict word of the sample at `at` in [0, 1), where lower places stand for better words.

    `greedy`: the likeliest word, wherever `at` is. None where none of the five words is among the tokens.
    """
    likely = chances(first)
    if not any(likely):
        return None
    if greedy:
        return Word(contexts.VERDICTS[likely.index(max(likely))], 0.5, 0.5)
    aim = 1 + 9 / 4 * _level(likely, at)
    text = contexts.verdict_of(min(10, math.floor(aim + 1 - at)))
    return Word(text, min(1.0, max(0.0, aim - contexts.best_score(text) + 1)), at)


def score(first: First, word: Word) -> int:
    """The score (1..10) of a critique that opens with a word: one of the word's two.

    `first` are the likeliest tokens where the score is to stand; where neither is among them, both are as likely.
    """
    best = contexts.best_score(word.text)
    better, worse = (_chance(first, str(each)) for each in (best, best - 1))
    if not better + worse:
        better = worse = 0.5
    up, down = better * word.better, worse * (1 - word.better)
    if not up + down:  # the GRM is certain of the score that the word leaves no room for
        up, down = word.better, 1 - word.better
    return best if word.at < up / (up + down) else best - 1


def _chance(first: First, text: str) -> float:
    return sum(math.exp(chance) for token, chance in first if begins(token, text))


def _level(likely: Sequence[float], at: float) -> float:
    """The level, from 4 (the best word) to 0, at which the sample at `at` aims; the chances are not all 0."""
    levels = range(len(likely) - 1, -1, -1)
    target, reached, aim = ((1 - _MIDDLE) / 2 + _MIDDLE * at) * sum(likely), 0.0, 0.0
    for level, chance in zip(levels, likely, strict=True):
        if chance and target < reached + chance:
            aim = level + 0.5 - (target - reached) / chance
            break
        reached += chance
    return _TOWARDS * expected_level(likely) + (1 - _TOWARDS) * min(levels[0], max(0.0, aim))
