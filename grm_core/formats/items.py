"""ITEMS.jsonl, and the item lines of SAMPLES.jsonl: what is to be judged."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator

from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.fields import Checked, Codec, Default, FieldError, Number, OneOf, Text
from grm_core.formats.lines import Line, Source, located
from grm_core.types import N_MAX, ROLES, Example, Message

NAME_MOST = 200
"""Characters of a model's name: it stands in tables."""


def _as_turns(query: Any) -> Any:
    return [{"role": "user", "content": query}] if isinstance(query, str) else query


MessageField = Annotated[Message, Checked(role=Annotated[str, OneOf(ROLES)], content=Default(Text, ""))]
QueryField = Annotated[
    tuple[MessageField, ...], BeforeValidator(_as_turns, json_schema_input_type=Text | tuple[MessageField, ...])
]
ItemField = Annotated[
    Example,
    Checked(
        id=Text,
        query=QueryField,
        responses=tuple[Text, ...],
        labels=tuple[Number, ...],
        reference=Text,
        source=Text,
        subset=Text,
        models=tuple[Text, ...],
    ),
]
ITEM: Codec[Example] = Codec(ItemField, "item")


def item_record(example: Example) -> dict[str, Any]:
    """An example as in ITEMS.jsonl; a single user message is written as a string, what is absent is left out."""
    query: Any = [{"role": message.role, "content": message.content} for message in example.query]
    if len(example.query) == 1 and example.query[0].role == "user":
        query = example.query[0].content
    record: dict[str, Any] = {"id": example.id, "query": query, "responses": list(example.responses)}
    for name in ("models", "labels", "reference", "source", "subset"):
        if (value := getattr(example, name)) is not None:
            record[name] = list(value) if isinstance(value, tuple) else value
    return record


def read_items(source: Source, name: str | None = None) -> list[Example]:
    """Read ITEMS.jsonl ('-' = standard input); UsageError names file and line of whatever cannot be judged.

    A line has `responses`, with `models` beside it where they are known, or `answers` by model: see read_item.
    `name` is what messages call a stream.
    """
    name = lines.name_of(source, name)
    return collect(lines.read(source, name, decoder=lines.UNIQUE), name)


def collect(objects: Iterable[Line], name: str) -> list[Example]:
    """The examples of these lines of `name`; UsageError as in read_items."""
    examples: dict[str, Example] = {}
    for number, value in objects:
        with located(name, number):
            example = read_item(value)
            if example.id in examples:
                raise FieldError(f"there is an item {example.id!r} already")
            examples[example.id] = example
    if not examples:
        raise UsageError(f"{name}: there are no items in it")
    return list(examples.values())


def read_item(value: Any) -> Example:
    """An example; FieldError for an empty query, 0 or more than 32 responses, labels or models that do not fit.

    `answers`, {model: text}, may stand in place of `responses` and `models`: own order is then that of its keys.
    """
    example = read_example(with_responses(value))
    check_item(example)
    return example


def check_item(example: Example) -> None:
    """Raise FieldError for an example that cannot be judged, see read_item."""
    if not example.id:
        raise FieldError('"id" is empty')
    if not any(message.content.strip() for message in example.query):
        raise FieldError('"query" is empty')
    if not 1 <= len(example.responses) <= N_MAX:
        raise FieldError(f"{len(example.responses)} responses given; there must be 1 to {N_MAX}")
    if example.labels is not None and len(example.labels) != len(example.responses):
        raise FieldError(f"{len(example.labels)} labels for {len(example.responses)} responses")
    if example.models is not None:
        _check_models(example.models, len(example.responses))


def read_example(value: Any) -> Example:
    """An example whose fields have the right types; whether it can be judged is not looked at."""
    return ITEM.read(value)


def load_example(text: str) -> Example:
    """The example of an `item_record`, from JSON."""
    return ITEM.load(text)


def with_responses(value: Any) -> Any:
    """An item with its `answers`, where it has them, as responses and models."""
    if not isinstance(value, dict):
        return value
    if value.get("answers") is None:
        if value.get("responses") is None:
            raise FieldError('"responses" is missing, and so is "answers" by model, which may stand in its place')
        return value
    if value.get("responses") is not None or value.get("models") is not None:
        raise FieldError('"answers" stands in place of "responses" and "models"; give one or the other')
    answers = value["answers"]
    if not isinstance(answers, dict):
        raise FieldError('"answers" must be an object')
    for model, text in answers.items():
        if not isinstance(text, str) or not text.strip():
            raise FieldError(
                f'"answers" has no text of model {_shortened(model)!r}; leave the model out or fill it in'
            )
    return value | {"responses": list(answers.values()), "models": list(answers)}


def _check_models(models: tuple[str, ...], n: int) -> None:
    if len(models) != n:
        raise FieldError(f"{len(models)} models for {n} responses")
    if n < 2:
        raise FieldError("one model only; comparing needs answers of two or more")
    for i, name in enumerate(models):
        if not name.strip() or len(name) > NAME_MOST:
            raise FieldError(f"a model's name has 1 to {NAME_MOST} characters; {_shortened(name)!r} does not")
        if name in models[:i]:
            raise FieldError(f"there is a response of model {_shortened(name)!r} already")


def _shortened(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"
