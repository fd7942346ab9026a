"""docs/formats: one JSON Schema for each file format, made of what reads it, and true of the files that we wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from grm_core.formats.schemas import schemas
from tools.write_formats import FOLDER, text

ROOT = Path(__file__).parents[2]
OLD, DEMO = ROOT / "tests" / "fixtures" / "version-0.1", ROOT / "assets" / "demo"
FILES = {
    "items": (OLD / "items.jsonl", DEMO / "items.jsonl"),
    "samples": (OLD / "samples.jsonl", DEMO / "recorded.jsonl"),
    "annotations": (OLD / "labels.jsonl", DEMO / "labels.jsonl"),
    "training-labels": (OLD / "training.jsonl",),
    "verdicts": (OLD / "verdicts.jsonl",),
}
SAMPLE = {"item_id": "x", "index": 0, "scores": [3, 7]}
ITEM = {"id": "x", "query": "q", "responses": ["a", "b"]}


MADE = schemas()


def fits(name: str, line: Any) -> bool:
    return bool(Draft202012Validator(MADE[name]).is_valid(line))


def test_the_schemas_are_those_of_the_code_and_the_page_lists_them() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == MADE.keys()
    page = (ROOT / "docs" / "formats.md").read_text()
    for name, schema in MADE.items():
        assert (FOLDER / f"{name}.json").read_text() == text(schema), "run: python tools/write_formats.py"
        assert f"(formats/{name}.json)" in page


@pytest.mark.parametrize("name", FILES)
def test_files_that_we_wrote_fit_their_schema(name: str) -> None:
    validator = Draft202012Validator(MADE[name])
    validator.check_schema(validator.schema)
    for path in FILES[name]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not [error.message for error in validator.iter_errors(json.loads(line))], f"{path}, line {number}"


@pytest.mark.parametrize(
    ("name", "line", "good"),
    [
        ("samples", SAMPLE, True),
        ("samples", SAMPLE | {"scores": [3, 11]}, False),
        ("samples", SAMPLE | {"scores": None, "status": "fine"}, False),
        ("samples", SAMPLE | {"index": -1}, False),
        ("samples", {"run": {}}, True),
        ("samples", {"run": {"context": "both"}}, False),
        ("items", ITEM, True),
        ("items", {"id": "x", "query": "q", "answers": {"a": "x", "b": "y"}}, True),
        ("items", {"id": "x", "query": "q"}, False),
        ("items", ITEM | {"answers": {"a": "x", "b": "y"}}, False),
        ("items", ITEM | {"query": [{"role": "robot", "content": "q"}]}, False),
        ("items", ITEM | {"responses": ["x"] * 33}, False),
        ("annotations", {"id": "a"}, False),
    ],
)
def test_a_schema_refuses_what_the_reader_refuses(name: str, line: dict[str, Any], good: bool) -> None:
    assert fits(name, line) == good
