"""Runs, items and sessions as JSON objects and back, fields in the order they are written."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from grm_core.types import Example, Message, Params, Run, Session
from storage import fields
from storage.fields import FieldError, Object
from storage.sample_records import N_MAX

_ROLES = ("system", "user", "assistant")
NAME_MOST = 200
"""Characters of a model's name: it stands in tables."""
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_RUN_FIELDS = (
    *("id", "created_at", "engine", "model", "template", "template_hash", "params", "k", "k_meta", "seed", "order"),
    *("principles", "context", "versions", "commit", "dirty"),
)
_CONTEXTS = ("joint", "single")


class SessionInfo(NamedTuple):
    """What an item line says of the session that it was saved as."""

    id: str
    title: str
    tags: tuple[str, ...]
    created_at: str


def run_record(run: Run) -> dict[str, Any]:
    """A run's fields; those that this version does not know come last, sorted."""
    known = {name: getattr(run, name) for name in _RUN_FIELDS}
    known["params"] = params_record(run.params)
    known["principles"] = list(run.principles)
    known["versions"] = dict(sorted(run.versions.items()))
    return known | dict(sorted(run.extra.items()))


def params_record(params: Params) -> dict[str, Any]:
    """Sampling parameters."""
    return {
        "temperature": params.temperature,
        "top_p": params.top_p,
        "max_tokens": params.max_tokens,
        "regex": params.regex,
    }


def read_params(value: Any) -> Params:
    """Sampling parameters; what is missing has its default."""
    obj = fields.mapping(value, "params")
    base = Params()
    regex = obj.get("regex")
    return Params(
        temperature=fields.number(obj.get("temperature", base.temperature), "temperature"),
        top_p=fields.number(obj.get("top_p", base.top_p), "top_p"),
        max_tokens=fields.integer(obj.get("max_tokens", base.max_tokens), "max_tokens", 1),
        regex=None if regex is None else fields.string(regex, "regex"),
    )


def read_run(value: Any, fallback_id: str) -> Run:
    """A run; a file made elsewhere may leave out any field."""
    obj = fields.mapping(value, "run")
    k_meta, commit, dirty = obj.get("k_meta"), obj.get("commit"), obj.get("dirty")
    if dirty is not None and not isinstance(dirty, bool):
        raise FieldError('"dirty" must be true, false or null')
    versions = fields.mapping(obj.get("versions") or {}, "versions")
    context = fields.text(obj, "context", "joint")
    if context not in _CONTEXTS:
        raise FieldError(f'"context" must be one of {", ".join(_CONTEXTS)}')
    return Run(
        id=identifier(obj.get("id") or fallback_id, "id"),
        created_at=fields.text(obj, "created_at"),
        engine=fields.text(obj, "engine"),
        model=fields.text(obj, "model"),
        template=fields.text(obj, "template"),
        template_hash=fields.text(obj, "template_hash"),
        params=read_params(obj.get("params") or {}),
        k=fields.integer(obj.get("k") or 0, "k", 0),
        k_meta=None if k_meta is None else fields.integer(k_meta, "k_meta", 1),
        seed=fields.integer(obj.get("seed") or 0, "seed"),
        order=fields.text(obj, "order", "random"),
        principles=fields.strings(obj.get("principles") or [], "principles"),
        context=context,
        versions={name: fields.string(version, f"versions.{name}") for name, version in versions.items()},
        commit=None if commit is None else fields.string(commit, "commit"),
        dirty=dirty,
        extra={name: value for name, value in obj.items() if name not in _RUN_FIELDS},
    )


def item_record(example: Example) -> dict[str, Any]:
    """An example as in ITEMS.jsonl; a single user message is written as a string, what is absent is left out."""
    query: Any = [{"role": message.role, "content": message.content} for message in example.query]
    if len(example.query) == 1 and example.query[0].role == "user":
        query = example.query[0].content
    record: dict[str, Any] = {"id": example.id, "query": query, "responses": list(example.responses)}
    if example.models is not None:
        record["models"] = list(example.models)
    if example.labels is not None:
        record["labels"] = list(example.labels)
    for name in ("reference", "source", "subset"):
        if getattr(example, name) is not None:
            record[name] = getattr(example, name)
    return record


def read_item(value: Any) -> Example:
    """An example; FieldError for an empty query, 0 or more than 32 responses, labels or models that do not fit.

    `answers`, {model: text}, may stand in place of `responses` and `models`: own order is then that of its keys.
    """
    if isinstance(value, dict):
        value = _with_responses(value)
    example = read_example(value)
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
    return example


def read_example(value: Any) -> Example:
    """An example whose fields have the right types; whether it can be judged is not looked at."""
    obj = fields.mapping(value, "item")
    labels = obj.get("labels")
    if labels is not None:
        labels = tuple(fields.number(each, f"labels[{i}]") for i, each in enumerate(fields.sequence(labels, "labels")))
    models = obj.get("models")
    optional = {
        name: fields.string(obj[name], name) for name in ("reference", "source", "subset") if obj.get(name) is not None
    }
    return Example(
        id=fields.string(fields.need(obj, "id"), "id"),
        query=_query(obj),
        responses=fields.strings(fields.need(obj, "responses"), "responses"),
        labels=labels,
        models=None if models is None else fields.strings(models, "models"),
        **optional,
    )


def session_record(session: Session) -> dict[str, Any]:
    """What an item line says of its session."""
    return {
        "id": session.id,
        "title": session.title,
        "tags": list(session.tags),
        "created_at": session.created_at,
    }


def read_session(value: Any) -> SessionInfo:
    """What an item line says of its session."""
    obj = fields.mapping(value, "session")
    return SessionInfo(
        id=identifier(fields.need(obj, "id"), "session id"),
        title=fields.text(obj, "title"),
        tags=fields.strings(obj.get("tags") or [], "tags"),
        created_at=fields.text(obj, "created_at"),
    )


def _with_responses(value: dict[str, Any]) -> dict[str, Any]:
    """The item with its `answers`, where it has them, as responses and models."""
    if value.get("answers") is None:
        if value.get("responses") is None:
            raise FieldError('"responses" is missing, and so is "answers" by model, which may stand in its place')
        return value
    if value.get("responses") is not None or value.get("models") is not None:
        raise FieldError('"answers" stands in place of "responses" and "models"; give one or the other')
    answers = fields.mapping(value["answers"], "answers")
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


def _query(obj: Object) -> tuple[Message, ...]:
    value = fields.need(obj, "query")
    if isinstance(value, str):
        return (Message("user", value),)
    return tuple(_message(each, f"query[{i}]") for i, each in enumerate(fields.sequence(value, "query")))


def _message(value: Any, name: str) -> Message:
    obj: Mapping[str, Any] = fields.mapping(value, name)
    role = fields.string(fields.need(obj, "role"), f"{name}.role")
    if role not in _ROLES:
        raise FieldError(f'"{name}.role" must be one of {", ".join(_ROLES)}')
    return Message(role, fields.string(obj.get("content") or "", f"{name}.content"))


def identifier(value: Any, name: str) -> str:
    """The id of a run or session: it stands in addresses and file names."""
    found = fields.string(value, name)
    if not _IDENTIFIER.fullmatch(found):
        raise FieldError(f'"{name}" may hold up to 128 letters, digits and _ . : -')
    return found
