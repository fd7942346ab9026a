"""Runs belong to their session: they sample in the background, store before they show, and stop when told."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from grm_core import shuffling
from grm_core.cards import Card
from grm_core.errors import EngineError, UsageError
from grm_core.meta_rm import MetaRM, Reading
from grm_core.types import Sample, Session
from runs.job import Job, Snapshot
from runs.jobs import RUNS_MAX, Jobs
from runs.settings import Sampling
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import make_example
from ui import render
from ui.pages.inspect.viewer import Viewer


@contextmanager
def running(path: Path, engine: FakeEngine, meta: MetaRM | None = None, card: Card | None = None) -> Iterator[Jobs]:
    """Jobs on a fresh store, always closed."""
    store = Store(path / "grm.db")
    jobs = Jobs(store, engine, meta, card)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()
        store.close()


def until(jobs: Jobs, session_id: str, met: Callable[[Snapshot], bool], seconds: float = 20) -> Snapshot:
    """Look at a run until the condition is met."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        progress = jobs.snapshot(session_id)
        assert progress is not None
        if met(progress):
            return progress
        time.sleep(0.02)
    raise AssertionError(f"not met after {seconds} s: {progress}")


def ended(progress: Snapshot) -> bool:
    return not progress.running


def test_a_run_ends_with_k_stored_samples(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=6, seed=3))
        progress = until(jobs, session_id, ended)
        assert (progress.phase, progress.done, progress.k) == ("done", 6, 6)
        samples = jobs.store.samples(session_id)
        assert [s.index for s in samples] == list(range(6))
        assert all(s.scores for s in samples)
        session = jobs.store.session(session_id)
        assert session is not None
        run = jobs.store.run(session.run_id)
        assert run is not None
        assert (run.k, run.seed, run.engine, run.model) == (6, 3, "fake", "fake-judge")


def test_what_is_shown_as_done_is_in_the_store(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(delay=0.002)) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=8))
        while (progress := until(jobs, session_id, lambda _: True)).running:
            stored = jobs.store.samples(session_id) if progress.done else []
            assert len(stored) >= progress.done


def test_live_text_is_shown_under_its_sample(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(delay=0.01)) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=3))
        progress = until(jobs, session_id, lambda p: len(p.live) == 3)
        assert set(progress.live) == {0, 1, 2}
        assert all(text.startswith("Principles:") for text in progress.live.values())


def test_stop_keeps_what_arrived_and_frees_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine(delay=0.005)
    with running(tmp_path, engine) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=16))
        until(jobs, session_id, lambda p: p.done >= 2)
        jobs.stop(session_id)
        progress = until(jobs, session_id, ended)
        assert progress.phase == "stopped"
        assert 2 <= len(jobs.store.samples(session_id)) < 16
        assert engine.closed_early == 1


def test_two_runs_sample_at_the_same_time(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(delay=0.01)) as jobs:
        first = jobs.submit(make_example(), Sampling(k=2))
        second = jobs.submit(make_example(query="Another one?"), Sampling(k=2))
        for session_id in (first, second):
            until(jobs, session_id, lambda p: p.phase == "sampling" and bool(p.live))
        assert all(until(jobs, s, ended).phase == "done" for s in (first, second))


def test_a_run_waits_for_the_engine(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(start_seconds=0.3)) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=1))
        assert until(jobs, session_id, lambda _: True).phase == "waiting"
        assert until(jobs, session_id, ended).phase == "done"


def test_an_engine_that_cannot_start_fails_the_run_with_its_hint(tmp_path: Path) -> None:
    error = EngineError("no server answers", hint="Start one.")
    with running(tmp_path, FakeEngine(start_error=error)) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=1))
        progress = until(jobs, session_id, ended)
        assert progress.phase == "failed"
        assert "no server answers" in progress.error
        assert "Start one." in progress.error


def test_a_failed_sample_is_kept_and_the_others_go_on(tmp_path: Path) -> None:
    slots = shuffling.plan(2, 4, 0, make_example().id)
    engine = FakeEngine(failing=frozenset({slots[1].seed}), broken=frozenset({slots[2].seed}))
    with running(tmp_path, engine) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=4, seed=0))
        assert until(jobs, session_id, ended).phase == "done"
        samples = jobs.store.samples(session_id)
        assert len(samples) == 4
        assert [bool(s.scores) for s in samples] == [True, False, False, True]
        assert samples[1].error == "the fake server said no"


@pytest.mark.parametrize("k", [0, -1, 1025, 10**9])
def test_k_out_of_range_is_refused_before_anything_is_asked(tmp_path: Path, k: int) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        with pytest.raises(UsageError, match="1 to 1024"):
            jobs.submit(make_example(), Sampling(k=k))
        assert jobs.store.count_sessions() == 0


def test_a_prompt_beyond_the_context_is_refused_with_token_counts(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(limit=300)) as jobs:
        session_id = jobs.submit(make_example(query="word " * 500), Sampling(k=2))
        progress = until(jobs, session_id, ended)
        assert progress.phase == "failed"
        assert "300" in progress.error
        assert jobs.store.samples(session_id) == []


def test_closing_stops_runs_and_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine(delay=0.05)
    with running(tmp_path, engine) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=4))
        until(jobs, session_id, lambda p: p.phase == "sampling")
    assert engine.state().phase == "closed"


def test_a_run_that_is_stopped_before_it_samples_never_asks_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine(start_seconds=5)
    with running(tmp_path, engine) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=2))
        jobs.stop(session_id)
        assert until(jobs, session_id, ended).phase == "stopped"
        assert jobs.store.samples(session_id) == []


def test_more_runs_than_may_be_under_way_wait_in_line_and_end(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(start_seconds=0.5)) as jobs:
        names = [jobs.submit(make_example(), Sampling(k=1)) for _ in range(RUNS_MAX + 18)]
        last = until(jobs, names[-1], lambda p: p.phase == "queued")
        assert last.place == 18
        assert render.progress_line(last, 0, 1).startswith("Number 18 in line")
        jobs.stop(names[-2])
        assert until(jobs, names[-1], lambda p: p.place != 18).place <= 17
        phases = [until(jobs, name, ended).phase for name in names]
        assert phases == [*["done"] * (RUNS_MAX + 16), "stopped", "done"]


def test_a_line_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.jobs.LINE_MAX", 2)
    with running(tmp_path, FakeEngine(start_seconds=5)) as jobs:
        names = [jobs.submit(make_example(), Sampling(k=1)) for _ in range(RUNS_MAX + 2)]
        until(jobs, names[-1], lambda p: p.phase == "queued")
        with pytest.raises(UsageError, match="wait for their turn already"):
            jobs.submit(make_example(), Sampling(k=1))


def test_a_database_that_another_process_writes_takes_no_run(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine()) as _:
        second = Store(tmp_path / "grm.db")
        jobs = Jobs(second, FakeEngine())
        with pytest.raises(UsageError, match="reading only"):
            jobs.submit(make_example(), Sampling(k=1))
        second.close()


class LikesLateOnes:
    """A meta RM whose logit is the length of the judgment; it fails where the judgment says so."""

    name = "likes-late-ones"

    def __init__(self) -> None:
        self.read = 0

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        self.read += len(readings)
        if self.read == 3:
            raise EngineError("the meta RM is out of order")
        return [float(len(reading.text)) for reading in readings]

    async def close(self) -> None:
        self.closed = True


def test_every_sample_is_read_by_the_meta_rm_before_it_is_shown(tmp_path: Path) -> None:
    meta = LikesLateOnes()
    store = Store(tmp_path / "grm.db")
    jobs = Jobs(store, FakeEngine(), meta)
    jobs.start()
    try:
        session_id = jobs.submit(make_example(), Sampling(k=6))
        assert until(jobs, session_id, ended).phase == "done", "a meta RM that fails once does not end the run"
        samples = store.samples(session_id)
        lacking = [sample for sample in samples if sample.meta_logit is None]
        assert (len(samples), len(lacking), meta.read) == (6, 1, 6)
        for sample in samples:
            assert sample.completion is not None
            assert sample in lacking or sample.meta_logit == len(sample.completion.text)
    finally:
        jobs.close()
        store.close()
    assert meta.closed


def test_a_settled_run_ends_early_and_says_what_it_saved(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine(delay=0.002)) as jobs:
        session_id = jobs.submit(make_example(1 + 1), Sampling(k=200, settle=0.5))
        progress = until(jobs, session_id, ended)
        assert progress.phase == "done"
        assert progress.settled is not None
        assert progress.settled < 0.5
        assert 4 <= progress.done < 200
        assert len(jobs.store.samples(session_id)) == progress.done
        line = render.progress_line(progress, progress.done, 200)
        assert line.startswith(f"Settled after {progress.done} of 200 samples")
        assert f"{200 - progress.done} samples saved." in line
        reopened = Viewer(jobs.store, Jobs(jobs.store, FakeEngine())).view(session_id)
        assert reopened["progress"].startswith(f"Settled after {progress.done} of 200 samples"), "also after a restart"
        full = jobs.submit(make_example(2), Sampling(k=8))
        assert until(jobs, full, ended).settled is None
        with pytest.raises(UsageError, match="between 0 and 1"):
            jobs.submit(make_example(2), Sampling(k=8, settle=0.0))


def test_a_deleted_session_is_gone_and_ended_runs_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.jobs._ENDED_MOST", 1)
    with running(tmp_path, FakeEngine()) as jobs:
        first, second = (jobs.submit(make_example(), Sampling(k=1)) for _ in range(2))
        for session_id in (first, second):
            until(jobs, session_id, ended)
        jobs.store.delete(second)
        assert jobs.example(second) is None
        assert Viewer(jobs.store, jobs).view(second)["missing"]
        third = jobs.submit(make_example(), Sampling(k=1))
        until(jobs, third, ended)
        assert jobs.snapshot(first) is None, "the store has it"
        assert jobs.snapshot(second) is not None, "how the last one ended is still told"


def test_a_named_template_must_show_all_that_is_given(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        for ask, message in (
            (Sampling(template="pointwise-given-principles"), "needs principles"),
            (Sampling(template="pointwise", principles=("Be brief.",)), "does not show principles"),
            (Sampling(template="single"), "shows one response"),
            (Sampling(template="nonsense"), "there is no template"),
        ):
            with pytest.raises(UsageError, match=message):
                jobs.submit(make_example(), ask)
        session_id = jobs.submit(make_example(), Sampling(k=1, template="compact"))
        until(jobs, session_id, ended)
        session = jobs.store.session(session_id)
        assert session is not None
        run = jobs.store.run(session.run_id)
        assert run is not None
        assert run.template == "compact"


class SlowStore(Store):
    """Whoever finds no session in it learns so only after the run has stored one."""

    jobs: Jobs

    def session(self, session_id: str) -> Session | None:
        session = super().session(session_id)
        if session is None:
            until(self.jobs, session_id, lambda _: super(SlowStore, self).session(session_id) is not None)
        return session


def test_a_run_is_stored_while_somebody_looks_for_it(tmp_path: Path) -> None:
    store = SlowStore(tmp_path / "grm.db")
    jobs = store.jobs = Jobs(store, FakeEngine(start_seconds=0.2))
    jobs.start()
    example = make_example()
    session_id = jobs.submit(example, Sampling(k=2))
    assert jobs.example(session_id) == example
    session_id = jobs.submit(example, Sampling(k=2))
    view = Viewer(store, jobs).view(session_id)
    assert not view.get("missing")
    assert view["session"] == session_id
    jobs.close()
    store.close()


def test_two_who_ask_for_more_at_once_begin_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=1))
        until(jobs, session_id, ended)
        jobs.engine.delay = 0.01
        samples = jobs.store.samples

        def slowly(session_id: str) -> list[Sample]:
            time.sleep(0.05)  # all look before one begins
            return samples(session_id)

        monkeypatch.setattr(jobs.store, "samples", slowly)
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(jobs.more, session_id, 3) for _ in range(8)]
        refused = [each.exception() for each in asked]
        assert sum(error is None for error in refused) == 1
        until(jobs, session_id, ended)
        assert len(jobs.store.samples(session_id)) == 4


def test_runs_that_begin_at_the_same_time_all_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_running = Job.running.fget
    assert is_running is not None

    def slowly(job: Job) -> bool:
        time.sleep(0.002)  # another begins while the runs so far are looked through
        return is_running(job)

    monkeypatch.setattr(Job, "running", property(slowly))
    with running(tmp_path, FakeEngine()) as jobs, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(jobs.submit, make_example(), Sampling(k=1)) for _ in range(24)]
        for each in asked:
            until(jobs, each.result(), ended)


def test_a_run_waits_while_another_program_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database._BUSY_S", 0.05)
    with running(tmp_path, FakeEngine(delay=0.005)) as jobs:
        session_id = jobs.submit(make_example(), Sampling(k=8))
        until(jobs, session_id, lambda p: p.done >= 1)
        other = sqlite3.connect(jobs.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        done = len(jobs.store.samples(session_id))
        time.sleep(0.5)
        progress = jobs.snapshot(session_id)
        assert progress is not None
        assert progress.running
        assert len(jobs.store.samples(session_id)) == done
        other.execute("ROLLBACK")
        other.close()
        assert until(jobs, session_id, ended).phase == "done"
        assert [s.index for s in jobs.store.samples(session_id)] == list(range(8))
