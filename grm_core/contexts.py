"""Two of the ways in which a sample is drawn: `joint`, one completion for all responses, and `single`, one at a time.

In the single context one completion states the principles, having seen the query and all responses; then every
response is criticised and scored in a prompt of its own (the query, that response), whose reply begins with those
principles. The parts are put together to the text that a joint completion would be: one set of principles, n
critiques, one score line. No response is seen beside another, so there is no order that could sway a score. Samples of
other people's judges, also of those that compare pairs, are put together in `apart`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from grm_core.reading.parsing import parse, was_cut
from grm_core.reading.visible import without_thinking
from grm_core.types import Completion, Parsed, ParseStatus, Span

PRINCIPLES = "Principles:\n"
CRITIQUE = "Critique:\n"
STOP = "\nCritique:"
"""Where a completion that is to state principles only ends."""
SCORE = "\nScores: \\boxed{"
"""What stands before the score of a response that is judged alone."""
STOP_SCORE = "\nScores:"
"""Where a completion that is to write a critique only ends."""
VERDICTS = ("Excellent", "Good", "Fair", "Poor", "Bad")
"""The word with which the bundled judge opens each critique, best first: scores 9-10, 7-8, 5-6, 3-4, 1-2."""

QUESTION = "Is this judgment right? Answer Yes or No."
"""The turn after a judgment by which the GRM is its own meta RM."""

_WORDS = 4
_LONGEST = 48
_CRITIQUES = re.compile(r"^[ \t#*_]*critiques?\b.*", re.MULTILINE | re.IGNORECASE)
_AFTER = re.compile(r"^[ \t#*_]*scores?\b[ \t*_]*:.*|^.*\\boxed\b.*", re.MULTILINE | re.IGNORECASE)
_HEAD = re.compile(r"\s*\n\s*(?=Response \d{1,2}:)")
_BOX = re.compile(r"boxed|\[")
_SCORES = re.compile(r"\nScores: \\boxed\{([\d?, ]+)\}\Z")
# What would end the quotation, open markup, or look like a box of scores or a control token.
_UNFIT = re.compile(r"[\"\\`{}\[\]<>*_#|$\x00-\x1f\u2028\u2029\ud800-\udfff]")


def verdict_of(score: int) -> str:
    """The verdict word of a score 1..10."""
    return VERDICTS[min(4, (10 - score) // 2)]


def best_score(verdict: str) -> int:
    """The better of the two scores that a verdict word stands for: 10, 8, 6, 4 or 2."""
    return 10 - 2 * VERDICTS.index(verdict)


def opening(response: str) -> str:
    """`"<first words of the response>..."`, a literal quotation of at most four words; '' where there is none to take.

    Words that hold markup or quotation marks are passed over: the first run of words without them is taken.
    """
    run: list[str] = []
    for word in response.split()[:60]:
        if _UNFIT.search(word):
            if run:
                break
            continue
        run.append(word)
        if len(run) == _WORDS:
            break
    quoted = " ".join(run)[:_LONGEST].rstrip(" ,.:;")
    return f'"{quoted}..."' if quoted else ""


def critique_start(number: int, response: str) -> str:
    """How the critique of the response that is shown as `number` begins."""
    return " ".join(filter(None, (f"Response {number}:", opening(response))))


def stated(text: str) -> str:
    """Of a completion, the principles: what comes before the line `Critique:`, or before a box or a line `Scores:`.

    A score that is given before anything was criticised is of no response: it is not read, and none is told by it.
    """
    text = without_thinking(text, cut=False)
    return _AFTER.split(_CRITIQUES.split(text, maxsplit=1)[0], maxsplit=1)[0].strip()


def reply_start(principles: str, response: str, opens: bool = True) -> str:
    """The beginning of the reply about one response: the sample's principles, and the opening of the critique.

    `opens`: whether the model was trained to quote the response's first words there.
    """
    return judgment_start(principles) + opened(response, opens)


def continued(start: str, completion: Completion) -> str:
    """What a completion adds to the beginning of its reply: no thinking, and nothing of the beginning once more.

    A model that was told in words how to begin may write that, or its last lines, again.
    """
    text = without_thinking(completion.text, was_cut(completion.finish_reason))
    said, lines = text.lstrip(), start.splitlines(keepends=True)
    for place in range(len(lines)):
        again = "".join(lines[place:]).strip()
        if again and said.startswith(again):
            return said.removeprefix(again)
    return text


def opened(response: str, opens: bool) -> str:
    """How the critique of a response that is judged alone begins."""
    return critique_start(1, response) if opens else "Response 1:"


def listed(principles: Sequence[str]) -> str:
    """Principles that were given, as a judgment states them."""
    return PRINCIPLES + "\n".join(f"{number}. {text}" for number, text in enumerate(principles, 1))


@dataclass(frozen=True, slots=True)
class Part:
    """One response's part of a sample of the single context."""

    critique: str
    """As it was written in a prompt of its own: it begins `Response 1:`."""
    score: int | None
    """None where it could not be read."""


def part_of(principles: str, text: str, finish_reason: str | None) -> tuple[Part, ParseStatus]:
    """Read what was written about one response: `text` begins `Response 1:` and ends with its score."""
    whole = f"{judgment_start(principles)}{text}"
    parsed = parse(whole, 1, finish_reason)
    if parsed.shown_scores is None:
        return Part(text, None), parsed.status
    began, (at, _) = len(whole) - len(text), parsed.score_spans[0]
    line = whole.rfind("\n", 0, at)
    return Part(whole[began:line] if line > began else text, parsed.shown_scores[0]), parsed.status


def judgment_start(principles: str) -> str:
    """The text of a judgment before its first critique."""
    return f"{principles.strip()}\n{CRITIQUE}" if principles.strip() else CRITIQUE


def judgment(principles: str, part: Part) -> str:
    """The judgment of one response as it was written, from the parts of a sample."""
    score = "" if part.score is None else f"{SCORE}{part.score}}}"
    return f"{judgment_start(principles)}{part.critique}{score}"


def numbered(critique: str, number: int, n: int = 1) -> str:
    """A critique written as of `Response 1`, under another number, for a text that scores n responses.

    What would pass for the head of another response's critique is joined to the line before it, and a line that would
    pass for the scores of all n is quoted: the model that wrote it saw one response only.
    """
    text = _HEAD.sub(" ", re.sub(r"^Response 1:", f"Response {number}:", critique.lstrip(), count=1))
    return "\n".join(f"> {line}" if _scores_all(line, n) else line for line in text.split("\n"))


def _as_written(critique: str, n: int) -> str:
    """The text before `numbered`, but for the lines that it joined."""
    text = re.sub(r"^Response \d+:", "Response 1:", critique, count=1)
    return "\n".join(line[2:] if line[:2] == "> " and _scores_all(line[2:], n) else line for line in text.split("\n"))


def _scores_all(line: str, n: int) -> bool:
    return _BOX.search(line) is not None and parse(line, n).shown_scores is not None


def assembled(principles: str, critiques: Sequence[str], scores: Sequence[int | None]) -> str:
    """One text of the parts: principles, critiques (each begins `Response 1:`) and the scores, in the order given.

    A score that could not be read is written as `?`, so that the text as a whole has none.
    """
    lines = [numbered(critique, number, len(critiques)) for number, critique in enumerate(critiques, 1)]
    shown = ", ".join("?" if score is None else str(score) for score in scores)
    return "\n".join([judgment_start(principles).removesuffix("\n"), *lines, f"Scores: \\boxed{{{shown}}}"])


def parts(text: str, n: int) -> tuple[str, tuple[Part, ...]]:
    """The pieces of an `assembled` text: the principles, and n critiques (under `Response 1:`) with their scores."""
    head, _, body = f"\n{text}".partition(f"\n{CRITIQUE}")
    tail = _SCORES.search(body)
    body = body[: tail.start()] if tail else body
    numbers = tail[1].split(", ") if tail else []
    scores = [int(score) if score.isdecimal() else None for score in numbers] if len(numbers) == n else [None] * n
    starts, at = [], 0
    for number in range(1, n + 1):
        heading = re.compile(rf"^Response {number}:", re.MULTILINE).search(body, at)
        starts.append(heading.start() if heading else len(body))
        at = heading.end() if heading else len(body)
    ends = [max(start - 1, 0) for start in starts[1:]] + [len(body)]
    texts = (body[start:end] for start, end in zip(starts, ends, strict=True))
    critiques = [_as_written(each, n) for each in texts]
    return head.strip(), tuple(Part(critique, score) for critique, score in zip(critiques, scores, strict=True))


def read(text: str, n: int, finish_reason: str | None = None) -> Parsed:
    """Parse an assembled text: its scores count where every part can be read by itself. Never raises."""
    principles, several = parts(text, n)
    statuses = [
        ParseStatus.OK if part.score is not None else part_of(principles, part.critique, finish_reason)[1]
        for part in several
    ]
    return parsed(text, [part.score for part in several], statuses)


def parsed(text: str, scores: Sequence[int | None], statuses: Sequence[ParseStatus]) -> Parsed:
    """An assembled text whose parts have been read already: OK where all are, else the first status that is not."""
    whole = parse(text, len(scores))
    status = next((each for each in statuses if each is not ParseStatus.OK), ParseStatus.OK)
    numbers = [score for score in scores if score is not None]
    if status is ParseStatus.OK and len(numbers) < len(scores):
        status = ParseStatus.NO_SCORES
    if status is not ParseStatus.OK:
        return replace(whole, status=status, shown_scores=None, score_spans=())
    return replace(whole, status=status, shown_scores=tuple(numbers), score_spans=score_spans(text))


def score_spans(text: str) -> tuple[Span, ...]:
    """Where the scores stand in an assembled text's last line."""
    line = text.rfind("\n") + 1
    return tuple(match.span() for match in re.compile(r"\d+").finditer(text, line))
