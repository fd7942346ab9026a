"""Which field of an item each key of a record went into, found by taking the key away."""

from collections.abc import Iterator
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign.forms import example_of
from grm_core.formats.foreign.queries import Json
from grm_core.types import Example

_FIELDS = ("id", "query", "responses", "models", "labels", "reference", "source", "subset")


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
