"""Code books in LABELS.jsonl: a line per change, before the annotations that are labels of their codes."""

from typing import Annotated, Any, NamedTuple

from grm_core.formats import lines
from grm_core.formats.annotations import ANNOTATION
from grm_core.formats.fields import Checked, Codec, Identifier, Text
from grm_core.formats.lines import Source, located
from grm_core.types import Annotation, CodeEvent

_NEEDED = ("id", "book", "what", "who", "created_at")
_OPTIONAL = ("code", "name", "meaning", "targets", "moves")
EventField = Annotated[
    CodeEvent,
    Checked(
        id=Identifier,
        book=Identifier,
        what=Text,
        who=Text,
        created_at=Text,
        code=Text,
        name=Text,
        meaning=Text,
        targets=tuple[Text, ...],
        moves=tuple[tuple[Text, Text], ...],
    ),
]
EVENT: Codec[CodeEvent] = Codec(EventField, "change of a code book")


class Labels(NamedTuple):
    """What a file of labels holds."""

    events: list[CodeEvent]
    """Changes of code books, in their order."""
    annotations: list[Annotation]


def event_record(event: CodeEvent) -> dict[str, Any]:
    """The change's fields; what is absent is left out."""
    record = {name: getattr(event, name) for name in _NEEDED}
    optional = {name: getattr(event, name) for name in _OPTIONAL}
    return record | {name: value for name, value in optional.items() if value}


def read_labels(source: Source) -> Labels:
    """All lines of a file, or of standard input for '-'. Raises UsageError with the line that is broken."""
    labels = Labels([], [])
    name = lines.name_of(source, None)
    for number, data in lines.read_raw(source, name):
        with located(name, number):
            value = lines.parse(data)
            if isinstance(value, dict) and "what" in value and "session_id" not in value:
                labels.events.append(EVENT.read(value))
            else:
                labels.annotations.append(ANNOTATION.read(value))
    return labels
