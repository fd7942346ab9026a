"""Text that others wrote stays text in a line of Markdown, in a code block and in a spreadsheet."""

import re

import pytest
from markdown_it import MarkdownIt

from reports.escape import encodable, fenced, harmless, plain

HOSTILE = (
    "<script>alert(1)</script>", "<!-- x", "a | b", "two\nlines\r\nmore\u2028", "{{7*7}}", "\"double\" and 'single'",
    "`code` ``more", "*strong* _soft_ __x__ ~~gone~~", "[click](http://evil)", "![x](http://evil)", "[a][b] [c]: d",
    "[x](y)](http://evil)", "\\| \\` \\", "# head", "&lt;b&gt; $x$", "${x}", "~~~", "_", "_a", "a_", "a__b",
)  # fmt: skip


def shown(markdown: str) -> tuple[str, set[str]]:
    """The text that a reader sees of a line, and the kinds of markup in it."""
    (line,) = MarkdownIt("gfm-like", {"linkify": False}).parseInline(markdown)
    children = line.children or []
    return "".join(child.content for child in children), {child.type for child in children}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_of_markdown_shows_the_words_and_no_markup(text: str) -> None:
    line = plain(text)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", line), "no bar that would end a cell"
    assert shown(line) == (" ".join(text.split()), {"text", "text_special"} & shown(line)[1] | {"text"})


def test_words_and_numbers_of_ours_are_left_as_they_are() -> None:
    for text in ("hh_harmless", "k_meta 2", "49.3 [46.3, 52.4]", "-0.012", "+7.2 [+2.2, +12.2]", "(none)", "k = 1"):
        assert plain(text) == text


@pytest.mark.parametrize("text", [*HOSTILE, "```\nx\n````", ""])
def test_a_code_block_ends_where_it_was_meant_to(text: str) -> None:
    blocks = MarkdownIt().parse(fenced(text) + "\n\nafter")
    assert [block.type for block in blocks] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert blocks[0].content.rstrip("\n") == re.sub(r"\r\n?", "\n", text).rstrip("\n")


def test_what_a_spreadsheet_would_run_gets_an_apostrophe() -> None:
    for text in ("=1+1", "+1", "-1", "@x", " =1", "\tx", "\rx"):
        assert harmless(text) == f"'{text}"
    for text in ("", "x=1", "'", "<b>", " x"):
        assert harmless(text) == text


def test_a_lone_surrogate_can_be_written() -> None:
    assert encodable("a\ud800é😀") == "a\ufffdé😀"
