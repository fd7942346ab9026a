"""Samples as JSON objects and back: the lines of SAMPLES.jsonl, fields in the order they are written."""

import math
from typing import Any

from grm_core.types import SCORE_MAX, SCORE_MIN, Completion, Parsed, ParseStatus, Principle, Sample
from storage import fields
from storage.fields import FieldError, Object

N_MAX = 32
"""Responses of an item in a file."""
INDEX_MAX = 2**31 - 1


def sample_record(item_id: str, sample: Sample) -> dict[str, Any]:
    """A sample's fields; `scores` in own order, `score_spans` in shown order."""
    completion, parsed, scores = sample.completion, sample.parsed, sample.scores
    record: dict[str, Any] = {
        "item_id": item_id,
        "index": sample.index,
        "order": list(sample.order),
        "seed": sample.seed,
        "status": str(parsed.status),
        "scores": None if scores is None else list(scores),
        "meta_logit": fields.logit(sample.meta_logit, "meta_logit"),
        "text": None if completion is None else completion.text,
    }
    if completion is not None:
        for name in ("finish_reason", "prompt_tokens", "completion_tokens", "seconds", "model"):
            record[name] = getattr(completion, name)
        if completion.reasoning is not None:
            record["reasoning"] = completion.reasoning
    return record | {
        "error": sample.error,
        "request_key": sample.request_key,
        "principles": [principle_record(principle) for principle in parsed.principles],
        "critique_span": None if parsed.critique_span is None else list(parsed.critique_span),
        "score_spans": [list(span) for span in parsed.score_spans],
        "parser_version": parsed.version,
    }


def principle_record(principle: Principle) -> dict[str, Any]:
    """A principle with its weight and place."""
    weight = principle.weight
    finite = weight is not None and math.isfinite(weight)
    return {"text": principle.text, "weight": weight if finite else None, "span": list(principle.span)}


def read_principles(value: Any) -> tuple[Principle, ...]:
    """The principles of a sample."""
    return tuple(_principle(each, f"principles[{i}]") for i, each in enumerate(fields.sequence(value, "principles")))


def read_sample(obj: Object, session_id: str, n: int) -> Sample:
    """A sample of an item with n responses.

    Only `index` and `scores` are needed: the order is the own one unless given, and the status follows from scores.
    """
    index = fields.integer(fields.need(obj, "index"), "index", 0, INDEX_MAX)
    order = read_order(obj, n)
    error = obj.get("error")
    return Sample(
        id=f"{session_id}/{index}",
        session_id=session_id,
        index=index,
        order=order,
        seed=fields.integer(obj.get("seed") or 0, "seed"),
        request_key=fields.text(obj, "request_key"),
        completion=_completion(obj),
        error=None if error is None else fields.string(error, "error"),
        parsed=_parsed(obj, order),
        meta_logit=fields.logit(obj.get("meta_logit"), "meta_logit"),
    )


def read_order(obj: Object, n: int) -> tuple[int, ...]:
    """A sample's order: a permutation of the n own indices."""
    given = obj.get("order")
    if given is None:
        return tuple(range(n))
    order = fields.integers(given, "order", 0, N_MAX - 1)
    if sorted(order) != list(range(n)):
        raise FieldError(f'"order" must hold each of 0..{n - 1} once')
    return order


def read_scores(obj: Object) -> tuple[int, ...] | None:
    """A sample's scores in own order; None when it casts no vote."""
    if obj.get("scores") is None:
        return None
    scores = fields.integers(obj["scores"], "scores", SCORE_MIN, SCORE_MAX)
    if not 1 <= len(scores) <= N_MAX:
        raise FieldError(f"{len(scores)} scores given; there must be 1 to {N_MAX}")
    return scores


def _parsed(obj: Object, order: tuple[int, ...]) -> Parsed:
    scores, status = read_scores(obj), _status(obj)
    if scores is not None and len(scores) != len(order):
        raise FieldError(f"{len(scores)} scores for {len(order)} responses")
    if (status is ParseStatus.OK) != (scores is not None):
        raise FieldError(f'"status" is {str(status)!r} and "scores" is {"null" if scores is None else "not null"}')
    critique = obj.get("critique_span")
    spans = fields.sequence(obj.get("score_spans") or [], "score_spans")
    return Parsed(
        status=status,
        principles=read_principles(obj.get("principles") or []),
        critique_span=None if critique is None else fields.span(critique, "critique_span"),
        shown_scores=None if scores is None else tuple(scores[own] for own in order),
        score_spans=tuple(fields.span(each, f"score_spans[{i}]") for i, each in enumerate(spans)),
        version=fields.integer(obj.get("parser_version", 1), "parser_version", 0),
    )


def _status(obj: Object) -> ParseStatus:
    given = obj.get("status")
    if given is None:
        return ParseStatus.NO_SCORES if obj.get("scores") is None else ParseStatus.OK
    try:
        return ParseStatus(given)
    except ValueError:
        raise FieldError(f'"status" must be one of {", ".join(ParseStatus)}') from None


def _completion(obj: Object) -> Completion | None:
    text = obj.get("text")
    if text is None:
        return None
    return Completion(
        text=fields.string(text, "text"),
        finish_reason=fields.text(obj, "finish_reason", "stop"),
        prompt_tokens=fields.integer(obj.get("prompt_tokens") or 0, "prompt_tokens", 0),
        completion_tokens=fields.integer(obj.get("completion_tokens") or 0, "completion_tokens", 0),
        seconds=fields.number(obj.get("seconds") or 0.0, "seconds"),
        model=fields.text(obj, "model"),
        reasoning=None if obj.get("reasoning") is None else fields.string(obj["reasoning"], "reasoning"),
    )


def _principle(value: Any, name: str) -> Principle:
    obj = fields.mapping(value, name)
    weight = obj.get("weight")
    return Principle(
        text=fields.string(fields.need(obj, "text"), f"{name}.text"),
        weight=None if weight is None else fields.number(weight, f"{name}.weight"),
        span=fields.span(obj.get("span") or [0, 0], f"{name}.span"),
    )
