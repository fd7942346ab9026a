"""Verdict words and numbers: how likely each is, and how the k samples of an item share them out.

A GRM that opens each critique with one of five words says how likely each is before it writes. Drawn independently,
k words say little more than k coins; drawn at places spread evenly over its distribution, their mean soon is the GRM's
own expectation. The distribution is that of temperature 1, because a lower one takes away what tells two good
responses apart; its outer tenths are left out, because a critique that has to argue for a word that the GRM hardly
expects is a poor one. The responses of one sample share a place, as if one judge, stricter or milder, had read them
all: what differs between their words is what the GRM expects of them.

Each word stands for two scores (`contexts.VERDICTS`). Once the critique is written, the GRM says how likely either is,
and the sample takes the one at its place within the word: a score follows its word, and two responses of one word tie
less often.

On 199 held-out everyday items (chance .39; expected verdict .744), simulated, right at k = 1, 8: words drawn
independently at temperature 0.5 .60, .69; evenly .62, .72; evenly at temperature 1 .62, .74; with the scores .67, .74;
without the outer tenths .69, .74.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from grm_core import contexts
from grm_core.types import Params

ONE = Params(temperature=0.0, max_tokens=1, first=20)
"""Asks for the first token alone and the likeliest ones in its place: the most that a vLLM server allows by itself."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of the golden ratio lie evenly in [0, 1) for every k, so that a run can grow."""
_MIDDLE = 0.8
"""The share of a distribution that words are drawn from."""

First = Sequence[tuple[str, float]]
"""The likeliest first tokens of a reply with their log-probabilities."""


def chances(first: First) -> list[float]:
    """The probability of each of the five words, best first; a word whose token is not listed has none."""
    return [sum(math.exp(chance) for token, chance in first if begins(token, word)) for word in contexts.VERDICTS]


def begins(token: str, word: str) -> bool:
    """Whether a token is a verdict word or a score, or its beginning."""
    return bool(token.strip()) and word.startswith(token.strip())


def place(seed: int, item_id: str, index: int) -> float:
    """Where in [0.1, 0.9) sample `index` of an item draws its words: places of one run lie evenly, whatever k is."""
    digest = hashlib.sha256(f"{seed}|{item_id}|verdicts".encode("utf-8", "surrogatepass")).digest()
    even = (int.from_bytes(digest[:6], "big") / 2**48 + index * _GOLDEN) % 1.0
    return (1 - _MIDDLE) / 2 + _MIDDLE * even


@dataclass(frozen=True, slots=True)
class Word:
    """A verdict word that a sample drew."""

    text: str
    within: float
    """Where in [0, 1) of the word's own share the sample's place lies: 0 borders on the better word."""


def word(first: First, at: float, greedy: bool = False) -> Word | None:
    """The verdict word that stands at `at` (0..1) of the GRM's distribution, the best word first.

    `greedy`: the likeliest, wherever `at` is. None where none of the five words is among the tokens.
    """
    likely = chances(first)
    if not any(likely):
        return None
    place, within = (likely.index(max(likely)), 0.0) if greedy else _drawn(likely, at)
    return Word(contexts.VERDICTS[place], within)


def score(first: First, drawn: Word, greedy: bool = False) -> int:
    """The score (1..10) of a critique that opens with a word: one of the word's two, the better one first.

    `first` are the likeliest tokens where the score is to stand; where neither is among them, both are as likely.
    """
    better = contexts.best_score(drawn.text)
    likely = [
        sum(math.exp(chance) for token, chance in first if begins(token, str(each))) for each in (better, better - 1)
    ]
    if not any(likely):
        likely = [0.5, 0.5]
    place = likely.index(max(likely)) if greedy else _drawn(likely, drawn.within)[0]
    return better - place


def _drawn(likely: Sequence[float], at: float) -> tuple[int, float]:
    """Which of several chances (not all 0) holds the place `at` (0..1) of their sum, and where in it that place is."""
    reached, target = 0.0, at * sum(likely)
    for place, chance in enumerate(likely):
        if target < reached + chance:
            return place, (target - reached) / chance
        reached += chance
    return max(place for place, chance in enumerate(likely) if chance), math.nextafter(1.0, 0.0)
