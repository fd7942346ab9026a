r"""Find the scores in the visible text of a completion.

Four places, in this order: score lines with a `\boxed{...}`, score lines with a `[...]`, one box for each response,
boxes in running prose.
What each may hold and which wins is set out at `read`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grm_core.reading import reported
from grm_core.reading.boxes import BOX, undressed
from grm_core.reading.labels import MARK, RESPONSE_NOUN, TAG, label_before
from grm_core.types import SCORE_MAX, SCORE_MIN, ParseStatus, Span

_SUFFIX = re.compile(
    rf"(?:[\s*_|~$.,;!。`]|\\[)\]]|\\\\|{TAG}|</(?:answer|output|s)>|<\|\w{{1,20}}\|>|<end_of_turn>|<eos>)*+",
    re.IGNORECASE,
)
_REACH = 160
"""A label or what ends a line is no longer than this; longer lines are prose."""
_LABEL_REACH = 60
"""Labels alone between the boxes of two responses."""

_BRACKETS = re.compile(
    r"^(?P<prefix>[^\[\n]{0,160}+(?:\[[ \t]*+(?=\[))?)\[(?P<inside>[^\[\]\n]*+)\](?P<suffix>[^\n]*+)$", re.MULTILINE
)
_SCORE = re.compile(r"\s*+0*([0-9]{1,2})(?:\.0{1,9}+)?\s*+")
_NUMBER = re.compile(r"\s*+[+\-−]?(?:[\d.][\d.eE+\-/%]*+|nan|inf(?:inity)?)\s*+", re.IGNORECASE)

_RESPONSE = rf"{RESPONSE_NOUN}[ \t]*+[#№]?(?P<place>\d{{1,2}}|(?-i:[A-H])\b)"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_HEAD = re.compile(rf"^(?:{MARK})*+{_RESPONSE}", re.MULTILINE | re.IGNORECASE)
_NEAR = re.compile(rf"(?:{_RESPONSE}|\b(?P<ordinal>{'|'.join(_ORDINALS)})\b)[^.\n]{{0,24}}\Z", re.IGNORECASE)
_BEHIND = re.compile(
    rf"[^\w\n]{{0,4}}(?:(?:(?:is|goes)[ \t]+)?(?:for|to)[ \t]+(?:the[ \t]+)?|\([ \t]*)"
    rf"(?:{_RESPONSE}|(?P<ordinal>{'|'.join(_ORDINALS)})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The scores of a completion, or what is wrong with them."""

    status: ParseStatus
    scores: tuple[int, ...] | None = None
    spans: tuple[Span, ...] = ()
    line: int | None = None
    """Where the score line starts; None for a box in prose, and when there is no score line."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    reading: Reading
    labelled: bool = False

    @property
    def well_formed(self) -> bool:
        return self.reading.status is ParseStatus.OK

    @property
    def meant(self) -> bool:
        """Whether the line is surely meant as the scores: by its label or because it holds n values."""
        return self.labelled or self.reading.status is not ParseStatus.WRONG_COUNT


def read(seen: str, n: int, cut: bool, scale: tuple[int, int] = (SCORE_MIN, SCORE_MAX)) -> Reading:
    """Read n scores from visible text; `cut` says that the engine stopped at its token limit.

    * Score lines decide alone: equal ones count once, different ones are ambiguous. A malformed line (wrong count, out
      of range) decides only where no well-formed one stands.
    * Brackets count where no line holds a well-formed box, nor a malformed one that is labelled or holds n values.
    * What a response or the query is said to have written, or what is called an answer, is left out.
    * n boxes of one number each are the scores of n > 1 responses in order, unless the words around say otherwise.
    * Boxes in prose count where there is no score line and all of them say the same.
    """
    others = reported.said(seen) | reported.answers(seen)
    boxes = [box for box in BOX.finditer(seen) if box["inside"] is None or box.start() not in others]
    lines, prose = _sort_boxes(seen, boxes, n, scale)
    brackets = list(_bracket_lines(seen, n, scale))
    score_lines = [c for c in lines if c.well_formed]
    if not score_lines and not any(c.meant for c in lines):
        score_lines = [c for c in brackets if c.well_formed]
    if score_lines:
        return _agree(score_lines)
    unclosed = bool(boxes) and boxes[-1]["inside"] is None
    if (cut or unclosed) and not any(c.meant for c in [*lines, *brackets]):
        return Reading(ParseStatus.TRUNCATED)
    alike = len(lines) in (0, len(boxes))  # a score line beside another box: that one holds somebody's answer
    if alike and (one_each := _one_each(seen, boxes, n, scale)):
        return one_each
    if lines:
        return _worst(lines)
    if any(c.well_formed for c in prose):
        return _agree(prose)
    return _worst(brackets or prose)


def _one_each(seen: str, boxes: Sequence[re.Match[str]], n: int, scale: tuple[int, int]) -> Reading | None:
    """The scores of n > 1 boxes that hold one number each, one for each response in order; None where it is not so."""
    if n < 2 or len(boxes) != n or any(box["inside"] is None for box in boxes):
        return None
    if not all(_NUMBER.fullmatch(undressed(box["inside"])) for box in boxes):
        return None
    gaps = [
        (end, start) for end, start in zip([0, *(b.end() for b in boxes)], [b.start() for b in boxes], strict=False)
    ]
    together = all(start - end <= _LABEL_REACH for end, start in gaps[1:])
    line = seen.rfind("\n", 0, boxes[0].start()) + 1 if together else None
    named = [_named(seen, gap, box.end()) for gap, box in zip(gaps, boxes, strict=True)]
    if any(place not in (None, own) for own, place in enumerate(named)):
        return Reading(ParseStatus.AMBIGUOUS, line=line)
    readings = [_values(seen, box.span("inside"), 1, line, scale) for box in boxes]
    if any(each.scores is None for each in readings):
        return Reading(ParseStatus.OUT_OF_RANGE, line=line)
    scores = tuple(score for each in readings for score in each.scores or ())
    return Reading(ParseStatus.OK, scores, tuple(span for each in readings for span in each.spans), line)


def _named(seen: str, gap: Span, box_end: int) -> int | None:
    """Of which response a box speaks, 0-based, by the words around it; None where they name none."""
    behind = _BEHIND.match(seen, box_end)
    heads = list(_HEAD.finditer(seen, *gap))
    name = behind or (heads[-1] if heads else _NEAR.search(seen, max(gap[0], gap[1] - _LABEL_REACH), gap[1]))
    if name is None:
        return None
    place, ordinal = name["place"], name.groupdict().get("ordinal")
    if ordinal:
        return _ORDINALS.index(ordinal.lower())
    return int(place) - 1 if place.isdecimal() else ascii_uppercase.index(place.upper())


def _agree(candidates: Sequence[_Candidate]) -> Reading:
    last = candidates[-1].reading
    if any(c.reading.scores != last.scores for c in candidates):
        return Reading(ParseStatus.AMBIGUOUS, line=last.line)
    return last


def _worst(candidates: Sequence[_Candidate]) -> Reading:
    """The fault where nothing is well-formed: a wrong count goes before a value out of range."""
    for status in (ParseStatus.WRONG_COUNT, ParseStatus.OUT_OF_RANGE):
        for candidate in candidates:
            if candidate.reading.status is status:
                return Reading(status, line=candidate.reading.line)
    return Reading(ParseStatus.NO_SCORES)


def _sort_boxes(
    seen: str, boxes: Sequence[re.Match[str]], n: int, scale: tuple[int, int]
) -> tuple[list[_Candidate], list[_Candidate]]:
    """Closed boxes that make up a score line, and those in running prose."""
    lines, prose = [], []
    for box in boxes:
        if box["inside"] is None:
            continue
        line = line_start(seen, box.start())
        label = None if line is None else label_before(seen, line, box.start())
        if label is not None and "\n" not in box[0] and ends_line(seen, box.end()):
            lines.append(_Candidate(_values(seen, box.span("inside"), n, line, scale), bool(label)))
        else:
            prose.append(_Candidate(_values(seen, box.span("inside"), n, None, scale)))
    return lines, prose


def line_start(seen: str, at: int) -> int | None:
    """Where the line of this place starts; None where that is too far for a label: prose."""
    start = seen.rfind("\n", max(0, at - _REACH), at) + 1
    return start if start or at <= _REACH else None


def ends_line(seen: str, at: int, suffix: re.Pattern[str] = _SUFFIX) -> bool:
    """Whether nothing but what `suffix` matches stands between here and the end of the line."""
    end = seen.find("\n", at, at + _REACH)
    if end < 0:
        end = len(seen)
    return end - at <= _REACH and suffix.fullmatch(seen, at, end) is not None


def _bracket_lines(seen: str, n: int, scale: tuple[int, int]) -> Iterator[_Candidate]:
    for line in _BRACKETS.finditer(seen):
        (start, prefix_end), (inside, inside_end) = line.span("prefix"), line.span("inside")
        if line["prefix"].endswith("\\") and line["inside"].endswith("\\"):  # Markdown's \[7, 3\]
            prefix_end, inside_end = prefix_end - 1, inside_end - 1
        closed = line.end("inside") + 1
        if line["prefix"].endswith("[") and seen[closed : closed + 1] == "]":  # RewardBench's [[7, 3]]
            prefix_end, closed = prefix_end - 1, closed + 1
        label = label_before(seen, start, prefix_end)
        if label is None or not ends_line(seen, closed):
            continue
        labelled = bool(label)
        reading = _values(seen, (inside, inside_end), n, start, scale)
        if reading.status is ParseStatus.OK or labelled or _numeric(seen[inside:inside_end]):
            yield _Candidate(reading, labelled)


def _numeric(inside: str) -> bool:
    """Whether unlabelled brackets hold numbers at all, rather than a verdict like [A] or a heading."""
    return all(_NUMBER.fullmatch(entry) for entry in undressed(inside).split(","))


def _values(seen: str, span: Span, n: int, line: int | None, scale: tuple[int, int]) -> Reading:
    r"""Read `7, 3`: n integers of the scale in ASCII digits, split at commas, in LaTeX dress or none; `7.0` is 7."""
    inside = undressed(seen[slice(*span)])
    if inside.count(",") + 1 != n:  # counted before splitting: a million commas are one number
        return Reading(ParseStatus.WRONG_COUNT, line=line)
    scores, spans, at = [], [], span[0]
    entries = inside.split(",")
    if not all(map(str.strip, entries)):
        return Reading(ParseStatus.WRONG_COUNT, line=line)
    for entry in entries:
        score = _SCORE.fullmatch(entry)
        if score is None or not scale[0] <= int(score[1]) <= scale[1]:
            return Reading(ParseStatus.OUT_OF_RANGE, line=line)
        scores.append(int(score[1]))
        spans.append((at + score.start(1), at + score.end(1)))
        at += len(entry) + 1
    return Reading(ParseStatus.OK, tuple(scores), tuple(spans), line)
