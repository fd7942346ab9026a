"""Quotations in a critique, and where the response that it speaks of holds them.

A quotation that no response holds, not even nearly, is evidence that was made up; an auditor wants to see it first.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from grm_core.analysis.critique import QUOTED, parts
from grm_core.types import Example, Sample, Span

_LEAST = 3
"""A shorter quotation (a letter, a number) stands anywhere; it is read, so that its closing mark opens no other."""
_PROPOSED = re.compile(
    r"\b(?:should|would|could|must|might)\s+(?:\w+\s+){0,3}(?:be|read|say|become|use)\s*:?\s*$"
    r"|\b(?:shortened|changed|corrected|reduced|rewritten|turned)\s+(?:to|as|into)\s*:?\s*$"
    r"|\b(?:known as|something like|called|means?|saying|such as|instead of|word)\s+(?:the\s+|a\s+)?$"
    r"|\b(?:word|term|right|correct|better|proper)\b[^.\"“«]{0,40}\s(?:is|are|was)\s*:?\s*$",
    re.IGNORECASE,
)
"""What stands before words that the critique proposes or names, and does not quote."""
_NEAR = 0.8
"""A quotation is near where this share of its characters stands in a stretch of the response, in order."""
_WORD = re.compile(r"\w+")
_ELLIPSIS = re.compile(r"\s*(?:\.{3}|…)\s*")


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation in a completion's text."""

    span: Span
    """Its characters in the completion, without the quotation marks."""
    origin: Literal["exact", "near", "missing", "query"]
    """`query`: it quotes the query, more or less, not a response."""
    response: int | None = None
    """Own index of the response that holds it."""
    response_span: Span | None = None
    """Where in that response."""


def quotes(example: Example, sample: Sample) -> tuple[Quote, ...]:
    """All quotations of a sample's critique in reading order, each looked up in the response that is spoken of.

    Words in quotation marks that the critique proposes ("it should be ...") and nobody wrote are no quotation.
    What stands in another response is credited to that one; whitespace, case and the marks at the ends do not count.
    """
    if sample.completion is None or sample.parsed.critique_span is None:
        return ()
    text = sample.completion.text
    about = {place: span for place, span in enumerate(parts(sample)) if span is not None}
    quotations = []
    for match in QUOTED.finditer(text, *sample.parsed.critique_span):
        group = next(i for i in range(1, 5) if match[i] is not None)
        if len(match[group]) < _LEAST:
            continue
        span = _trimmed(text, match.span(group))
        place = next((place for place, (start, end) in about.items() if start <= span[0] < end), None)
        own = None if place is None else sample.order[place]
        quote = _look_up(text, span, own, example)
        before = text[max(sample.parsed.critique_span[0], match.start() - 80) : match.start()]
        if quote.origin != "missing" or not _PROPOSED.search(before):
            quotations.append(quote)
    return tuple(quotations)


def _look_up(text: str, span: Span, own: int | None, example: Example) -> Quote:
    quotation = text[slice(*span)]
    ranked = sorted(range(len(example.responses)), key=lambda i: i != own)
    for response in ranked:
        if where := exact(quotation, example.responses[response]):
            return Quote(span, "exact", response, where)
    if any(exact(quotation, message.content) for message in example.query):
        return Quote(span, "query")
    for response in ranked if own is None else [own]:
        if where := near(quotation, example.responses[response]):
            return Quote(span, "near", response, where)
    if any(near(quotation, message.content) for message in example.query):
        return Quote(span, "query")
    return Quote(span, "missing")


def exact(quotation: str, text: str) -> Span | None:
    """Where the text holds the quotation, whatever the case and the white space; '...' may stand for anything."""
    pieces = [piece for piece in _ELLIPSIS.split(quotation) if piece.strip()]
    if not pieces:
        return None
    patterns = [r"\s+".join(map(re.escape, piece.split())) for piece in pieces]
    start = end = None
    at = 0
    for pattern in patterns:
        match = re.compile(pattern, re.IGNORECASE).search(text, at)
        if match is None:
            return None
        start = match.start() if start is None else start
        end = at = match.end()
    return (start, end) if start is not None and end is not None else None


def near(quotation: str, text: str) -> Span | None:
    """The stretch of the text with the words of a quotation, whatever stands between them; for three words or more
    else the stretch that is most like it, if it is like enough."""
    quoted = [word.lower() for word in _WORD.findall(quotation)]
    pattern = r"(?<!\w)" + r"\W+".join(map(re.escape, quoted)) + r"(?!\w)"
    if quoted and (same := re.search(pattern, text, re.IGNORECASE)):
        return same.span()
    words = list(_WORD.finditer(text))
    size = len(quoted)
    if size < 3 or not words:
        return None
    best, where = _NEAR, None
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(" ".join(quoted))
    for start in _promising(quoted, [word[0].lower() for word in words]):
        window = words[start : start + size]
        matcher.set_seq1(" ".join(word[0].lower() for word in window))
        if (ratio := matcher.ratio()) > best:
            best, where = ratio, (window[0].start(), window[-1].end())
    return where


def _promising(quoted: list[str], words: list[str]) -> list[int]:
    """Where a window of the quotation's length shares at least half its words, the best twenty: comparing is slow."""
    size, vocabulary = len(quoted), set(quoted)
    count = sum(word in vocabulary for word in words[:size])
    shared = [(count, 0)]
    for start in range(1, len(words) - size + 1):
        count += (words[start + size - 1] in vocabulary) - (words[start - 1] in vocabulary)
        shared.append((count, start))
    return [start for count, start in sorted(shared, key=lambda each: -each[0])[:20] if count * 2 >= size]


def _trimmed(text: str, span: Span) -> Span:
    """Without white space and closing punctuation at the ends: American style puts it inside the marks."""
    start, end = span
    while end > start and (text[end - 1].isspace() or text[end - 1] in ".,;:!?"):
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return (start, end) if end > start else span
