"""Completion text -> which response a judge names by letter: `Verdict: [[B]]`, as generative judges of RewardBench do.

Only the model's own words count: thinking, code and quotations are covered first, as for scores. A response may hold
`[[A]]` and a critique may repeat it, so a verdict on a line of its own goes before letters in running prose, and two
different verdicts are none. Never raises, takes linear time.
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

from grm_core.reading import reported, sections
from grm_core.reading.labels import MARK
from grm_core.reading.parsing import PARSER_VERSION, last_part, was_cut
from grm_core.reading.scorelines import ends_line, line_start
from grm_core.reading.visible import outside_quotations
from grm_core.types import SCORE_MAX, SCORE_MIN, Parsed, ParseStatus, Span

WON, LOST = SCORE_MAX, SCORE_MIN
"""Scores of the named response and of every other one: their sums rank as counts of votes do."""

_WORDS = r"(?:the|my|final|overall|best|better|preferred|chosen|winning|letter|of|is|so|therefore|thus|hence)"
_NAME = (
    rf"(?:{_WORDS},?[ \t]++){{0,6}}+(?:verdict|best|better|response|assistant|answer|winner|choice|decision"
    r"|judg(?:e?)ment|conclusion)"
)
_TAG = r"</?(?:answer|verdict|output)>"
_BEFORE = re.compile(rf"(?:{MARK})*+(?:(?:{_NAME}(?:[ \t]++is)?|{_TAG})(?:{MARK}|{_TAG}|[:：=`])*+)?", re.IGNORECASE)
_LABEL = re.compile(rf"(?:{MARK})*+{_NAME}(?:[ \t]++is)?(?:{MARK}|[:：=])*+", re.IGNORECASE)
_AFTER = re.compile(rf"(?:[\s*_|~$.,;!。`]|{_TAG}|</s>|<\|\w{{1,20}}\|>|<end_of_turn>|<eos>)*+", re.IGNORECASE)
_VERDICT = re.compile(
    r"\[\[[ \t]*+(?:(?:response|assistant|answer)[ \t]++)?(?P<letter>[A-Z])[ \t]*+\]\]", re.IGNORECASE
)
_OPEN = re.compile(r"\[\[[ \t]*+\w{0,12}[ \t]*+\]?\Z")


class Choice(NamedTuple):
    """The response that a judge prefers, or why there is none."""

    status: ParseStatus
    shown: int | None = None
    """0-based position in shown order; None unless status is OK."""
    span: Span | None = None
    """Where its name stands in the text."""


def read(text: str, n: int, finish_reason: str | None = None) -> Choice:
    """Read which of n responses a completion names; A is the first one shown.

    Verdicts on lines of their own decide, with an optional label; equal ones count once, different ones are ambiguous.
    Letters in prose count where there is no such line, the text is complete, and all say the same. A letter beyond the
    last response (`[[C]]` for a tie of two) is out of range: no vote.
    """
    if not text.strip():
        return Choice(ParseStatus.EMPTY)
    cut = was_cut(finish_reason)
    offset, _, seen = _visible(text, cut)
    verdicts = list(_VERDICT.finditer(seen))
    lines = [each for each in verdicts if _is_line(seen, each)]
    if not lines and (cut or _OPEN.search(seen)):
        return Choice(ParseStatus.TRUNCATED)
    others = reported.said(seen)
    named = lines or [each for each in verdicts if each.start() not in others]
    if not named:
        return Choice(ParseStatus.NO_SCORES)
    return _agreed(named, n, offset)


def parse(text: str, n: int, finish_reason: str | None = None) -> Parsed:
    """The verdict as scores: 10 for the named response, 1 for every other, so that votes add up as everywhere.

    All that stands before the verdict is the critique; there is one score span, the letter's.
    """
    choice = read(text, n, finish_reason)
    if not text.strip():
        return Parsed(choice.status, version=PARSER_VERSION)
    offset, plain, _ = _visible(text, was_cut(finish_reason))
    end = len(plain) if choice.span is None else max(0, plain.rfind("\n", 0, choice.span[0] - offset))
    principles, critique = sections.read(text[offset:], plain, end if choice.span else None)
    scores = None if choice.shown is None else tuple(WON if i == choice.shown else LOST for i in range(n))
    if critique is None and plain[:end].strip():
        body = plain[:end]
        critique = (len(body) - len(body.lstrip()), len(body.rstrip()))
    return Parsed(
        status=choice.status,
        principles=tuple(sections.moved(each, offset) for each in principles),
        critique_span=critique and (critique[0] + offset, critique[1] + offset),
        shown_scores=scores,
        score_spans=() if choice.span is None else (choice.span,),
        version=PARSER_VERSION,
    )


def _visible(text: str, cut: bool) -> tuple[int, str, str]:
    """(where the part that is read starts, it outside code, and outside quotations as well)."""
    offset, plain = last_part(text, cut)
    return offset, plain, outside_quotations(plain, _LABEL.fullmatch)


def _is_line(seen: str, verdict: re.Match[str]) -> bool:
    start = line_start(seen, verdict.start())
    before = None if start is None else _BEFORE.fullmatch(seen, start, verdict.start())
    return before is not None and ends_line(seen, verdict.end(), _AFTER)


def _agreed(named: Sequence[re.Match[str]], n: int, offset: int) -> Choice:
    last = named[-1]
    if any(each["letter"].upper() != last["letter"].upper() for each in named):
        return Choice(ParseStatus.AMBIGUOUS)
    place = ascii_uppercase.index(last["letter"].upper())
    if place >= n:
        return Choice(ParseStatus.OUT_OF_RANGE)
    start = offset + last.start("letter")
    return Choice(ParseStatus.OK, place, (start, start + 1))
