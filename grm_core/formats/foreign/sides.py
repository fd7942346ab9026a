"""Records in which each response has a column of its own: Arena, AlpacaEval, HelpSteer3, SHP, tables of a and b."""

import json
import re
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.queries import Json, item_of, number, query_of
from grm_core.types import Message

_COLUMN = re.compile(
    r"(response|answer|output|completion|candidate|conversation|human_ref|text)[-_ ]?([a-zA-Z]|\d{1,2})", re.IGNORECASE
)
_WINNERS = (
    "winner",
    "gold",
    "preferred",
    "better",
    "better_response_id",
    "choice",
    "verdict",
    "preference",
    "comparison",
    "label",
)
_STRENGTHS = ("overall_preference", "preference_strength")
"""HelpSteer's: below 0 for the first response, above for the second."""
_TIES = ("tie", "both", "both_bad", "bothbad", "tie (bothbad)", "tie (both bad)", "neither", "equal", "same", "draw")
_BETTER = re.compile(
    r"(?:response|answer)?[-_ ]?([a-z]|\d{1,2})\s*(>{1,3}|<{1,3}|={1,2})\s*(?:response|answer)?[-_ ]?([a-z]|\d{1,2})"
)
"""Arena Hard's and JudgeBench's: A>B, A>>B, A=B."""


def matches(record: Json) -> bool:
    """Whether two or more responses stand side by side."""
    return len(_columns(record)) > 1


def _columns(record: Json) -> dict[str, str]:
    """Side (a, b or 1, 2, ...) -> the name of its column, in order; {} where there are not two of one kind."""
    if isinstance(record.get("a"), str) and isinstance(record.get("b"), str):
        return {"a": "a", "b": "b"}
    stems: dict[str, dict[str, str]] = {}
    for name in record:
        if column := _COLUMN.fullmatch(name):
            stems.setdefault(column[1].lower(), {})[column[2].lower()] = name
    sides = max(stems.values(), key=len, default={})
    return dict(sorted(sides.items(), key=lambda side: (len(side[0]), side[0]))) if len(sides) > 1 else {}


def draft(record: Json) -> Json:
    """The responses in the order of their columns; empty ones at the end of more than two are none."""
    columns = _columns(record)
    values = [record[name] for name in columns.values()]
    while len(values) > 2 and values[-1] in (None, ""):
        values.pop()
    sides = list(columns)[: len(values)]
    query, responses = _arena_table(record, values) or _split(record, values)
    models = [_model(record, side) for side in sides]
    labels = _labels(record, sides, models)
    return item_of(record, query, responses, labels, models)


def _split(record: Json, values: list[Any]) -> tuple[tuple[Message, ...], list[str]]:
    query = query_of(record)
    if query and not all(map(texts.is_chat, values)):
        return query, [texts.text_of(value, f"response {place}") for place, value in enumerate(values, 1)]
    if not all(map(texts.is_chat, values)):
        raise FieldError("the query is missing; it may be called query, prompt, question or instruction")
    chats = [texts.turns_of(value, f"response {place}") for place, value in enumerate(values, 1)]
    if query and all(chat[0].role == "assistant" for chat in chats):
        return query, [texts.dialogue(chat) for chat in chats]
    return texts.parted(chats)


def _arena_table(record: Json, values: list[Any]) -> tuple[tuple[Message, ...], list[str]] | None:
    """Arena's tables hold each column's turns as a list of texts, written as JSON; None for every other record."""
    turns = [_list(value) for value in (record.get("prompt"), *values)]
    if any(each is None for each in turns):
        return None
    prompts, *answers = [each or [] for each in turns]
    chats = []
    for side in answers:
        answers_of = [side[place] if place < len(side) else "" for place in range(len(prompts))]
        chats.append(
            tuple(
                message
                for question, answer in zip(prompts, answers_of, strict=True)
                for message in (Message("user", question or ""), Message("assistant", answer or ""))
            )
        )
    return texts.parted(chats) if prompts else None


def _list(value: Any) -> list[Any] | None:
    """A list of texts and nulls that a text or a list is; None where it is none."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    fits = isinstance(value, list) and bool(value) and all(each is None or isinstance(each, str) for each in value)
    return value if fits else None


def _model(record: Json, side: str) -> Any:
    return next((record[name] for name in (f"model_{side}", f"generator_{side}") if name in record), None)


def _labels(record: Json, sides: list[str], models: list[Any]) -> list[float] | None:
    """1 for the winner and 0 for the others; None for a tie and where nothing is said of a winner."""
    won = _winner_columns(record, sides)
    if won is not None:
        return won or None
    if isinstance(ours := record.get("labels"), list):
        return ours
    strength = next((value for name in _STRENGTHS if (value := number(record.get(name))) is not None), None)
    if strength is not None and len(sides) == 2:
        return None if strength == 0 else _only(0 if strength < 0 else 1, 2)
    if "human_ref_a" in (name.lower() for name in record):
        place = {1: 0, 0: 1}.get(int(number(record.get("labels")) or 0), 0)
        return _only(place, 2) if record.get("labels") is not None else None
    name = next((name for name in _WINNERS if record.get(name) not in (None, "")), None)
    if name is None:
        return None
    winner = _place(_agreed(record[name]), sides, models, name)
    return None if winner is None else _only(winner, len(sides))


def best_of_list(record: Json, count: int, models: Sequence[Any] = ()) -> list[float] | None:
    """Labels of responses in a list by the letter or the model that the record names; a number could count from 0 or
    from 1 and says nothing."""
    named = next((record[name] for name in _WINNERS if isinstance(record.get(name), str)), None)
    if named is None or number(named) is not None:
        return None
    try:
        winner = _place(named, list(ascii_lowercase[:count]), models, "winner")
    except FieldError:
        return None
    return None if winner is None else _only(winner, count)


def _agreed(value: Any) -> Any:
    """The one winner that several annotators name, as annotation tools list them; a tie where they differ."""
    if isinstance(value, dict):
        return value.get("value")
    if not isinstance(value, list):
        return value
    winners = [winner for each in value if (winner := _agreed(each)) is not None]
    return winners[0] if winners and all(winner == winners[0] for winner in winners) else _TIES[0]


def _winner_columns(record: Json, sides: list[str]) -> list[float] | None:
    """Arena's columns winner_model_a, winner_model_b, winner_tie; [] for a tie, None where there are none."""
    marks = [number(record.get(f"winner_model_{side}")) for side in sides]
    if any(mark is None for mark in marks):
        return None
    labels = [float(mark or 0) for mark in marks]
    return labels if sum(labels) == 1 else []


def _place(value: Any, sides: Sequence[str], models: Sequence[Any], name: str) -> int | None:
    """The own index of the winner; None for a tie. FieldError where the value names no side."""
    digits = sides[0].isdigit()
    rating = number(value)
    if name == "preference" and digits and rating is not None:  # AlpacaEval: 1 is the first, 2 the second, 1.5 a tie
        return None if rating in (0, 1.5) else int(rating > 1.5)
    if rating is not None and float(rating).is_integer():
        first = int(sides[0]) if digits and name != "better_response_id" else 0
        place = int(rating) - first
        if 0 <= place < len(sides):
            return place
    word = str(value).strip().lower()
    if word in _TIES:
        return None
    if value in models:
        return models.index(value)
    if word in ("left", "right") and len(sides) == 2:  # Label Studio
        return int(word == "right")
    if (better := _BETTER.fullmatch(word)) and better[1] in sides and better[3] in sides:
        return None if "=" in better[2] else sides.index(better[1] if ">" in better[2] else better[3])
    side = re.fullmatch(r"(?:.*[-_ ])?(?:response|answer)?\[*([a-z]|\d{1,2})\]*", word)
    if side and side[1] in sides:
        return sides.index(side[1])
    raise FieldError(f'"{name}" is {str(value)[:40]!r}; it must be {" or ".join(sides)}, or tie')


def _only(winner: int, count: int) -> list[float]:
    return [float(place == winner) for place in range(count)]
