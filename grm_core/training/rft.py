"""Rejective fine-tuning: keep the judgments that agree with the labels, drop what is wrong and what is too easy.

arXiv 2504.02495, section 3.1 and App. C.1: N_RFT samples an item; wrong ones are dropped; an item whose samples are
all right is too easy and is dropped; the rest is sampled once more with a hint that names the best response. A sample
from a hinted prompt is learned with the prompt as it is without the hint.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grm_core.resume_log import Log, whole_lines
from grm_core.training import tasks, token_rows
from grm_core.training.families import Family
from grm_core.training.generate import Question, Trajectory
from grm_core.training.rounds import rounds
from grm_core.training.tasks import Piece
from grm_core.training.token_rows import Row
from grm_core.types import Example

N_RFT = 3
_PRINCIPLES, _REST = 0.5, 1.5
"""Weights of the tokens of principles and of the rest in the loss."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The judgments that rejection left of some items."""

    judgments: tuple[Trajectory, ...]
    wrong: int
    too_easy: int
    """Items."""


def questions(examples: Sequence[Example], seed: int) -> list[Question]:
    """One question per example, in a random order of its responses; single responses are rated 0 or 1."""
    asking = []
    for example in examples:
        rng = random.Random(f"{seed}|{example.id}")
        n = len(example.responses)
        if n == 1:
            asking.append(Question(binary_labels(example), (0,), "compact-binary", True))
        else:
            asking.append(Question(example, tuple(rng.sample(range(n), n))))
    return asking


def binary_labels(example: Example) -> Example:
    """A single response's label as 1 or 0."""
    return replace(example, labels=(float(tasks.label_right(example, 0)),))


def reject(sampled: Sequence[Sequence[Trajectory]]) -> tuple[Kept, list[Question]]:
    """The kept samples of each question, and the questions that are to be asked once more with a hint."""
    left: list[Trajectory] = []
    wrong = too_easy = 0
    again: list[Question] = []
    for judgments in sampled:
        right = [judgment for judgment in judgments if usable(judgment)]
        wrong += len(judgments) - len(right)
        if judgments and len(right) == len(judgments):
            too_easy += 1
            continue
        left += {judgment.text: judgment for judgment in right}.values()
        if judgments and len(judgments[0].question.order) > 1:
            again.append(replace(judgments[0].question, hinted=True))
    return Kept(tuple(left), wrong, too_easy), again


def kept(judgments: Sequence[Trajectory]) -> list[Trajectory]:
    """A file's judgments to learn from: those that `reject` keeps, and the usable ones of hinted prompts."""
    plain: dict[str, list[Trajectory]] = {}
    for each in judgments:
        if not each.question.hinted:
            plain.setdefault(each.question.example.id, []).append(each)
    left, _ = reject(list(plain.values()))
    return [*left.judgments, *(each for each in judgments if each.question.hinted and usable(each))]


def usable(judgment: Trajectory) -> bool:
    """Whether the judgment is right and complete: two principles or more and a critique."""
    parsed = judgment.parsed()
    return judgment.correct() and len(parsed.principles) >= 2 and parsed.critique_span is not None


def weak_families(sampled: Sequence[Trajectory], families: Sequence[Family], least: float = 0.7) -> list[Family]:
    """The families of whose samples, not hinted, less than this share is right: they are shown more often."""
    right: dict[str, list[bool]] = {family.name: [] for family in families}
    for judgment in sampled:
        if not judgment.question.hinted and judgment.question.example.source == tasks.SOURCE:
            right.setdefault(judgment.question.example.subset or "", []).append(judgment.correct())
    shares = {name: sum(outcomes) / len(outcomes) for name, outcomes in right.items() if outcomes}
    return [family for family in families if shares.get(family.name, 1.0) < least]


def row(tokenizer: Any, judgment: Trajectory) -> Row:
    """The judgment as a training row, its prompt without a hint."""
    start = judgment.text.find("Critique:")
    start = max(start, 0)
    pieces = [Piece(judgment.text[:start], _PRINCIPLES), Piece(judgment.text[start:], _REST)]
    return token_rows.encode(
        tokenizer, replace(judgment.question, hinted=False).messages(), [piece for piece in pieces if piece.text]
    )


def endless(tokenizer: Any, judgments: Sequence[Trajectory], seed: int, skip: int) -> Iterator[Row]:
    """The kept judgments in an order drawn by the seed, again and again."""
    return (row(tokenizer, judgment) for _, judgment in rounds(judgments, seed, skip))


def items(families: Sequence[Family], first: int, count: int) -> list[Example]:
    """`count` program-made items, every family as often as any other, seeds from `first` on."""
    return [tasks.draw(families[i % len(families)], first + i // len(families)).example for i in range(count)]


def write(lines: Log, sampled: Sequence[Trajectory]) -> None:
    """Judgments as JSON Lines: example id, source, order, whether the prompt was hinted, text, scores, correct."""
    for judgment in sampled:
        question = judgment.question
        record = {
            "example_id": question.example.id, "subset": question.example.subset, "order": question.order,
            "hinted": question.hinted, "text": judgment.text, "finished": judgment.finished,
            "scores": judgment.scores(), "correct": judgment.correct(),
        }  # fmt: skip
        lines.append(json.dumps(record))


def key(question: Question) -> tuple[str, bool]:
    """The key of a question among those that are sampled: its item, and whether it was hinted."""
    return question.example.id, question.hinted


def texts(path: Path) -> dict[tuple[str, bool], list[tuple[str, bool]]]:
    """Key of a question -> (text, finished) of its judgments in the file; {} where there is none."""
    by_question: dict[tuple[str, bool], list[tuple[str, bool]]] = {}
    for record in _records(path):
        by_question.setdefault((record["example_id"], record["hinted"]), []).append(
            (record["text"], record["finished"])
        )
    return by_question


def _records(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, whole_lines(path).splitlines())


def read(path: Path, examples: Sequence[Example]) -> list[Trajectory]:
    """The judgments of a file whose examples are given; a last line that was cut short is left out."""
    if not path.exists():
        raise FileNotFoundError(path)
    by_id = {example.id: example for example in examples}
    judgments = []
    for record in _records(path):
        if record["example_id"] in by_id:
            example, order = by_id[record["example_id"]], tuple(record["order"])
            single = len(order) == 1
            question = (
                Question(binary_labels(example), order, "compact-binary", True) if single else Question(example, order)
            )
            question = replace(question, hinted=record["hinted"])
            judgments.append(Trajectory(question, record["text"], record["finished"]))
    return judgments
