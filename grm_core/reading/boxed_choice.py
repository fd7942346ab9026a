r"""Completion text -> the index of the best response, as a judge boxes it: `Best response: \boxed{2}`.

Only the model's own words count: thinking, code and quotations are covered first, as for scores. `read` never raises
and takes linear time; what it cannot read is named by its status and casts no vote.
"""

import re
from collections.abc import Sequence

from grm_core.reading import reported
from grm_core.reading.boxes import BOX, undressed
from grm_core.reading.labels import MARK
from grm_core.reading.letter_choice import Choice
from grm_core.reading.parsing import last_part, was_cut
from grm_core.reading.scorelines import ends_line, line_start
from grm_core.reading.visible import outside_quotations
from grm_core.types import ParseStatus

_WORDS = r"(?:the|my|final|overall|best|better|preferred|chosen|winning|number|index|of|is)"
_NAME = (
    rf"(?:{_WORDS}[ \t]++){{0,6}}+(?:best|better|response|answer|verdict|winner|choice|decision|judg(?:e?)ment|index)"
)
_LABEL = re.compile(rf"(?:{MARK})*+{_NAME}(?:[ \t]++is)?(?:{MARK}|[:：=])*+", re.IGNORECASE)
_PREFIX = re.compile(rf"(?:{MARK})*+(?:{_NAME}(?:[ \t]++is)?(?:{MARK}|[:：=`])*+)?", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:[\s*_|~$.,;!。`]|\\[)\]]|</(?:answer|output|s)>|<\|\w{1,20}\|>|<end_of_turn>|<eos>)*+")
_INDEX = re.compile(r"\s*+(?:response\s++)?0*+(?P<index>[1-9][0-9]?)\s*+", re.IGNORECASE)


def read(text: str, n: int, finish_reason: str | None = None) -> Choice:
    r"""Read which of n responses a completion boxes.

    A line of its own, with an optional label, decides; equal ones count once, different ones are ambiguous. Boxes in
    running prose count where there is no such line and all say the same. A malformed box decides only where no
    well-formed one stands in its kind of place: a list of numbers is a wrong count, any other content out of range.
    Without a box the status is empty, truncated (finish reason "length", or an unclosed last box) or no_scores.
    """
    if not text.strip():
        return Choice(ParseStatus.EMPTY)
    cut = was_cut(finish_reason)
    offset, plain = last_part(text, cut)
    seen = outside_quotations(plain, _LABEL.fullmatch)
    boxes = list(BOX.finditer(seen))
    others = reported.said(seen)
    closed = [box for box in boxes if box["inside"] is not None and box.start() not in others]
    lines = [box for box in closed if _is_line(seen, box)]
    for group in (lines, closed):
        choices = [_value(box, n, offset) for box in group]
        if any(choice.status is ParseStatus.OK for choice in choices):
            return _agreed([choice for choice in choices if group is closed or choice.status is ParseStatus.OK])
        if group is lines and choices:
            return choices[-1]
    cut = cut or (bool(boxes) and boxes[-1]["inside"] is None)
    return (
        Choice(ParseStatus.TRUNCATED) if cut else _value(closed[-1], n, 0) if closed else Choice(ParseStatus.NO_SCORES)
    )


def _agreed(choices: Sequence[Choice]) -> Choice:
    last = choices[-1]
    return last if all(choice.shown == last.shown for choice in choices) else Choice(ParseStatus.AMBIGUOUS)


def _is_line(seen: str, box: re.Match[str]) -> bool:
    """Whether nothing but a label and marks stands on the box's line."""
    start = line_start(seen, box.start())
    before = None if start is None else _PREFIX.fullmatch(seen, start, box.start())
    return before is not None and ends_line(seen, box.end(), _SUFFIX)


def _value(box: re.Match[str], n: int, offset: int) -> Choice:
    inside = undressed(box["inside"])
    if "," in inside:
        return Choice(ParseStatus.WRONG_COUNT)
    index = _INDEX.fullmatch(inside)
    if index is None or not 1 <= int(index["index"]) <= n:
        return Choice(ParseStatus.OUT_OF_RANGE)
    start = offset + box.start("inside") + index.start("index")
    return Choice(ParseStatus.OK, int(index["index"]) - 1, (start, start + len(index["index"])))
