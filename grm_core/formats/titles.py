"""What a text is called in lists: the plain words of its first line as it is shown, without the marks of Markdown."""

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

_READ_MOST = 4000
"""Characters that are looked at: nobody's first line is longer."""
# Backslashes and entities are LaTeX and code as often as Markdown, and tags are words like others.
_MARKDOWN = MarkdownIt("commonmark").disable(["escape", "entity", "html_block", "html_inline"])


def plain_title(text: str, length: int = 80) -> str:
    """The first line that says something, at most `length` characters, where lines of a paragraph are one.

    Of a text that is nothing but code, the first line of that; '' where there are no words.
    """
    blocks = _MARKDOWN.parse(text[:_READ_MOST])
    lines = [_first_line(block.children or ()) for block in blocks if block.type == "inline"]
    lines += [block.content.strip().partition("\n")[0] for block in blocks if block.type in ("fence", "code_block")]
    words = next((line for line in (" ".join(line.split()) for line in lines) if line), "")
    return words if len(words) <= length else words[: length - 1] + "…"


def _first_line(parts: Iterable[Token]) -> str:
    line = ""
    for part in parts:
        if part.type == "hardbreak":
            break
        line += " " if part.type == "softbreak" else part.content
    return line
