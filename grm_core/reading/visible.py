"""The part of a completion that the model says in its own voice: the text with thinking, code and quotations covered.

A response is hostile text, and a critique that quotes it brings its score boxes along. Covering what is quoted keeps
every offset, so spans found in the covered copy are spans of the original. Not a Markdown parser: where the marks are
unbalanced, the rules below choose what hides least beyond the line in question.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from grm_core.reading import thinking
from grm_core.reading.marks import Act, marks
from grm_core.types import Span

COVER = "\x1a"
"""Stands for every covered character: neither a mark, a letter nor a space, so no score line holds it."""

_FENCE = re.compile(
    r"^[ \t]*+(?P<item>(?:[-*+•]|\d{1,3}[.)])[ \t]++)?(?P<run>`{3,}+|~{3,}+)(?P<info>[^\n]*+)$", re.MULTILINE
)
_BLOCK_QUOTE = re.compile(r"^[ \t]*+(?:(?:[-*+•]|\d{1,3}[.)])[ \t]++)?>[^\n]*+", re.MULTILINE)
_QUOTING_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>blockquote|pre|code|q|quote|samp)(?: [^<>\n]{0,200})?>", re.IGNORECASE
)

_LETTER = "A-Za-z0-9À-ɏͰ-ӿ"
_AFTER_WORD = rf"[{_LETTER}.!?…)\]}}\"'%]"
_IN_PARAGRAPH = r"\n(?![ \t]*(?:\n|\Z))"
# Possessive throughout, and every scan for a closing mark stops at the next mark that could open one: linear time.
_QUOTATION = re.compile(
    rf"""["'`“‘„«‹「『](?:
      (?<=")""(?:[^"]++|"(?!""))*+\"""
    | (?<=')''(?:[^']++|'(?!''))*+'''
    | (?<=")(?<!{_AFTER_WORD}")(?:
        (?:[^"\n]++|"(?=[{_LETTER}]))*+(?:"|\n(?:[^"]++|(?<=\S)"(?=[{_LETTER}]))*+"(?![{_LETTER}]))
      | [^\n]*+ )
    | (?<=')(?<!{_AFTER_WORD}')(?=\S)(?:[^'\n]++|{_IN_PARAGRAPH}|(?<=[{_LETTER}])'(?=[{_LETTER}]))*+'(?![{_LETTER}])
    | (?<=`)(?<!``)(?:
        ``(?!`)(?:[^`\n]++|`{{1,2}}+(?!`))*+```(?!`)
      | `(?!`)(?:[^`\n]++|{_IN_PARAGRAPH}|`(?!`))*+``(?!`)
      | `(?!`)[^`'\n]*+''
      | (?!`)(?:[^`\n]++|{_IN_PARAGRAPH})*+`(?!`) )
    | (?<=“)(?:(?:[^“”]++|“[^“”]*+”)*+”|[^\n]*+)
    | (?<=‘)(?:[^‘’\n]++|{_IN_PARAGRAPH}|(?<=[{_LETTER}])’(?=[{_LETTER}]))*+’(?![{_LETTER}])
    | (?<=„)(?:[^„“”]*+[“”]|[^\n]*+)
    | (?<=«)(?:[^«»]*+»|[^\n]*+)
    | (?<=‹)[^‹›]*+›
    | (?<=「)[^「」]*+」
    | (?<=『)[^『』]*+』
    )""",
    re.VERBOSE,
)
_REACH = 160
"""A label in front of inline code is looked for within this many characters."""


def line_feeds(text: str) -> str:
    """The text, equally long, with a line feed for the end of a line in every notation."""
    return text.replace("\r\n", " \n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")


def outside_thinking(text: str, cut: bool, read_from: int = 0) -> str:
    """The text from `read_from` on, with thinking blanked; newlines stay."""
    start, end = (max(place, read_from) for place in _spoken(text, cut, read_from))
    return _blot(text[read_from:start], " ") + text[start:end] + _blot(text[max(start, end) :], " ")


def without_thinking(text: str, cut: bool) -> str:
    """The text with thinking cut off; as it is where it holds none."""
    return text[slice(*_spoken(line_feeds(text), cut, 0))]


def _spoken(text: str, cut: bool, read_from: int) -> Span:
    every = marks(text, read_from)
    fences = [(start + read_from, end + read_from) for start, end in _fences(text[read_from:])] if every else []
    closed = fences[:-1] if fences and fences[-1][1] == len(text) else fences
    return thinking.spoken(text, every, cut, closed)


def outside_code(text: str) -> str:
    """The text, equally long, with fenced code, block quotes and HTML quotations covered; newlines stay."""
    text = _overwrite(text, _fences(text), COVER)
    text = _BLOCK_QUOTE.sub(_cover, text)
    return _overwrite(text, _tagged(text), COVER)


def outside_quotations(text: str, is_label: Callable[[str, int, int], object]) -> str:
    """The text with what stands in quotation marks or inline code covered, its lines split at tags; newlines stay.

    Inline code right behind a label, or on the line below, stays readable: its backticks are decoration there.
    """

    def cover_unless_labelled(match: re.Match[str]) -> str:
        if match[0][0] == "`":
            nearest = max(0, match.start() - _REACH)
            line = text.rfind("\n", nearest, match.start()) + 1
            before = text.rfind("\n", nearest, max(line - 1, nearest)) + 1
            if any(is_label(text, start, match.start()) for start in (line, before)):
                return match[0]
        return _cover(match)

    return _split_at_tags(_QUOTATION.sub(cover_unless_labelled, text))


def _split_at_tags(text: str) -> str:
    """The text with HTML within a line blanked, and a line feed where a tag ends that a line of scores may follow."""
    pieces, done = [], 0
    for mark in marks(text):
        if mark.act is not Act.NONE and mark.start >= done:
            fill = " " if mark.act is Act.STYLE else "\n"
            pieces += [text[done : mark.start], " " * (mark.end - mark.start - 1), fill]
            done = mark.end
    return "".join([*pieces, text[done:]])


def _cover(match: re.Match[str]) -> str:
    return _blot(match[0], COVER)


def _blot(text: str, char: str) -> str:
    return "\n".join(char * len(line) for line in text.split("\n"))


def _overwrite(text: str, spans: Iterable[Span], char: str) -> str:
    """The text with ascending, disjoint spans overwritten; newlines stay."""
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], _blot(text[start:end], char)]
        done = end
    return "".join([*pieces, text[done:]])


def _fences(text: str) -> Iterator[Span]:
    """Fenced code in Markdown, fence lines included; one that is never closed reaches to the end."""
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        run = line["run"]
        if opened is None:
            if run[0] == "~" or "`" not in line["info"]:
                opened = line
        elif not line["item"] and not line["info"].strip() and run.startswith(opened["run"]):
            yield opened.start(), line.end()
            opened = None
    if opened is not None:
        yield opened.start(), len(text)


def _tagged(text: str) -> list[Span]:
    """Contents of HTML quotation and code elements that are closed; of nested ones the outermost."""
    tags = list(_QUOTING_TAG.finditer(text))
    last_end = {tag["name"].lower(): tag.start() for tag in tags if tag["end"]}
    spans: list[Span] = []
    opened: re.Match[str] | None = None
    for tag in tags:
        name = tag["name"].lower()
        if opened is None:
            if not tag["end"] and last_end.get(name, -1) > tag.start():
                opened = tag
        elif tag["end"] and name == opened["name"].lower():
            spans.append((opened.start(), tag.end()))
            opened = None
    return spans
