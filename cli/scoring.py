"""Judging many items at the same time: as many in flight as keep a server busy, each sample written as it arrives."""

import asyncio
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli import waiting
from cli.common import say
from cli.samplefile import SampleFile
from grm_core.engines.base import Engine
from grm_core.errors import GRMError, UsageError
from grm_core.formats import sessions
from grm_core.formats.sessions import Block
from grm_core.meta_rm import IN_VERSIONS, MetaRM, attach
from grm_core.prompts import Template
from grm_core.sampling import SamplingPlan, check, sample
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Example, Run, Sample, Session

IN_FLIGHT = 128
"""Samples that are asked for at the same time, about: what a vLLM server batches well."""
NO_META = "no meta RM: samples get no meta logit, naive voting works"
SETTINGS = ("context", "template", "template_hash", "params", "seed", "order", "principles")
"""What a resumed run must have in common with the one in the file, beside the model."""


@dataclass(slots=True)
class Progress:
    """What has been done so far."""

    items: int
    due: int
    """Samples to draw; those that a stopped run has are not among them."""
    items_done: int = 0
    items_failed: int = 0
    samples: int = 0
    samples_failed: int = 0
    unreadable: int = 0
    tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> bool:
        """Whether anything is missing that was asked for."""
        return bool(self.items_failed or self.samples_failed)

    def count(self, sample: Sample) -> None:
        """Take account of a sample that was written."""
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
        """What a person who waits wants to know beside the number of samples."""
        return f"{self.items_done}/{self.items} items, {self.speed}"

    def summary(self, out: Path) -> str:
        """One line at the end."""
        words = f"{self.items_done}/{self.items} items, {self.samples} samples, {self.speed}"
        words += f"; unreadable and without a vote: {self.unreadable}"
        if self.failed:
            words += (
                f"; failed: {self.items_failed} items, {self.samples_failed} samples (--resume asks for them again)"
            )
        return f"{words}; written to {out}"


@dataclass(frozen=True, slots=True)
class Task:
    """An item with what is still to be sampled of it."""

    plan: SamplingPlan
    session: Session

    @property
    def missing(self) -> int:
        """How many samples are to be drawn."""
        return len(set(range(self.plan.k)) - self.plan.have)


def check_items(before: Block | None, examples: list[Example], out: Path) -> None:
    """UsageError when a stopped run's file holds another item under one of the ids."""
    known = {} if before is None else {item.item_id: item.example for item in before.items}
    for example in examples:
        if known.get(example.id, example) != example:
            raise UsageError(f"{out}: item {example.id!r} differs from the one that was scored; choose another --out")


def check_same(before: Run, now: Run, names: Iterable[str], out: Path) -> None:
    """UsageError when a stopped run was made with other settings: its samples must not be mixed with new ones."""
    for name in names:
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            raise UsageError(
                f"{out} was made with {name} {old!r}, not {new!r}; use the same settings or another --out"
            )


def check_meta(before: Run, now: Run, out: Path) -> None:
    """UsageError when other samples of the file were read by another meta RM: a vote cannot rank by two scales."""
    old, new = before.versions.get(IN_VERSIONS), now.versions[IN_VERSIONS]
    if old not in (None, new):
        raise UsageError(
            f"{out} was made with meta RM {old}, not {new}; use the same --meta, or have `meta` read all anew"
        )


def plans(
    run: Run,
    before: Block | None,
    k: int,
    asked: list[tuple[Example, Template]],
    tags: tuple[str, ...] = (),
    opens: bool = False,
) -> Iterator[Task]:
    """Every item with the samples that are missing; failed ones are missing too. New sessions get the tags.

    `opens`: as the model's card says, see SamplingPlan.
    """
    known = {} if before is None else {item.item_id: item for item in before.items}
    for example, template in asked:
        item = known.get(example.id)
        have = frozenset(each.index for each in item.samples if each.error is None) if item else frozenset[int]()
        session = sessions.session_of(run, item, example) if item else sessions.new_session(run, example, tags)
        plan = SamplingPlan(
            example, template, run.params, k, run.seed, run.order, session.id, have, run.principles, run.context, opens
        )
        yield Task(plan, session)


def whole(before: Block, k: int, examples: Iterable[Example]) -> bool:
    """Whether a stopped run had ended: every example is there with k samples, none of them failed."""
    have = {item.item_id: {each.index for each in item.samples if each.error is None} for item in before.items}
    return all(have.get(example.id, set()).issuperset(range(k)) for example in examples)


async def start(engine: Engine) -> None:
    """Wait until the engine is ready, telling now and then what it does."""
    talking = asyncio.create_task(_talk(engine))
    try:
        await engine.start()
    finally:
        talking.cancel()
        with suppress(asyncio.CancelledError):
            await talking
    say(f"engine {engine.name}, model {engine.model}")
    if engine.untrained:
        say("this model is not trained as a judge: its scores show how things work and mean nothing else")


async def ready(engine: Engine, meta: MetaRM | None) -> None:
    """As `start`; then tell the meta RM. Raises EngineError where the GRM is to be its own and cannot."""
    await start(engine)
    if isinstance(meta, OwnMetaRM):
        await meta.check()
    say(f"meta RM {meta.name}" if meta else NO_META)


async def score_all(engine: Engine, tasks: Iterator[Task], file: SampleFile, meta: MetaRM | None = None) -> Progress:
    """Sample every item, the meta RM reading each sample; what fails is told, counted and does not stop the others."""
    todo = list(tasks)
    progress = Progress(len(todo), sum(task.missing for task in todo))
    rest = iter(todo)
    width = max(2, -(-IN_FLIGHT // max((task.plan.k for task in todo), default=1)))
    me = asyncio.current_task()
    assert me is not None
    # Ended by a service manager, a run has to close its file and its engine as after Ctrl-C.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    try:
        with waiting.shown(progress.due, lambda: progress.samples, progress.words):
            async with asyncio.TaskGroup() as group:
                for _ in range(min(width, len(todo))):
                    group.create_task(_work(engine, meta, rest, file, progress))
    except* OSError as errors:
        first = errors.exceptions[0]
        raise UsageError(f"{file.path}: {getattr(first, 'strerror', None) or first}") from None
    return progress


async def _work(
    engine: Engine, meta: MetaRM | None, tasks: Iterator[Task], file: SampleFile, progress: Progress
) -> None:
    for task in tasks:
        try:
            check(task.plan.example, task.plan.k)  # what cannot be judged cannot be read again either
            file.add_item(task.plan.example, task.session)
            if task.missing:
                failed = await _sample(engine, meta, task, file, progress)
                if failed:
                    say(f"item {task.plan.example.id!r}: {len(failed)} samples failed: {failed[0]}")
        except GRMError as error:
            progress.items_failed += 1
            say(f"item {task.plan.example.id!r}: {error}")
        progress.items_done += 1


async def _sample(engine: Engine, meta: MetaRM | None, task: Task, file: SampleFile, progress: Progress) -> list[str]:
    """Sample one item; returns why samples failed."""
    failed = []
    async with aclosing(sample(engine, task.plan)) as arriving:
        async for each in arriving:
            if meta is not None:
                each = await attach(meta, task.plan.example, each, task.plan)
            file.add_sample(task.plan.example.id, each)
            progress.count(each)
            if each.completion is None:
                failed.append(each.error or "no completion")
    return failed


async def _talk(engine: Engine) -> None:
    last = ""
    while True:
        await asyncio.sleep(waiting.SAY_EVERY_S)
        if (now := engine.state().message) and now != last:
            last = now
            say(now)
