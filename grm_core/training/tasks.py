"""Program-made preference tasks and demonstrations of how to judge them.

A family (grm_core/training/families) draws a query and candidate texts; its checking functions grade them. From that
come an Example with labels and, for any shown order, a demonstration: principles for this very query with weights, a
critique that quotes each response and says what the checks saw in it, and scores. Nothing in a critique is invented.
"""

import random
from dataclasses import dataclass
from typing import NamedTuple

from grm_core import outcome
from grm_core.training.families.base import Aspect, Draft, Family, Mark, words
from grm_core.types import Example, Message

SIZES = (1, 2, 3, 4, 5, 6)
SHARES = (8, 60, 14, 10, 4, 4)
"""In a hundred items, how many have 1..6 responses."""
_MAIN = 0.7
"""Share in a label of the aspect that the query turns on; the others share the rest."""
_GAP = 0.15
"""The best response leads the labels by at least this much."""
_TRIES = 200

_HEDGES = ("i am not sure", "hard to say", "i do not know", "ask someone else", "i think", "maybe")
_VERDICTS = ((9, "Excellent"), (7, "Good"), (5, "Fair"), (3, "Weak"), (1, "Poor"))


SOURCE = "tasks"
"""The source that program-made examples name."""


class Task(NamedTuple):
    """An example and what its labels were computed from."""

    example: Example
    aspects: tuple[Aspect, ...]
    family: str
    reference: str | None = None
    """A right answer, where the family knows one; not in the example, which is judged without."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a demonstration and how much its tokens count in the loss."""

    text: str
    weight: float


def draw(family: Family, seed: int, n: int | None = None) -> Task:
    """The item of this family and seed, with n responses (drawn by SHARES when None) and one best among them.

    Labels are 0..1 in own order. Raises RuntimeError when the family offers no such item in 200 attempts.
    """
    for attempt in range(_TRIES):
        rng = random.Random(f"{family.name}|{seed}|{attempt}")
        size = n or rng.choices(SIZES, SHARES)[0]
        draft = family.make(rng)
        chosen = _choose(draft, size, rng)
        if chosen is not None:
            texts, labels = chosen
            example = Example(
                id=f"{family.name}-{seed}",
                query=(Message("user", draft.query),),
                responses=texts,
                labels=labels,
                reference=None,
                source=SOURCE,
                subset=family.name,
            )
            return Task(example, (*draft.aspects, *_common(draft, rng)), family.name, draft.reference)
    raise RuntimeError(f"family {family.name} offers no item with {n} responses and one best")


def _choose(draft: Draft, n: int, rng: random.Random) -> tuple[tuple[str, ...], tuple[float, ...]] | None:
    """n different texts of the pool with a clear best, in random order, and their labels."""
    pool = list(dict.fromkeys(draft.pool))
    if len(pool) < n:
        return None
    texts = rng.sample(pool, n)
    labels = tuple(_label(draft.aspects, text) for text in texts)
    ranked = sorted(labels, reverse=True)
    if n > 1 and ranked[0] - ranked[1] < _GAP:
        return None
    return tuple(texts), labels


def _label(aspects: tuple[Aspect, ...], text: str) -> float:
    main, *others = (aspect.check(text).grade for aspect in aspects)
    return round(_MAIN * main + (1 - _MAIN) * (sum(others) / len(others) if others else main), 4)


def _common(draft: Draft, rng: random.Random) -> tuple[Aspect, ...]:
    """A principle that fits any query, where the family has only one of its own: a judge states at least two."""
    return () if len(draft.aspects) > 1 else (rng.choice((_DIRECT, _CONCISE)),)


def _direct(text: str) -> Mark:
    hedge = next((hedge for hedge in _HEDGES if hedge in text.lower()), None)
    return Mark(0.0, f'hedges with "{hedge}"') if hedge else Mark(1.0, "direct")


def _concise(text: str) -> Mark:
    return Mark(1.0, "concise") if len(words(text)) <= 40 else Mark(0.0, "long-winded")


_DIRECT = Aspect(("Directness: no hedging", "Says it plainly"), _direct)
_CONCISE = Aspect(("Concise: no padding", "Brief enough to read at once"), _concise)


def demonstrate(task: Task, order: tuple[int, ...], rng: random.Random, *, binary: bool = False) -> list[Piece]:
    """One right judgment of the task, its responses in shown order; different draws word and weigh it differently.

    With `binary` (one response) the score is 1 for a right response and 0 for another. Scores always agree with the
    labels (outcome.correct). Principle tokens count half in the loss, deciding ones double.
    """
    shown = [task.example.responses[own] for own in order]
    weights = _weights(len(task.aspects), rng)
    scores = _scores(task, weights, rng)
    places = list(range(len(task.aspects)))
    if rng.random() < 0.25:
        rng.shuffle(places)
    pieces = [Piece("Principles:\n", 1.0)]
    for number, place in enumerate(places, 1):
        wording = rng.choice(task.aspects[place].wordings)
        pieces.append(Piece(f"{number}. {wording} (weight: {weights[place]}%)\n", 0.5))
    pieces.append(Piece("Critique:\n", 1.0))
    for position, text in enumerate(shown, 1):
        pieces += _critique(
            position, text, [task.aspects[place] for place in places], scores[order[position - 1]], binary
        )
    values = [int(label_right(task.example, own)) if binary else scores[own] for own in order]
    pieces.append(Piece(f"Scores: \\boxed{{{', '.join(map(str, values))}}}", 2.0))
    return pieces


def label_right(example: Example, own: int) -> bool:
    """Whether a response counts as right in 0/1 rating: it meets what the query turns on and half of the rest."""
    return example.labels is not None and example.labels[own] > _MAIN


def _critique(position: int, text: str, aspects: list[Aspect], score: int, binary: bool) -> list[Piece]:
    remarks = "; ".join(aspect.check(text).remark for aspect in aspects)
    verdict = next(word for least, word in _VERDICTS if score >= least)
    opening = " ".join(text.split()[:3]).replace('"', "")
    closing = f" {verdict}.\n" if binary else f" {verdict}, {score}/10.\n"
    return [Piece(f'Response {position}: "{opening}": ', 1.0), Piece(f"{remarks}.", 1.5), Piece(closing, 2.0)]


def _weights(count: int, rng: random.Random) -> list[int]:
    """Percentages that sum to 100; the first, which the query turns on, has most."""
    main = rng.choice((50, 60, 60, 70, 80))
    if count == 2:
        return [main, 100 - main]
    second = rng.choice((10, 20)) if main < 80 else 10
    return [main, second, 100 - main - second]


def _scores(task: Task, weights: list[int], rng: random.Random) -> list[int]:
    """Scores 1..10 in own order: the weighted grades, a point of taste, and at most 4 where the main one fails."""
    exact = []
    for text in task.example.responses:
        grades = [aspect.check(text).grade for aspect in task.aspects]
        total = sum(weight * grade for weight, grade in zip(weights, grades, strict=True)) / 100
        exact.append(min(total, 0.35) if grades[0] < 0.5 else total)
    plain = [_bounded(1 + 9 * total) for total in exact]
    tasted = [_bounded(score + rng.choice((-1, 0, 0, 0))) for score in plain]
    labels = task.example.labels or ()
    for scores in (tasted, plain):
        if len(labels) == 1 or outcome.correct(scores, labels):
            return scores
    best = outcome.best_labels(labels)[0]
    return [
        max(2, score) if own == best else max(1, min(score, max(2, plain[best]) - 1))
        for own, score in enumerate(plain)
    ]


def _bounded(value: float) -> int:
    return max(1, min(10, round(value)))
