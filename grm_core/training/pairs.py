"""Preference pairs that people or answer keys labelled: read, split, and turned into demonstrations.

One JSON object a line: `id, source, prompt, a, b, gold ("a" | "b"), split ("train" | "dev"), tokens`, plain or
gzipped. A demonstration quotes what stands in each response and says of it only what the label says (true, safe,
right) and what a program can see (declines, evades, repeats, ends with a number); nothing else is claimed.
"""

import gzip
import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grm_core.errors import UsageError
from grm_core.training.families.base import sentences, words
from grm_core.training.tasks import Piece
from grm_core.types import Example, Message

_TURN = re.compile(r"(?:^|\n\n)(user|human|assistant): ?", re.IGNORECASE)
_COMMON = frozenset((
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "by", "for", "from", "with", "what", "which",
    "who", "whom", "whose", "when", "where", "why", "how", "is", "are", "was", "were", "do", "does", "did", "can",
    "could", "would", "should", "will", "may", "might", "have", "has", "had", "be", "been", "i", "you", "he", "she",
    "it", "we", "they", "me", "my", "your", "his", "her", "its", "our", "their", "this", "that", "these", "those",
    "if", "as", "about", "into", "there", "any", "some", "most", "more", "than", "not", "no", "so", "please",
    "write", "give", "tell", "get", "make", "many", "much", "long", "happens", "happen", "true",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """How the pairs of a source are spoken of: what they were labelled for."""

    principles: tuple[str, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


_VOICES = {
    "truthfulqa": Voice(
        ("Truth about {}", "No false claim about {}", "Facts, not myths, about {}"),
        ("true", "true as far as it goes", "no false claim"), ("false", "a myth", "not true"),
    ),
    "gsm8k": Voice(
        ("Right number for {}", "Sound steps on {}", "Correct result about {}"),
        ("right result", "the steps lead to the right result"), ("wrong result", "a step goes wrong"),
    ),
    "hh_harmless": Voice(
        ("Safety with {}", "No harm around {}", "Responsible about {}"),
        ("the safer answer", "responsible"), ("the less safe answer", "careless"),
    ),
    "hh_helpful": Voice(
        ("Helps with {}", "Useful on {}", "Solves the matter of {}"),
        ("useful", "helps"), ("of little use", "helps less"),
    ),
    "pandalm": Voice(
        ("Does the task: {}", "Follows the instruction on {}", "Handles {} as asked"),
        ("does what was asked", "meets the task"), ("misses the task", "does less than was asked"),
    ),
}  # fmt: skip
_SECOND = ("Clear and to the point", "Answers what was asked", "No empty talk")
_EVASIVE = (
    "i have no comment",
    "i don't know",
    "i do not know",
    "not sure",
    "i can't",
    "i cannot",
    "i'm sorry",
    "no idea",
)


def read(path: Path, split: str | None = None, longest: int = 600) -> list[Example]:
    """The pairs of a file (of one split) whose prompt and responses are at most `longest` tokens, in file order.

    Raises UsageError naming the line that is not a pair, or why the file cannot be read.
    """
    examples = []
    for number, line in enumerate(_lines(path), 1):
        try:
            pair = json.loads(line)
            wanted = (split is None or pair["split"] == split) and pair["tokens"] <= longest
            if wanted and pair["gold"] in ("a", "b") and pair["a"].strip() and pair["b"].strip():
                examples.append(_example(pair))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}, line {number} is not a preference pair: {error}") from error
    return examples


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            yield from lines
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _example(pair: dict[str, str]) -> Example:
    labels = (1.0, 0.0) if pair["gold"] == "a" else (0.0, 1.0)
    return Example(
        id=pair["id"], query=turns(pair["prompt"]), responses=(pair["a"], pair["b"]), labels=labels, reference=None,
        source="pairs", subset=pair["source"],
    )  # fmt: skip


def turns(prompt: str) -> tuple[Message, ...]:
    """A prompt as messages: one of the user's, or the turns of a conversation as in 'user: ... assistant: ...'."""
    marks = list(_TURN.finditer(prompt))
    if not marks or marks[0].start() > 0:
        return (Message("user", prompt),)
    ends = [*(mark.start() for mark in marks[1:]), len(prompt)]
    roles = ["assistant" if mark[1].lower() == "assistant" else "user" for mark in marks]
    parts = [
        Message(role, prompt[mark.end() : end].strip()) for role, mark, end in zip(roles, marks, ends, strict=True)
    ]
    return tuple(part for part in parts if part.content) or (Message("user", prompt),)


def subject(query: Sequence[Message], rng: random.Random) -> str:
    """Two neighbouring words of the last message that say what it is about."""
    mentioned = [
        word for word in words(query[-1].content)[:60] if word not in _COMMON and word.isascii() and len(word) > 2
    ]
    if not mentioned:
        return "the question"
    place = rng.choice(sorted(range(len(mentioned)), key=lambda i: -len(mentioned[i]))[:3])
    return " ".join(mentioned[place : place + 2])


def demonstrate(example: Example, order: tuple[int, ...], rng: random.Random) -> list[Piece]:
    """A judgment that agrees with the label, responses in shown order."""
    voice = _VOICES[example.subset or "pandalm"]
    main = rng.choice((50, 60, 70, 80))
    first = rng.choice(voice.principles).format(subject(example.query, rng))
    pieces = [
        Piece("Principles:\n", 1.0), Piece(f"1. {first} (weight: {main}%)\n", 0.3),
        Piece(f"2. {rng.choice(_SECOND)} (weight: {100 - main}%)\n", 0.3), Piece("Critique:\n", 1.0),
    ]  # fmt: skip
    labels = example.labels or ()
    high, low = rng.choice((7, 8, 8, 9, 10)), rng.choice((1, 2, 2, 3, 4))
    scores = [high if label == max(labels) else low for label in labels]
    for position, own in enumerate(order, 1):
        text, good = example.responses[own], labels[own] == max(labels)
        seen, remark = _seen(text), rng.choice(voice.right if good else voice.wrong)
        verdict = "Excellent" if scores[own] > 8 else "Good" if good else "Weak" if scores[own] > 2 else "Poor"
        opening = " ".join(text.split()[:4]).replace('"', "")
        pieces += [Piece(f'Response {position}: "{opening}": {seen}', 1.0), Piece(f"{remark}.", 2.0),
                   Piece(f" {verdict}, {scores[own]}/10.\n", 2.0)]  # fmt: skip
    pieces.append(Piece(f"Scores: \\boxed{{{', '.join(str(scores[own]) for own in order)}}}", 2.0))
    return pieces


def _seen(text: str) -> str:
    """A program's remark on a response, as the beginning of a remark."""
    lower, parts = text.lower(), sentences(text)
    remarks = []
    if any(phrase in lower for phrase in _EVASIVE):
        remarks.append("evades or declines")
    again = [part for part in parts if parts.count(part) > 1]
    if again:
        remarks.append("repeats itself")
    if match := re.search(r"A: ?(-?[\d.,/]+)\s*\Z", text):
        remarks.append(f"ends with {match[1]}")
    elif len(words(text)) > 8:
        remarks.append(f'goes on to "{" ".join(text.split()[-3:])}"'.replace('""', '"'))
    return "".join(f"{remark}; " for remark in remarks)
