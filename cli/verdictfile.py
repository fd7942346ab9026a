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
from grm_core.types import Baseline, Example


def totals_of(method: Baseline | str) -> Totals:
    """How summed rows of this baseline become totals."""
    return pairwise.strengths if method == Baseline.PAIRWISE else as_they_are


class VerdictFile:
    """The file of one run; `polls` holds what is in it by item id."""

    def __init__(self, path: Path, settings: dict[str, Any], examples: list[Example]) -> None:
        """Begin a file or take up what is there; UsageError where that is another run's."""
        self.path, self.settings, self.examples = path, settings, examples
        self.polls: dict[str, Poll] = {}
        try:
            whole = self._take_up(path.read_bytes()) if path.exists() else b""
            self._file = path.open("ab")  # what is there stays there, but for a last line that was cut
            self._file.truncate(len(whole))
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from None

    def __enter__(self) -> Self:
        """Ready for `add`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Keep what was written."""
        self._file.close()

    def add(self, found: Poll) -> None:
        """Write an item's verdict."""
        self.polls[found.example.id] = found
        self._file.write(lines.canonical(record(found, self.settings)).encode() + b"\n")
        self._file.flush()

    def finish(self) -> None:
        """Put the lines into the items' order: the same bytes whether the run was stopped or not."""
        ordered = [self.polls[example.id] for example in self.examples if example.id in self.polls]
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(
            "".join(lines.canonical(record(each, self.settings)) + "\n" for each in ordered), encoding="ascii"
        )
        part.replace(self.path)

    def _take_up(self, data: bytes) -> bytes:
        """Read what a stopped run has written, without a last line that was cut; gives back the whole lines."""
        whole = data[: data.rfind(b"\n") + 1]
        known = {example.id: example for example in self.examples}
        for number, verdict in VERDICT.lines(io.BytesIO(whole), str(self.path)):
            with lines.located(str(self.path), number):
                if verdict.run != self.settings:
                    raise UsageError(
                        f"made with {verdict.run}, not {self.settings}; use the same settings or another --out"
                    )
                if verdict.item_id not in known:
                    raise UsageError(f"item {verdict.item_id!r} is not among the items; choose another --out")
                self.polls[verdict.item_id] = read(verdict, known[verdict.item_id])
        return whole


def item_digest(example: Example) -> str:
    """What was judged under the item's id: a short SHA-256 of query and responses."""
    texts = [[(turn.role, turn.content) for turn in example.query], example.responses]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def record(found: Poll, settings: dict[str, Any]) -> dict[str, Any]:
    """An item's line: the verdict in own order, the rows that it was voted from, and the settings."""
    verdict = found.verdict
    line: dict[str, Any] = {
        "item_id": found.example.id,
        "item": item_digest(found.example),
        "method": str(verdict.method),
        "k": verdict.k,
        "k_effective": verdict.k_effective,
        "totals": verdict.totals,
        "winner": verdict.winner,
        "margin": verdict.margin,
        "margin_mean": verdict.margin_mean,
    }
    if found.example.labels is not None:
        line["credit"] = outcome.credit(verdict.totals, found.example.labels) if _asks(found) else None
    if found.tokens is not None:
        line["completion_tokens"] = found.tokens
    return line | {"rows": found.rows, "unread": dict(sorted(found.unread.items())), "run": settings}


def read(line: VerdictLine, example: Example) -> Poll:
    """The poll of a line, voted again from its rows. UsageError where the line judges another item of that id."""
    if line.item not in (None, item_digest(example)):
        raise UsageError(f"item {example.id!r} was judged with another query or other responses")
    unread = Counter(line.unread)
    return poll(line.method, example, line.rows, totals_of(line.method), unread, line.completion_tokens)


def report(method: Baseline, k: int, polls: list[Poll]) -> str:
    """Accuracy over k on labelled items and what could not be read, in one line for a person."""
    unread = sum((each.unread for each in polls), Counter[str]())
    silent = sum(each.verdict.totals is None for each in polls)
    parts = [f"{method}: {len(polls)} items, {silent} without a verdict"]
    asked = max((each.verdict.k for each in polls), default=0)
    if asked == 1 and k > 1:
        parts.append("it reads every item once and draws nothing, so k changes nothing")
    labelled = [each for each in polls if _asks(each)]
    if labelled:
        ks = [each for each in accuracy.KS if each <= asked]
        table = np.array([accuracy_at(each, ks, totals_of(method)) for each in labelled])
        cells = [f"k={at} {accuracy.estimate(table[:, place])}" for place, at in enumerate(ks)]
        parts.append(f"accuracy on {len(labelled)} labelled items: {', '.join(cells)}")
    if unread:
        told = ", ".join(f"{status} {count}" for status, count in unread.most_common())
        parts.append(f"{unread.total()} completions could not be read and cast no vote ({told})")
    return "; ".join(parts)


def _asks(found: Poll) -> bool:
    """Whether the labels prefer anything."""
    return found.example.labels is not None and len(set(found.example.labels)) > 1
