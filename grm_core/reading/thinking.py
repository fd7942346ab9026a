"""Which part of a completion is thinking: what was meant for nobody is never read for scores, principles or critique.

    [ thinking ] closing mark [ what is read ] opening mark [ thinking that never ends ]

Everything before the last closing mark is thinking, whoever opened it. Of a mark with an unknown name only its place
tells: an element that comes first and has text behind it is thinking, and so is what comes before a closing mark whose
opening mark must have stood in the prompt. An element that comes first and was cut off at the token limit may be
thinking: nothing of it is read. Elsewhere an unknown mark hides nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from grm_core.reading.marks import Act, Mark
from grm_core.types import Span

_CURLED = {"”": "“", "’": "‘", "»": "«"}
"""What ends a quotation, and what begins it."""
_APOSTROPHE = re.compile(r"(?:\A|[\s(\[*_—–-])'(?!\s)[^']*\Z")
_TICKS = re.compile("`+")
_REACH = 1000
"""Characters of a line that are looked at for an open quotation."""
_WORD = re.compile(r"\w")
_BARE = re.compile(r"\s*thought\n")
"""How Gemma's thinking starts where its special tokens were dropped; nothing says where it ends."""
_ROLE = re.compile(r"\s*(?:assistant)?\s*(?:to=user)?")
_LINE_START = re.compile(r"(?:\A|\n)[ \t*]*\Z")
_LINE_END = re.compile(r"[ \t*]*(?:\n|\Z)")


def spoken(text: str, marks: Sequence[Mark], cut: bool, code: Sequence[Span]) -> Span:
    """The part of the text that is not thinking; empty where all is. Line ends are line feeds.

    `cut` says that the engine stopped at its token limit. Marks inside a `code` span (ascending, disjoint) are
    somebody else's.
    """
    start, opened, own = 0, None, []
    for mark in marks:
        if _quoted(text, mark, opened is not None, code):
            continue
        own.append(mark)
        closes = mark.name == "" or opened is None or mark.name == opened.name
        if mark.act is Act.THINK:
            opened = opened or mark
        elif (mark.act is Act.CLOSE and closes) or (mark.act is Act.LEAVE and opened is not None and closes):
            start, opened = mark.end, None
    end = len(text) if opened is None else opened.start
    rest = [mark for mark in own if start <= mark.start and mark.end <= end]
    start, unclosed = _past_unknown(text, rest, start, end)
    if cut and (unclosed or _BARE.match(text, start)):
        return end, end
    return _past_tokens(text, rest, start), end


def _quoted(text: str, mark: Mark, thinking: bool, code: Sequence[Span]) -> bool:
    """Whether a mark is spoken of, not used: it stands at an end of what its line quotes.

    `<think>"Well` and `"Well."</think>` are used: no quotation is open there. In thinking, which may end anywhere,
    only quotation marks on both sides tell.
    """
    low = max(0, mark.start - _REACH)
    line = text[max(low, text.rfind("\n", low, mark.start) + 1) : mark.start]
    begins = line[-1:] in _CURLED.values() or _is_open(line, line[-1:])
    ends = _is_open(line, text[mark.end : mark.end + 1])
    if thinking:
        return begins and ends
    place = bisect_right(code, (mark.start, len(text))) - 1
    return begins or ends or (place >= 0 and mark.start < code[place][1])


def _is_open(line: str, sign: str) -> bool:
    """Whether a quotation that this sign would end is open where the line breaks off."""
    if sign == "'":
        return _APOSTROPHE.search(line) is not None
    if sign == "`":
        return len(_TICKS.findall(line)) % 2 == 1
    if sign in _CURLED:
        return line.count(_CURLED[sign]) > line.count(sign)
    return sign == '"' and line.count(sign) % 2 == 1


def _past_unknown(text: str, rest: Sequence[Mark], start: int, end: int) -> tuple[int, bool]:
    """Where the text behind thinking of an unknown name starts, and whether it begins with such that never closes."""
    last = {mark.name: mark for mark in rest if mark.act is Act.SHUT}
    words_end = _words_end(text, rest, end)
    first, at, names, unclosed = True, start, set(), False
    for mark in rest:
        if mark.start < start:
            continue
        first = first and not _WORD.search(text, at, mark.start)
        at = mark.end
        shut = last.get(mark.name)
        if mark.act is Act.OPEN and first and shut is not None and mark.end <= shut.start and shut.end < words_end:
            start = at = shut.end
        elif mark.act is Act.OPEN:
            unclosed = unclosed or (first and (shut is None or shut.start < mark.start))
            names.add(mark.name)
        elif mark.act is Act.SHUT and mark.name not in names and mark.end < words_end and _at_edge(text, mark):
            start, first, unclosed = mark.end, True, False
    return start, unclosed


def _words_end(text: str, rest: Sequence[Mark], end: int) -> int:
    """Where the last words stand that are no mark."""
    for mark in reversed(rest):
        if _WORD.search(text, mark.end, end):
            break
        end = mark.start
    return end


def _past_tokens(text: str, rest: Sequence[Mark], start: int) -> int:
    """Where the answer starts behind the control tokens that introduce it: they must not hide its first heading."""
    for mark in rest:
        if mark.start >= start:
            if not text.startswith("<|", mark.start) or not _ROLE.fullmatch(text, start, mark.start):
                break
            start = mark.end
    return start


def _at_edge(text: str, mark: Mark) -> bool:
    """Whether a mark begins or ends its line."""
    return bool(_LINE_START.search(text, max(0, mark.start - 9), mark.start) or _LINE_END.match(text, mark.end))
