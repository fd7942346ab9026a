"""More samples for a stored session: its own plan goes on, gaps first."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from grm_core import shuffling
from grm_core.errors import UsageError
from runs.settings import Sampling
from tests.fake_engine import FakeEngine
from tests.make import make_example
from tests.runs.test_jobs import ended, running, until


def test_more_samples_continue_the_plan_of_the_same_session(tmp_path: Path) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        session_id = jobs.submit(make_example(3), Sampling(k=4, seed=5))
        until(jobs, session_id, ended)
        before = jobs.store.samples(session_id)
        jobs.more(session_id, 3)
        progress = until(jobs, session_id, ended)
        assert (progress.phase, progress.done, progress.k) == ("done", 7, 7)
        samples = jobs.store.samples(session_id)
        assert samples[:4] == before
        plan = shuffling.plan(3, 7, 5, make_example(3).id)
        assert [(s.order, s.seed) for s in samples] == [(slot.order, slot.seed) for slot in plan]


@pytest.mark.parametrize(
    ("kept", "count", "there"),
    [
        ((1, 4, 5), 1, (0, 1, 4, 5)),
        ((1, 4, 5), 4, (0, 1, 2, 3, 4, 5, 6)),
        ((5,), 2, (0, 1, 5)),
        ((), 2, (0, 1)),
    ],
)
def test_more_samples_of_a_stopped_run_fill_its_gaps_first(
    tmp_path: Path, kept: tuple[int, ...], count: int, there: tuple[int, ...]
) -> None:
    with running(tmp_path, FakeEngine()) as jobs:
        session_id = jobs.submit(make_example(3), Sampling(k=6, seed=5))
        until(jobs, session_id, ended)
        before = jobs.store.samples(session_id)
        with closing(sqlite3.connect(jobs.store.path)) as raw:  # samples finish in any order: a stop leaves gaps
            marks = ", ".join("?" * len(kept))
            raw.execute(f'DELETE FROM sample WHERE "index" NOT IN ({marks})', kept)
            raw.commit()
        jobs.more(session_id, count)
        progress = until(jobs, session_id, ended)
        total = len(kept) + count
        assert (progress.phase, progress.done, progress.k, progress.error) == ("done", total, total, "")
        samples = {sample.index: sample for sample in jobs.store.samples(session_id)}
        assert tuple(samples) == tuple(i for i in there if i in samples)
        assert len(samples) == total
        plan = shuffling.plan(3, 9, 5, make_example(3).id)
        assert all(samples[i].seed == plan[i].seed and samples[i].order == plan[i].order for i in samples)
        assert all(samples[i] == before[i] for i in kept)


def test_more_samples_are_refused_where_they_would_not_belong(tmp_path: Path) -> None:
    engine = FakeEngine(delay=0.01)
    with running(tmp_path, engine) as jobs:
        with pytest.raises(UsageError, match="choose a stored session first"):
            jobs.more("nobody", 1)
        session_id = jobs.submit(make_example(), Sampling(k=2))
        until(jobs, session_id, lambda progress: progress.phase == "sampling")
        with pytest.raises(UsageError, match="is being sampled already"):
            jobs.more(session_id, 1)
        until(jobs, session_id, ended)
        with pytest.raises(UsageError, match="k is 1026"):
            jobs.more(session_id, 1024)
        engine.model = "another"
        jobs.more(session_id, 1)
        assert "fake-judge judged this session, another runs here" in until(jobs, session_id, ended).error
        assert len(jobs.store.samples(session_id)) == 2
