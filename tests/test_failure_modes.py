"""docs/failure-modes.md names tests that are there."""

import json
import re
from pathlib import Path

from tests.faults import figures

TESTS = Path(__file__).resolve().parent
DOCUMENT = TESTS.parent / "docs" / "failure-modes.md"


def test_every_failure_names_a_test_that_is_there() -> None:
    names = re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT.read_text())
    assert len(names) > 60
    missing = [
        f"{file}::{name}"
        for file, name in names
        if not re.search(rf"^ *(async )?def {name}\(", (TESTS / file).read_text(), re.MULTILINE)
    ]
    assert missing == []


def test_every_line_of_both_tables_names_one() -> None:
    before, rest = DOCUMENT.read_text().split(figures.BEGIN)
    lines = [line for line in (before + rest.split(figures.END)[1]).splitlines() if line.startswith("| ")]
    heads = ("| what happens |", "| # |")
    assert [line for line in lines if not line.startswith(heads) and "::test_" not in line] == []


def test_every_number_of_hostile_inputs_has_its_line() -> None:
    numbers = re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert list(map(int, numbers)) == list(range(1, 87))


def test_the_figures_are_those_of_the_last_soak() -> None:
    text = DOCUMENT.read_text()
    assert figures.filled(text, json.loads((DOCUMENT.parent / "soak.json").read_text())) == text
