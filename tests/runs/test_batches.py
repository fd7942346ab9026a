"""Files of items in the background: one after the other, through kills and pauses, never before a person."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grm_core.analysis.looks import Rule
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from grm_core.meta_rm import MetaRM
from grm_core.types import Example
from runs.batches import Asked, BatchLine, Standing, run_id
from runs.jobs import Jobs
from runs.settings import Sampling
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import make_example
from tests.runs.slow_server import SlowServer

ROOT = Path(__file__).resolve().parents[2]
ASKED = Asked(Sampling(k=8, seed=5))


def items(count: int) -> list[Example]:
    return [
        Example(f"item-{n}", make_example(query=f"Which, {n}? \ud800").query, (f"a {n}", f"b {n}"), (1.0, 0.0))
        for n in range(count)
    ]


@contextmanager
def app(path: Path, engine: Engine, meta: MetaRM | None = None) -> Iterator[BatchLine]:
    store = Store(path)
    jobs = Jobs(store, engine, meta)
    jobs.start()
    line = BatchLine(jobs)
    line.start()
    try:
        yield line
    finally:
        line.close()
        jobs.close()
        store.close()


def until(line: BatchLine, batch_id: str, met: Callable[[Standing], bool], seconds: float = 60) -> Standing:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        standing = next(each for each in line.standing() if each.batch.id == batch_id)
        if met(standing):
            return standing
        time.sleep(0.02)
    raise AssertionError(f"not met after {seconds} s: {standing}")


def phase(*names: str) -> Callable[[Standing], bool]:
    return lambda standing: standing.batch.phase in names


def texts(store: Store, batch_id: str) -> dict[tuple[str, int], str]:
    """Item and index of every sample of a batch -> what was written."""
    found = {}
    for session in store.newest_of_runs([run_id(batch_id)], 1000):
        for sample in store.samples(session.id):
            assert sample.completion is not None
            found[session.example.id, sample.index] = sample.completion.text
    return found


def whole(tmp_path: Path, count: int) -> dict[tuple[str, int], str]:
    with app(tmp_path / "whole.db", FakeEngine()) as line:
        batch = line.submit("f", items(count), ASKED)
        until(line, batch, phase("done"))
        return texts(line.store, batch)


def test_a_file_is_judged_to_its_end_and_every_session_names_its_run(tmp_path: Path) -> None:
    with app(tmp_path / "x.db", FakeEngine()) as line:
        batch = line.submit("prompts.csv", items(12), ASKED, ("pairs",))
        ended = until(line, batch, phase("done"))
        assert ended.counts == (96, 0, 0, 12)
        assert (ended.batch.error, ended.batch.size, ended.batch.title) == ("", 12, "prompts.csv")
        run = line.store.run(ended.run_id)
        assert run is not None
        assert (run.k, run.seed, run.model) == (8, 5, "fake-judge")
        (kept,) = {session.tags for session in line.store.newest_of_runs([run.id], 99)}
        assert kept == ("pairs",)
        assert [each.example for each in line.store.newest_of_runs([run.id], 99)][::-1] == items(12)


def test_pause_resume_and_cancel_lose_nothing_and_change_no_sample(tmp_path: Path) -> None:
    expected = whole(tmp_path, 6)
    with app(tmp_path / "x.db", FakeEngine(delay=0.002)) as line:
        batch = line.submit("f", items(6), ASKED)
        until(line, batch, lambda each: each.counts.samples >= 5)
        line.pause(batch)
        before = until(line, batch, lambda each: each.batch.phase == "paused" and each.rate is None)
        assert 5 <= before.counts.samples < 48
        line.resume(batch)
        until(line, batch, phase("done"))
        assert texts(line.store, batch) == expected
        other = line.submit("g", items(6), ASKED)
        until(line, other, lambda each: each.counts.samples >= 3)
        line.cancel(other)
        gone = until(line, other, lambda each: each.batch.phase == "cancelled" and each.rate is None)
        assert len(texts(line.store, other)) == gone.counts.samples
        with pytest.raises(UsageError, match="any more"):
            line.resume(other)
        line.remove(other)
        assert [each.batch.id for each in line.standing()] == [batch]


def test_items_end_early_with_the_first_samples_of_the_whole_run_also_through_a_pause(tmp_path: Path) -> None:
    rule = Rule(0.2, 24)
    asked = Asked(Sampling(k=24, seed=5, adaptive=rule))
    with app(tmp_path / "all.db", FakeEngine()) as line:
        full = line.submit("f", items(8), Asked(Sampling(k=24, seed=5)))
        until(line, full, phase("done"))
        every = texts(line.store, full)
        batch = line.submit("f", items(8), asked)
        ended = until(line, batch, phase("done"))
        expected = texts(line.store, batch)
        assert (ended.counts.samples, ended.counts.whole) == (len(expected), 8)
        run = line.store.run(ended.run_id)
        assert run is not None
        assert run.extra["adaptive"] == {"risk": 0.2, "method": "naive"}
        assert {session.tags for session in line.store.newest_of_runs([run.id], 99)} == {("settled",)}
    drawn = {item.id: sorted(index for name, index in expected if name == item.id) for item in items(8)}
    assert all(indices == list(range(len(indices))) for indices in drawn.values())
    assert {len(indices) for indices in drawn.values()} <= {*rule.looks, 24}
    assert len(expected) < len(every)
    assert expected.items() <= every.items()
    with app(tmp_path / "paused.db", FakeEngine(delay=0.001)) as line:
        batch = line.submit("f", items(8), asked)
        until(line, batch, lambda each: each.counts.samples >= 5)
        line.pause(batch)
        until(line, batch, lambda each: each.batch.phase == "paused" and each.rate is None)
        line.resume(batch)
        until(line, batch, phase("done"))
        assert texts(line.store, batch) == expected


def test_batches_wait_in_a_line_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    with app(tmp_path / "x.db", FakeEngine(delay=0.001)) as line:
        first, second, third = (line.submit(name, items(2), ASKED) for name in "abc")
        standing = {each.batch.id: each for each in line.standing()}
        assert [standing[name].place for name in (second, third)] in ([1, 2], [2, 3])
        until(line, third, phase("done"))
        sessions = line.store.newest_of_runs([run_id(name) for name in (first, second, third)], 99)
        seen = [line.store.sample(f"{session.id}/7") for session in sessions]
        assert all(seen)
        assert {each.batch.phase for each in line.standing()} == {"done"}


def serve(path: Path) -> None:
    """What the killed process runs."""
    with app(path, FakeEngine(delay=0.003)) as line:
        line.submit("f", items(6), ASKED)
        while True:
            print(line.standing()[0].counts.samples, flush=True)
            time.sleep(0.02)


@pytest.mark.slow
def test_a_process_that_is_killed_twice_ends_with_the_same_samples(tmp_path: Path) -> None:
    expected, path = whole(tmp_path, 6), tmp_path / "x.db"
    code = "import sys, pathlib; from tests.runs.test_batches import serve; serve(pathlib.Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while int(process.stdout.readline()) < 10:
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with app(path, FakeEngine(delay=0.003)) as line:  # and once more, less rudely
        (left,) = line.standing()
        assert left.batch.phase == "running"
        until(line, left.batch.id, lambda each: each.counts.samples >= 20)
    with app(path, FakeEngine()) as line:
        until(line, left.batch.id, phase("done"))
        assert texts(line.store, left.batch.id) == expected


def test_another_model_does_not_go_on_with_a_batch_which_waits_for_its_own(tmp_path: Path) -> None:
    with app(tmp_path / "x.db", FakeEngine(delay=0.002)) as line:
        batch = line.submit("f", items(6), ASKED)
        until(line, batch, lambda each: each.counts.samples >= 3)
    other = FakeEngine()
    other.model = "another"
    with app(tmp_path / "x.db", other) as line:
        waiting = until(line, batch, lambda each: each.held != "")
        assert (waiting.batch.phase, waiting.place, waiting.model) == ("waiting", 0, "fake-judge")
        words = "the fake engine does not serve the model 'fake-judge'; it serves: another"
        assert waiting.held == f"It waits for its model: {words}."
        until(line, line.submit("g", items(2), ASKED), phase("done"))
    with app(tmp_path / "x.db", FakeEngine()) as line:
        until(line, batch, phase("done"))
        assert texts(line.store, batch) == whole(tmp_path, 6)


def test_failed_samples_are_told_and_asked_again(tmp_path: Path) -> None:
    engine = FakeEngine()
    with app(tmp_path / "y.db", engine) as line:
        until(line, line.submit("f", items(3), ASKED), phase("done"))
        samples = (line.store.samples(session_id)[6] for session_id in line.store.session_ids())
        engine.failing = frozenset(sample.seed for sample in samples)
    with app(tmp_path / "x.db", engine) as line:
        batch = line.submit("f", items(3), ASKED)
        ended = until(line, batch, phase("done"))
        assert ended.counts[:2] == (21, 3)
        assert ended.batch.error == "0 items and 3 samples failed: the fake server said no"
        engine.failing = frozenset()
        line.resume(batch)
        until(line, batch, lambda each: each.batch.phase == "done" and each.counts == (24, 0, 0, 3))


def test_an_engine_that_is_gone_ends_the_batch_not_all_its_items(tmp_path: Path) -> None:
    engine = SlowServer(16, 0.001)
    engine.broken_down = True
    with app(tmp_path / "x.db", engine) as line:
        batch = line.submit("f", items(30), ASKED)
        ended = until(line, batch, phase("failed"))
        assert "32 samples failed one after the other: the server is gone" in ended.batch.error


@pytest.mark.alone
@pytest.mark.parametrize("places", [2, 8, 64])
def test_a_person_waits_at_most_twice_as_long_as_on_an_idle_server(places: int, tmp_path: Path) -> None:
    """In rounds of the server, so that a busy machine changes nothing of it."""
    engine = SlowServer(places, 0.1)
    with app(tmp_path / "x.db", engine) as line:

        def score() -> float:
            began = time.monotonic()
            session = line.jobs.submit(make_example(query=f"{time.monotonic()}"), Sampling(k=8))
            while (snapshot := line.jobs.snapshot(session)) is None or snapshot.running:
                time.sleep(0.005)
            assert snapshot.phase == "done"
            return time.monotonic() - began

        idle = statistics.median(score() for _ in range(3))
        batch = line.submit("f", items(100), ASKED)
        until(line, batch, lambda each: each.counts.samples >= 60)
        times = []
        for _ in range(5):
            times.append(score())
            before = line.standing()[0].counts.samples
            until(line, batch, lambda each, before=before: each.counts.samples > before)
        assert line.standing()[0].batch.phase == "running"
        line.cancel(batch)
        print(places, idle, times, engine.most, line.jobs.gate.width)
        assert statistics.median(times) <= 2 * idle
