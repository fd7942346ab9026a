"""LABELS.jsonl: what annotators said, a line per annotation, and the shapes of it that others read.

`training` is read again by `train meta --from-labels`; `pairs` are TRL's, the last two those of two annotation tools.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from grm_core.formats import lines
from grm_core.formats.fields import Checked, Codec, Count, FieldError, Flag, Identifier, Span, Text
from grm_core.formats.items import ItemField, check_item, item_record, with_responses
from grm_core.formats.lines import Source, located
from grm_core.types import GOOD, Annotation, Example, Message, Sample

_NEEDED = ("id", "session_id", "kind", "label", "author", "created_at")
_OPTIONAL = ("sample", "place", "span", "note", "replaces", "queue")
AnnotationField = Annotated[
    Annotation,
    Checked(
        id=Identifier,
        session_id=Identifier,
        kind=Text,
        label=Text,
        author=Text,
        created_at=Text,
        sample=Count,
        place=Count,
        span=Span,
        note=Text,
        replaces=Identifier,
        queue=Text,
    ),
]
ANNOTATION: Codec[Annotation] = Codec(AnnotationField, "annotation")

JudgedById = Mapping[str, tuple[Example, Sequence[Sample]]]
"""Session id -> what was judged and its samples."""
Json = dict[str, Any]


def annotation_record(annotation: Annotation) -> Json:
    """An annotation's fields; what is absent is left out."""
    record = {name: getattr(annotation, name) for name in _NEEDED}
    optional = {name: getattr(annotation, name) for name in _OPTIONAL}
    return record | {name: value for name, value in optional.items() if value not in (None, "")}


def read_annotation(value: Any) -> Annotation:
    """An annotation. Raises FieldError for what is missing or has the wrong type."""
    return ANNOTATION.read(value)


def read_annotations(source: Source) -> list[Annotation]:
    """All annotations of a file, or of standard input for '-'. Raises UsageError with the line that is broken."""
    return [annotation for _, annotation in ANNOTATION.lines(source)]


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """A judgment, what was judged, and whether somebody accepted it: what `train meta --from-labels` learns from."""

    item: ItemField
    order: tuple[Count, ...]
    """order[p] is the own index of the response shown at position p."""
    text: Text
    """The judgment."""
    accept: Flag | None = None
    """Whether the sample was called good."""


LABELLED: Codec[LabelledLine] = Codec(LabelledLine, "line")


def read_labelled(path: str | Path) -> list[LabelledLine]:
    """The lines that `training` wrote. Raises UsageError with the line that is broken."""
    judgments = []
    for line in lines.read(path):
        with located(str(path), line.number):
            judgment = LABELLED.read(line.value | {"item": with_responses(line.value.get("item"))})
            check_item(judgment.item)
            if sorted(judgment.order) != list(range(len(judgment.item.responses))):
                raise FieldError('"order" does not name every response once')
            judgments.append(judgment)
    return judgments


def training(standing: Iterable[Annotation], judged: JudgedById) -> Iterator[Json]:
    """A line per labelled sample for `train meta --from-labels`: item, order, text, class, accepted, author.

    `accept` is whether the sample was called good: the accept and reject lists of rejective fine-tuning.
    """
    for annotation, example, sample in _samples(standing, judged, "class"):
        if sample.completion is not None:
            yield {
                "item": item_record(example),
                "order": list(sample.order),
                "text": sample.completion.text,
                "class": annotation.label,
                "accept": annotation.label == GOOD,
                "author": annotation.author,
                "session_id": annotation.session_id,
                "index": sample.index,
            }


def pairs(standing: Iterable[Annotation], judged: JudgedById) -> Iterator[Json]:
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


def argilla(standing: Iterable[Annotation], judged: JudgedById) -> Iterator[Json]:
    """Records of an Argilla 2 dataset with the fields query, responses and judgment and the question class."""
    for annotation, example, sample in _samples(standing, judged, "class"):
        yield {
            "id": f"{annotation.session_id}/{sample.index}",
            "fields": _fields(example, sample),
            "metadata": {"item_id": example.id, "meta_logit": sample.meta_logit},
            "responses": [{"question_name": "class", "value": annotation.label, "user": annotation.author}],
        }


def label_studio(standing: Iterable[Annotation], judged: JudgedById) -> Iterator[Json]:
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
    standing: Iterable[Annotation], judged: JudgedById, kind: str
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
