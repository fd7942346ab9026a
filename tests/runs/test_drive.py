"""Every item is drawn, read and kept; what fails is told and stops nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core import prompts, shuffling
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.formats.sessions import read_samples
from grm_core.meta_rm import MetaRM, Reading
from grm_core.plan import SamplingPlan
from grm_core.types import Example, Params, Session
from runs import sinks
from runs.drive import Arrival, Local, Progress, Task, drive
from runs.run import Judges, make_run
from runs.settings import Sampling
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import make_example


class Kept:
    """A sink that holds what it gets; it wants `most` samples of an item, and raises `error` instead of a third."""

    def __init__(self, most: int = 1000, error: Exception | None = None) -> None:
        self.most, self.error = most, error
        self.sessions: list[str] = []
        self.arrivals: list[Arrival] = []

    def begin(self, session: Session) -> None:
        """Note the session."""
        if session.id not in self.sessions:
            self.sessions.append(session.id)

    def add(self, arrival: Arrival) -> bool:
        """Note the sample."""
        if self.error is not None and len(self.arrivals) == 2:
            raise self.error
        self.arrivals.append(arrival)
        return len([each for each in self.arrivals if each.example == arrival.example]) < self.most

    def of(self, item_id: str) -> list[int]:
        """The indices of an item's samples."""
        return sorted(each.sample.index for each in self.arrivals if each.sample and each.example.id == item_id)


class Meta:
    """Reads judgments; fails at those of one item."""

    name = "meta"

    def __init__(self, cannot: str = "") -> None:
        self.cannot = cannot

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """The length of each judgment."""
        if any(reading.example.id == self.cannot for reading in readings):
            raise EngineError("the meta RM is out of order")
        return [float(len(reading.text)) for reading in readings]

    async def close(self) -> None:
        """Nothing is held."""


def named(item_id: str, query: str = "Which is better?") -> Example:
    return replace(make_example(2, query), id=item_id)


def examples(count: int = 3) -> list[Example]:
    return [named(f"item-{i}", f"Question {i}?") for i in range(count)]


def task(example: Example, k: int = 4, have: frozenset[int] = frozenset()) -> Task:
    plan = SamplingPlan(example, prompts.load("pointwise"), Params(), k, session_id=f"s-{example.id}", have=have)
    return Task(plan, Session(plan.session_id, "run", example, "title", "now"))


async def driven(
    tasks: list[Task], sink: Kept | sinks.FileSink, engine: FakeEngine | None = None, meta: MetaRM | None = None
) -> tuple[Progress, list[str]]:
    progress, messages = Progress.of(tasks), list[str]()
    await drive(Local(engine or FakeEngine(), meta), tasks, sink, progress, messages.append)
    return progress, messages


async def test_every_missing_sample_is_kept_once_and_no_other() -> None:
    sink = Kept()
    tasks = [task(example, have=frozenset({1})) for example in examples()]
    progress, messages = await driven([*tasks, task(named("whole"), 2, frozenset({0, 1}))], sink)
    assert [sink.of(f"item-{i}") for i in range(3)] == [[0, 2, 3]] * 3
    assert sorted(sink.sessions) == ["s-item-0", "s-item-1", "s-item-2"]
    assert (progress.items_done, progress.items, progress.samples, progress.due) == (4, 4, 9, 9)
    assert (progress.failed, messages) == (False, [])


async def test_errors_are_values_and_stop_nothing_else() -> None:
    one, two, three = examples()
    failing = shuffling.plan(2, 4, 0, two.id)[2].seed
    sink, engine = Kept(), FakeEngine(failing=frozenset({failing}), limit=1200)
    bad, long = named("empty", " "), named("long", "word " * 1500)
    progress, messages = await driven([task(each) for each in (one, bad, two, long, three)], sink, engine)
    assert [sink.of(each.id) for each in (one, two, three)] == [[0, 1, 2, 3]] * 3
    assert set(progress.errors) == {"empty", "long"}
    assert (progress.items_done, progress.samples, progress.samples_failed) == (5, 12, 1)
    assert "s-empty" not in sink.sessions, "what cannot be judged is not kept"
    assert "s-long" in sink.sessions, "what does not fit this model is"
    assert len(messages) == 3
    assert "item 'empty': the query is empty; write what the responses answer" in messages
    assert "item 'item-1': 1 samples failed: the fake server said no" in messages


async def test_every_sample_is_read_by_the_meta_rm() -> None:
    sink = Kept()
    await driven([task(example) for example in examples()], sink, meta=Meta())
    for arrival in sink.arrivals:
        assert arrival.sample is not None
        assert arrival.sample.completion is not None
        assert arrival.sample.meta_logit == len(arrival.sample.completion.text)


async def test_a_file_keeps_no_sample_that_the_meta_rm_could_not_read(tmp_path: Path) -> None:
    run = make_run("r", Judges("fake", "fake-judge", "meta"), Sampling().settled("joint"), [prompts.load("pointwise")])
    file = sinks.begin(tmp_path / "x.jsonl", run)
    progress, messages = await driven([task(example) for example in examples()], file, meta=Meta(cannot="item-1"))
    file.finish(["item-0", "item-1", "item-2"])
    (block,) = read_samples(tmp_path / "x.jsonl")
    assert [(item.item_id, len(item.samples)) for item in block.items] == [("item-0", 4), ("item-1", 0), ("item-2", 4)]
    assert list(progress.errors) == ["item-1"]
    assert messages == ["item 'item-1': the meta RM is out of order"]


async def test_the_store_keeps_a_sample_without_the_logit_that_could_not_be_had(tmp_path: Path) -> None:
    example = examples(1)[0]
    run = make_run("r", Judges("fake", "fake-judge", "meta"), Sampling().settled("joint"), [prompts.load("pointwise")])
    store = Store(tmp_path / "x.db")
    session = Session("s-item-0", "r", example, "title", "now")
    tasks = [Task(task(example).plan, session)]
    progress = Progress.of(tasks)
    await drive(Local(FakeEngine(), Meta("item-0")), tasks, sinks.StoreSink(store, run), progress, print)
    assert store.run("r") == run
    assert [sample.meta_logit for sample in store.samples("s-item-0")] == [None] * 4
    assert not progress.failed
    store.close()


async def test_an_item_that_the_sink_has_enough_of_ends_early_and_frees_the_engine() -> None:
    sink, engine = Kept(most=2), FakeEngine(delay=0.002)
    progress, _ = await driven([task(examples(1)[0], 16)], sink, engine)
    assert (len(sink.arrivals), progress.items_done, engine.closed_early) == (2, 1, 1)


async def test_a_sink_that_refuses_an_item_fails_the_item_and_one_that_breaks_ends_the_run() -> None:
    progress, messages = await driven([task(examples(1)[0])], Kept(error=UsageError("it was deleted")))
    assert messages == ["item 'item-0': it was deleted"]
    assert isinstance(progress.errors["item-0"], GRMError)
    engine = FakeEngine(delay=0.002)
    with pytest.raises(OSError, match="disk full"):
        await driven([task(example, 8) for example in examples()], Kept(error=OSError("disk full")), engine)
    assert engine.closed_early, "nobody draws on for nothing"


async def test_cancelled_it_frees_the_engine_and_leaves_what_arrived() -> None:
    sink, engine = Kept(), FakeEngine(delay=0.01)
    running = asyncio.create_task(driven([task(example, 16) for example in examples()], sink, engine))
    while not sink.arrivals:
        await asyncio.sleep(0.005)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    kept = len(sink.arrivals)
    await asyncio.sleep(0.1)
    assert 0 < kept == len(sink.arrivals) < 48
    assert engine.closed_early == 3
