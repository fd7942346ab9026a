"""Shared by the forms: a record's id, its query, its labels and the names of its models."""

from collections.abc import Sequence
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.items import NAME_MOST
from grm_core.types import Message

Json = dict[str, Any]
QUERIES = (
    *("query", "prompt", "question", "instruction", "input", "problem", "user_prompt", "user_input"),
    *("messages", "conversations", "conversation", "context", "history", "dialogue", "turns"),
)
"""Names under which records hold their query."""
_IDS = ("id", "item_id", "question_id", "prompt_id", "uid", "uuid", "conversation_id", "example_id", "comparison_id")


def first(record: Json, names: Sequence[str]) -> str | None:
    """The first of these names that the record has a value for."""
    return next((name for name in names if record.get(name) is not None), None)


def name_of(record: Json) -> str | None:
    """The record's id: a text, or a number as one; None where it has none."""
    name = first(record, _IDS)
    value = None if name is None else record[name]
    if isinstance(value, float) and value.is_integer():  # what pandas makes of whole numbers beside an empty cell
        value = int(value)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def has_query(record: Json) -> bool:
    """Whether the record says what the responses answer."""
    return first(record, QUERIES) is not None


def query_of(record: Json) -> tuple[Message, ...]:
    """The turns before the responses; () where the record has none. An assistant's turn that is left open at their
    end ("Assistant:") is where the responses go, and no turn."""
    turns = chat_of(record)
    while turns and turns[-1].role == "assistant" and not turns[-1].content.strip():
        turns = turns[:-1]
    return turns


def chat_of(record: Json) -> tuple[Message, ...]:
    """All turns of the record's query or chat. Alpaca's `input` follows its `instruction`."""
    name = first(record, QUERIES)
    if name is None:
        return ()
    turns = texts.turns_of(record[name], name)
    if name == "instruction" and isinstance(record.get("input"), str) and record["input"].strip():
        turns = (Message("user", f"{record['instruction']}\n\n{record['input']}"),)
    system = first(record, ("system", "system_prompt"))
    if system is not None and isinstance(record[system], str) and record[system].strip():
        turns = (Message("system", record[system]), *turns)
    return turns


def turns_record(turns: Sequence[Message]) -> list[Json]:
    """Turns as in ITEMS.jsonl."""
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def besides(record: Json) -> Json:
    """Reference, source and subset, where the record has them as texts."""
    names = {
        "reference": ("reference", "reference_answer", "gold_answer"),
        "source": ("source", "dataset"),
        "subset": ("subset", "category", "domain", "task"),
    }
    fields = {ours: record[name] for ours, theirs in names.items() if (name := first(record, theirs)) is not None}
    return {ours: value for ours, value in fields.items() if isinstance(value, str) and value.strip()}


def item_of(
    record: Json,
    query: Sequence[Message],
    responses: Sequence[str],
    labels: Sequence[float] | None = None,
    models: Sequence[Any] = (),
) -> Json:
    """An item as in ITEMS.jsonl, without its id; models are named where all are and no two are alike."""
    if not query:
        raise FieldError(f"the query is missing; it may be called {', '.join(QUERIES[:4])}")
    made: Json = {"query": turns_record(query), "responses": list(responses)} | besides(record)
    if labels is not None:
        made["labels"] = list(labels)
    if names := named(models, len(responses)):
        made["models"] = names
    return made


def named(models: Sequence[Any], count: int) -> list[str]:
    """The models' names; [] unless there is one for each of two or more responses and no two are alike."""
    if len(models) != count or count < 2 or len(set(map(str, models))) < count:
        return []
    if not all(isinstance(name, str) and name.strip() and len(name) <= NAME_MOST for name in models):
        return []
    return list(models)


def number(value: Any) -> float | None:
    """A finite number: as it is, true and false as 1 and 0, or the text of one, as tables hold it."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        word = value.strip().lower()
        try:
            value = float(word == "true") if word in ("true", "false") else float(word)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and abs(value) < 1e300 else None
