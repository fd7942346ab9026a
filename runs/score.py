"""A run over the items of a file: who judges is made, what a stopped run left is taken up, the rest is driven."""

import asyncio
import signal
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from grm_core import engines, meta_rm, prompts
from grm_core.analysis.looks import Rule
from grm_core.cards import OWN_METAS
from grm_core.errors import UsageError
from grm_core.formats.sessions import Block
from grm_core.meta_rm import MetaRM
from grm_core.prompts import Template
from grm_core.types import Example, Method, Run
from runs import fleet, resume, sinks
from runs.adaptive import Growing, grow, is_whole
from runs.drive import Local, Progress, Source, Task, drive
from runs.job import tags_of
from runs.run import Judges, make_run, templates_for
from runs.screen import Say, Screen
from runs.settings import Judge, Sampling, Settings, Workers
from runs.starting import NO_META, options_of, start_both
from runs.workers import Fleet


class Out(NamedTuple):
    """The file that gets the samples."""

    path: Path
    resume: bool = False
    """Whether to go on with what a stopped run left there."""
    tags: tuple[str, ...] = ()
    """Of new sessions."""


class _Near:
    """One engine, started only when something is missing."""

    def __init__(self, judge: Judge) -> None:
        # A recording is replayed for its samples here, not for its pace.
        self.engine = engines.create(judge.engine, judge.model, **options_of(judge.engine))
        self.name, self.style = self.engine.name, self.engine.style
        card = engines.card(judge.engine, judge.model)
        self.meta = meta_rm.create(judge.meta, self.style, self.engine, card, judge.meta_template)
        self.reader = meta_rm.named(judge.meta, self.style, self.engine, card)
        self.source: Source = Local(self.engine, self.meta)

    @property
    def model(self) -> str:
        """The model's name; some engines know it only when they are ready."""
        return self.engine.model

    async def start(self, say: Say) -> None:
        """Wait until engine and meta RM are ready."""
        await start_both(self.engine, self.meta, say)
        # Ended by a service manager, a run has to close its file and its engine as after Ctrl-C.
        me = asyncio.current_task()
        assert me is not None
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, nor beside the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)

    async def close(self) -> None:
        """Let engine and meta RM go."""
        await self.engine.close()
        if self.meta is not None:
            await self.meta.close()


class _Far:
    """Workers that Ray places."""

    def __init__(self, judge: Judge, workers: Fleet, meta: MetaRM | None) -> None:
        self.fleet, self.meta = workers, meta
        self.name, self.model, self.style = workers.engine.partition(":")[0], workers.model, workers.style
        plain = workers.meta in ("none", *OWN_METAS)
        self.reader = workers.meta if plain else meta_rm.named(judge.meta, workers.style)
        self.source: Source = fleet.Far(workers)

    async def start(self, say: Say) -> None:
        """Tell who will judge; Ray starts with the first item."""
        say(f"meta RM {self.meta.name or self.fleet.meta}" if self.meta else NO_META)
        say(f"{self.fleet.workers} workers through Ray, engine {self.fleet.engine}, model {self.model}")

    async def close(self) -> None:
        """Nothing is held."""


async def score(settings: Settings, examples: Sequence[Example], out: Out, screen: Screen) -> Progress:
    """Judge the examples into a file; returns what was done.

    Raises UsageError where the settings cannot be had, or do not fit the run that the file holds.
    """
    before = sinks.read_unfinished(out.path) if out.resume else None
    resume.check_items(before, examples, out.path)
    card = engines.card(settings.judge.engine, settings.judge.model)
    sampling = settings.sampling.settled(card.context)
    _check_adaptive(settings)
    judges = await _judges(settings.judge, sampling)
    try:
        templates = _templates(examples, sampling, judges.style)
        run = make_run(uuid.uuid4().hex, Judges(judges.name, judges.model, judges.reader), sampling, templates)
        tags = tags_of(sampling, out.tags)
        work = _Work(sampling, before, list(zip(examples, templates, strict=True)), tags, card.opens)
        run = await _started(run, judges, work, out.path, screen.say)
        file = sinks.open_file(out.path, run, before)
        try:
            progress = await work.do(file, judges.source, screen)
            file.finish([example.id for example in examples])
            return progress
        finally:
            file.close()
    finally:
        await judges.close()


class _Work(NamedTuple):
    """The items of a run, and what a stopped one left of them."""

    sampling: Sampling
    before: Block | None
    items: list[tuple[Example, Template]]
    tags: tuple[str, ...]
    """Of new sessions."""
    opens: bool
    """As the model's card says."""

    async def do(self, file: sinks.FileSink, source: Source, screen: Screen) -> Progress:
        """Draw what is missing into the file."""
        tasks = self._tasks(file.run)
        progress = Progress.of(tasks)
        if self.sampling.adaptive is None:
            with screen.watch(progress.due, lambda: progress.samples, progress.words):
                await drive(source, tasks, file, progress, screen.say)
            return progress
        growing = self._growing(self.sampling.adaptive, tasks)
        progress.due = min(progress.due, self.sampling.budget or progress.due)
        with screen.watch(progress.due, lambda: progress.samples, progress.words):
            await grow(source, growing, file, progress, screen.say)
        progress.saved = f"{growing.spent} of {len(tasks) * self.sampling.k} samples were enough"
        return progress

    def whole(self, run: Run) -> bool:
        """Whether the stopped run had ended."""
        if self.before is None or self.sampling.adaptive is None:
            return self.before is not None and resume.is_whole(self.before, run.k, [each for each, _ in self.items])
        return is_whole(self._growing(self.sampling.adaptive, self._tasks(run)))

    def _tasks(self, run: Run) -> list[Task]:
        return resume.tasks(run, self.before, self.sampling.k, self.items, self.tags, self.opens)

    def _growing(self, rule: Rule, tasks: Sequence[Task]) -> Growing:
        return Growing(tasks, resume.held(self.before), rule, self.sampling.budget)


async def _started(run: Run, judges: _Near | _Far, work: _Work, out: Path, say: Say) -> Run:
    """The run with its model's name, once that is known to go on with what the file holds.

    Nothing is started where the file has all samples already.
    """
    stopped = None if work.before is None else work.before.run
    if stopped is None:
        await judges.start(say)
        return replace(run, model=judges.model)
    resume.check_same(stopped, run, resume.SETTINGS, out)
    resume.check_meta(stopped, run, out)
    resume.check_adaptive(stopped, run, out)
    if work.whole(run):
        say(f"{out} has all samples already")
        run = replace(run, model=judges.model or stopped.model)
    else:
        await judges.start(say)
        run = replace(run, model=judges.model)
    resume.check_same(stopped, run, ("model",), out)
    return run


def _check_adaptive(settings: Settings) -> None:
    """UsageError for a rule that cannot be followed."""
    rule = settings.sampling.adaptive
    if rule is not None and rule.method is not Method.NAIVE and settings.judge.meta == "none":
        raise UsageError(f"--k auto by the {rule.method} vote needs a meta RM: give one with --meta")
    if rule is not None and settings.judge.workers is not None:
        raise UsageError("--k auto draws in rounds, and --workers hands out whole items: give --k a number there")


async def _judges(judge: Judge, sampling: Sampling) -> _Near | _Far:
    if judge.workers is None:
        return _Near(judge)
    return await _far(judge, judge.workers, sampling)


async def _far(judge: Judge, workers: Workers, sampling: Sampling) -> _Far:
    placed, meta = await fleet.fleet_of(judge, workers)
    if sampling.context != "joint" and placed.placed:
        raise UsageError(f"--context {sampling.context} with --workers needs running servers: --engine URL,URL")
    return _Far(judge, placed, meta)


def _templates(examples: Sequence[Example], sampling: Sampling, style: str) -> list[Template]:
    if sampling.template in prompts.UNRATED:
        raise UsageError(
            f"--template {sampling.template} asks for no scores from 1 to 10; training and baselines use it"
        )
    return templates_for(examples, sampling, style)
