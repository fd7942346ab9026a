"""Find the principles and the critique in a completion, whatever became of its scores.

Reads the format of our own templates and what other GRMs write: "Specific Criteria:", Markdown headings, XML tags,
numbered, bulleted or bold items, weights such as "(weight: 40%)", "Weight: 0.3", "(4)" or "(35%)".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from grm_core.reading.labels import LABEL_NAME
from grm_core.types import Principle, Span

MOST_PRINCIPLES = 64
"""Later items of a list are not read: no GRM writes so many, only a loop does."""
_MOST_HEADERS = 1000

_PRINCIPLES = (
    r"(?:(?:query|specific|evaluation|scoring|query[- ]specific|additional|key|other|judging|grading|the|my)[ \t]++)"
    r"{0,3}+"
    r"(?:criteria|criterion|principles?)(?:[ \t]++(?:and|with|&)(?:[ \t]++their)?[ \t]++weights?)?"
)
_CRITIQUE = (
    r"(?:(?:detailed|overall|comparative|brief|response|the|my)[ \t]++){0,2}+"
    r"(?:critiques?|analys[ei]s|evaluation|assessment)(?:[ \t]++of[ \t]++(?:the[ \t]++)?responses?)?"
)
_ASIDE = r"(?:[ \t]*+\([^()\n]{1,60}\))?"
_NAME = rf"(?:{_PRINCIPLES}|{_CRITIQUE}|{LABEL_NAME}){_ASIDE}"
_HEADER = re.compile(
    rf"""^[ \t]*+(?P<item>(?:\d{{1,2}}[.)]|[-*+•])[ \t]++)?(?:\#{{1,6}}[ \t]*+)?(?:\d{{1,2}}[.)][ \t]++)?(?:
      (?P<em>\*{{1,3}}+|_{{1,3}}+)(?:\d{{1,2}}[.)][ \t]++)?(?P<bold>{_NAME})[ \t]*+
        (?:[:：][ \t]*+(?P=em)|(?P=em){_ASIDE}[ \t]*+(?:[:：]|[-–—](?=[ \t])|(?=\n|\Z)))
    | (?P<plain>{_NAME})[ \t]*+(?:[:：]|[-–—](?=[ \t])|(?=\n|\Z))
    )""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>specific_criteria|criteria|principles|analysis|critiques?|evaluation|scores?)>",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"^(?P<indent>[ \t]*+)(?:#{1,6}[ \t]++)?(?:\*\*)?(?:(?P<number>\(?\d{1,2}[.):]\)?)|[-*+•–])(?:[ \t]++|(?=\*\*))",
    re.MULTILINE,
)
_INLINE_ITEM = re.compile(r"(?:^|(?<=[\s;:]))\(?(\d{1,2})[.)][ \t]++")
_LOOSE = re.compile(r"\n[ \t]*\n(?=[^\s\-*+•–#(\d])|\n(?=[^\s\-*+•–#(\d][^\n]*:[ \t]*+(?:\n|\Z))")
"""Where a list item ends before the next: text that starts anew behind a blank line, or introduces another list."""
_NAMED_LINE = re.compile(r"[ \t]*+(?:\*\*|__)[^*_\n]{2,80}(?:\*\*|__)")

_AMOUNT = r"(?<![\d.])(\d{1,4}(?:[.,]\d{1,4})?)(?![\d])"
_WORD_WEIGHT = re.compile(
    rf"[(\[]?[ \t]{{0,3}}[*_]{{0,3}}\bweight(?:ing|age)?\b[*_ \t]*+[:=]?[*_ \t]*+(?:of[ \t]++|is[ \t]++)?{_AMOUNT}"
    r"[ \t]*+(?:%|percent)?(?:/\d{1,3})?[*_ \t]*+[)\]]?",
    re.IGNORECASE,
)
_BRACKETED_WEIGHT = re.compile(rf"[(\[][ \t]*+{_AMOUNT}[ \t]*+(?:%|percent|points?|pts?)?[ \t]*+[)\]]", re.IGNORECASE)
_NAMED_WEIGHT = re.compile(
    rf"[:–—-][ \t*_]*+{_AMOUNT}[ \t]*+(?:%|percent)|:[ \t*_]*+{_AMOUNT}[ \t]*+(?:points?)?[ \t*_.]*+\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Header:
    start: int
    end: int
    kind: str
    """principles, critique or scores."""
    closes: bool = False
    listed: bool = False


def read(text: str, seen: str, score_line: int | None) -> tuple[list[Principle], Span | None]:
    """The principles in the order written, and the span of the critique's body; `seen` is `text` outside code."""
    headers = _headers(seen)
    stop = len(seen) if score_line is None else score_line
    body, critique = _section(headers, "principles", seen, stop), _section(headers, "critique", seen, stop)
    principles: list[Principle] = []
    for span in islice(_items(seen, *body), MOST_PRINCIPLES) if body else ():
        principle = _principle(text, span)
        if principle is not None and not _weighs_earlier(principle, principles):
            principles.append(principle)
    return principles, critique


def moved(principle: Principle, offset: int) -> Principle:
    """The principle with its span shifted."""
    return replace(principle, span=(principle.span[0] + offset, principle.span[1] + offset))


def _headers(seen: str) -> list[_Header]:
    lines = [
        _Header(m.start(), m.end(), _kind(m["bold"] or m["plain"]), listed=bool(m["item"]))
        for m in islice(_HEADER.finditer(seen), _MOST_HEADERS)
    ]
    # A list item may be called "Analysis"; it heads a section only where all sections are list items.
    lines = [header for header in lines if header.listed == lines[0].listed or header.kind == "scores"]
    tags = [
        _Header(m.start(), m.end(), _kind(m["name"]), bool(m["end"]))
        for m in islice(_TAG.finditer(seen), _MOST_HEADERS)
    ]
    return sorted([*lines, *tags], key=lambda header: header.start)


def _kind(name: str) -> str:
    lowered = name.lower()
    if "criteri" in lowered or "principle" in lowered:
        return "principles"
    return "scores" if "score" in lowered or "rating" in lowered else "critique"


def _section(headers: list[_Header], kind: str, seen: str, stop: int) -> Span | None:
    """The body of the first section of this kind: up to another kind's header, its closing tag or the score line."""
    opened: _Header | None = None
    for header in headers:
        if opened is None:
            if header.kind == kind and not header.closes:
                opened = header
        elif header.closes or header.kind != kind:
            return _stripped(seen, opened.end, min(header.start, stop) if stop > opened.end else header.start)
    if opened is None:
        return None
    return _stripped(seen, opened.end, stop if stop > opened.end else len(seen))


def _stripped(text: str, start: int, end: int) -> Span | None:
    """The span without white space at its ends; None when nothing is left."""
    body = text[start:end]
    start += len(body) - len(body.lstrip())
    end = start + len(body.strip())
    return (start, end) if start < end else None


def _items(seen: str, start: int, end: int) -> Iterator[Span]:
    """Spans of the list's items without their marks; without a list, of the lines that carry a name or a weight."""
    line = seen.rfind("\n", 0, start) + 1
    marks = list(islice(_ITEM.finditer(seen, start if seen[line:start].strip() else line, end), 4 * MOST_PRINCIPLES))
    if marks:
        deep = len(marks[0]["indent"]) + 1
        numbered = marks[0]["number"] is not None
        tops = [m for m in marks if len(m["indent"]) <= deep and (m["number"] is not None) == numbered]
        starts = [(m.start(), m.end()) for m in tops]
    else:
        inline = [m for m in islice(_INLINE_ITEM.finditer(seen, start, end), MOST_PRINCIPLES)]
        starts = [m.span() for place, m in enumerate(inline, 1) if int(m[1]) == place]
    if not starts:
        yield from _plain_lines(seen, start, end)
        return
    for (_, first), (next_mark, _) in zip(starts, [*starts[1:], (end, end)], strict=True):
        loose = _LOOSE.search(seen, first, next_mark)
        if span := _stripped(seen, first, loose.start() if loose else next_mark):
            yield span


def _plain_lines(seen: str, start: int, end: int) -> Iterator[Span]:
    for line in re.compile(r"[^\n]+").finditer(seen, start, end):
        body = line[0]
        named = _NAMED_LINE.match(body) or _WORD_WEIGHT.search(body) or _BRACKETED_WEIGHT.search(body)
        if named and (span := _stripped(seen, *line.span())):
            yield span


def _principle(text: str, span: Span) -> Principle | None:
    """An item as a principle: its text without marks and weight, its weight as the number written."""
    written = text[slice(*span)]
    weight = None
    for pattern in (_WORD_WEIGHT, _BRACKETED_WEIGHT, _NAMED_WEIGHT):
        if match := pattern.search(written):
            weight = float((match[1] or match[match.lastindex or 1]).replace(",", "."))
            written = written[: match.start()] + " " + written[match.end() :]
            break
    words = " ".join(re.sub(r"\*\*|__", "", written).split())
    words = re.sub(r" +([:;,.])", r"\1", words).strip(" *_:;–—-")
    return Principle(words, weight, span) if words else None


def _weighs_earlier(principle: Principle, earlier: list[Principle]) -> bool:
    """Whether the item only gives the weight of a principle stated before; the weight is added to that one."""
    if principle.weight is None:
        return False
    for place, other in enumerate(earlier):
        if other.weight is None and other.text.startswith(principle.text + ":"):
            earlier[place] = replace(other, weight=principle.weight)
            return True
    return False
