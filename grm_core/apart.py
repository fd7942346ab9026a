"""Samples of judges that see one or two responses at a time: what is shown, and how the replies make one sample.

In the context `single` each response is rated in a prompt of its own; the sample is put together as `contexts` does.
In the context `pairs` two responses are one prompt, in the sample's order. More than two play all ordered pairs, each
pair once in either order, so that no position is favoured within a sample; wins become pointwise scores as `scores`
says. A sample of which one reply cannot be read casts no vote.
"""

import math
import re
from collections.abc import Sequence
from itertools import permutations

from grm_core import contexts
from grm_core.reading.parsing import PARSER_VERSION, Reader
from grm_core.types import SCORE_MAX, SCORE_MIN, Parsed, ParseStatus

_SCORES = re.compile(r"\nScores: \\boxed\{(\d+(?:, \d+)*)\}\Z")
_UNREAD = re.compile(r"\nUnread \((?P<status>[a-z_]{1,20})\): [^\n]{0,80}\Z")


def views(n: int, context: str) -> tuple[tuple[int, ...], ...]:
    """The prompts of one sample: which of n responses each shows, in shown order."""
    return tuple(permutations(range(n), 1 if context == "single" else 2))


def scores(wins: Sequence[float], games: int) -> tuple[int, ...]:
    """Wins in `games` games each as pointwise scores 1..10.

    A win counts 1, a draw 1/2 for both. The score is 1 + 9 * wins / games, rounded half up: who wins all has 10, who
    loses all has 1. Where rounding would give fewer wins the same score, they get one less than the next better ones,
    as long as there is a lower score.
    """
    by_wins: dict[float, int] = {}
    above = SCORE_MAX + 1
    for count in sorted(set(wins), reverse=True):
        fair = math.floor(SCORE_MIN + (SCORE_MAX - SCORE_MIN) * count / games + 0.5)
        above = by_wins[count] = max(SCORE_MIN, min(fair, above - 1))
    return tuple(by_wins[count] for count in wins)


def together(replies: Sequence[str], read: Sequence[Parsed], n: int, context: str) -> tuple[str, Parsed]:
    """One text of the replies to the views of n responses, and how it is read; `read` is how each reply was read."""
    if context == "single":
        return _rated(replies, read)
    text = "\n\n".join(f"{_heading(view)}\n{reply}" for view, reply in zip(views(n, context), replies, strict=True))
    lost = next((place for place, each in enumerate(read) if each.shown_scores is None), None)
    if lost is not None:
        text = f"{text}\n\nUnread ({read[lost].status}): {_heading(views(n, context)[lost])}"
    else:
        text = f"{text}\n\nScores: \\boxed{{{', '.join(map(str, _played(read, n)))}}}"
    return text, read_games(text, n)


def read_games(text: str, n: int, finish_reason: str | None = None) -> Parsed:
    """Parse what `together` made of games: its last line is ours, whatever the replies hold. Never raises."""
    lost, line = _UNREAD.search(text), _SCORES.search(text)
    last = lost or line
    critique = (0, len(text[: last.start()].rstrip())) if last else None
    spans = contexts.score_spans(text) if line else ()
    if lost is not None or len(spans) != n:
        status = ParseStatus(lost["status"]) if lost and lost["status"] in list(ParseStatus) else ParseStatus.NO_SCORES
        return Parsed(status, (), critique, version=PARSER_VERSION)
    scored = tuple(int(text[start:end]) for start, end in spans)
    return Parsed(ParseStatus.OK, (), critique, scored, spans, PARSER_VERSION)


def read_ratings(text: str, n: int, finish_reason: str | None, one: Reader) -> Parsed:
    """Parse what `together` made of ratings; `one` reads a single reply. Never raises."""
    _, parts = contexts.parts(text, n)
    statuses = [
        ParseStatus.OK if part.score is not None else one(part.critique, 1, finish_reason).status for part in parts
    ]
    return contexts.parsed(text, [part.score for part in parts], statuses)


def _heading(view: Sequence[int]) -> str:
    first, second = view
    return f"Response {first + 1} first, Response {second + 1} second:"


def _played(read: Sequence[Parsed], n: int) -> tuple[int, ...]:
    """The scores of n responses after the games that were read, in the order of `views`."""
    wins = [0.0] * n
    for (first, second), game in zip(views(n, "pairs"), read, strict=True):
        one, other = game.shown_scores or (0, 0)
        wins[first] += 0.5 if one == other else float(one > other)
        wins[second] += 0.5 if one == other else float(other > one)
    return scores(wins, 2 * (n - 1))


def _rated(replies: Sequence[str], read: Sequence[Parsed]) -> tuple[str, Parsed]:
    ratings = [None if each.shown_scores is None else each.shown_scores[0] for each in read]
    text = contexts.assembled("", [f"Response 1: {reply.strip()}" for reply in replies], ratings)
    return text, contexts.parsed(text, ratings, [each.status for each in read])
