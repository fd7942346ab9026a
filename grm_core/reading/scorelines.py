r"""Find the scores in the visible text of a completion.

Three places, in this order: score lines with a `\boxed{...}`, score lines with a `[...]`, boxes in running prose.
What each may hold and which wins is set out at `read`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grm_core.types import SCORE_MAX, SCORE_MIN, ParseStatus, Span

_WORDS = r"(?:the|my|final|overall|total|pointwise|individual|respective|integer|response|responses)"
_SCALE = r"(?:[ \t]*+\((?:out of 10|1[ ]?(?:-|–|to)[ ]?10|in order)\))?"
LABEL_NAME = rf"(?:{_WORDS}[ \t]++){{0,4}}+(?:scores?|ratings?){_SCALE}"
MARK = r"[\s\ufeff*_\#|~$•·+–—-]|\\[(\[]|\d{1,2}[.)](?=\s)"
_TAG = r"</?(?:final_)?(?:scores?|ratings?)>"
_PREFIX = re.compile(rf"(?:{MARK})*+(?P<label>(?:{_TAG}|{LABEL_NAME})(?:{MARK}|{_TAG}|[:：=`])*+)?", re.IGNORECASE)
LABEL = re.compile(rf"(?:{MARK})*+{LABEL_NAME}(?:{MARK}|[:：=])*+", re.IGNORECASE)
"""Nothing but a label and marks."""
_SUFFIX = re.compile(
    rf"(?:[\s*_|~$.,;!。`]|\\[)\]]|\\\\|{_TAG}|</(?:answer|output|s)>|<\|\w{{1,20}}\|>|<end_of_turn>|<eos>)*+",
    re.IGNORECASE,
)
_REACH = 160
"""A label or what ends a line is no longer than this; longer lines are prose."""

_NO_BLANK_LINE = r"[^{}\n]++|\n(?![ \t]*\n)"
_NEST = rf"\{{(?:{_NO_BLANK_LINE})*+\}}"
_NEST = rf"\{{(?:{_NO_BLANK_LINE}|{_NEST})*+\}}"
# A shell's echo turns the \b of \boxed into a backspace; two backslashes are Markdown's way to write one.
_BOX = re.compile(rf"(?:\\{{1,2}}b|\x08)oxed[ \t]*+(?:\{{(?P<inside>(?:{_NO_BLANK_LINE}|{_NEST})*+)\}}|\{{|\Z)")
_BRACKETS = re.compile(
    r"^(?P<prefix>[^\[\n]{0,160}+(?:\[[ \t]*+(?=\[))?)\[(?P<inside>[^\[\]\n]*+)\](?P<suffix>[^\n]*+)$", re.MULTILINE
)
_SPACING = re.compile(
    r"\\[,;:!> ]|\\(?:q?quad|enspace|enskip|(?:thin|med|thick)space)(?![A-Za-z])|~"
    r"|\\hspace\*?\{[^{}\n]{0,20}\}|\\(?:text|mbox)\{[ \t]*+\}"
)
_SCORE = re.compile(r"\s*+0*([0-9]{1,2})\s*+")
_NUMBER = re.compile(r"\s*+[+\-−]?(?:[\d.][\d.eE+\-/%]*+|nan|inf(?:inity)?)\s*+", re.IGNORECASE)


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
    * Boxes in prose count where there is no score line and all of them say the same.
    """
    found = list(_BOX.finditer(seen))
    lines, prose = _sort_boxes(seen, found, n, scale)
    brackets = list(_bracket_lines(seen, n, scale))
    score_lines = [c for c in lines if c.well_formed]
    if not score_lines and not any(c.meant for c in lines):
        score_lines = [c for c in brackets if c.well_formed]
    if score_lines:
        return _agree(score_lines)
    unclosed = bool(found) and found[-1]["inside"] is None
    if (cut or unclosed) and not any(c.meant for c in [*lines, *brackets]):
        return Reading(ParseStatus.TRUNCATED)
    if lines:
        return _worst(lines)
    if any(c.well_formed for c in prose):
        return _agree(prose)
    return _worst(brackets or prose)


def _agree(candidates: Sequence[_Candidate]) -> Reading:
    last = candidates[-1].reading
    if any(c.reading.scores != last.scores for c in candidates):
        return Reading(ParseStatus.AMBIGUOUS, line=last.line)
    return last


def _worst(candidates: Sequence[_Candidate]) -> Reading:
    """What is wrong where nothing is well-formed: a wrong count goes before a value out of range."""
    for status in (ParseStatus.WRONG_COUNT, ParseStatus.OUT_OF_RANGE):
        for candidate in candidates:
            if candidate.reading.status is status:
                return Reading(status, line=candidate.reading.line)
    return Reading(ParseStatus.NO_SCORES)


def _sort_boxes(
    seen: str, found: Sequence[re.Match[str]], n: int, scale: tuple[int, int]
) -> tuple[list[_Candidate], list[_Candidate]]:
    """Closed boxes that make up a score line, and those in running prose."""
    lines, prose = [], []
    for box in found:
        if box["inside"] is None:
            continue
        line = line_start(seen, box.start())
        prefix = None if line is None else _PREFIX.fullmatch(seen, line, box.start())
        if line is not None and prefix and "\n" not in box[0] and ends_line(seen, box.end()):
            lines.append(_Candidate(_values(seen, box.span("inside"), n, line, scale), bool(prefix["label"])))
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
        prefix = _PREFIX.fullmatch(seen, start, prefix_end)
        if prefix is None or not ends_line(seen, closed):
            continue
        labelled = bool(prefix["label"])
        reading = _values(seen, (inside, inside_end), n, start, scale)
        if reading.status is ParseStatus.OK or labelled or _numeric(seen[inside:inside_end]):
            yield _Candidate(reading, labelled)


def _numeric(inside: str) -> bool:
    """Whether unlabelled brackets hold numbers at all, rather than a verdict like [A] or a heading."""
    return all(_NUMBER.fullmatch(entry) for entry in inside.split(","))


def _values(seen: str, span: Span, n: int, line: int | None, scale: tuple[int, int]) -> Reading:
    r"""Read `7, 3`: n integers of the scale in ASCII digits, split at commas, LaTeX spacing (`\,` is one) anywhere."""
    inside = _SPACING.sub(lambda space: " " * len(space[0]), seen[slice(*span)])
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
