"""Records in which one response was chosen and another rejected: TRL, RewardBench, HH-RLHF, ShareGPT, OpenAI."""

from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.queries import Json, first, item_of, query_of
from grm_core.types import Message

_CHOSEN = (
    *("chosen", "chosen_response", "response_chosen", "texts_chosen", "text_chosen"),
    *("preferred_output", "preferred", "winner_response"),
)
_REJECTED = (
    *("rejected", "rejected_response", "response_rejected", "texts_rejected", "text_rejected"),
    *("non_preferred_output", "dispreferred", "loser_response", "non_preferred"),
)


def matches(record: Json) -> bool:
    """Whether the record names a chosen and a rejected response, which may be empty."""
    return any(name in record for name in _CHOSEN) and any(name in record for name in _REJECTED)


def lacks(record: Json) -> str:
    """The side that a record does not name although it names the other; '' where there is none."""
    named = [any(name in record for name in names) for names in (_CHOSEN, _REJECTED)]
    return "" if named[0] == named[1] else ("rejected" if named[0] else "chosen")


def draft(record: Json) -> Json:
    """The chosen responses, labelled 1, and then the rejected ones, labelled 0."""
    right, wrong = (_several(record.get(first(record, names) or names[0])) for names in (_CHOSEN, _REJECTED))
    query, responses = _split(record, [*right, *wrong])
    labels = [1.0] * len(right) + [0.0] * len(wrong)
    models = _models(record, len(right), len(wrong))
    return item_of(record, query, responses, labels, models)


def _several(value: Any) -> list[Any]:
    """The responses on one side: a list of texts, of objects with a text or of chats is several, all else is one."""
    if isinstance(value, list) and value and all(map(_is_whole, value)):
        return value
    return [value]


def _is_whole(value: Any) -> bool:
    """Whether an entry of a list is a response by itself, and neither a turn of a chat nor a part of a content."""
    if isinstance(value, dict):
        return "type" not in value and not texts.is_turn(value)
    return isinstance(value, str) or texts.is_chat(value)


def _split(record: Json, values: list[Any]) -> tuple[tuple[Message, ...], list[str]]:
    query = query_of(record)
    complete = all(texts.is_chat(value) or texts.is_spoken(value) for value in values)
    if not query:
        if not complete:
            raise FieldError('"prompt" is missing, and "chosen" and "rejected" are no chats that would hold it')
        return texts.parted([texts.turns_of(value, "chosen") for value in values])
    return query, [_response(value, query, number) for number, value in enumerate(values, 1)]


def _response(value: Any, query: tuple[Message, ...], number: int) -> str:
    """The text of a response; a chat that repeats the query's turns is what follows them."""
    name = f"response {number}"
    if not (texts.is_chat(value) or texts.is_spoken(value)):
        return texts.text_of(value, name)
    turns = texts.turns_of(value, name)
    prompt = tuple(turn for turn in query if turn.role != "system")
    answer = tuple(turn for turn in turns if turn.role != "system")
    if answer[: len(prompt)] == prompt:
        return texts.dialogue(answer[len(prompt) :]) if answer[len(prompt) :] else ""
    if answer and answer[0].role == "assistant":
        return texts.dialogue(answer)
    raise FieldError(f"{name} is a chat that begins with other turns than the prompt")


def _models(record: Json, right: int, wrong: int) -> list[Any]:
    """The models' names, of one or several responses a side."""
    names: list[Any] = []
    for side, count in (("chosen", right), ("rejected", wrong)):
        value = record.get(f"{side}_model", record.get(f"{side}_models"))
        names += value if isinstance(value, list) else [value] * count
    return names
