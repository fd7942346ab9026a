"""Runs that belong to a session, not to a browser tab.

One background thread owns an event loop in which the engine lives and every run samples. Each sample is stored before
anybody sees it; others only look at `snapshot` and at the store, so a reload or a second viewer finds the same run.
"""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from itertools import count as counting
from itertools import islice
from typing import Any, TypeVar

from grm_core import prompts, sampling
from grm_core.analysis.looks import check_level
from grm_core.cards import Card
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.formats.sessions import title
from grm_core.meta_rm import MetaRM
from grm_core.plan import SamplingPlan
from grm_core.types import FOREIGN, Example, Run, Session
from runs.drive import Arrival, Local, Progress, Task, drive
from runs.gate import Gate
from runs.job import SETTLED, Job, Snapshot
from runs.line import Line
from runs.resume import plan_of
from runs.run import Judges, make_run, origin, template_for
from runs.settings import N_MAX_PAGE, Sampling
from runs.sinks import StoreSink
from storage.store import Store

log = logging.getLogger(__name__)
Result = TypeVar("Result")

RUNS_MAX = 64
"""Runs that may be under way at the same time; each keeps up to k requests open."""
LINE_MAX = 500
"""Runs that may wait for their turn."""
_ENDED_MOST = 100
"""Ended runs that are remembered: how they ended is told beside their samples, which the store has."""


class Jobs:
    """All runs of one process."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        meta: MetaRM | None = None,
        card: Card | None = None,
        base: Sampling | None = None,
    ) -> None:
        """`card`: how the engine's model wants to be asked; `base`: what a form of settings begins with."""
        self.store, self.engine, self.meta, self.card = store, engine, meta, card or Card(engine.style)
        self.base = base or Sampling()
        self.gate = Gate()
        self._jobs: dict[str, Job] = {}
        self._line = Line(RUNS_MAX)
        self._beginning = threading.Lock()
        """Held from the look at what runs to the run that is begun."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="runs", daemon=True)
        origin()  # the code is what it is now, whatever happens to its files while this process lives

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where the engine lives."""
        return self._loop

    def start(self) -> None:
        """Start the thread and, in the background, the engine."""
        self._thread.start()
        self.spawn(self._start_engine())

    def submit(self, example: Example, settings: Sampling, owner: str = "") -> str:
        """Begin a run of `owner` and return its session's id. Raises UsageError for what cannot be judged or saved."""
        sampling.check(example, settings.k, N_MAX_PAGE)
        if settings.settle is not None:
            check_level(settings.settle)
        settings = settings.settled(self.card.context)
        template = template_for(example, settings, self.engine.style)
        session_id = uuid.uuid4().hex[:12]
        plan = SamplingPlan(
            example=example,
            template=template,
            params=settings.params,
            k=settings.k,
            seed=settings.seed,
            order=settings.order,
            session_id=session_id,
            principles=settings.principles,
            context=settings.context,
            opens=self.card.opens,
        )
        with self._beginning:
            self._free()
            self._begin(Job(plan, settings, owner=owner))
        return session_id

    def more(self, session_id: str, count: int, owner: str = "") -> None:
        """Sample `count` more for a stored session, as its run was asked; what failed or was stopped comes first.

        Raises UsageError where that cannot be: unknown or running session, other model or template, k beyond 1,024.
        """
        with self._beginning:
            self._more(session_id, count, owner)

    def _more(self, session_id: str, count: int, owner: str) -> None:
        stored, running = self.store.session_and_run(session_id), self._jobs.get(session_id)
        if stored is None:
            raise UsageError("choose a stored session first; then more samples can be drawn for it")
        session, run = stored
        if run.engine == FOREIGN:
            raise UsageError("this session was judged elsewhere and imported; judge its item anew to get more samples")
        if running is not None and running.running:
            raise UsageError("this session is being sampled already; stop it, or wait until it ends")
        self._free()
        before = [sample for sample in self.store.samples(session_id) if sample.error is None]
        held = {sample.index for sample in before}
        total = len(before) + count
        # What a stopped run holds is scattered; the smallest indices that it lacks are drawn, and no others.
        new = set(islice((index for index in counting() if index not in held), count))
        k = max(held | new, default=0) + 1
        sampling.check(session.example, max(k, total), N_MAX_PAGE, blanks=True)
        template, have = prompts.load(run.template), frozenset(range(k)) - new
        plan = plan_of(run, session.example, template, k, session_id, have, self.card.opens)
        if plan.template.hash != run.template_hash:
            raise UsageError(f"the template {run.template} has changed since; score the query anew instead")
        self._begin(Job(plan, None, before, total, owner))

    def _free(self) -> None:
        if self.store.read_only:
            raise UsageError("the database is open for reading only; nothing can be saved from here")
        if len(self._line) >= LINE_MAX:
            raise UsageError(f"{LINE_MAX} runs wait for their turn already; wait until some have ended")

    def _begin(self, job: Job) -> None:
        ended = [session_id for session_id, other in self._jobs.items() if not other.running]
        for session_id in ended[:-_ENDED_MOST]:
            del self._jobs[session_id]
        self._jobs[job.plan.session_id] = job
        self.gate.come()
        self.spawn(self._work(job.plan.session_id))

    def example(self, session_id: str) -> Example | None:
        """The item of a session, from the store or, while its engine still starts, from its run."""
        job = self._jobs.get(session_id)
        # Looked at before the store: what the run stores meanwhile would be in neither.
        pending = job is not None and not job.stored
        stored = self.store.session(session_id)
        if stored is not None:
            return stored.example
        return job.plan.example if job is not None and pending else None  # stored and gone: it was deleted

    def owner(self, session_id: str) -> str:
        """Who asked for the run that is under way, else whose the session is."""
        job = self._jobs.get(session_id)
        return job.owner if job is not None and job.running else self.store.acts.owner(session_id)

    def stop(self, session_id: str) -> None:
        """End a run; what has arrived stays. No such run, or one that has ended: nothing happens."""
        job = self._jobs.get(session_id)
        if job is not None:
            job.stopping = True
            if job.task is not None:
                self._loop.call_soon_threadsafe(job.task.cancel)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """How a run of this process stands; None for a session from the store."""
        job = self._jobs.get(session_id)
        if job is None:
            return None
        snapshot = job.snapshot()
        if snapshot.phase != "queued":
            return snapshot
        place, wait = self._line.place(session_id)
        return replace(snapshot, place=place, wait=wait)

    def running(self) -> dict[str, tuple[Example, Snapshot]]:
        """The runs under way by their sessions' ids: what is judged, and how far each is."""
        under_way = {name: job for name, job in self._jobs.copy().items() if job.running}
        return {name: (job.plan.example, job.snapshot()) for name, job in under_way.items()}

    def close(self) -> None:
        """Stop all runs and the engine; safe to call twice."""
        if not self._thread.is_alive():
            return
        for session_id in list(self._jobs):
            self.stop(session_id)
        self.spawn(self._finish()).result(timeout=60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def spawn(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Do something in the loop of the runs and the engine."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _start_engine(self) -> None:
        try:
            await self.engine.start()
            log.info("engine %s is ready with %s", self.engine.name, self.engine.model)
        except EngineError as error:  # the page shows engine.state(); hf and server are tried again by a run
            log.error("engine %s failed: %s %s", self.engine.name, error, error.hint)

    async def _work(self, session_id: str) -> None:
        job = self._jobs[session_id]
        job.task = asyncio.current_task()
        try:
            if job.stopping:
                raise asyncio.CancelledError
            job.phase = "queued"
            async with self._line.turn(session_id, job.owner):
                await self._take_turn(job)
            job.phase = "done"
        except asyncio.CancelledError:
            job.phase = "stopped"
        except EngineError as error:
            job.phase, job.error = "failed", f"{error}. {error.hint}" if error.hint else str(error)
        except GRMError as error:
            job.phase, job.error = "failed", str(error)
        except Exception:
            job.phase, job.error = "failed", "a fault in GRM Lens itself; its log has the details"
            log.exception("run of session %s", session_id)
        finally:
            self.gate.go()
            job.finish()

    async def _take_turn(self, job: Job) -> None:
        job.phase = "waiting"
        await self.engine.start()
        job.plan = await sampling.fit(self.engine, job.plan)  # a prompt that is too long leaves no empty session
        sink = self._sink(job)
        job.places = sampling.places(job.plan)
        job.phase, job.started = "sampling", time.monotonic()
        await self._sample(job, sink)

    async def _sample(self, job: Job, sink: "_Shown") -> None:
        source = Local(self.engine, self.meta, job.hear, fitted=True)
        tasks = [Task(job.plan, sink.session)]
        progress = Progress.of(tasks)
        await drive(source, tasks, sink, progress, log.info)
        for error in progress.errors.values():
            raise error
        if job.settled is not None:
            self._settled(job.plan.session_id)

    def _settled(self, session_id: str) -> None:
        """Mark the session, so that it does not look interrupted when this process is gone."""
        session = self.store.session(session_id)
        if session is not None:
            self.store.tag(session_id, [*session.tags, SETTLED])

    async def _finish(self) -> None:
        tasks = [job.task for job in self._jobs.copy().values() if job.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.engine.close()
        if self.meta is not None:
            await self.meta.close()

    def _sink(self, job: Job) -> "_Shown":
        """Where the job's samples go. A new session is kept now: a server names its model when it is ready."""
        if job.settings is not None:
            run = self._run(job.plan, job.settings)
            session = Session(job.plan.session_id, run.id, job.plan.example, title(job.plan.example), run.created_at)
            sink = _Shown(job, session, StoreSink(self.store, run))
            sink.begin(session)
            if job.owner:
                self.store.acts.own(session.id, job.owner)
            return sink
        session, run = self._stored(job.plan.session_id)
        return _Shown(job, session, StoreSink(self.store, run, frozenset([session.id])))

    def _stored(self, session_id: str) -> tuple[Session, Run]:
        """A session with its run; UsageError where another model judged it, because a session holds one's samples."""
        stored = self.store.session_and_run(session_id)
        if stored is None or stored[1].model != self.engine.model:
            judged = "a model that is gone" if stored is None else stored[1].model
            raise UsageError(f"{judged} judged this session, {self.engine.model} runs here; score it anew instead")
        return stored

    def _run(self, plan: SamplingPlan, settings: Sampling) -> Run:
        reader = "none" if self.meta is None else self.meta.name or "a server"
        by = Judges(self.engine.name, self.engine.model, reader)
        return make_run(f"run-{plan.session_id}", by, settings, [plan.template], plan.params)


class _Shown:
    """The store, and the job that others watch: a sample is stored before it is shown."""

    def __init__(self, job: Job, session: Session, store: StoreSink) -> None:
        self.job, self.session, self.store = job, session, store

    def begin(self, session: Session) -> None:
        """Keep the session, once."""
        self.store.begin(session)
        self.job.stored = True

    def add(self, arrival: Arrival) -> bool:
        """Keep a sample, whatever crashes after it; False once the verdict is settled."""
        self.store.add(arrival)
        if arrival.sample is not None:
            self.job.arrived(arrival.sample)
        return not self.job.settles()
