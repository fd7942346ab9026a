r"""Replies of other people's judges: `[RESULT] 4`, `**Result:** 4`, JSON with a score or a choice.

Thinking is never read, and of quoted text only what could not be meant otherwise. Never raises, takes linear time.
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase

from grm_core.reading.letter_choice import LOST, WON
from grm_core.reading.parsing import PARSER_VERSION, last_part, was_cut
from grm_core.reading.visible import line_feeds, outside_quotations, outside_thinking
from grm_core.types import SCORE_MAX, Parsed, ParseStatus, Span

_NUMBER = r"(?P<value>[+\-−]?\d{1,9}(?:[.,]\d{1,9})?)(?![\d.]*\d|[ \t]*[-–][ \t]*\d)"
_MARKED = re.compile(rf"\[(?:result|score)\][\s:*_(\[]{{0,8}}{_NUMBER}", re.IGNORECASE)
_LABELLED = re.compile(
    r"^[ \t#*_>-]{0,9}(?:(?:overall|final)[ \t]+)?(?:result|score|rating)[ \t*_]{0,9}[:：]"
    rf"[ \t*_(\[]{{0,9}}{_NUMBER}",
    re.IGNORECASE | re.MULTILINE,
)
_AT_THE_END = re.compile(r"[\s*_)\].]{0,20}\Z")
_SCORES = re.compile(
    r"[\"']?\bscores[\"']?\s{0,20}:\s{0,20}\{(?P<inside>[^{}]{0,10000})(?P<closed>\}?)", re.IGNORECASE
)
_ENTRY = re.compile(r"[\"']?(?P<name>[\w-]{1,40})[\"']?\s{0,20}:\s{0,20}[\"']?(?P<value>[^,\s\"'}]{1,20})")
_WHOLE = re.compile(r"0*(\d{1,2})(?:\.0{1,9})?")
_CHOICE = re.compile(
    r"[\"']choice[\"']\s{0,20}:\s{0,20}[\"'\[\s]{0,9}(?:(?:model|assistant|response)[\s-]{1,3})?(?P<letter>[A-Z])\b"
    r"(?!\s+or\b)",
    re.IGNORECASE,
)


def rating(text: str, n: int, finish_reason: str | None = None, best: int = 5) -> Parsed:
    """One response's rating from 1 to `best`, as a score: `[RESULT] 4`, or else a line `**Result:** 4`.

    Equal ones count once, different ones are ambiguous. A stray quotation mark before it hides no mark that ends the
    text.
    """
    if not text.strip():
        return Parsed(ParseStatus.EMPTY, version=PARSER_VERSION)
    cut = was_cut(finish_reason)
    offset, plain = last_part(text, cut)
    seen = outside_quotations(plain, lambda *_: None)
    every = list(_MARKED.finditer(plain))  # in `seen` the mark itself is blanked as a tag, its number is there
    marks = [each for each in every if seen[each.start("value")] == plain[each.start("value")]]
    marks = marks or [each for each in every if _ends(plain, each)]
    ratings = marks or list(_LABELLED.finditer(seen))
    if not ratings:
        return _unread(ParseStatus.TRUNCATED if cut else ParseStatus.NO_SCORES, plain, offset)
    good = [each for each in ratings if _value(each["value"], best) is not None]
    if n != 1:
        return _unread(ParseStatus.WRONG_COUNT, plain, offset)
    if not good:
        return _unread(ParseStatus.OUT_OF_RANGE, plain, offset)
    values = [_value(each["value"], best) for each in good]
    if len(set(values)) > 1:
        return _unread(ParseStatus.AMBIGUOUS, plain, offset)
    return _read(plain, offset, good[-1].start(), [_scaled(good[-1]["value"], best)], [good[-1].span("value")])


def table(text: str, n: int, finish_reason: str | None = None, best: int = 5) -> Parsed:
    """The ratings from 1 to `best` of `{"scores": {"model-1": 2, ...}}`, a code fence around it or not.

    Every one of model-1 to model-n has to be there, and no other.
    """
    if not text.strip():
        return Parsed(ParseStatus.EMPTY, version=PARSER_VERSION)
    cut = was_cut(finish_reason)
    plain = outside_thinking(line_feeds(text), cut)
    blocks = list(_SCORES.finditer(plain))
    closed = [each for each in blocks if each["closed"]]
    if not closed:
        return _unread(ParseStatus.TRUNCATED if cut or blocks else ParseStatus.NO_SCORES, plain, 0)
    readings = [_entries(plain, each, n, best) for each in closed]
    good = [each for each in readings if each.status is ParseStatus.OK]
    if not good:
        return readings[-1]
    same = len({each.shown_scores for each in good}) == 1
    return good[-1] if same else _unread(ParseStatus.AMBIGUOUS, plain, 0)


def choice(text: str, n: int, finish_reason: str | None = None) -> Parsed:
    """The verdict of `{"Choice": "Model A"}` as scores: 10 for the named response, 1 for every other."""
    if not text.strip():
        return Parsed(ParseStatus.EMPTY, version=PARSER_VERSION)
    cut = was_cut(finish_reason)
    plain = outside_thinking(line_feeds(text), cut)
    choices = list(_CHOICE.finditer(plain))
    if not choices:
        return _unread(ParseStatus.TRUNCATED if cut else ParseStatus.NO_SCORES, plain, 0)
    letters = {each["letter"].upper() for each in choices}
    place = ascii_uppercase.index(choices[-1]["letter"].upper())
    if len(letters) > 1 or place >= n:
        return _unread(ParseStatus.AMBIGUOUS if len(letters) > 1 else ParseStatus.OUT_OF_RANGE, plain, 0)
    scores = [WON if own == place else LOST for own in range(n)]
    return _read(plain, 0, choices[-1].start(), scores, [choices[-1].span("letter")])


def _entries(plain: str, block: re.Match[str], n: int, best: int) -> Parsed:
    entries = {each["name"].lower(): each for each in _ENTRY.finditer(plain, *block.span("inside"))}
    if entries.keys() != {f"model-{number}" for number in range(1, n + 1)}:
        return _unread(ParseStatus.WRONG_COUNT, plain, 0)
    ordered = [entries[f"model-{number}"] for number in range(1, n + 1)]
    if any(_value(each["value"], best) is None for each in ordered):
        return _unread(ParseStatus.OUT_OF_RANGE, plain, 0)
    scores = [_scaled(each["value"], best) for each in ordered]
    return _read(plain, 0, block.start(), scores, [each.span("value") for each in ordered])


def _value(text: str, best: int) -> int | None:
    """A whole number from 1 to `best`; None for anything else."""
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match is not None and 1 <= int(match[1]) <= best else None


def _scaled(text: str, best: int) -> int:
    """A rating of 1..`best` as a score of ..10: on a scale of five it counts double."""
    return (_value(text, best) or 0) * (SCORE_MAX // best)


def _ends(plain: str, mark: re.Match[str]) -> bool:
    return _AT_THE_END.match(plain, mark.end()) is not None


def _read(plain: str, offset: int, end: int, scores: Sequence[int], spans: Sequence[Span]) -> Parsed:
    moved = tuple((start + offset, stop + offset) for start, stop in spans)
    return Parsed(ParseStatus.OK, (), _critique(plain, end, offset), tuple(scores), moved, PARSER_VERSION)


def _unread(status: ParseStatus, plain: str, offset: int) -> Parsed:
    return Parsed(status, (), _critique(plain, len(plain), offset), version=PARSER_VERSION)


def _critique(plain: str, end: int, offset: int) -> Span | None:
    """The text before the verdict, without white space and an opening brace at its ends."""
    body = plain[:end].rstrip(" \t\n{")
    start = len(body) - len(body.lstrip())
    return (start + offset, len(body) + offset) if start < len(body) else None
