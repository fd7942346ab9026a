"""What of a completion the model says in its own voice: the text with thinking, code and quotations covered.

A response is hostile text, and a critique that quotes it brings its score boxes along. Covering what is quoted keeps
every offset, so spans found in the covered copy are spans of the original. Not a Markdown parser: where the marks are
unbalanced, the rules below choose what hides least beyond the line in question.
"""

import re
from collections.abc import Iterable, Iterator

from grm_core.types import Span

COVER = "\x1a"
"""Stands for every covered character: neither a mark, a letter nor a space, so no score line holds it."""

_FENCE = re.compile(
    r"^[ \t]*+(?P<item>(?:[-*+•]|\d{1,3}[.)])[ \t]++)?(?P<run>`{3,}+|~{3,}+)(?P<info>[^\n]*+)$", re.MULTILINE
)
_BLOCK_QUOTE = re.compile(r"^[ \t]*+(?:(?:[-*+•]|\d{1,3}[.)])[ \t]++)?>[^\n]*+", re.MULTILINE)
_THINKING = re.compile(  # one set in front, so that the search runs at full speed over other text
    r"[<\[](?:(?<=<)(?P<end>/?)think(?:ing)?>|(?<=\[)(?P<end2>/?)THINK\]|(?<=<)(?P<final>\|channel\|>final<\|message\|>))",
    re.IGNORECASE,
)
_QUOTING_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>blockquote|pre|code|q|quote|samp)(?: [^<>\n]{0,200})?>", re.IGNORECASE
)
_QUOTE_MARKS = "\"'`“”‘’«»"

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


def outside_code(text: str, thinking: bool = False) -> str:
    """The text, equally long, with thinking blanked and fenced code, block quotes and HTML quotations covered.

    Newlines stay, in every notation as a line feed. `thinking` says that the text starts inside a thinking section.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _overwrite(text, _thinking(text, thinking), " ")
    text = _overwrite(text, _fences(text), COVER)
    text = _BLOCK_QUOTE.sub(_cover, text)
    return _overwrite(text, _tagged(text), COVER)


def outside_quotations(text: str, label: re.Pattern[str]) -> str:
    """The text with what stands in quotation marks or inline code covered; newlines stay.

    Inline code right behind a `label`, or on the line below, stays readable: its backticks are decoration there.
    """

    def cover_unless_labelled(match: re.Match[str]) -> str:
        if match[0][0] == "`":
            nearest = max(0, match.start() - _REACH)
            line = text.rfind("\n", nearest, match.start()) + 1
            before = text.rfind("\n", nearest, max(line - 1, nearest)) + 1
            if any(label.fullmatch(text, start, match.start()) for start in (line, before)):
                return match[0]
        return _cover(match)

    return _QUOTATION.sub(cover_unless_labelled, text)


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


def _thinking(text: str, inside: bool) -> list[Span]:
    """Thinking sections; an end without a start makes everything before it thinking (the template opened it)."""
    spans: list[Span] = []
    start = 0 if inside else None
    code = [span for span in _fences(text) if span[1] < len(text)]
    for tag in _THINKING.finditer(text):
        at, end = tag.span()
        while code and code[0][1] <= at:
            code.pop(0)
        quoted = [char in _QUOTE_MARKS for char in (text[at - 1 : at], text[end : end + 1]) if char]
        if start is not None:
            if (tag["end"] or tag["end2"] or tag["final"]) and not (quoted and all(quoted)):
                spans.append((start, end))
                start = None
        elif any(quoted) or (code and code[0][0] <= at):
            continue  # the critique talks about the tag
        elif tag["end"] or tag["end2"] or tag["final"]:
            spans = [(0, end)]
        else:
            start = at
    return spans if start is None else [*spans, (start, len(text))]


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
