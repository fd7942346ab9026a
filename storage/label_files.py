"""Annotations as files: our JSON Lines, what training reads, preference pairs, and the shapes of two other tools."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grm_core.types import Annotation, Example, Message, Sample
from storage import fields, jsonlines, records
from storage.fields import Object

GOOD = "good"
_OPTIONAL = ("sample", "place", "span", "note", "replaces", "queue")

Judged = Mapping[str, tuple[Example, Sequence[Sample]]]
"""Session id -> what was judged and its samples."""
Json = dict[str, Any]


def annotation_record(annotation: Annotation) -> Json:
    """An annotation's fields; what is absent is left out."""
    names = ("id", "session_id", "kind", "label", "author", "created_at")
    record = {name: getattr(annotation, name) for name in names}
    for name in _OPTIONAL:
        if (value := getattr(annotation, name)) not in (None, ""):
            record[name] = list(value) if name == "span" else value
    return record


def read_annotation(obj: Object) -> Annotation:
    """An annotation. Raises FieldError for what is missing or has the wrong type."""
    names = ("kind", "label", "author", "created_at")
    words = {name: fields.string(fields.need(obj, name), name) for name in names}
    sample, place, span, replaces = (obj.get(name) for name in ("sample", "place", "span", "replaces"))
    ends = None if span is None else [fields.integer(at, "span", 0) for at in fields.sequence(span, "span")]
    if ends is not None and len(ends) != 2:
        raise fields.FieldError('"span" must be two whole numbers')
    return Annotation(
        id=records.identifier(fields.need(obj, "id"), "id"),
        session_id=records.identifier(fields.need(obj, "session_id"), "session_id"),
        sample=None if sample is None else fields.integer(sample, "sample", 0),
        place=None if place is None else fields.integer(place, "place", 0),
        span=None if ends is None else (ends[0], ends[1]),
        replaces=None if replaces is None else records.identifier(replaces, "replaces"),
        note=fields.text(obj, "note"),
        queue=fields.text(obj, "queue"),
        **words,
    )


def read_annotations(path: str | Path) -> list[Annotation]:
    """All annotations of a file, or of standard input for '-'. Raises UsageError with the line that is broken."""
    found = []
    name = "standard input" if str(path) == "-" else str(path)
    for line in jsonlines.parse(sys.stdin.buffer, name) if str(path) == "-" else jsonlines.read(path):
        with jsonlines.located(name, line.number):
            found.append(read_annotation(line.value))
    return found


def training(standing: Iterable[Annotation], judged: Judged) -> Iterator[Json]:
    """A line per labelled sample for `train meta --from-labels`: item, order, text, class, accepted, author.

    `accept` is whether the sample was called good: the accept and reject lists of rejective fine-tuning.
    """
    for annotation, example, sample in _samples(standing, judged, "class"):
        if sample.completion is not None:
            yield {
                "item": records.item_record(example),
                "order": list(sample.order),
                "text": sample.completion.text,
                "class": annotation.label,
                "accept": annotation.label == GOOD,
                "author": annotation.author,
                "session_id": annotation.session_id,
                "index": sample.index,
            }


def pairs(standing: Iterable[Annotation], judged: Judged) -> Iterator[Json]:
    """Preference pairs as TRL reads them: prompt, chosen, rejected; one for every response that a best one beats.

    Ties and "cannot say" give none.
    """
    for annotation in standing:
        if annotation.kind != "best" or annotation.session_id not in judged or len(annotation.label) != 1:
            continue
        example = judged[annotation.session_id][0]
        best = ord(annotation.label) - ord("A")
        for own, text in enumerate(example.responses):
            if own != best:
                chosen, rejected = (_turns([Message("assistant", t)]) for t in (example.responses[best], text))
                yield {
                    "prompt": _turns(example.query), "chosen": chosen, "rejected": rejected,
                    "item_id": example.id, "author": annotation.author,
                }  # fmt: skip


def argilla(standing: Iterable[Annotation], judged: Judged) -> Iterator[Json]:
    """Records of an Argilla 2 dataset with the fields query, responses and judgment and the question class."""
    for annotation, example, sample in _samples(standing, judged, "class"):
        yield {
            "id": f"{annotation.session_id}/{sample.index}",
            "fields": _fields(example, sample),
            "metadata": {"item_id": example.id, "meta_logit": sample.meta_logit},
            "responses": [{"question_name": "class", "value": annotation.label, "user": annotation.author}],
        }


def label_studio(standing: Iterable[Annotation], judged: Judged) -> Iterator[Json]:
    """Tasks of Label Studio with one annotation each: a choice `class` for the text `judgment`."""
    for annotation, example, sample in _samples(standing, judged, "class"):
        choice = {"from_name": "class", "to_name": "judgment", "type": "choices"}
        yield {
            "data": _fields(example, sample) | {"item_id": example.id},
            "annotations": [
                {
                    "completed_by": annotation.author,
                    "created_at": annotation.created_at,
                    "result": [choice | {"value": {"choices": [annotation.label]}}],
                }
            ],
        }


SHAPES = {"training": training, "pairs": pairs, "argilla": argilla, "label-studio": label_studio}


def _samples(
    standing: Iterable[Annotation], judged: Judged, kind: str
) -> Iterator[tuple[Annotation, Example, Sample]]:
    for annotation in standing:
        if annotation.kind == kind and annotation.session_id in judged:
            example, samples = judged[annotation.session_id]
            for sample in samples:
                if sample.index == annotation.sample:
                    yield annotation, example, sample


def _fields(example: Example, sample: Sample) -> Json:
    shown = "\n\n".join(f"Response {place}:\n{example.responses[own]}" for place, own in enumerate(sample.order, 1))
    query = "\n\n".join(turn.content for turn in example.query)
    return {"query": query, "responses": shown, "judgment": sample.completion.text if sample.completion else ""}


def _turns(messages: Iterable[Message]) -> list[Json]:
    return [{"role": turn.role, "content": turn.content} for turn in messages]
