"""Written judgments: read their files, and tell which items are never trained on.

One JSON object a line: `id, domain, query, responses, judgments: [{principles: [{text, weight}], critiques, scores}]`.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grm_core.errors import UsageError
from grm_core.types import SCORE_MAX, SCORE_MIN, Example, Message


@dataclass(frozen=True, slots=True)
class Judgment:
    """One written judgment of an item, in the item's own order."""

    principles: tuple[tuple[str, int], ...]
    """Text and weight in percent, most important first."""
    critiques: tuple[str, ...]
    scores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """An item and the judgments written of it. The example's labels are the mean scores; its subset is the domain."""

    example: Example
    judgments: tuple[Judgment, ...]


def held_out(item_id: str) -> bool:
    """Whether the item belongs to the tenth that is never trained on: the set `everyday`."""
    return int(hashlib.sha256(item_id.encode()).hexdigest(), 16) % 10 == 0


def files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named, sorted. Raises UsageError where there is none."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise UsageError("there is no *.jsonl with demonstrations in the folders named")
    return files


def read(paths: Iterable[Path]) -> list[Demonstration]:
    """All demonstrations of the files, in their order. Raises UsageError naming the line that is none."""
    demonstrations: dict[str, Demonstration] = {}
    for path in files(paths):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    demonstration = _demonstration(json.loads(line))
                except (ValueError, KeyError, TypeError) as error:
                    raise UsageError(f"{path}, line {number} is not a demonstration: {error}") from error
                if demonstration.example.id in demonstrations:
                    raise UsageError(f"{path}, line {number}: the id {demonstration.example.id!r} is there already")
                demonstrations[demonstration.example.id] = demonstration
    return list(demonstrations.values())


def _demonstration(line: dict[str, object]) -> Demonstration:
    text, responses, judgments = line["query"], _texts(line["responses"]), line["judgments"]
    if not isinstance(judgments, list) or not judgments:
        raise ValueError("it has no judgments")
    if isinstance(text, str):
        query: tuple[Message, ...] = (Message("user", text),)
    elif isinstance(text, list):
        query = tuple(Message(str(turn["role"]), str(turn["content"])) for turn in text)
    else:
        raise ValueError("its query is neither text nor turns")
    written = tuple(_judgment(each, len(responses)) for each in judgments)
    labels = tuple(sum(each.scores[i] for each in written) / len(written) for i in range(len(responses)))
    domain = str(line.get("domain", ""))
    return Demonstration(
        Example(str(line["id"]), query, tuple(responses), labels, source="demonstrations", subset=domain), written
    )


def _judgment(value: dict[str, object], n: int) -> Judgment:
    principles, scores = value["principles"], value["scores"]
    critiques = _texts(value["critiques"])
    if not isinstance(principles, list) or not isinstance(scores, list):
        raise ValueError("principles and scores are lists")
    if len(critiques) != n or len(scores) != n:
        raise ValueError(f"{len(critiques)} critiques and {len(scores)} scores for {n} responses")
    if not all(type(score) is int and SCORE_MIN <= score <= SCORE_MAX for score in scores):
        raise ValueError("scores are whole numbers from 1 to 10")
    return Judgment(tuple((str(p["text"]), int(p["weight"])) for p in principles), tuple(critiques), tuple(scores))


def _texts(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) and text.strip() for text in value):
        raise ValueError("responses and critiques are lists of texts")
    return value
