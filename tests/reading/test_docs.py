"""docs/parsing.md says what is read, and every example in it is true."""

import re
from pathlib import Path

import pytest

from grm_core.reading.parsing import parse
from grm_core.types import ParseStatus

TEXT = (Path(__file__).parents[2] / "docs" / "parsing.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<text>.+)` \| (?P<result>[\w, ]+) \|$", re.MULTILINE)


def examples() -> list[tuple[str, str, str]]:
    rows = []
    for table in TEXT.split("\n\n"):
        finish = "length" if table.startswith("| cut text") else "stop"
        if table.startswith(("| text", "| cut text")):
            rows += [
                (row["text"].replace(r"\|", "|").replace("¶", "\n"), finish, row["result"])
                for row in ROW.finditer(table)
            ]
    return rows


@pytest.mark.parametrize(("text", "finish", "result"), examples())
def test_an_example_of_the_docs_is_read_as_they_say(text: str, finish: str, result: str) -> None:
    parsed = parse(text, 2, finish)
    assert result == (", ".join(map(str, parsed.shown_scores)) if parsed.shown_scores else parsed.status)


def test_the_docs_hold_the_examples_and_name_every_status() -> None:
    assert len(examples()) == sum(line.startswith("| `") for line in TEXT.splitlines()) - len(ParseStatus)
    assert all(f"| `{status}` |" in TEXT for status in ParseStatus)
