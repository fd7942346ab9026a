"""Which field of an item each key of a record went into, found by taking the key away; or by a person's choice."""

import re
from collections.abc import Iterator, Mapping
from string import ascii_lowercase
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign.forms import example_of
from grm_core.formats.foreign.queries import Json
from grm_core.types import Example

_FIELDS = ("id", "query", "responses", "models", "labels", "reference", "source", "subset")
QUERY, RESPONSE, BEST = "query", "response", "best response"
ROLES = (QUERY, RESPONSE, BEST, "id", "subset", "reference")
"""What a column can be chosen to hold; any number of them a response, of the others one each."""
_PARTS = re.compile(r"[\W_]+")


def fields_of(record: Json, example: Example, fallback: str) -> dict[str, tuple[str, ...]]:
    """Key -> the fields of the item that it decides, () where it decides none; `fallback`: the id without one."""
    form, _ = example_of(record, fallback)
    decided: dict[str, tuple[str, ...]] = {}
    for key, value in record.items():
        try:
            other_form, other = example_of({name: each for name, each in record.items() if name != key}, fallback)
        except FieldError:
            other_form, other = None, None
        if other is None or other_form is not form:  # without it there is no such item at all
            decided[key] = _holding(value, example)
        else:
            decided[key] = tuple(name for name in _FIELDS if getattr(other, name) != getattr(example, name))
    return decided


def _holding(value: Any, example: Example) -> tuple[str, ...]:
    """The fields that texts of a needed value stand in; one that stands in none can only say which is best."""
    texts = {text.strip() for text in _texts(value)} - {""}
    held = {
        "query": {message.content.strip() for message in example.query},
        "responses": {response.strip() for response in example.responses},
        "reference": {(example.reference or "").strip()},
    }
    return tuple(name for name, mine in held.items() if mine & texts) or ("labels",)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def by_choice(record: Json, roles: Mapping[str, str]) -> Json:
    """A record in our own form, from columns of which each has one of ROLES.

    The best response is named by its column, a part of that name, a letter or its own text; anything else names none.
    FieldError where the record lacks its query.
    """
    columns = [key for key, role in roles.items() if role == RESPONSE]
    item: Json = {"responses": _responses(record, columns)}
    for key, role in roles.items():
        value = record.get(key)
        if role == QUERY and value in (None, ""):
            raise FieldError(f"the query is missing: {key!r} is empty")
        if role == BEST:
            best = None if value is None else _best(str(value), columns, item["responses"])
            item["labels"] = None if best is None else [int(i == best) for i in range(len(item["responses"]))]
        elif role != RESPONSE and value not in (None, ""):
            item[role] = value if role == "id" else _text(value)
    return item


def _responses(record: Json, columns: list[str]) -> list[Any]:
    """Those of one column that holds a list, or one a column; empty ones at the end of more than two are none."""
    values = [record.get(key) for key in columns]
    if len(values) == 1 and isinstance(values[0], list):
        return values[0]
    while len(values) > 2 and values[-1] in (None, ""):
        values.pop()
    return [_text(value) for value in values]


def _text(value: Any) -> Any:
    """Numbers as they are written; texts, chats and parts of them as they are."""
    return str(value) if isinstance(value, int | float) else value


def _best(value: str, columns: list[str], responses: list[Any]) -> int | None:
    """The place of the response that is named."""
    name = value.strip().casefold()
    keys = [key.casefold() for key in columns] if len(columns) == len(responses) else []
    for named in (
        [i for i, key in enumerate(keys) if key == name],
        [i for i, key in enumerate(keys) if name in _PARTS.split(key)],
        [i for i, response in enumerate(responses) if response == value],
        [i for i, each in enumerate(ascii_lowercase[: len(responses)]) if each == name],
    ):
        if len(named) == 1:
            return named[0]
    return None
