"""A text or a chat, in whichever dress: strings, turns of OpenAI or ShareGPT, content parts, "Human: ..." in one text.

Every function is pure; FieldError says what is no text.
"""

import re
from collections.abc import Sequence
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.types import Message

ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user", "customer": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "model": "assistant", "ai": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "agent": "assistant",
}  # fmt: skip
"""Their word for who speaks -> ours."""
_TEXTS = ("content", "value", "text", "response", "output", "completion", "answer", "generated_text", "generation")
_HUMAN = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


def is_turn(value: Any) -> bool:
    """Whether a value is one turn of a chat."""
    return isinstance(value, dict) and bool(
        ({"role", "from"} & value.keys()) and ({"content", "value", "parts"} & value.keys())
    )


def is_chat(value: Any) -> bool:
    """Whether a value is a list of turns."""
    return isinstance(value, list) and bool(value) and all(is_turn(each) for each in value)


def text_of(value: Any, name: str) -> str:
    """The text of a string, a turn, content parts, or a list with one of them; null is an empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if is_chat(value):
        return dialogue(turns_of(value, name))
    if isinstance(value, list):
        if len(value) > 1 and not any(isinstance(each, dict) and "type" in each for each in value):
            raise FieldError(f'"{name}" holds {len(value)} texts where one is expected')
        return "".join(_part(each, name) for each in value)
    if isinstance(value, dict):
        if isinstance(value.get("message"), dict):
            return text_of(value["message"], name)
        inside = next((value[key] for key in (*_TEXTS, "parts") if key in value), value)
        if inside is not value:
            return text_of(inside, name)
    raise FieldError(f'"{name}" must be a text')


def _part(value: Any, name: str) -> str:
    if isinstance(value, dict) and value.get("type") not in (None, "text", "output_text", "input_text"):
        raise FieldError(f'"{name}" holds a part of type {str(value["type"])[:40]!r}; only texts are judged')
    return text_of(value, name)


def turns_of(value: Any, name: str) -> tuple[Message, ...]:
    """The turns of a chat; a string is what the user said, unless it is a chat of "Human:" and "Assistant:"."""
    if isinstance(value, str):
        return _spoken(value)
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        return turns_of(value["messages"], name)
    if is_turn(value):
        return (_turn(value, name),)
    if isinstance(value, list) and value and not any(is_turn(each) for each in value):
        return (Message("user", text_of(value, name)),)
    if not isinstance(value, list):
        raise FieldError(f'"{name}" must be a text or a list of turns')
    return tuple(_turn(each, f"{name}[{place}]") for place, each in enumerate(value))


def _turn(value: Any, name: str) -> Message:
    if not is_turn(value):
        raise FieldError(f'"{name}" must be a turn, {{"role": ..., "content": ...}}')
    said = value.get("role", value.get("from"))
    role = ROLES.get(said.lower()) if isinstance(said, str) else None
    if role is None:
        raise FieldError(f'"{name}" has the role {str(said)[:40]!r}; it must be one of system, user, assistant')
    content = next(value[key] for key in ("content", "value", "parts") if key in value)
    return Message(role, text_of(content, name))


def _spoken(text: str) -> tuple[Message, ...]:
    heads = list(_HUMAN.finditer(text))
    if not heads or heads[0].start() or heads[0][1] != "Human":
        return (Message("user", text),)
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(
        Message(ROLES[head[1].lower()], text[head.end() : end]) for head, end in zip(heads, ends, strict=True)
    )


def is_spoken(value: Any) -> bool:
    """Whether a text is a chat of "Human:" and "Assistant:"."""
    return isinstance(value, str) and len(_spoken(value)) > 1


def dialogue(turns: Sequence[Message]) -> str:
    """A response of one turn as its text, one of several turns as a text with the speakers' names."""
    if len(turns) == 1:
        return turns[0].content
    return "\n\n".join(f"{turn.role}: {turn.content}" for turn in turns)


def parted(chats: Sequence[tuple[Message, ...]]) -> tuple[tuple[Message, ...], list[str]]:
    """The beginning that whole chats share, up to a user's turn, and how each of them goes on."""
    shortest = min(len(chat) for chat in chats)
    shared = 0
    while shared < shortest and all(chat[shared] == chats[0][shared] for chat in chats):
        shared += 1
    # Equal answers belong to the responses, not to the query.
    while shared and chats[0][shared - 1].role == "assistant":
        shared -= 1
    if not any(turn.role == "user" for turn in chats[0][:shared]):
        raise FieldError("the chats have no turn of a user in common, which would be the query")
    return chats[0][:shared], [dialogue(chat[shared:]) if chat[shared:] else "" for chat in chats]
