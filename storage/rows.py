"""Our types as table rows and back, exactly: what is read equals what was written.

Lists and objects are JSON. Free text is TEXT, or, where a lone surrogate makes that impossible, a BLOB.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from grm_core.formats import items, runs, samples
from grm_core.formats.fields import logit
from grm_core.formats.lines import compact
from grm_core.types import Annotation, Completion, Parsed, ParseStatus, Run, Sample, Session

Row = sqlite3.Row

RUN_COLUMNS = (
    "id, created_at, engine, model, template, template_hash, params, k, k_meta, seed, "
    '"order", principles, versions, "commit", dirty, extra, context'
)
SESSION_COLUMNS = "id, run_id, title, tags, created_at, example"
SAMPLE_COLUMNS = (
    'id, session_id, "index", "order", seed, request_key, text, finish_reason, prompt_tokens, completion_tokens, '
    "seconds, model, error, status, shown_scores, principles, critique_span, score_spans, parser_version, meta_logit, "
    "reasoning"
)
_KEYS_MOST = 500
"""Keys that one statement asks for."""
ANNOTATION_COLUMNS = "id, session_id, kind, label, author, created_at, sample, place, span, note, replaces, queue"


def pack(text: str | None) -> str | bytes | None:
    """Text as SQLite can hold it."""
    if text is None:
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack(value: str | bytes | None) -> str:
    """The text that was packed."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value or ""


def fetch(conn: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    """All rows of a query, their columns by name."""
    cursor = conn.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, values).fetchall()


def fetch_by(conn: sqlite3.Connection, sql: str, keys: Iterable[str]) -> Iterator[Row]:
    """The rows of a query for many keys, which stand where it says KEYS: a statement for every 500 of them."""
    packed = [pack(key) for key in keys]
    for start in range(0, len(packed), _KEYS_MOST):
        some = packed[start : start + _KEYS_MOST]
        yield from fetch(conn, sql.replace("KEYS", f"({', '.join('?' * len(some))})"), *some)


def run_row(run: Run) -> tuple[Any, ...]:
    """Values of RUN_COLUMNS."""
    words = (run.id, run.created_at, run.engine, run.model, run.template, run.template_hash)
    return (
        *map(pack, words),
        compact(runs.params_record(run.params)),
        run.k,
        run.k_meta,
        run.seed,
        run.order,
        compact(run.principles),
        compact(run.versions),
        pack(run.commit),
        run.dirty,
        compact(run.extra),
        run.context,
    )


def run_from(row: Row) -> Run:
    """The run of a row."""
    return Run(
        id=unpack(row["id"]),
        created_at=unpack(row["created_at"]),
        engine=unpack(row["engine"]),
        model=unpack(row["model"]),
        template=unpack(row["template"]),
        template_hash=unpack(row["template_hash"]),
        params=runs.load_params(row["params"]),
        k=row["k"],
        k_meta=row["k_meta"],
        seed=row["seed"],
        order=unpack(row["order"]),
        principles=tuple(json.loads(row["principles"])),
        versions=json.loads(row["versions"]),
        commit=None if row["commit"] is None else unpack(row["commit"]),
        dirty=None if row["dirty"] is None else bool(row["dirty"]),
        extra=json.loads(row["extra"]),
        context=unpack(row["context"]),
    )


def session_row(session: Session) -> tuple[Any, ...]:
    """Values of SESSION_COLUMNS."""
    return (
        session.id,
        session.run_id,
        pack(session.title),
        compact(session.tags),
        pack(session.created_at),
        compact(items.item_record(session.example)),
    )


def session_from(row: Row) -> Session:
    """The session of a row."""
    return Session(
        id=unpack(row["id"]),
        run_id=unpack(row["run_id"]),
        example=items.load_example(row["example"]),
        title=unpack(row["title"]),
        created_at=unpack(row["created_at"]),
        tags=tuple(json.loads(row["tags"])),
    )


def sample_row(sample: Sample) -> tuple[Any, ...]:
    """Values of SAMPLE_COLUMNS."""
    completion, parsed = sample.completion, sample.parsed
    return (
        sample.id,
        sample.session_id,
        sample.index,
        compact(sample.order),
        sample.seed,
        pack(sample.request_key),
        *_completion_row(completion),
        pack(sample.error),
        str(parsed.status),
        None if parsed.shown_scores is None else compact(parsed.shown_scores),
        compact(samples.principle_records(parsed.principles)),
        None if parsed.critique_span is None else compact(parsed.critique_span),
        compact(parsed.score_spans),
        parsed.version,
        logit(sample.meta_logit),
        pack(completion.reasoning if completion else None),
    )


def sample_from(row: Row) -> Sample:
    """The sample of a row."""
    shown, critique = row["shown_scores"], row["critique_span"]
    parsed = Parsed(
        status=ParseStatus(row["status"]),
        principles=samples.load_principles(row["principles"]),
        critique_span=None if critique is None else samples.load_span(critique),
        shown_scores=None if shown is None else tuple(json.loads(shown)),
        score_spans=samples.load_spans(row["score_spans"]),
        version=row["parser_version"],
    )
    return Sample(
        id=unpack(row["id"]),
        session_id=unpack(row["session_id"]),
        index=row["index"],
        order=tuple(json.loads(row["order"])),
        seed=row["seed"],
        request_key=unpack(row["request_key"]),
        completion=_completion_from(row),
        error=None if row["error"] is None else unpack(row["error"]),
        parsed=parsed,
        meta_logit=row["meta_logit"],
    )


def annotation_row(annotation: Annotation) -> tuple[Any, ...]:
    """Values of ANNOTATION_COLUMNS."""
    return (
        annotation.id,
        annotation.session_id,
        pack(annotation.kind),
        pack(annotation.label),
        pack(annotation.author),
        pack(annotation.created_at),
        annotation.sample,
        annotation.place,
        None if annotation.span is None else compact(annotation.span),
        pack(annotation.note),
        annotation.replaces,
        annotation.queue,
    )


def annotation_from(row: Row) -> Annotation:
    """The annotation of a row."""
    return Annotation(
        id=row["id"],
        session_id=row["session_id"],
        kind=unpack(row["kind"]),
        label=unpack(row["label"]),
        author=unpack(row["author"]),
        created_at=unpack(row["created_at"]),
        sample=row["sample"],
        place=row["place"],
        span=None if row["span"] is None else samples.load_span(row["span"]),
        note=unpack(row["note"]),
        replaces=row["replaces"],
        queue=row["queue"],
    )


def _completion_row(completion: Completion | None) -> tuple[Any, ...]:
    if completion is None:
        return (None,) * 6
    return (
        pack(completion.text),
        pack(completion.finish_reason),
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.seconds,
        pack(completion.model),
    )


def _completion_from(row: Row) -> Completion | None:
    if row["text"] is None:
        return None
    return Completion(
        text=unpack(row["text"]),
        finish_reason=unpack(row["finish_reason"]),
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        seconds=row["seconds"],
        model=unpack(row["model"]),
        reasoning=None if row["reasoning"] is None else unpack(row["reasoning"]),
    )
