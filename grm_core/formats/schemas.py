"""JSON Schema of one line of every file format, made of what reads it; `tools/write_formats.py` keeps docs/formats."""

import ast
import inspect
import textwrap
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from grm_core.formats.annotations import ANNOTATION, LABELLED, LabelledLine
from grm_core.formats.codebooks import EVENT
from grm_core.formats.fields import Codec
from grm_core.formats.items import ITEM
from grm_core.formats.runs import RUN
from grm_core.formats.samples import LINE, SampleLine
from grm_core.formats.sessions import SESSION, SessionInfo
from grm_core.formats.verdicts import CRITIQUE, VERDICT, CritiqueLine, VerdictLine
from grm_core.types import N_MAX, Annotation, CodeEvent, Example, Message, Params, Principle, Run

Json = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = (
    *(Annotation, CodeEvent, Example, Message, Params, Principle, Run),
    *(CritiqueLine, LabelledLine, SampleLine, SessionInfo, VerdictLine),
)


class _Untitled(GenerateJsonSchema):
    """Fields are called by their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schemas() -> dict[str, Json]:
    """File format -> the schema of its lines."""
    item = _item(_schema(ITEM))
    labelled = _schema(LABELLED)
    labelled["properties"]["item"] = item
    files = {
        "items": ("A line of ITEMS.jsonl", item),
        "samples": ("A line of SAMPLES.jsonl", {"anyOf": [_run_line(), _item_line(item), _schema(LINE)]}),
        "annotations": ("A line of annotations", _schema(ANNOTATION)),
        "code-books": ("A line of annotations that changes a code book", _schema(EVENT)),
        "training-labels": ("A line of annotations as training data", labelled),
        "verdicts": ("A line of VERDICTS.jsonl", _schema(VERDICT)),
        "critiques": ("A line of critiques.jsonl", _schema(CRITIQUE)),
    }
    return {name: {"$schema": _DIALECT} | schema | {"title": title} for name, (title, schema) in files.items()}


def _schema(codec: Codec[Any]) -> Json:
    shape = codec.adapter.json_schema(schema_generator=_Untitled)
    described = {kind.__name__: _field_docs(kind) for kind in _TYPES}
    _describe(shape, described)
    return shape


def _run_line() -> Json:
    return {"type": "object", "properties": {"run": _schema(RUN)}, "required": ["run"]}


def _item_line(item: Json) -> Json:
    properties = {"item": item, "session": {"anyOf": [_schema(SESSION), {"type": "null"}], "default": None}}
    return {"type": "object", "properties": properties, "required": ["item"]}


def _item(shape: Json) -> Json:
    """The item with what is checked after its fields: responses 1 to 32, or `answers` in their place."""
    shape["properties"]["responses"] |= {"minItems": 1, "maxItems": N_MAX}
    shape["properties"]["answers"] = {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "minProperties": 2,
        "maxProperties": N_MAX,
        "description": "Model -> its response, in place of `responses` and `models`.",
    }
    shape["required"] = [name for name in shape["required"] if name != "responses"]
    return shape | {"oneOf": [{"required": ["responses"]}, {"required": ["answers"]}]}


def _describe(shape: Any, described: dict[str, dict[str, str]]) -> None:
    """Put the fields' own docstrings into a schema, everywhere in it."""
    for part in shape if isinstance(shape, list) else shape.values() if isinstance(shape, dict) else ():
        _describe(part, described)
    if isinstance(shape, dict) and isinstance(shape.get("properties"), dict):
        words = described.get(str(shape.get("title")), {})
        for name, field in shape["properties"].items():
            if name in words:
                field["description"] = words[name]


def _field_docs(kind: type) -> dict[str, str]:
    """Field -> the string under it in the source."""
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(declared, ast.ClassDef)
    docs = {}
    for field, after in zip(declared.body, declared.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            # Python's None is null in a file.
            docs[field.target.id] = inspect.cleandoc(str(after.value.value)).replace("None", "null")
    return docs
