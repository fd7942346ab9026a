"""How the reply to each template is read: its reader takes text, n and finish reason and makes Parsed of them."""

from functools import partial

from grm_core import apart, contexts, prompts
from grm_core.families import FAMILIES
from grm_core.reading import letter_choice, replies
from grm_core.reading.parsing import Reader, parse
from grm_core.types import Parsed

_OTHERS: dict[str, Reader] = {
    "compassjudger": replies.choice,
    "prometheus": partial(replies.rating, best=5),
    "rewardanything": partial(replies.table, best=5),
    "rm-r1": letter_choice.parse,
    "rm-r1-distilled": letter_choice.parse,
    "selene": partial(replies.rating, best=5),
    "skywork-critic": letter_choice.parse,
    **dict.fromkeys(prompts.LETTERED, letter_choice.parse),
}
"""Templates whose judges do not write a line of scores."""


def reader(template: str, context: str = "joint") -> Reader:
    """The reader of a template's samples in a context: text, n, finish reason -> Parsed."""
    one = _OTHERS.get(template, parse)
    if context == "pairs":
        return partial(_pairs, one)
    if context == "single":
        return partial(apart.read_ratings, one=one) if template in FAMILIES else contexts.read
    return one


def _pairs(one: Reader, text: str, n: int, finish_reason: str | None = None) -> Parsed:
    """Two responses are judged in one completion, more in one for every two in either order."""
    return apart.read_games(text, n, finish_reason) if n > 2 else one(text, n, finish_reason)
