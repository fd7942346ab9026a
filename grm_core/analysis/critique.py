"""A critique cut into what it says of each response, and the sub-scores it gives in passing."""

import re
from itertools import zip_longest

from grm_core.types import Sample, Span

_HEAD = re.compile(
    r"^[ \t]*+(?:[-*+•][ \t]++|\#{1,6}[ \t]*+|\d{1,2}[.)][ \t]++)?(?:\*{1,3}|_{1,2})?"
    r"(?:response|answer|candidate|assistant)[ \t]*+(?:\#[ \t]*+)?(?P<place>\d{1,2}|[A-H])\b"
    r"[^\n:：]{0,40}+(?:[:：]|\*\*|$)",
    re.MULTILINE | re.IGNORECASE,
)
QUOTED = re.compile(r"(?<!\w)\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|‘([^’\n]{1,400})’(?!\w)")
"""Words in quotation marks; one group for each kind of marks."""
_SUB_SCORE = re.compile(r"(?<![\d.,])(\d{1,2})[ \t]?/[ \t]?10(?!\d|\.\d|%)(?=[ \t*_]*(?:[.;,:!)\]|]|$))", re.MULTILINE)
"""A score that ends a clause: '9/10 of its volume' is none."""


def critique_text(sample: Sample) -> str:
    """The critique section of a sample's completion, '' when it has none."""
    span = sample.parsed.critique_span
    return sample.completion.text[slice(*span)] if sample.completion is not None and span else ""


def parts(sample: Sample) -> tuple[Span | None, ...]:
    """Where the critique speaks of each response, in shown order; None where no line is headed by its number.

    Spans are character ranges of the completion's text; a part ends where the next begins. Letters count as numbers: A
    is 1. A critique that numbers its responses twice (once per principle) has its first part each.
    """
    n = len(sample.order)
    spans: list[Span | None] = [None] * n
    if sample.completion is None or sample.parsed.critique_span is None:
        return tuple(spans)
    start, end = sample.parsed.critique_span
    text = sample.completion.text
    heads = list(_HEAD.finditer(text, start, end))
    for head, following in zip_longest(heads, heads[1:]):
        place = _place(head["place"])
        if 0 <= place < n and spans[place] is None:
            spans[place] = (head.start(), following.start() if following else end)
    return tuple(spans)


def pieces(sample: Sample) -> list[tuple[int | None, Span]]:
    """The whole critique in writing order, cut where `parts` begin: (own index of the response or None, span).

    What stands before the first part speaks of no response: its index is None. Empty without a critique.
    """
    span = sample.parsed.critique_span
    if sample.completion is None or span is None:
        return []
    marks: list[tuple[int, int | None]] = sorted(
        (part[0], sample.order[place]) for place, part in enumerate(parts(sample)) if part is not None
    )
    if not marks or sample.completion.text[span[0] : marks[0][0]].strip():
        marks.insert(0, (span[0], None))
    ends = [*(at for at, _ in marks[1:]), span[1]]
    return [(own, (start, end)) for (start, own), end in zip(marks, ends, strict=True)]


def sub_scores(sample: Sample) -> tuple[int | None, ...]:
    """The last 'x/10' of each response's part, in shown order; None where a part gives none.

    They never replace the boxed scores; where they differ a reader should look.
    """
    if sample.completion is None:
        return (None,) * len(sample.order)
    text = sample.completion.text
    scores = []
    for span in parts(sample):
        numbers = _SUB_SCORE.findall(text, *span) if span else []
        scores.append(int(numbers[-1]) if numbers and int(numbers[-1]) <= 10 else None)
    return tuple(scores)


def _place(name: str) -> int:
    return int(name) - 1 if name.isdigit() else ord(name.upper()) - ord("A")
