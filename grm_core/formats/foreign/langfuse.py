"""Exports of Langfuse: traces with their scores, or scores alone, whose queries and responses are not in the file."""

import json
from collections.abc import Iterator
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.judged import ABSENT, Judgment
from grm_core.formats.foreign.queries import Json, number, turns_record
from grm_core.formats.items import read_item

FORM = "langfuse"
EXAMPLE = (
    '{"id": "t1", "input": "What is 2+2?", "output": "4", "scores": [{"id": "s1", "traceId": "t1", '
    '"name": "helpfulness", "value": 8, "dataType": "NUMERIC", "source": "EVAL", "comment": "Right."}]}'
)


def matches(record: Json) -> bool:
    """Whether the record is a trace with scores, or a score."""
    trace = {"id", "input", "output", "scores"} <= record.keys()
    return trace or ({"traceId", "name"} <= record.keys() and bool({"value", "stringValue"} & record.keys()))


def judgments(record: Json) -> Iterator[Judgment]:
    """One judgment for each score; none of a trace that has no score."""
    if "traceId" in record:
        yield _judgment({"id": record["traceId"]}, record)
        return
    for score in _scores(record["scores"]):
        yield _judgment(record, score)


def _scores(value: Any) -> list[Json]:
    """Scores as a list of objects, or as an object of values by name, as tables hold them."""
    if isinstance(value, list):
        return [score for score in value if isinstance(score, dict)]
    if not isinstance(value, dict):
        raise FieldError('"scores" must be a list of scores')
    flat = [
        (name, each) for name, scores in value.items() for each in (scores if isinstance(scores, list) else [scores])
    ]
    return [{"name": name, "value": each} for name, each in flat if each is not None]


def _judgment(trace: Json, score: Json) -> Judgment:
    name = score.get("name")
    if not isinstance(name, str) or not name:
        raise FieldError('a score has no "name"')
    source = score.get("source")
    judge = f"{name} ({source})" if isinstance(source, str) and source else name
    value = score.get("value")
    label = score.get("stringValue", value if isinstance(value, str) else None)
    typed = score.get("dataType") in (None, "NUMERIC") and not isinstance(value, bool)
    note = f"{name} in the imported file: {label or value}"
    comment = score.get("comment")
    return Judgment(
        _example(trace),
        judge,
        None if not typed or number(value) is None else (number(value),),
        comment if isinstance(comment, str) else "",
        note="" if typed and label is None else note,
    )


def _example(trace: Json) -> Any:
    query = _turns(trace.get("input"))
    answer = _turns(trace.get("output"))
    last = answer[-1].content if answer else ABSENT
    return read_item(
        {
            "id": str(trace["id"]),
            "query": turns_record(query) or ABSENT,
            "responses": [last],
            "source": FORM,
            "subset": trace.get("name") if isinstance(trace.get("name"), str) else None,
        }
    )


def _turns(value: Any) -> tuple[Any, ...]:
    """The turns of an input or output: a text, a chat, an object that holds one, or any other JSON as it is."""
    if value in (None, "", [], {}):
        return ()
    try:
        turns = texts.turns_of(value, "input")
    except FieldError:
        turns = texts.turns_of(json.dumps(value, ensure_ascii=False), "input")
    return turns if any(turn.content.strip() for turn in turns) else ()
