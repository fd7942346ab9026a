"""A record -> its form, and the item that it is in that form. Pure: detection looks at the record's keys alone."""

from collections.abc import Callable
from typing import Any, NamedTuple

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import annotation_tools, candidates, preference, sides
from grm_core.formats.foreign.queries import Json, name_of
from grm_core.formats.items import read_item
from grm_core.types import Example


class Form(NamedTuple):
    """A shape of records."""

    name: str
    matches: Callable[[Json], bool]
    draft: Callable[[Json], Json]
    """The fields of the item, as in ITEMS.jsonl, without its id. FieldError says what is wrong."""
    example: str
    """A line in this form, for docs and messages."""


OWN = Form(
    "items",
    candidates.is_own,
    candidates.own,
    '{"id": "a", "query": "What is 2+2?", "responses": ["4", "5"], "labels": [1, 0]}',
)
FORMS = (
    OWN,
    Form(
        "chosen and rejected",
        preference.matches,
        preference.draft,
        '{"prompt": "What is 2+2?", "chosen": "4", "rejected": "5"}',
    ),
    Form(
        "responses side by side",
        sides.matches,
        sides.draft,
        '{"prompt": "What is 2+2?", "response_a": "4", "response_b": "5", "winner": "a"}',
    ),
    Form(
        "a list of completions",
        candidates.is_rated,
        candidates.rated,
        '{"instruction": "What is 2+2?", "completions": [{"model": "m1", "response": "4", "overall_score": 9}, '
        '{"model": "m2", "response": "5", "overall_score": 2}]}',
    ),
    Form(
        "one response",
        candidates.is_single,
        candidates.single,
        '{"prompt": "What is 2+2?", "completion": "4", "label": true}',
    ),
)
"""In the order in which they are looked for."""


def form_of(record: Json) -> Form | None:
    """The form of a record; None where it is none that holds an item."""
    flat = annotation_tools.flat(record)
    return next((form for form in FORMS if form.matches(flat)), None)


def example_of(record: Json, fallback: str) -> tuple[Form, Example]:
    """The form of a record and its item; `fallback` is its id where it has none. FieldError says what is wrong."""
    form, record = form_of(record), annotation_tools.flat(record)
    if form is None:
        if side := preference.lacks(record):
            raise FieldError(f'"{side}" is missing beside "{"chosen" if side == "rejected" else "rejected"}"')
        keys = ", ".join(map(str, record))[:120] or "nothing"
        raise FieldError(
            '"responses" is missing, and so are "chosen" and "rejected", "response_a" and "response_b", '
            f'"completions" or whatever else would hold what is judged; the record has {keys}'
        )
    draft: dict[str, Any] = {"id": name_of(record) or fallback} | form.draft(record)
    return form, read_item(draft)
