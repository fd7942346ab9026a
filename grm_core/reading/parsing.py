r"""Completion text -> Parsed: the pointwise scores, the principles with their weights, and where the critique stands.

    text ──outside_code──> plain ──outside_quotations──> scorelines: status, scores, spans
                             └──> sections: principles, critique span

Scores come from a score line: an optional label and one `\boxed{7, 3}`, alone on a line outside thinking, code and
quotations. Weights and sub-scores never change them. `parse` never raises and takes linear time; what it cannot read
is named by its status, never guessed, clamped or set to a neutral score.
"""

from collections.abc import Callable
from dataclasses import replace

from grm_core.reading import scorelines, sections
from grm_core.reading.boxes import ascii_brackets
from grm_core.reading.labels import is_label
from grm_core.reading.visible import line_feeds, outside_code, outside_quotations, outside_thinking
from grm_core.types import SCORE_MAX, SCORE_MIN, Completion, Parsed, ParseStatus, Span

PARSER_VERSION = 5
"""Rises when the same text may be read differently; 2 reads `Ratings: [[7, 3]]` too, 3 thinking in any marks, 4 such
as begins or ends with a quotation, 5 no box of which the judge says that another wrote it."""
CAP = 256 * 1024
"""Of a longer text only this many characters are read, the last ones: the scores stand at the end."""
_CUT = frozenset({"length", "max_tokens", "max_length", "max_output_tokens", "model_length", "token_limit"})

Reader = Callable[[str, int, str | None], Parsed]
"""Text, n, finish reason -> what a judge said of n responses."""


def was_cut(finish_reason: str | None) -> bool:
    """Whether a completion ended at a token limit, in the words of this or that server."""
    return finish_reason is not None and finish_reason.lower() in _CUT


def last_part(text: str, cut: bool) -> tuple[int, str]:
    """(where the last CAP characters start, those characters with thinking and code covered)."""
    offset = max(0, len(text) - CAP)
    return offset, outside_code(outside_thinking(text[:offset] + line_feeds(text[offset:]), cut, offset))


def parse(
    text: str, n: int, finish_reason: str | None = None, scale: tuple[int, int] = (SCORE_MIN, SCORE_MAX)
) -> Parsed:
    """Read a completion that scores n responses; all spans are character ranges of `text`.

    `scale` is the lowest and the highest score; single responses are rated 0 or 1 in training.

    `finish_reason` is the engine's word: "length" makes a completion without a score line truncated. What is wrong is
    looked for in this order: empty, truncated, no_scores, wrong_count, out_of_range, ambiguous. Principles and the
    critique are read whatever became of the scores. Never raises.
    """
    if not text.strip():
        return Parsed(ParseStatus.EMPTY, version=PARSER_VERSION)
    cut = was_cut(finish_reason)
    offset, plain = last_part(text, cut)
    tail = text[offset:]
    seen = ascii_brackets(outside_quotations(plain, is_label))
    reading = scorelines.read(seen, n, cut, scale)
    # A stray quotation mark must not swallow a heading, so sections are looked for in quotations too.
    principles, critique = sections.read(tail, plain, reading.line)
    return Parsed(
        status=reading.status,
        principles=tuple(sections.moved(principle, offset) for principle in principles),
        critique_span=critique and _moved(critique, offset),
        shown_scores=reading.scores,
        score_spans=tuple(_moved(span, offset) for span in reading.spans),
        version=PARSER_VERSION,
    )


def answered(parsed: Parsed, completion: Completion) -> Parsed:
    """The same, told apart from nothing at all where the server gives only the model's reasoning and no text."""
    if parsed.status is not ParseStatus.EMPTY or not (completion.reasoning or "").strip():
        return parsed
    cut = was_cut(completion.finish_reason)
    return replace(parsed, status=ParseStatus.TRUNCATED if cut else ParseStatus.ONLY_REASONING)


def _moved(span: Span, offset: int) -> Span:
    return span[0] + offset, span[1] + offset
