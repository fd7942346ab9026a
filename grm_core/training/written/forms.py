"""Written judgments as token rows: what the model reads, what it learns to say, where its verdicts stand.

Rows of one item form a Group. A verdict is the word at the opening of a critique (Excellent .. Bad), said before the
critique's text: the loss ranks the expected verdicts of the responses of a group against each other.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from grm_core import prompts
from grm_core.contexts import CRITIQUE, QUESTION, VERDICTS, critique_start, listed, reply_start, verdict_of
from grm_core.training.written.demonstrations import Demonstration, Judgment
from grm_core.types import Example, Message

TEMPLATE = "compact"
_VERDICT_WEIGHT = 3.0
_SCORE_WEIGHT = 3.0


class Row(NamedTuple):
    """One conversation in tokens."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    """Per token: what its log-probability weighs in the loss; 0 for what is only read."""


class Verdict(NamedTuple):
    """A place where a verdict word stands, or would stand."""

    row: int
    place: int
    """Index in the row's ids of the verdict word: the position before it predicts it; may be one past the end."""
    level: float
    """What ranks it: a higher level is a better response (a score, or a label)."""
    word: int | None
    """0 (Excellent) .. 4 (Bad); None where only the ranking is known."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are learned together."""

    kind: str
    """single, joint, principles, pair-single, pair-joint or meta."""
    rows: tuple[Row, ...]
    verdicts: tuple[Verdict, ...] = ()
    right: bool | None = None
    """With kind meta: whether the judgment is right; the answer is asked at the end of every row."""

    @property
    def ids(self) -> tuple[int, ...]:
        """All tokens of all rows: how large the group is."""
        return tuple(chain.from_iterable(row.ids for row in self.rows))


def words(tokenizer: Any) -> tuple[int, ...]:
    """The token that each verdict word begins with, best first. All five differ."""
    ids = tuple(tokenizer(f" {word}", add_special_tokens=False).input_ids[0] for word in VERDICTS)
    if len(set(ids)) != len(VERDICTS):
        raise ValueError("this tokenizer begins two verdict words with the same token")
    return ids


def answers(tokenizer: Any) -> tuple[int, int]:
    """The tokens of Yes and No at the beginning of a turn."""
    yes, no = (tokenizer(word, add_special_tokens=False).input_ids[0] for word in ("Yes", "No"))
    return yes, no


def encode(tokenizer: Any, text: str) -> list[int]:
    """Text to tokens, nothing added."""
    return list(tokenizer(text, add_special_tokens=False).input_ids)


def prompt(tokenizer: Any, example: Example, order: Sequence[int]) -> list[int]:
    """The prompt of the GRM, up to where its reply begins; `order` may name some of the responses, or none."""
    return list(_prompt(tokenizer, example, tuple(order)))


@lru_cache(maxsize=4096)
def _prompt(tokenizer: Any, example: Example, order: tuple[int, ...]) -> tuple[int, ...]:
    messages = prompts.fill(prompts.load(TEMPLATE), example, order)
    return tuple(encode(tokenizer, chat(tokenizer, messages)))


def chat(tokenizer: Any, messages: Sequence[Message]) -> str:
    """Messages by the model's chat template, open for the assistant's turn."""
    turns = [{"role": message.role, "content": message.content} for message in messages]
    text: str = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return text


def question(tokenizer: Any) -> list[int]:
    """Tokens that follow a finished judgment to ask whether it is right, the end of the judgment's turn included."""
    mark = "\u2063"  # an invisible separator: no template writes it
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": mark},
             {"role": "user", "content": QUESTION}]  # fmt: skip
    rendered = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return encode(tokenizer, rendered.split(mark, 1)[1])


def principles_text(judgment: Judgment) -> str:
    """The principles as they stand in a judgment, without the line that opens the critiques."""
    return listed([f"{text} (weight: {weight}%)" for text, weight in judgment.principles])


class Writer:
    """Pieces of a row with their weights, in tokens."""

    def __init__(self, tokenizer: Any, start: Sequence[int]) -> None:
        """`start`: tokens that are only read."""
        self.tokenizer = tokenizer
        self.ids = list(start)
        self.weights = [0.0] * len(self.ids)

    def add(self, text: str, weight: float) -> int:
        """Append text; returns where it begins."""
        place, ids = len(self.ids), encode(self.tokenizer, text)
        self.ids += ids
        self.weights += [weight] * len(ids)
        return place

    def end(self) -> None:
        """The end of the turn, learned too."""
        self.ids.append(self.tokenizer.eos_token_id)
        self.weights.append(1.0)

    def row(self) -> Row:
        """The row so far."""
        return Row(tuple(self.ids), tuple(self.weights))


def single(
    tokenizer: Any, shown: Demonstration, judgment: Judgment, chosen: Sequence[int], principles: str | None = None
) -> Group:
    """Each chosen response criticised and scored in a prompt of its own, the principles given.

    `principles`: others in place of the judgment's, '' for none: whoever writes a judgment knows the answer, and a
    model that trusts written principles must not trust its own as much.
    """
    rows, verdicts = [], []
    stated = principles_text(judgment) if principles is None else principles
    for number, own in enumerate(chosen):
        response, score = shown.example.responses[own], judgment.scores[own]
        writer = Writer(tokenizer, prompt(tokenizer, shown.example, (own,)))
        writer.add(reply_start(stated, response), 0.0)
        place = writer.add(f" {verdict_of(score)}", _VERDICT_WEIGHT)
        writer.add(f": {judgment.critiques[own]}\nScores: \\boxed{{", 1.0)
        writer.add(f"{score}", _SCORE_WEIGHT)
        writer.add("}", 1.0)
        writer.end()
        rows.append(writer.row())
        verdicts.append(Verdict(number, place, score, VERDICTS.index(verdict_of(score))))
    return Group("single", tuple(rows), tuple(verdicts))


def verdicts(
    tokenizer: Any, shown: Demonstration, judgment: Judgment, chosen: Sequence[int], principles: str
) -> Group:
    """The verdict word alone of each chosen response, in a prompt of its own. `principles`: given; '' for none."""
    words = {own: VERDICTS.index(verdict_of(judgment.scores[own])) for own in chosen}
    return _bare("single", tokenizer, shown.example, principles, judgment.scores, words)


def joint(tokenizer: Any, shown: Demonstration, judgment: Judgment, order: Sequence[int]) -> Group:
    """All responses in one prompt, in this order: principles, critiques, scores."""
    writer, verdicts = Writer(tokenizer, prompt(tokenizer, shown.example, order)), []
    writer.add(f"{principles_text(judgment)}\n{CRITIQUE}", 1.0)
    for number, own in enumerate(order, 1):
        writer.add(critique_start(number, shown.example.responses[own]), 0.3)
        word = verdict_of(judgment.scores[own])
        place = writer.add(f" {word}", _VERDICT_WEIGHT)
        verdicts.append(Verdict(0, place, judgment.scores[own], VERDICTS.index(word)))
        writer.add(f": {judgment.critiques[own]}\n", 1.0)
    writer.add("Scores: \\boxed{", 1.0)
    for number, own in enumerate(order):
        writer.add(", " if number else "", 1.0)
        writer.add(f"{judgment.scores[own]}", _SCORE_WEIGHT)
    writer.add("}", 1.0)
    writer.end()
    return Group("joint", (writer.row(),), tuple(verdicts))


def principles_only(tokenizer: Any, shown: Demonstration, judgment: Judgment, order: Sequence[int]) -> Group:
    """The principles alone, from the query and the responses named (none: from the query)."""
    writer = Writer(tokenizer, prompt(tokenizer, shown.example, order))
    writer.add(f"{principles_text(judgment)}\n{CRITIQUE}", 1.0)
    return Group("principles", (writer.row(),))


def pair_single(tokenizer: Any, example: Example, principles: str = "") -> Group:
    """A labelled item of which no critique is known: the verdict word of each response, ranked by the labels."""
    words = dict.fromkeys(range(len(example.responses)))
    return _bare("pair-single", tokenizer, example, principles, example.labels or (), words)


def _bare(
    kind: str,
    tokenizer: Any,
    example: Example,
    principles: str,
    levels: Sequence[float],
    words: Mapping[int, int | None],
) -> Group:
    """The responses named in `words`, each in a prompt of its own up to where its verdict word would stand."""
    rows, places = [], []
    for number, (own, word) in enumerate(words.items()):
        writer = Writer(tokenizer, prompt(tokenizer, example, (own,)))
        writer.add(reply_start(principles, example.responses[own]), 0.0)
        rows.append(writer.row())
        places.append(Verdict(number, len(writer.ids), levels[own], word))
    return Group(kind, tuple(rows), tuple(places))


def pair_joint(tokenizer: Any, example: Example, rng: random.Random) -> Group:
    """A labelled item seen whole: the verdict word of whichever response is shown first, ranked by the labels."""
    rows, verdicts = [], []
    for own, response in enumerate(example.responses):
        rest = [other for other in range(len(example.responses)) if other != own]
        rng.shuffle(rest)
        writer = Writer(tokenizer, prompt(tokenizer, example, (own, *rest)))
        writer.add(CRITIQUE + critique_start(1, response), 0.0)
        rows.append(writer.row())
        verdicts.append(Verdict(own, len(writer.ids), (example.labels or ())[own], None))
    return Group("pair-joint", tuple(rows), tuple(verdicts))


def meta(tokenizer: Any, conversations: Sequence[Sequence[int]], right: bool) -> Group:
    """A judgment's conversations (one, or one a response), each ended by the question whether it is right."""
    rows = [Row((*ids, *question(tokenizer)), (0.0,) * (len(ids) + len(question(tokenizer)))) for ids in conversations]
    return Group("meta", tuple(rows), right=right)
