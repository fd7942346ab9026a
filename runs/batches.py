"""The line of batches: files of items judged in the background of the app, one after the other.

What is asked and how far it is stands in the database, so that a process that begins anew goes on where the last one
was killed. Pausing drops the samples that are under way: their seeds stand fixed, and they come again as they would
have.
"""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from grm_core.analysis.looks import Rule
from grm_core.engines.base import Engine
from grm_core.engines.replay import ReplayEngine
from grm_core.errors import EngineError, GRMError, NotServed, UsageError
from grm_core.formats import items as formats
from grm_core.formats import sessions
from grm_core.formats.lines import canonical
from grm_core.meta_rm import MetaRM
from grm_core.prompts import Template
from grm_core.sampling import K_MAX
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Example, Method, Run, Sample, Session
from runs import models, resume
from runs.adaptive import Growing, grow
from runs.drive import Arrival, Local, Progress, Task, drive
from runs.gate import Gated
from runs.job import tags_of
from runs.jobs import Jobs
from runs.run import FILE, Judges, make_run, templates_for
from runs.settings import Sampling
from runs.sinks import StoreSink
from storage.batches import CANCELLED, DONE, FAILED, PAUSED, RUNNING, WAITING, Batch, Counts

log = logging.getLogger(__name__)

_AGAIN_S = 10.0
"""Until an engine that could not be started is tried again."""
_LOST_MOST = 32
"""Samples that may fail one after the other before a batch ends: its engine is gone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a batch is to be judged."""

    sampling: Sampling
    meta: bool = True
    """Whether the app's meta RM reads the samples."""
    model: str = ""
    """As it is served; '' = the one that the engine serves."""


class Standing(NamedTuple):
    """A batch and how far it is."""

    batch: Batch
    run_id: str
    asked: Asked
    counts: Counts
    rate: float | None = None
    """Samples a second since it was taken up."""
    tokens_rate: float | None = None
    seconds_left: float | None = None
    place: int = 0
    """In the line: 1 comes next; 0 for one that is not in it, or waits for its model."""
    model: str = ""
    """By which it is judged; '' while nobody knows."""
    held: str = ""
    """Why it waits although its turn has come."""


class _Stretch:
    """What this process has done of the batch that is under way."""

    def __init__(self, batch: Batch, progress: Progress, before: Counts) -> None:
        self.batch, self.progress, self.before = batch, progress, before
        self.lost = 0
        """Samples that failed since the last one that did not."""
        self.reason = ""


class _Lost(Exception):
    """The engine gives no more samples."""


class BatchLine:
    """All batches of one process; it samples in the loop, and with the engine, of the runs that people begin."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs, self.store = jobs, jobs.store
        self.trouble = ""
        """Why the line does not move, '' while it does."""
        self._current = ""
        """Id of the batch that is under way."""
        self._stretch: _Stretch | None = None
        self._line: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._absent: dict[str, str] = {}
        """Why batches wait whose model is not served."""
        self._judged_by = ""
        """The model of the batch that was judged last."""
        self._counted: dict[str, Counts] = {}

    # ---- what pages do

    def submit(
        self, title: str, examples: Sequence[Example], asked: Asked, tags: tuple[str, ...] = (), owner: str = ""
    ) -> str:
        """Put a file of items at the end of the line; its id. UsageError for what cannot be judged or saved."""
        if self.store.read_only:
            raise UsageError("the database is open for reading only; nothing can be saved from here")
        if not 1 <= asked.sampling.k <= K_MAX:
            raise UsageError(f"k is {asked.sampling.k}; it must be a whole number from 1 to {K_MAX}")
        model = asked.model or self.jobs.engine.model
        settled = replace(asked, sampling=asked.sampling.settled(self.jobs.card.context), model=model)
        if asked.meta and self.jobs.meta is None:
            settled = replace(settled, meta=False)
        templates_for(examples, settled.sampling, self.jobs.engine.style)
        batch_id = uuid.uuid4().hex[:12]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        batch = Batch(batch_id, title, now, canonical(asdict(settled)), tags, len(examples), owner=owner)
        self.store.batches.add(batch, (canonical(formats.item_record(example)) for example in examples))
        self._moved()
        return batch_id

    def models(self) -> tuple[str, ...]:
        """The models that can judge a batch now. EngineError where the engine's server cannot be reached."""
        return self.jobs.spawn(models.names(self.jobs.engine)).result()

    def pause(self, batch_id: str) -> None:
        """Take a batch out of the line until it is resumed; what has arrived stays."""
        self._move(batch_id, PAUSED, (WAITING, RUNNING))

    def resume(self, batch_id: str) -> None:
        """Put a batch back into the line: it asks for what is missing, failed samples among it."""
        self._move(batch_id, WAITING, (PAUSED, FAILED, DONE))

    def cancel(self, batch_id: str) -> None:
        """End a batch for good; what has arrived stays."""
        self._move(batch_id, CANCELLED, (WAITING, RUNNING, PAUSED, FAILED))

    def remove(self, batch_id: str) -> None:
        """Take a batch that has ended off the list; its sessions stay."""
        if not self.store.batches.remove(batch_id, (CANCELLED, DONE, FAILED)):
            raise UsageError("this batch has not ended; cancel it first")

    def standing(self) -> list[Standing]:
        """All batches, the newest first."""
        batches = self.store.batches.all()
        line = [batch.id for batch in reversed(batches) if batch.phase == WAITING and batch.id not in self._absent]
        return [self._standing(batch, line) for batch in batches]

    # ---- the loop's side

    def start(self) -> None:
        """Go on with what a process before this one left; the jobs have to run already."""
        if not self.store.read_only:
            self.jobs.spawn(self._work_off()).result()

    def close(self) -> None:
        """Stop; a batch that is under way goes on in the next process."""
        if self._line is not None:
            self.jobs.spawn(self._end()).result(timeout=60)

    async def _end(self) -> None:
        assert self._line is not None
        self._line.cancel()
        await asyncio.gather(self._line, return_exceptions=True)
        self._line = None

    async def _work_off(self) -> None:
        self._line = asyncio.create_task(self._follow())

    def _move(self, batch_id: str, phase: str, before: tuple[str, ...]) -> None:
        if not self.store.batches.move(batch_id, phase, before):
            raise UsageError("that cannot be done with this batch any more")
        self._moved()

    def _moved(self) -> None:
        """Have the loop look at the line again, and drop what is no longer to run."""
        self.jobs.spawn(self._look())

    async def _look(self) -> None:
        self._wake.set()
        if self._task is not None:
            now = self.store.batches.batch(self._current)
            if now is None or now.phase != RUNNING:
                self._task.cancel()

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            batch, engine = await self._next()
            if batch is None or engine is None:
                await self._rest()
                continue
            try:
                if self.store.batches.move(batch.id, RUNNING, (WAITING, RUNNING)):
                    await self._judge(batch, engine)
            finally:
                if engine is not self.jobs.engine:
                    await engine.close()

    async def _next(self) -> tuple[Batch, Engine] | tuple[None, None]:
        """The first batch of the line whose model is served, and what serves it; None where there is none."""
        trouble, absent = "", dict[str, str]()
        try:
            for batch in self.store.batches.line():
                try:
                    return batch, await models.ready(self.jobs.engine, self._model(batch))
                except NotServed as error:
                    absent[batch.id] = f"It waits for its model: {error}."
                    self.store.batches.move(batch.id, WAITING, (RUNNING,))
        except EngineError as error:
            trouble = f"The line waits for the engine: {error}. {error.hint}".strip()
        finally:
            self.trouble, self._absent = trouble, absent
        return None, None

    async def _rest(self) -> None:
        """Until something has moved, or until what is waited for may be there."""
        try:
            await asyncio.wait_for(self._wake.wait(), _AGAIN_S if self.trouble or self._absent else None)
        except TimeoutError:
            return

    async def _judge(self, batch: Batch, engine: Engine) -> None:
        """Judge a batch to its end, or until it is stopped."""
        self._current = batch.id
        if engine.model != self._judged_by:
            self._judged_by = engine.model
            self.jobs.gate.anew()
        task = self._task = asyncio.create_task(self._sample(batch, engine))
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()  # this line itself was ended
            await asyncio.gather(task, return_exceptions=True)
            self._stretch, self._task = None, None
            self._counted.pop(batch.id, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if isinstance(error, _Lost) and await self._gone(engine):
            self.store.batches.move(batch.id, WAITING, (RUNNING,))
            return
        if isinstance(error, _Lost | GRMError):
            said = str(error)
        else:
            log.error("batch %s", batch.id, exc_info=error)
            said = "a fault in GRM Lens itself; its log has the details"
        self.store.batches.move(batch.id, FAILED, (RUNNING,), said)

    async def _gone(self, engine: Engine) -> bool:
        """Whether the engine's server has another model now."""
        try:
            return await models.gone(engine)
        except EngineError:
            return False

    async def _sample(self, batch: Batch, engine: Engine) -> None:
        asked = asked_of(batch)
        run, tasks, before = await asyncio.to_thread(self._due, batch, asked, engine)
        progress = Progress.of(tasks)
        stretch = self._stretch = _Stretch(batch, progress, before)
        meta = self._meta(engine) if asked.meta else None
        if not isinstance(engine, ReplayEngine):  # a recording knows its requests as they were, and serves nobody else
            engine = Gated(engine, self.jobs.gate)
        source = Local(engine, meta)
        sink = _Counted(stretch, StoreSink(self.store, run))
        rule = asked.sampling.adaptive
        if rule is None:
            await drive(source, tasks, sink, progress, log.info)
        else:
            held = await asyncio.to_thread(self._held, tasks)
            await grow(source, Growing(tasks, held, rule), sink, progress, log.info)
        self.store.batches.move(batch.id, DONE, (RUNNING,), _failures(progress, stretch))

    def _meta(self, engine: Engine) -> MetaRM | None:
        """The meta RM that reads what an engine writes: one that asks the GRM itself asks that one."""
        meta = self.jobs.meta
        if isinstance(meta, OwnMetaRM) and engine is not self.jobs.engine:
            return type(meta)(engine)
        return meta

    def _model(self, batch: Batch) -> str:
        """The model of a batch: as its run was begun, else as it was chosen; '' where neither says."""
        run = self.store.run(run_id(batch.id))
        return asked_of(batch).model if run is None else run.model

    def _due(self, batch: Batch, asked: Asked, engine: Engine) -> tuple[Run, list[Task], Counts]:
        """The batch's run, every item with the samples that it lacks, and what there is already."""
        examples = [formats.read_item(json.loads(line)) for line in self.store.batches.items(batch.id)]
        templates = templates_for(examples, asked.sampling, engine.style)
        run = self._run(batch, asked, engine, templates)
        held = self.store.batches.held(run.id)
        tags = tags_of(asked.sampling, batch.tags)
        tasks = _tasks(run, asked.sampling.k, examples, templates, tags, held, self.jobs.card.opens)
        return run, tasks, self.store.batches.counts(run.id, asked.sampling.k)

    def _held(self, tasks: Sequence[Task]) -> dict[str, list[Sample]]:
        """Item id -> the answered samples that a process before this one left."""
        samples = self.store.samples_by_session(task.session.id for task in tasks if task.plan.have)
        return {
            task.plan.example.id: [sample for sample in samples[task.session.id] if sample.error is None]
            for task in tasks
            if task.plan.have
        }

    def _run(self, batch: Batch, asked: Asked, engine: Engine, templates: Sequence[Template]) -> Run:
        """The batch's run, as it was begun; UsageError where another template or meta RM is here now."""
        meta = self.jobs.meta if asked.meta else None
        reader = "none" if meta is None else meta.name or "a server"
        run = make_run(run_id(batch.id), Judges(engine.name, engine.model, reader), asked.sampling, templates)
        begun = self.store.run(run.id)
        if begun is None:
            return replace(run, extra=run.extra | {FILE: batch.title})
        for name in resume.SETTINGS:
            if getattr(begun, name) != (now := getattr(run, name)):
                raise UsageError(
                    f"it was begun with {name} {getattr(begun, name)!r} and {now!r} is here now: start the file anew"
                )
        resume.check_meta(begun, run, self.store.path)
        return begun

    def _standing(self, batch: Batch, line: Sequence[str]) -> Standing:
        asked, stretch = asked_of(batch), self._stretch
        place = line.index(batch.id) + 1 if batch.id in line else 0
        model, held = asked.model or self._model(batch), self._absent.get(batch.id, "")
        if stretch is None or stretch.batch.id != batch.id:
            if batch.id not in self._counted:
                self._counted[batch.id] = self.store.batches.counts(run_id(batch.id), asked.sampling.k)
            counts = self._counted[batch.id]
            if asked.sampling.adaptive is not None and batch.phase == DONE and not batch.error:
                counts = counts._replace(whole=batch.size)  # items that ended early have all that they need
            return Standing(batch, run_id(batch.id), asked, counts, place=place, model=model, held=held)
        progress, before = stretch.progress, stretch.before
        counts = Counts(
            samples=before.samples + progress.samples - progress.samples_failed,
            failed=progress.samples_failed,
            unreadable=before.unreadable + progress.unreadable,
            whole=progress.items_done - len(progress.errors),
        )
        seconds = max(time.monotonic() - progress.began, 1e-9)
        rate = progress.samples / seconds or None
        left = (progress.due - progress.samples) / rate if rate else None
        tokens_rate = progress.tokens / seconds or None
        return Standing(batch, run_id(batch.id), asked, counts, rate, tokens_rate, left, place, model)


class _Counted:
    """The store, and the stretch that pages look at; ends the run when every sample fails."""

    def __init__(self, stretch: _Stretch, store: StoreSink) -> None:
        self.stretch, self.store = stretch, store

    def begin(self, session: Session) -> None:
        """Keep the session, once."""
        self.store.begin(session)

    def add(self, arrival: Arrival) -> bool:
        """Keep a sample, whatever crashes after it."""
        self.store.add(arrival)
        sample, stretch = arrival.sample, self.stretch
        if sample is not None:
            stretch.lost = 0 if sample.error is None else stretch.lost + 1
            stretch.reason = sample.error or stretch.reason
            if stretch.lost >= _LOST_MOST:
                raise _Lost(f"{stretch.lost} samples failed one after the other: {sample.error}")
        return True


def run_id(batch_id: str) -> str:
    """The id of a batch's run."""
    return f"batch-{batch_id}"


def asked_of(batch: Batch) -> Asked:
    """How a stored batch is to be judged."""
    stored = json.loads(batch.settings)
    fields = stored["sampling"]
    rule = fields.get("adaptive")
    if rule is not None:
        rule = Rule(rule["risk"], rule["most"], Method(rule["method"]))
    sampling = Sampling(**fields | {"principles": tuple(fields["principles"]), "adaptive": rule})
    return Asked(sampling, stored["meta"], stored.get("model", ""))


def _tasks(
    run: Run,
    k: int,
    examples: Sequence[Example],
    templates: Sequence[Template],
    tags: tuple[str, ...],
    held: dict[str, frozenset[int]],
    opens: bool,
) -> list[Task]:
    """Every item with the samples that its session lacks."""
    due = []
    for example, template in zip(examples, templates, strict=True):
        session = sessions.new_session(run, example, tags)
        have = held.get(session.id, frozenset())
        due.append(Task(resume.plan_of(run, example, template, k, session.id, have, opens), session))
    return due


def _failures(progress: Progress, stretch: _Stretch) -> str:
    """What failed, for a person; '' for nothing."""
    if not progress.failed:
        return ""
    first = next((str(error) for error in progress.errors.values()), stretch.reason)
    return f"{len(progress.errors)} items and {progress.samples_failed} samples failed: {first}"
