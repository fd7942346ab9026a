"""Records whose responses stand in one list (ours, UltraFeedback, Nectar), and those with a single response."""

from collections.abc import Sequence
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.queries import (
    Json,
    chat_of,
    first,
    has_query,
    item_of,
    number,
    query_of,
    turns_record,
)
from grm_core.formats.foreign.sides import best_of_list
from grm_core.types import Message

_LISTS = ("completions", "candidates", "generations", "answers", "outputs", "choices", "responses")
_RATINGS = ("overall_score", "rating", "score", "reward", "label", "quality", "helpfulness")
_PARALLEL = ("labels", "ratings", "scores", "rewards")
_SINGLES = ("response", "completion", "output", "answer", "generation", "prediction", "text")
_CHATS = ("messages", "conversations", "conversation")


def is_own(record: Json) -> bool:
    """Whether the record is an item as in ITEMS.jsonl, in any dress of its texts, or answers by model."""
    if isinstance(record.get("answers"), dict):
        return True
    values = record.get("responses")
    return "responses" in record and not (isinstance(values, list) and any(map(_rating_of, values)))


def own(record: Json) -> Json:
    """The item, with its query and responses as texts; whatever else is in it stays as it is."""
    item = dict(record)
    if ("query" not in item and has_query(record)) or not isinstance(record.get("query"), str | None):
        item["query"] = turns_record(query_of(record))
    if isinstance(values := record.get("responses"), list):
        item["responses"] = [
            value if isinstance(value, int | float) else texts.text_of(value, f"responses[{place}]")
            for place, value in enumerate(values)
        ]
    if isinstance(labels := record.get("labels"), list):
        item["labels"] = [float(label) if isinstance(label, bool) else label for label in labels]
    elif labels == "":  # an empty cell
        del item["labels"]
    if item.get("labels") is None and (best := best_of_list(record, len(values or ()))) is not None:
        item["labels"] = best
    for name in ("reference", "source", "subset", "models"):
        if item.get(name) == "":
            del item[name]
    item.pop("id", None)
    return item


def is_rated(record: Json) -> bool:
    """Whether the record holds a list of completions, each a text or an object."""
    name = first(record, _LISTS)
    return name is not None and isinstance(record[name], list)


def rated(record: Json) -> Json:
    """The completions with their ratings as labels, where all have one, and their models."""
    name = first(record, _LISTS) or _LISTS[0]
    values = record[name]
    ratings: list[float | None] = [_rating_of(value) for value in values]
    if (parallel := next((each for each in _PARALLEL if isinstance(record.get(each), list)), None)) is not None:
        if len(record[parallel]) != len(values):
            raise FieldError(f"{len(record[parallel])} {parallel} for {len(values)} {name}")
        ratings = [number(value) for value in record[parallel]]
    models = record.get("models")
    if not isinstance(models, list):
        models = [_model_of(value) for value in values]
    responses = [texts.text_of(value, f"{name}[{place}]") for place, value in enumerate(values)]
    labels = None if None in ratings or not ratings else [float(rating or 0) for rating in ratings]
    labels = labels or best_of_list(record, len(values), models)
    return item_of(record, query_of(record), responses, labels, models)


def _model_of(value: Any) -> Any:
    return (
        next((value[name] for name in ("model", "model_name") if name in value), None)
        if isinstance(value, dict)
        else None
    )


def _rating_of(value: Any) -> float | None:
    """How good a completion was called; a rank counts downwards, UltraFeedback's aspects as their mean."""
    if not isinstance(value, dict):
        return None
    name = first(value, _RATINGS)
    if name is not None and (told := number(value[name])) is not None:
        return told
    if (rank := number(value.get("rank"))) is not None:
        return -rank
    aspects = value.get("annotations")
    if not isinstance(aspects, dict):
        return None
    ratings = [number(aspect.get("Rating", aspect.get("rating"))) for aspect in _aspects(aspects)]
    numbers = [rating for rating in ratings if rating is not None]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(ratings) else None


def _aspects(aspects: Json) -> Sequence[Json]:
    """The judgments of each aspect, which UltraFeedback holds as an object or a list with one."""
    flat = [value[0] if isinstance(value, list) and value else value for value in aspects.values()]
    return [value for value in flat if isinstance(value, dict)]


def is_single(record: Json) -> bool:
    """Whether the record holds one response: beside its query, or as the last turn of a chat."""
    if has_query(record) and any(name in record for name in _SINGLES):
        return True
    chat = first(record, _CHATS)
    return chat is not None and texts.is_chat(record[chat]) and len(record[chat]) > 1


def single(record: Json) -> Json:
    """The one response, with its label where it has one."""
    query, response = _query_and_response(record)
    name = first(record, _RATINGS)
    label = None if name is None else number(record[name])
    return item_of(record, query, [response], None if label is None else [label])


def _query_and_response(record: Json) -> tuple[tuple[Message, ...], str]:
    name = next((name for name in _SINGLES if name in record), None)
    if name is not None and has_query(record):
        return query_of(record), texts.text_of(record[name], name)
    query = chat_of(record)
    if query[-1].role != "assistant":
        raise FieldError("the chat ends with the user: there is no response in it")
    return query[:-1], query[-1].content
