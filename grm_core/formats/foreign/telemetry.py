"""OpenTelemetry's `gen_ai.evaluation.result`: events of log records (OTLP JSON), of spans, or one a line.

Query and response come from the span that was evaluated, where the file holds it with its content.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.judged import ABSENT, Judgment
from grm_core.formats.foreign.queries import Json, number, turns_record
from grm_core.formats.items import read_item
from grm_core.types import Message

FORM = "opentelemetry"
EVENT = "gen_ai.evaluation.result"
EXAMPLE = (
    '{"name": "gen_ai.evaluation.result", "traceId": "t1", "spanId": "s1", "attributes": '
    '{"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 8, '
    '"gen_ai.evaluation.explanation": "Right."}}'
)
_GROUPS = (("resourceLogs", "scopeLogs", "logRecords"), ("resourceSpans", "scopeSpans", "spans"))
_CONTEXT = (("traceId", "trace_id"), ("spanId", "span_id"))
_VALUES = ("stringValue", "doubleValue", "intValue", "boolValue")


def matches(record: Json) -> bool:
    """Whether the record is OTLP JSON, an event of an evaluation, or a span."""
    return bool({"resourceLogs", "resourceSpans"} & record.keys()) or _is_event(record) or "events" in record


def judgments(records: Sequence[Json]) -> Iterator[Judgment]:
    """One judgment for each event of a file's records, in their order."""
    flat = [each for record in records for each in _flat(record)]
    spans = {_place(each): attributes(each) for each in flat if not _is_event(each)}
    for each in flat:
        if _is_event(each):
            yield _judgment(each, _place(each), spans.get(_place(each), {}))
        for event in each.get("events") or ():
            if isinstance(event, dict) and _is_event(event):
                yield _judgment(event, _place(each), attributes(each))


def _flat(record: Json) -> Iterator[Json]:
    """Log records and spans of OTLP JSON; what is none of it, itself."""
    nested = False
    for outer, middle, inner in _GROUPS:
        for resource in record.get(outer) or ():
            nested = True
            for scope in resource.get(middle) or ():
                yield from scope.get(inner) or ()
    if not nested:
        yield record


def _is_event(record: Json) -> bool:
    names = (record.get(name) for name in ("name", "eventName", "event_name"))
    return EVENT in names or attributes(record).get("event.name") == EVENT


def attributes(record: Json) -> Json:
    """The attributes of a record, whether as an object or as OTLP's list of keys and typed values."""
    values = record.get("attributes")
    if isinstance(values, dict):
        return values
    if not isinstance(values, list):
        return {}
    return {each["key"]: _value(each.get("value")) for each in values if isinstance(each, dict) and "key" in each}


def _value(typed: Any) -> Any:
    if not isinstance(typed, dict):
        return typed
    name = next((name for name in _VALUES if name in typed), None)
    return typed if name is None else int(typed[name]) if name == "intValue" else typed[name]


def _place(record: Json) -> tuple[str, str]:
    context = record["context"] if isinstance(record.get("context"), dict) else record
    trace, span = (context.get(one, context.get(other, "")) for one, other in _CONTEXT)
    return str(trace), str(span)


def _judgment(event: Json, place: tuple[str, str], span: Json) -> Judgment:
    fields = attributes(event)
    name = fields.get("gen_ai.evaluation.name")
    if not isinstance(name, str) or not name:
        raise FieldError('the event has no "gen_ai.evaluation.name"')
    score, label = number(fields.get("gen_ai.evaluation.score.value")), fields.get("gen_ai.evaluation.score.label")
    words = fields.get("gen_ai.evaluation.explanation")
    judge = fields.get("gen_ai.evaluation.evaluator") or name
    return Judgment(
        _example(fields, place, span),
        str(judge),
        None if score is None else (score,),
        words if isinstance(words, str) else "",
        note=f"Label in the imported file: {label}" if label is not None else "",
    )


def _example(fields: Json, place: tuple[str, str], span: Json) -> Any:
    values = span | fields
    named = values.get("gen_ai.response.id") or "/".join(filter(None, place))
    if not named:
        raise FieldError('the event has neither "gen_ai.response.id" nor a span that it belongs to')
    query = _messages(values, "gen_ai.input.messages", "gen_ai.prompt")
    answer = _messages(values, "gen_ai.output.messages", "gen_ai.completion")
    return read_item(
        {
            "id": str(named),
            "query": turns_record(query) or ABSENT,
            "responses": [answer[-1].content if answer else ABSENT],
            "source": FORM,
        }
    )


def _messages(values: Json, *names: str) -> tuple[Message, ...]:
    value = next((values[name] for name in names if values.get(name)), None)
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):  # a text that begins with a bracket
            value = json.loads(value)
    if value is None:
        return ()
    turns = texts.turns_of(value, names[0])
    return turns if any(turn.content.strip() for turn in turns) else ()
