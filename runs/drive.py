"""Many items at the same time: drawn from a source, read by the meta RM, kept in a sink. What fails is a value."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from grm_core.engines.base import Engine, OnText
from grm_core.errors import GRMError, UsageError
from grm_core.judge import draw
from grm_core.meta_rm import MetaRM
from grm_core.sampling import SamplingPlan, check
from grm_core.types import Example, Sample, Session
from runs.screen import Say

IN_FLIGHT = 128
"""Samples that are asked for at the same time, about: what a vLLM server batches well."""


class Task(NamedTuple):
    """An item with what is still to be sampled of it, and the session that keeps its samples."""

    plan: SamplingPlan
    session: Session

    @property
    def missing(self) -> int:
        """How many samples are to be drawn."""
        return len(set(range(self.plan.k)) - self.plan.have)


class Arrival(NamedTuple):
    """A sample of an item, or the error in its place."""

    example: Example
    sample: Sample | None
    """None where the item cannot be judged, or where its sample was lost."""
    error: GRMError | None = None
    """Why there is no sample; beside a sample, why the meta RM gave it no logit."""


Take = Callable[[Arrival], bool]
"""Takes what was drawn; False: nothing more is wanted of this item."""


class Source(Protocol):
    """Where samples come from."""

    async def draw(self, plans: Sequence[SamplingPlan], take: Take) -> None:
        """Give the plans' missing samples to `take` as they come, read by the meta RM; errors are given, too."""


class Sink(Protocol):
    """Where samples are kept. What it raises as GRMError fails the item, anything else ends the run."""

    def begin(self, session: Session) -> None:
        """Keep the session before its first sample; again: nothing happens."""

    def add(self, arrival: Arrival) -> bool:
        """Keep a sample; False when nothing more is wanted of the item."""


@dataclass(slots=True)
class Progress:
    """Counts of what is done so far."""

    items: int
    due: int
    """Samples to draw; those that a stopped run has are not among them."""
    items_done: int = 0
    errors: dict[str, GRMError] = field(default_factory=dict)
    """Item id -> why it failed."""
    samples: int = 0
    samples_failed: int = 0
    unreadable: int = 0
    tokens: int = 0
    saved: str = ""
    """Of items that end early: how many samples were enough."""
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> "Progress":
        """The beginning of these tasks."""
        return cls(len(tasks), sum(task.missing for task in tasks))

    @property
    def failed(self) -> bool:
        """Whether anything is missing that was asked for."""
        return bool(self.errors or self.samples_failed)

    def count(self, sample: Sample) -> None:
        """Take account of a sample that was kept."""
        self.samples += 1
        if sample.completion is None:
            self.samples_failed += 1
        else:
            self.tokens += sample.completion.completion_tokens
            self.unreadable += sample.scores is None

    @property
    def speed(self) -> str:
        """Tokens generated a second, so far."""
        return f"{self.tokens / max(time.monotonic() - self.began, 1e-9):.0f} tokens/s"

    def words(self) -> str:
        """Words for a person who waits, beside the number of samples."""
        return f"{self.items_done}/{self.items} items, {self.speed}"

    def summary(self, out: Path) -> str:
        """One line at the end."""
        progress = f"{self.samples} samples, {self.speed}" if self.samples or self.failed else "no new samples"
        words = f"{self.items_done}/{self.items} items, {progress}"
        words += f"; {self.saved}" if self.saved else ""
        words += f"; unreadable and without a vote: {self.unreadable}" if self.samples else ""
        if self.failed:
            words += (
                f"; failed: {len(self.errors)} items, {self.samples_failed} samples (--resume asks for them again)"
            )
        return f"{words}; written to {out}"


async def drive(
    source: Source, tasks: Sequence[Task], sink: Sink, progress: Progress, say: Say, whole: bool = True
) -> None:
    """Have what is missing of the tasks drawn, read and kept; only where they are `whole` items that are done count.

    What fails is told, counted in `progress` and does not stop the others. Cancelled, it frees the source and leaves
    in the sink what has arrived.
    """
    taking = _Taking(tasks, sink, progress, say, whole)
    await source.draw(taking.plans(), taking.take)
    for item_id in list(taking.open):
        taking.end(item_id)


class _Taking:
    """Takes arrivals to the sink and counts every task down."""

    def __init__(self, tasks: Sequence[Task], sink: Sink, progress: Progress, say: Say, whole: bool) -> None:
        self.sink, self.progress, self.say, self.whole = sink, progress, say, whole
        self.open = {task.plan.example.id: task for task in tasks}
        self.sessions = {item_id: task.session for item_id, task in self.open.items()}
        self.left = {item_id: task.missing for item_id, task in self.open.items()}
        self.failures: dict[str, list[str]] = defaultdict(list)
        """Item id -> why samples of it failed."""

    def plans(self) -> list[SamplingPlan]:
        """The plans that want samples; what cannot be judged is told here, and nothing of it is kept."""
        plans = []
        for item_id, task in list(self.open.items()):
            try:
                check(task.plan.example, task.plan.k, blanks=True)  # what cannot be judged cannot be read again either
            except UsageError as error:
                self.fail(item_id, error)
                continue
            if task.missing:
                plans.append(task.plan)
            else:
                self.end(item_id)
        return plans

    def take(self, arrival: Arrival) -> bool:
        """Keep what was drawn; False when nothing more is wanted of the item."""
        item_id = arrival.example.id
        try:
            self.sink.begin(self.sessions[item_id])
            if arrival.sample is None:
                self.fail(item_id, arrival.error)
                return False
            more = self.sink.add(arrival)
        except GRMError as error:
            self.fail(item_id, error)
            return False
        self.progress.count(arrival.sample)
        if arrival.sample.completion is None:
            self.failures[item_id].append(arrival.sample.error or "no completion")
        self.left[item_id] -= 1
        if not more or self.left[item_id] == 0:
            self.end(item_id)
        return more

    def fail(self, item_id: str, error: GRMError | None) -> None:
        """Note that an item failed."""
        error = error or GRMError("its samples were lost")
        self.progress.errors.setdefault(item_id, error)
        self.say(f"item {item_id!r}: {error}")
        self.failures.pop(item_id, None)
        self.end(item_id)

    def end(self, item_id: str) -> None:
        """Note that an item is done, and tell why samples of it failed."""
        if self.open.pop(item_id, None) is not None and self.whole:
            self.progress.items_done += 1
        if failed := self.failures.pop(item_id, []):
            self.say(f"item {item_id!r}: {len(failed)} samples failed: {failed[0]}")


class Local:
    """One engine, asked for as many items at the same time as keep it busy."""

    def __init__(
        self, engine: Engine, meta: MetaRM | None = None, on_text: OnText | None = None, fitted: bool = False
    ) -> None:
        """`on_text` hears what is written; `fitted`: the plans went through `sampling.fit` already."""
        self.engine, self.meta, self.on_text, self.fitted = engine, meta, on_text, fitted

    async def draw(self, plans: Sequence[SamplingPlan], take: Take) -> None:
        """Give the plans' missing samples to `take` as they come; an item whose meta RM fails goes no further."""
        most = max((plan.k - len(plan.have) for plan in plans), default=1)
        width = max(2, -(-IN_FLIGHT // max(1, most)))
        rest = iter(plans)
        workers = [asyncio.create_task(self._work(rest, take)) for _ in range(min(width, len(plans)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, plans: Iterator[SamplingPlan], take: Take) -> None:
        for plan in plans:
            try:
                async with aclosing(draw(self.engine, plan, self.meta, self.on_text, self.fitted)) as arriving:
                    async for sample, error in arriving:
                        if not take(Arrival(plan.example, sample, error)):
                            break
            except GRMError as error:
                take(Arrival(plan.example, None, error))
