"""docs/files.md: every line that it shows is read, as the form under whose heading it stands."""

import io
import re
from pathlib import Path

import pytest

from grm_core.formats.foreign import alpaca_eval, imports, inspect_log, langfuse, reading, rewardbench2, telemetry
from grm_core.formats.foreign.forms import FORMS, Form

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
JUDGED = (alpaca_eval, rewardbench2, langfuse, telemetry)


def shown() -> list[tuple[str, str]]:
    """(form, file) of every line of JSON and every table of the page."""
    files = []
    for section in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        form = section.partition("\n")[0]
        for kind, body in re.findall(r"^```(json|csv)\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL):
            files += [(form, body)] if kind == "csv" else [(form, line) for line in body.splitlines()]
    return files


def test_every_form_has_a_heading() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    assert headings == [form.name for form in FORMS] + [module.FORM for module in (*JUDGED, inspect_log)]
    assert {form for form, _ in shown()} == set(headings) - {"inspect"}


@pytest.mark.parametrize(("form", "text"), shown())
def test_what_the_page_shows_is_read(form: str, text: str) -> None:
    judgments = imports.read(io.BytesIO(text.encode()), "page")
    (block,) = judgments.blocks
    (item,) = block.items
    assert not judgments.left_out
    if judgments.form != "items":
        (sample,) = item.samples
        assert judgments.form == form
        assert block.run is not None
        assert block.run.engine == "foreign"
        assert sample.scores is not None
        return
    understood = reading.read_items(io.BytesIO(text.encode()), "page")
    assert [*understood.forms] == [form]
    (example,) = understood.items
    assert example.query[-1].content == "What is 2+2?"
    assert example.responses[0] == "4"
    assert example.labels is None or example.labels[0] == max(example.labels)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_line_of_a_message_is_right(form: Form) -> None:
    understood = reading.read_items(io.BytesIO(form.example.encode()), "message")
    assert [*understood.forms] == [form.name]


@pytest.mark.parametrize("module", JUDGED, ids=lambda module: module.FORM)
def test_the_line_of_a_message_about_judgments_is_right(module: object) -> None:
    judgments = imports.read(io.BytesIO(module.EXAMPLE.encode()), "message")
    assert judgments.form == module.FORM
    (block,) = judgments.blocks
    assert all(sample.scores for item in block.items for sample in item.samples)
