"""AlpacaEval's annotations.json: which of two outputs an annotator prefers."""

import json
from collections.abc import Iterator
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.judged import Judgment, preferred
from grm_core.formats.foreign.queries import Json, item_of, number, query_of
from grm_core.formats.items import read_item
from grm_core.formats.lines import canonical, digest

FORM = "alpaca-eval"
EXAMPLE = (
    '{"instruction": "What is 2+2?", "output_1": "5", "generator_1": "m1", "output_2": "4", "generator_2": "m2", '
    '"annotator": "gpt-4", "preference": 2.0}'
)


def matches(record: Json) -> bool:
    """Whether the record is an annotation."""
    return {"instruction", "output_1", "output_2", "preference", "annotator"} <= record.keys()


def judgments(record: Json) -> Iterator[Judgment]:
    """The annotation: up to 1.5 the first output is preferred, above it the second; 1.5, 0 and null name no winner."""
    query = query_of(record)
    responses = [texts.text_of(record[name], name) for name in ("output_1", "output_2")]
    models = [record.get("generator_1"), record.get("generator_2")]
    name = digest(canonical([[turn.content for turn in query], responses]))
    example = read_item({"id": f"alpaca-{name[:12]}"} | item_of(record, query, responses, None, models))
    annotator = record["annotator"]
    if not isinstance(annotator, str):
        raise FieldError('"annotator" must be a text')
    value = number(record["preference"])
    if value is None and record["preference"] is not None:
        raise FieldError('"preference" must be a number: 1 for output_1, 2 for output_2')
    winner = None if value in (None, 0, 1.5) else int((value or 0) > 1.5)
    note = f"Preference in the imported file: {'none' if value is None else f'{value:.10g}'} (1: first, 2: second)"
    yield Judgment(example, annotator, preferred(winner, 2), _critique(record.get("raw_completion")), "", note, True)


def _critique(raw: Any) -> str:
    """The annotator's text: its explanation, where it wrote one as JSON."""
    if isinstance(raw, dict):
        raw = raw.get("concise_explanation") or json.dumps(raw, ensure_ascii=False)
    return raw if isinstance(raw, str) else ""
