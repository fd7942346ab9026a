"""VERDICTS.jsonl of the baselines: a line per item as it is judged, taken up by --resume, and what they amount to."""

import hashlib
import io
import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from grm_core import outcome
from grm_core.analysis import accuracy
from grm_core.baselines import pairwise
from grm_core.baselines.poll import Poll, Totals, accuracy_at, as_they_are, poll
from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.verdicts import VERDICT, VerdictLine
from grm_core.resume_log import Log, whole_lines
from grm_core.types import Baseline, Example


def totals_of(method: Baseline | str) -> Totals:
    """How summed rows of this baseline become totals."""
    return pairwise.strengths if method == Baseline.PAIRWISE else as_they_are


class VerdictFile:
    """The file of one run; `polls` holds what is in it by item id."""

    def __init__(self, path: Path, settings: dict[str, Any], examples: list[Example]) -> None:
        """Begin a file or take up what is there; UsageError where that is another run's."""
        self.settings, self.examples = settings, examples
        self.polls: dict[str, Poll] = {}
        self._numbers: dict[str, int] = {}
        """Item id -> number of its line."""
        self._take_up(path)
        self._log = Log.resume(path)

    def __enter__(self) -> Self:
        """Ready for `add`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Keep what was written."""
        self._log.close()

    def add(self, made: Poll) -> None:
        """Write an item's verdict."""
        self.polls[made.example.id] = made
        self._numbers[made.example.id] = self._log.append(lines.canonical(record(made, self.settings)))

    def finish(self) -> None:
        """Put the lines into the items' order: the same bytes whether the run was stopped or not."""
        self._log.arrange([self._numbers[each.id] for each in self.examples if each.id in self._numbers])

    def _take_up(self, path: Path) -> None:
        """Read what a stopped run has written; a refusal leaves the file as it is."""
        examples = {example.id: example for example in self.examples}
        for number, verdict in VERDICT.lines(io.BytesIO(whole_lines(path)), str(path)):
            with lines.located(str(path), number):
                if verdict.run != self.settings:
                    raise UsageError(
                        f"made with {verdict.run}, not {self.settings}; use the same settings or another --out"
                    )
                if verdict.item_id not in examples:
                    raise UsageError(f"item {verdict.item_id!r} is not among the items; choose another --out")
                self.polls[verdict.item_id] = read(verdict, examples[verdict.item_id])
                self._numbers[verdict.item_id] = number - 1


def item_digest(example: Example) -> str:
    """The content of an item as a short SHA-256 of query and responses."""
    texts = [[(turn.role, turn.content) for turn in example.query], example.responses]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def record(made: Poll, settings: dict[str, Any]) -> dict[str, Any]:
    """An item's line: the verdict in own order, the rows that it was voted from, and the settings."""
    verdict = made.verdict
    line: dict[str, Any] = {
        "item_id": made.example.id,
        "item": item_digest(made.example),
        "method": str(verdict.method),
        "k": verdict.k,
        "k_effective": verdict.k_effective,
        "totals": verdict.totals,
        "winner": verdict.winner,
        "margin": verdict.margin,
        "margin_mean": verdict.margin_mean,
    }
    if made.example.labels is not None:
        line["credit"] = (
            outcome.credit(verdict.totals, made.example.labels)
            if outcome.has_preference(made.example.labels)
            else None
        )
    if made.tokens is not None:
        line["completion_tokens"] = made.tokens
    return line | {"rows": made.rows, "unread": dict(sorted(made.unread.items())), "run": settings}


def read(line: VerdictLine, example: Example) -> Poll:
    """The poll of a line, voted again from its rows. UsageError where the line judges another item of that id."""
    if line.item not in (None, item_digest(example)):
        raise UsageError(f"item {example.id!r} was judged with another query or other responses")
    unread = Counter(line.unread)
    return poll(line.method, example, line.rows, totals_of(line.method), unread, line.completion_tokens)


def summary(method: Baseline, k: int, polls: list[Poll]) -> str:
    """Accuracy over k on labelled items and what could not be read, in one line for a person."""
    unread = sum((each.unread for each in polls), Counter[str]())
    silent = sum(each.verdict.totals is None for each in polls)
    parts = [f"{method}: {len(polls)} items, {silent} without a verdict"]
    most = max((each.verdict.k for each in polls), default=0)
    if most == 1 and k > 1:
        parts.append("it reads every item once and draws nothing, so k changes nothing")
    labelled = [each for each in polls if outcome.has_preference(each.example.labels)]
    if labelled:
        ks = [each for each in accuracy.KS if each <= most]
        table = np.array([accuracy_at(each, ks, totals_of(method)) for each in labelled])
        cells = [f"k={at} {accuracy.estimate(table[:, place])}" for place, at in enumerate(ks)]
        parts.append(f"accuracy on {len(labelled)} labelled items: {', '.join(cells)}")
    if unread:
        words = ", ".join(f"{status} {count}" for status, count in unread.most_common())
        parts.append(f"{unread.total()} completions could not be read and cast no vote ({words})")
    return "; ".join(parts)
