r"""The marks between which a model thinks, speaks or structures its answer: `<think>`, `[THINK]`, `◁think▷`, `<|x|>`.

A mark is classed by its form and its words, so that a new model's mark is understood when it is made like the others:
`<seed:think>`, `<|END_THINKING|>`, `<|begin_of_thought|>` and `</ifm|think_fast>` are no special cases.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from itertools import chain
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Act(Enum):
    """The effect of a mark."""

    THINK = auto()
    """Opens thinking."""
    CLOSE = auto()
    """Closes thinking, also such that was opened in the prompt."""
    LEAVE = auto()
    """Closes thinking that was opened, and means nothing otherwise."""
    OPEN = auto()
    """Opens an element of an unknown name."""
    SHUT = auto()
    """Closes an element of an unknown name."""
    PART = auto()
    """Structure of an answer, a control token, a paragraph of HTML."""
    STYLE = auto()
    """HTML within a line."""
    NONE = auto()
    """Anything else: it may hold what others say."""


class Mark(NamedTuple):
    """A mark in a text."""

    start: int
    end: int
    act: Act
    name: str
    """The name of what it opens or closes; '' for a closing mark that closes whatever is open."""


_NAME = r"[^\W\d][\w:|｜.▁-]{0,48}+"
_FORM = re.compile(  # one set in front, so that the search runs at full speed over other text
    rf"""[<\[◁](?:(?<=<)(?:
      \|channel\|>\s{{0,3}}(?P<channel>[a-z]{{2,12}})(?:[ ][^<>\n]{{0,60}})?(?:<\|constrain\|>\w{{0,12}})?
        (?:<\|message\|>)?
    | \|(?P<side>open|close)\|>\s{{0,3}}(?P<part>\w{{1,20}})\s{{0,3}}<\|sep\|>
    | (?P<spaced>(?:[ ]/?[ ]?|/[ ])(?i:think(?:ing)?|thoughts?|reason(?:ing)?|reflection))[ ]?>
    | (?P<angle>[|｜/]{{0,2}}{_NAME})(?P<attributes>[ \t][^<>\n]{{0,200}})?/?>)
    | (?<=\[)(?P<square>/?(?:(?:BEGIN|START|END)[ ](?:OF[ ])?)?[A-Za-z][A-Za-z_]{{2,30}}+)\](?![(\[])
    | (?<=◁)(?P<triangle>/?[^\W\d]\w{{0,30}}+)▷)""",
    re.VERBOSE,
)
_STRIPPED = re.compile(r"\s{0,9}(?:assistant)?(?:analysis|commentary)(?=[^\W_]|[\\\"“(*<])")
"""How gpt-oss begins without its special tokens; `assistantfinal` is where its answer does."""
_SENTENCE = re.compile(
    r"^[ \t*#]{0,9}Here(?:'s|’s| is) my (?P<thought>thought process):|Here(?:'s|’s| is) my response:", re.MULTILINE
)
"""Granite's."""

_THINKING = {
    "think": "think", "thinking": "think", "thought": "think", "thoughts": "think",
    "reason": "reason", "reasoning": "reason", "reasonings": "reason",
    "reflect": "reflect", "reflection": "reflect", "reflections": "reflect",
    "cot": "cot", "scratchpad": "scratchpad", "deliberation": "deliberate", "monologue": "monologue",
}  # fmt: skip
_FILLER = _set(
    "begin start end of open close stop fast faster deep long chain step steps process content text block "
    "section im my inner internal hidden private model assistant mode the"
)
_ENDS = frozenset({"end", "close", "stop"})
_PLACES = _ENDS | {"begin", "start", "open", "of"}
_SPOKEN = _set(
    "answer output response reply message judgment judgement verdict result results final grade grading "
    "criteria criterion principle principles critique critiques evaluation eval assessment review "
    "feedback rubric rubrics justify justification explanation rationale summary comparison conclusion "
    "decision solution report type text content turn im eot eom message sentence header document user "
    "assistant system tool call calls xml root utterance sequence bos eos pad unk cls sep mask "
    "startoftext endoftext"
)
"""Words of marks that a judge puts around what it says; an element without one is thinking where it comes first."""
_SCORES = _set("score scores rating ratings")
_QUOTING = _set("example examples quote quoted sample candidate option input prompt query question")
_ANSWERS = _set("answer response solution text")
_INLINE = _set("a abbr b big cite del dfn em font i ins kbd label mark s small span strong sub sup tt u var")
_BLOCK = _set(
    "article aside body br caption center dd details div dl dt fieldset figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 head header hr html li main nav ol p section summary table tbody td tfoot th thead "
    "title tr ul"
)
_CODE = _set("blockquote button code img pre q samp script select style svg textarea")
_MOST = 20_000
"""Marks that are looked at before the part of a long text that is read."""


def marks(text: str, read_from: int = 0) -> list[Mark]:
    """The text's marks in order; before `read_from` only the first many, for whether thinking is open there."""
    shapes = (_mark(text, form) for form in _some(text, read_from))
    return sorted((mark for mark in chain(shapes, _phrases(text)) if mark is not None), key=lambda mark: mark.start)


def _some(text: str, read_from: int) -> Iterator[re.Match[str]]:
    for place, form in enumerate(_FORM.finditer(text)):
        if place < _MOST or form.start() >= read_from:
            yield form


def _mark(text: str, form: re.Match[str]) -> Mark | None:
    start, end = form.span()
    if channel := form["channel"]:
        return Mark(start, end, Act.CLOSE, "") if channel == "final" else Mark(start, end, Act.THINK, "channel")
    if part := form["part"]:
        if part == "response":
            return Mark(start, end, Act.LEAVE if form["side"] == "open" else Act.PART, "")
        act, name = classed(f"{'/' if form['side'] == 'close' else ''}{part}")
    elif square := form["square"]:
        act, name = classed(square)
        if name != "think" and act in (Act.THINK, Act.CLOSE):
            act = Act.OPEN if act is Act.THINK else Act.SHUT  # `[Reasoning]` may be a heading that nothing closes
        elif act in (Act.OPEN, Act.SHUT) and not square.isupper():
            return None
    elif form["attributes"] and form["angle"].lower() == "details" and "reasoning" in form["attributes"]:
        act, name = Act.THINK, "details"
    else:
        act, name = classed(form["angle"] or form["triangle"] or form["spaced"].replace(" ", ""))
        if name == "message" and text.endswith(("to=self", "to=user"), max(0, start - 7), start):
            act, name = (Act.THINK, "self") if text[start - 1] == "f" else (Act.LEAVE, "")
    return Mark(start, end, act, name)


def _phrases(text: str) -> Iterator[Mark]:
    """Marks that are plain words, looked for only where they can be: most texts hold none."""
    if stripped := _STRIPPED.match(text):
        yield Mark(0, stripped.end(), Act.THINK, "channel")
    if "assistantfinal" in text:
        for match in re.finditer("assistantfinal", text):
            yield Mark(*match.span(), Act.CLOSE, "")
    if "my thought process:" in text:
        for match in _SENTENCE.finditer(text):
            yield Mark(*match.span(), Act.THINK if match["thought"] else Act.LEAVE, "sentence")


_TOKENS = {
    "|channel": (Act.THINK, "channel"), "channel|": (Act.CLOSE, "channel"),
    "|end|": (Act.LEAVE, "channel"),
    "|content_thinking|": (Act.THINK, "message"), "|end_message|": (Act.LEAVE, "message"),
    "|content_model_end_sampling|": (Act.LEAVE, "message"), "|content_text|": (Act.LEAVE, ""),
    "|eom|": (Act.LEAVE, "self"),
    "|inner_prefix|": (Act.THINK, "inner"), "|inner_suffix|": (Act.CLOSE, "inner"),
    "/details": (Act.LEAVE, "details"),
}  # fmt: skip
"""Marks whose words do not say what they do: Gemma, gpt-oss, Inkling, Muse, Apertus, a folded HTML block."""


@lru_cache(maxsize=4096)
def classed(inside: str) -> tuple[Act, str]:
    """The effect of a mark by the text between its brackets, and the name of what it opens or closes."""
    inside = inside.replace("｜", "|").replace("▁", "_")
    if inside.lower() in _TOKENS:
        return _TOKENS[inside.lower()]
    parts = [_words(part) for part in re.split(r"[:|/.]", inside) if part]
    every = [word for part in parts for word in part]
    token = inside[:1] == "|" and inside[-1:] == "|"
    shuts = "/" in inside[:2] or (inside[-1:] == "|" and not token) or bool(every and not _ENDS.isdisjoint(every))
    for words in parts:
        if (name := next((_THINKING[word] for word in words if word in _THINKING), None)) and all(
            word in _THINKING or word in _FILLER for word in words
        ):
            return (Act.CLOSE if shuts else Act.THINK), name
    name = "_".join(word for word in every if word not in _PLACES)
    if token and not shuts and not _PLACES.isdisjoint(every) and not _ANSWERS.isdisjoint(every):
        return Act.LEAVE, ""
    return _plain(inside.strip("/|").lower(), every, name) or ((Act.SHUT if shuts else Act.OPEN), name)


def _plain(inside: str, words: list[str], name: str) -> tuple[Act, str] | None:
    """The effect of a mark that neither opens nor closes thinking; None where its name is unknown."""
    if inside in _INLINE or inside in _BLOCK:
        return (Act.STYLE if inside in _INLINE else Act.PART), name
    if inside in _CODE or not _QUOTING.isdisjoint(words) or any(map(str.isdigit, inside)):
        return Act.NONE, name
    if not _SCORES.isdisjoint(words):
        return Act.NONE, name  # a label, see labels.TAG
    return (Act.PART, name) if not name or not _SPOKEN.isdisjoint(words) else None


def _words(part: str) -> list[str]:
    """`innerThought` and `inner_thought` are the same two words."""
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[^\W\d_]+", part)]
