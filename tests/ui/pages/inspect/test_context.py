"""One response at a time on the page: chosen, kept, grown, and told."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core import contexts, sampling, shuffling
from grm_core.cards import Card
from grm_core.engines.replay import ReplayEngine
from grm_core.errors import UsageError
from grm_core.self_meta import OwnMetaRM
from reports.session import make, markdown
from runs.jobs import Jobs
from runs.settings import Sampling
from storage.store import Store
from storage.transfer import export_store
from tests.fake_engine import FakeEngine
from tests.make import make_example
from tests.runs.test_jobs import ended, running, until
from tests.ui.pages.inspect.test_form import given
from ui.pages.compare import compare
from ui.pages.inspect import lab
from ui.pages.inspect.answers import Answers
from ui.pages.inspect.dials import Dials
from ui.pages.inspect.form import read_form
from ui.pages.inspect.viewer import Viewer

SINGLE = Card("compact", "single", True)


def judge(path: Path, engine: FakeEngine, card: Card | None = None, own: bool = False) -> AbstractContextManager[Jobs]:
    """Jobs of a model with this card; `own`: it is its own meta RM."""
    engine.style = "compact"
    return running(path, engine, OwnMetaRM(engine) if own else None, card)


@pytest.mark.parametrize(
    ("card", "setting", "context"),
    [(SINGLE, "", "single"), (SINGLE, "joint", "joint"), (None, "", "joint"), (None, "single", "single")],
)
def test_the_card_decides_unless_the_person_does(
    tmp_path: Path, card: Card | None, setting: str, context: str
) -> None:
    with judge(tmp_path, FakeEngine(), card) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=2, context=setting))
        assert until(jobs, session_id, ended).phase == "done"
        run = jobs.store.run(f"run-{session_id}")
        assert run is not None
        assert (run.context, run.order) == (context, "own" if context == "single" else "random")
        assert all(sample.scores for sample in jobs.store.samples(session_id))


def test_more_samples_keep_the_context_of_the_session(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(), SINGLE) as jobs:
        session_id = jobs.submit(make_example(3), Sampling(k=2, principles=("Is it true?",)))
        until(jobs, session_id, ended)
        jobs.card = replace(SINGLE, context="joint")  # a new default is no reason to mix
        jobs.more(session_id, 3)
        assert until(jobs, session_id, ended).done == 5
        samples = jobs.store.samples(session_id)
        plan = shuffling.plan(3, 5, 0, make_example(3).id, shuffling.OWN)
        assert [(s.order, s.seed) for s in samples] == [(slot.order, slot.seed) for slot in plan]
        assert all(s.completion and contexts.read(s.completion.text, 3) == s.parsed for s in samples)


def test_live_text_tells_principles_before_critiques(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(delay=0.004), SINGLE) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=2))
        seen: list[str] = []

        def looked(progress: object) -> bool:
            snapshot = jobs.snapshot(session_id)
            seen.append(snapshot.live.get(0, "") if snapshot else "")
            return snapshot is not None and ended(snapshot)

        until(jobs, session_id, looked)
        longest = max(seen, key=len)
        places = [longest.find(word) for word in ("Principles:", "Critique:", "Response 1:", "Response 2:")]
        there = [place for place in places if place >= 0]
        assert len(there) >= 3
        assert there == sorted(there)
        samples = jobs.store.samples(session_id)
        assert [s.request_key for s in samples] == [
            sampling.request_key(make_example(2).id, (0, 1), s.seed) for s in samples
        ]


def test_a_stopped_run_keeps_what_it_has_and_its_context(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(delay=0.02), SINGLE) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=8))
        until(jobs, session_id, lambda progress: progress.done >= 1)
        jobs.stop(session_id)
        assert until(jobs, session_id, ended).phase == "stopped"
        kept = jobs.store.samples(session_id)
        assert 1 <= len(kept) < 8
        assert {sample.order for sample in kept} == {(0, 1)}


def test_the_page_says_that_no_order_bias_can_arise(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(), SINGLE) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=9))
        until(jobs, session_id, ended)
        viewer = Viewer(jobs.store, jobs)
        view = viewer.view(session_id)
        assert view["alone"]
        assert "one response at a time: no order bias can arise" in view["origin"]
        assert "position bias" not in {finding["kind"] for finding in view["findings"]}
        panels = {panel["name"]: panel for panel in Answers(viewer).panels(session_id, None, None)}
        assert panels["position"]["figure"] is None
        assert "No order bias can arise" in panels["position"]["note"]
        together = lab.panels(make_example(2), jobs.store.samples(session_id), Dials())
        assert "Too few samples" in {panel["name"]: panel for panel in together}["position"]["note"]
        session, run = jobs.store.session(session_id), jobs.store.run(f"run-{session_id}")
        assert session is not None
        assert "no order bias can arise" in markdown(make(session, run, jobs.store.samples(session_id)))


def test_two_sessions_are_told_apart_by_context(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(), SINGLE) as jobs:
        sessions = [jobs.submit(make_example(2), Sampling(k=1, context=context)) for context in ("joint", "single")]
        for session_id in sessions:
            until(jobs, session_id, ended)
        settings = {row["name"]: row for row in compare(jobs.store, *sessions)["settings"]}
        assert settings["context"]["values"] == ["joint", "single"]
        assert settings["context"]["differs"]


def test_the_grm_reads_its_own_samples_on_the_page(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(yes=lambda judgment: 0.9), SINGLE, own=True) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=3))
        until(jobs, session_id, ended)
        assert all(s.meta_logit == pytest.approx(2.197, abs=0.001) for s in jobs.store.samples(session_id))
        run = jobs.store.run(f"run-{session_id}")
        assert run is not None
        assert run.versions["meta RM"] == "self"


def test_the_form_knows_two_ways_to_judge() -> None:
    assert read_form(given(context="single"))[1].context == "single"
    with pytest.raises(UsageError, match="judge together or one at a time"):
        read_form(given(context="both"))


def test_a_template_for_judging_together_is_refused_before_the_run(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(), SINGLE) as jobs, pytest.raises(UsageError, match="judges together"):
        jobs.submit(make_example(2), Sampling(template="verdict"))


def test_a_recording_of_single_samples_is_replayed_with_its_text(tmp_path: Path) -> None:
    with judge(tmp_path, FakeEngine(), SINGLE) as jobs:
        session_id = jobs.submit(make_example(2), Sampling(k=3))
        until(jobs, session_id, ended)
        recorded = jobs.store.samples(session_id)
        with (tmp_path / "recorded.jsonl").open("w") as out:
            export_store(jobs.store, [session_id], out)
    (tmp_path / "again").mkdir()
    replay = ReplayEngine(tmp_path / "recorded.jsonl", "at-once")
    store = Store(tmp_path / "again" / "grm.db")
    jobs = Jobs(store, replay, card=SINGLE)
    jobs.start()
    try:
        session_id = jobs.submit(make_example(2), Sampling(k=3, template="compact"))
        assert until(jobs, session_id, ended).error == ""
        samples = store.samples(session_id)
        assert [(s.parsed, s.completion) for s in samples] == [(s.parsed, s.completion) for s in recorded]
    finally:
        jobs.close()
        store.close()
