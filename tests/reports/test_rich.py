"""Texts of others in a document: read as Markdown, with nothing that runs or is fetched."""

import pytest

from reports.rich import line, rich
from tests.reports.reader import Reader


def test_marks_lists_tables_and_code_are_read() -> None:
    html = rich(
        "# Head\n\n1. **a**\n   - `b`\n\n| x | y |\n|:-:|--|\n| 1 | ~~2~~ |\n\n> q\n\n```python\ndef f(): pass\n```"
    )
    for part in (
        '<div class="head h1">Head</div>', "<ol>", "<strong>a</strong>", "<code>b</code>", "<td>", "<s>2</s>",
        "<blockquote>", '<span class="k">def</span>',
    ):  # fmt: skip
        assert part in html, part
    assert line("*a* `b` <i>\n# c") == "<em>a</em> <code>b</code> &lt;i&gt;<br />\n# c"


def test_what_is_hostile_is_text_and_no_link_runs_anything() -> None:
    text = (
        '<img src=x onerror="a()"> <script>b()</script> ![p"onload="c](https://e.example/x.png) [j](javascript:d) '
        '[d](data:text/html,e) <javascript:f> [t](https://e.example/"onclick="g "h") $\\href{javascript:i}{x}$\n\n'
        '```"><script>\nk\n```\n\n```python\n</code><script>l()</script>\n```\n\ud800'
    )
    reader = Reader()
    reader.feed(str(rich(text)))
    assert not reader.tags & {"img", "script", "iframe", "style"}
    assert {name for name, _ in reader.attributes} <= {"class", "href", "rel"}
    hrefs = [value for name, value in reader.attributes if name == "href"]
    assert len(hrefs) == 2
    assert all(href is not None and href.startswith("https://e.example/") for href in hrefs)
    assert "<script>b()</script>" in reader.text
    assert "</code><script>l()</script>" in reader.text


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("so $a_1*b*c_1$ is", "a_1*b*c_1"),
        ("so \\(a_1*b*c_1\\) is", "a_1*b*c_1"),
        ("$$\na\n- b\n$$", "a\n- b"),
        ("\\[\na\n= b\n\\]", "a\n= b"),
        ("it is $2^n$.", "2^n"),
        ("costs $5 and $6", None),
        ("between $5 and 10$ each", None),
        ("$HOME and $PATH", None),
        ("US$7 to US$8", None),
        ("\\[\nnever closed", None),
    ],
)
def test_a_formula_keeps_its_latex_and_money_is_none(text: str, formula: str | None) -> None:
    html = rich(text)
    if formula is None:
        assert "formula" not in html
    else:
        assert f'class="formula"><code>{formula}</code>' in html


def test_a_text_that_is_too_long_or_of_too_many_parts_stands_as_it_was_written() -> None:
    for text in ("*a* " * 6000, "a\n" * 9000):
        assert rich(text) == f'<div class="text">{text}</div>'
