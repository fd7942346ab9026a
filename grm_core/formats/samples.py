"""Sample lines of SAMPLES.jsonl: one sample each, fields in the order they are written."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from grm_core.formats.fields import (
    Checked,
    Codec,
    Count,
    FieldError,
    Logit,
    Number,
    OneOf,
    Span,
    Text,
    Whole,
    logit,
)
from grm_core.formats.lines import canonical
from grm_core.types import N_MAX, SCORE_MAX, SCORE_MIN, Completion, Parsed, ParseStatus, Principle, Sample

INDEX_MAX = 2**31 - 1
Index = Annotated[int, Whole(0, INDEX_MAX)]
PrincipleField = Annotated[Principle, Checked(text=Text, weight=Number, span=Span)]


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One sample of the item `item_id`; only that, `index` and `scores` are needed."""

    item_id: Text
    index: Index
    """0-based; votes over the first k samples use it."""
    order: tuple[Annotated[int, Whole(0, N_MAX - 1)], ...] | None = None
    """order[p] is the own index of the response shown at position p; the own order where it is missing."""
    seed: Annotated[int, Whole()] | None = None
    status: Annotated[ParseStatus, OneOf(tuple(ParseStatus))] | None = None
    """What became of reading the completion; where it is missing, it follows from `scores`."""
    scores: (
        Annotated[tuple[Annotated[int, Whole(SCORE_MIN, SCORE_MAX)], ...], Field(min_length=1, max_length=N_MAX)]
        | None
    ) = None
    """In the item's own order; null casts no vote."""
    meta_logit: Logit | None = None
    """The meta RM's raw logit; null and NaN mean not scored."""
    text: Text | None = None
    """The completion; null where there is none."""
    finish_reason: Text | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    seconds: Number | None = None
    model: Text | None = None
    reasoning: Text | None = None
    """What the server told apart from the completion; absent where it told nothing."""
    error: Text | None = None
    """Why there is no completion."""
    request_key: Text | None = None
    principles: tuple[PrincipleField, ...] | None = None
    critique_span: Span | None = None
    """Characters of `text`."""
    score_spans: tuple[Span, ...] | None = None
    """Characters of `text`, in shown order."""
    parser_version: Count | None = None

    @property
    def n(self) -> int | None:
        """Responses that the sample judges, as far as it says."""
        values = self.order if self.scores is None else self.scores
        return None if values is None else len(values)


LINE: Codec[SampleLine] = Codec(SampleLine, "sample")
_PRINCIPLES: Codec[tuple[Principle, ...]] = Codec(tuple[PrincipleField, ...], "principles")
_SPAN: Codec[tuple[int, int]] = Codec(Span, "span")
_SPANS: Codec[tuple[tuple[int, int], ...]] = Codec(tuple[Span, ...], "score_spans")


def sample_record(item_id: str, sample: Sample) -> dict[str, Any]:
    """A sample's fields; `scores` in own order, `score_spans` in shown order."""
    completion, parsed, scores = sample.completion, sample.parsed, sample.scores
    record: dict[str, Any] = {
        "item_id": item_id,
        "index": sample.index,
        "order": sample.order,
        "seed": sample.seed,
        "status": str(parsed.status),
        "scores": scores,
        "meta_logit": logit(sample.meta_logit),
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
        "principles": principle_records(parsed.principles),
        "critique_span": parsed.critique_span,
        "score_spans": parsed.score_spans,
        "parser_version": parsed.version,
    }


def sample_line(item_id: str, sample: Sample) -> str:
    """The line of a sample."""
    return canonical(sample_record(item_id, sample))


def check(line: SampleLine, n: int) -> None:
    """Raise FieldError unless the line is a sample of n responses."""
    if line.order is not None and sorted(line.order) != list(range(n)):
        raise FieldError(f'"order" must hold each of 0..{n - 1} once')
    if line.scores is not None and len(line.scores) != n:
        raise FieldError(f"{len(line.scores)} scores for {n} responses")
    if line.status is not None and (line.status is ParseStatus.OK) != (line.scores is not None):
        null = "null" if line.scores is None else "not null"
        raise FieldError(f'"status" is {str(line.status)!r} and "scores" is {null}')


def read_sample(line: SampleLine, session_id: str, n: int) -> Sample:
    """The sample of an item with n responses; FieldError where it is none."""
    check(line, n)
    order = tuple(range(n)) if line.order is None else line.order
    return Sample(
        id=f"{session_id}/{line.index}",
        session_id=session_id,
        index=line.index,
        order=order,
        seed=line.seed or 0,
        request_key=line.request_key or "",
        completion=completion_of(line),
        error=line.error,
        parsed=_parsed(line, order),
        meta_logit=logit(line.meta_logit),
    )


def completion_of(line: SampleLine) -> Completion | None:
    """The line's completion; None where it has no text."""
    if line.text is None:
        return None
    return Completion(
        text=line.text,
        finish_reason="stop" if line.finish_reason is None else line.finish_reason,
        prompt_tokens=line.prompt_tokens or 0,
        completion_tokens=line.completion_tokens or 0,
        seconds=line.seconds or 0.0,
        model=line.model or "",
        reasoning=line.reasoning,
    )


def _parsed(line: SampleLine, order: tuple[int, ...]) -> Parsed:
    scores = line.scores
    return Parsed(
        status=line.status or (ParseStatus.NO_SCORES if scores is None else ParseStatus.OK),
        principles=line.principles or (),
        critique_span=line.critique_span,
        shown_scores=None if scores is None else tuple(scores[own] for own in order),
        score_spans=line.score_spans or (),
        version=1 if line.parser_version is None else line.parser_version,
    )


def principle_records(principles: Iterable[Principle]) -> list[dict[str, Any]]:
    """Principles with their weights and places; a weight that is no number is none."""
    return [
        {
            "text": principle.text,
            "weight": principle.weight if principle.weight is not None and math.isfinite(principle.weight) else None,
            "span": principle.span,
        }
        for principle in principles
    ]


def load_principles(text: str) -> tuple[Principle, ...]:
    """The principles of `principle_records`, from JSON."""
    return _PRINCIPLES.load(text)


def load_span(text: str) -> tuple[int, int]:
    """A character range from JSON."""
    return _SPAN.load(text)


def load_spans(text: str) -> tuple[tuple[int, int], ...]:
    """A list of character ranges from JSON."""
    return _SPANS.load(text)
