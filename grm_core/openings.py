"""Verdict words at the opening of critiques: how likely each is, and how the k samples of an item share them out.

A GRM that opens each critique with one of five words says how likely each is before it writes. Drawn independently,
k words say little more than k coins; drawn at places spread evenly over [0, 1), their mean soon is the GRM's own
expectation. Every word by itself is still a draw from the GRM's distribution: that of temperature 1, because a lower
one takes away what tells two good responses apart. The responses of one sample share a place, so that what differs
between their words is what the GRM expects of them.

On 199 held-out everyday items (chance .39; expected verdict .744), k = 8: drawn independently at temperature 0.5 right
on .69, evenly .72, evenly at temperature 1 .74; k = 1: .60, .62, .62.
"""

import hashlib
import math
from collections.abc import Sequence

from grm_core import contexts
from grm_core.types import Params

ONE = Params(temperature=0.0, max_tokens=1, first=20)
"""Asks for the first token alone and the likeliest ones in its place: the most that a vLLM server allows by itself."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of the golden ratio lie evenly in [0, 1) for every k, so that a run can grow."""

First = Sequence[tuple[str, float]]
"""The likeliest first tokens of a reply with their log-probabilities."""


def chances(first: First) -> list[float]:
    """The probability of each of the five words, best first; a word whose token is not listed has none."""
    return [sum(math.exp(chance) for token, chance in first if begins(token, word)) for word in contexts.VERDICTS]


def begins(token: str, word: str) -> bool:
    """Whether a token is a verdict word or its beginning."""
    return bool(token.strip()) and word.startswith(token.strip())


def place(seed: int, item_id: str, index: int) -> float:
    """Where in [0, 1) sample `index` of an item draws its words: places of one run lie evenly, whatever k is."""
    digest = hashlib.sha256(f"{seed}|{item_id}|verdicts".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:6], "big") / 2**48 + index * _GOLDEN) % 1.0


def word(first: First, at: float, greedy: bool = False) -> str:
    """The verdict word that stands at `at` (0..1) of the GRM's distribution, the best word first.

    `greedy`: the likeliest, wherever `at` is. '' where none of the five words is among the tokens.
    """
    level = chances(first)
    most = max(level)
    if not most:
        return ""
    reached, target = 0.0, at * sum(level)
    for verdict, chance in zip(contexts.VERDICTS, level, strict=True):
        reached += chance
        if target < reached and not greedy:
            return verdict
    return contexts.VERDICTS[level.index(most)]
