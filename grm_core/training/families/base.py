"""The parts of a family of preference tasks: a query, aspects that can be checked in a text, and texts to check.

A family never says which text is good. It draws a query and a pool of texts; its checking functions look at each text
and say how far it meets the query and what they saw. Labels, critiques and scores all come from what was seen.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Mark:
    """A checking function's result on a text."""

    grade: float
    """How far the text meets the aspect, 0..1."""
    remark: str
    """The content of the text, in words that a critique can use."""


Check = Callable[[str], Mark]


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing to judge a response by."""

    wordings: tuple[str, ...]
    """Ways to state it as a principle for this very query."""
    check: Check


class Draft(NamedTuple):
    """The result of a family's maker: a query, aspects to judge by, and candidate responses."""

    query: str
    aspects: tuple[Aspect, ...]
    """The first is the one the query turns on."""
    pool: tuple[str, ...]
    reference: str | None = None
    """A correct answer, where the family knows one."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of task: one checking function that the query turns on."""

    name: str
    kind: str
    """writing, layout, numbers, facts, reading, conduct or code."""
    make: Callable[[random.Random], Draft]


def families(kind: str, *makers: Callable[[random.Random], Draft]) -> tuple[Family, ...]:
    """The families of one kind; each has its maker's name, with hyphens."""
    return tuple(Family(make.__name__.replace("_", "-"), kind, make) for make in makers)


def yes(seen: bool, remark: str, otherwise: str) -> Mark:
    """A mark of 1 with one remark, or of 0 with the other."""
    return Mark(1.0, remark) if seen else Mark(0.0, otherwise)


def around(text: str, word: str) -> str:
    """The word as it stands in the text, with a word on either side; `word` must occur, in any case."""
    words = text.split()
    at = next(i for i, token in enumerate(words) if word.lower() in token.lower())
    return " ".join(words[max(0, at - 1) : at + 2])


def sentences(text: str) -> list[str]:
    """The sentences of a text that ends them with . ! or ?."""
    parts, start = [], 0
    for i, letter in enumerate(text):
        if letter in ".!?" and (i + 1 == len(text) or text[i + 1].isspace()):
            parts.append(text[start : i + 1].strip())
            start = i + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return [word for token in text.lower().split() if (word := token.strip(".,;:!?\"'()[]{}*#-"))]
