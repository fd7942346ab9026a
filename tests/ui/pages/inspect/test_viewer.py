"""What the page is sent: the same numbers as the command line prints, and words for every state."""

import io
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

import app
from grm_core.analysis import audit, critique
from grm_core.embedders import Embedder
from grm_core.engines.base import EngineState
from grm_core.reading.parsing import parse
from grm_core.types import Method, Params, Run, Session
from grm_core.voting import vote
from reports.words import verdict_line
from runs.jobs import Jobs
from storage.store import Store
from storage.transfer import export_store
from tests.fake_engine import FakeEngine
from tests.make import make_example, make_sample
from ui import detail, render
from ui.pages.inspect.dials import Dials
from ui.pages.inspect.viewer import Viewer
from ui.pages.queue import QueuePage
from ui.vectors import Vectors


def fill(store: Store, n: int, k: int, broken: tuple[int, ...] = ()) -> None:
    """One session 's' with k seeded samples."""
    run = Run("r", "2026-01-01T00:00:00+00:00", "fake", "judge", "pointwise", "0" * 16, Params(), k, None, 0)
    store.add_run(run)
    store.add_session(Session("s", "r", make_example(n), "title", "2026-01-01T00:00:00+00:00"))
    rng = random.Random(n)
    for i in range(k):
        scores = None if i in broken else [rng.randint(1, 10) for _ in range(n)]
        store.add_sample(make_sample(i, scores, order=rng.sample(range(n), n)))


@pytest.mark.parametrize(("n", "k"), [(2, 8), (4, 20)])
def test_plot_shows_what_the_command_line_prints_for_the_exported_session(
    n: int, k: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, n, k, broken=(3,))
    view = Viewer(store, Jobs(store, FakeEngine())).over_k("s", Dials(Method.NAIVE))
    assert view is not None
    out = io.StringIO()
    export_store(store, ["s"], out)
    (tmp_path / "samples.jsonl").write_text(out.getvalue())
    store.close()
    assert app.main(["curve", str(tmp_path / "samples.jsonl")]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[0])
    assert view["points"] == printed["points"]
    low, mean = view["plot"]["data"][1], view["plot"]["data"][2]
    assert mean["x"] == [p["k"] for p in printed["points"]]
    assert mean["y"] == [p["margin"] for p in printed["points"]]
    assert low["y"] == [p["low"] for p in printed["points"]]


def test_guided_vote_without_meta_logits_says_why_and_keeps_the_rows(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, 2, 4)
    viewer = Viewer(store, Jobs(store, FakeEngine()))
    voted = viewer.voted("s", Dials(Method.GUIDED))
    assert voted is not None
    assert "none of these samples has a meta logit" in voted["verdict"]
    assert len(viewer.view("s")["rows"]) == 4
    store.close()


def test_one_missing_logit_is_named_as_the_page_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, 2, 0)
    for i in range(4):
        store.add_sample(make_sample(i, (7, 3), None if i == 2 else 0.5))
    voted = Viewer(store, Jobs(store, FakeEngine())).voted("s", Dials(Method.GUIDED))
    assert voted is not None
    assert "sample 3 has no meta logit" in voted["verdict"]
    store.close()


def test_findings_and_curve_follow_when_a_failed_sample_is_drawn_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, 2, 0)
    for i in range(3):
        store.add_sample(make_sample(i, (7, 3)))
    store.add_sample(replace(make_sample(3, None), completion=None, error="the server said no"))
    viewer, dials = Viewer(store, Jobs(store, FakeEngine())), Dials(Method.NAIVE)

    def seen() -> tuple[bool, int]:
        view, curve = viewer.view("s"), viewer.over_k("s", dials)
        assert curve is not None
        return "cast no vote" in json.dumps(view["findings"]), len(curve["points"])

    assert seen() == (True, 3)
    store.add_sample(make_sample(3, (8, 2)))
    assert seen() == (False, 4)
    store.close()


def test_unknown_session_is_said_to_be_missing(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    assert Viewer(store, Jobs(store, FakeEngine())).view("' OR 1=1 --")["missing"]
    store.close()


def test_verdict_sentences() -> None:
    def say(*rows: tuple[int, ...] | None, method: str = "naive") -> str:
        samples = [make_sample(i, row, float(i)) for i, row in enumerate(rows)]
        return verdict_line(vote(samples, method), len(next((row for row in rows if row), (0, 0))))

    assert say((8, 6), (9, 7), (7, 7), (8, 6)) == (
        "Naive vote over 4 samples: Response A wins by 6 (32 to 26), 1.50 per sample. 4 of 4 could be read."
    )
    assert say((5, 5)) == "Naive vote over 1 sample: a tie between A and B at 5. 1 of 1 could be read."
    assert say(None, None) == "No verdict: none of 2 samples could be read."
    assert (
        say((7,), (8,)) == "Naive vote over 2 samples: the response gets 7.50 of 10 on average. 2 of 2 could be read."
    )
    assert "the 1 best by meta RM: Response B wins by 4" in say((9, 1), (2, 6), method="guided")


def test_engine_lines_name_engine_and_model_and_what_to_do() -> None:
    (line,) = render.engine_lines("managed", "m", EngineState("failed", "vLLM ended", "Free some memory."), "")
    assert line == {"kind": "bad", "text": "M on the managed engine: vLLM ended. Free some memory."}
    (line,) = render.engine_lines("managed", "", EngineState("preparing", "downloading the model, 1 of 2 MB"), "")
    assert line == {"kind": "busy", "text": "The managed engine: downloading the model, 1 of 2 MB."}
    (line,) = render.engine_lines("managed", "m", EngineState("ready", "m on vLLM", "The small model judges."), "")
    assert line == {"kind": "ok", "text": "Ready: m on the managed engine. The small model judges."}
    lines = render.engine_lines("managed", "m", EngineState("ready"), "untrained")
    assert [line["kind"] for line in lines] == ["ok", "warn"]


def test_critique_is_cut_out_of_the_raw_text() -> None:
    text = "Principles:\n1. Clear (weight: 60%)\nCritique:\nResponse 1: fine.\nScores: \\boxed{7, 3}"
    assert (
        critique.critique_text(replace(make_sample(0, (7, 3), text=text), parsed=parse(text, 2)))
        == "Response 1: fine."
    )


def test_agreement_and_what_the_filter_does_are_said_in_words(tmp_path: Path) -> None:
    rows = [(8, 3), (7, 7), (2, 9), (9, 1)]
    samples = [make_sample(i, row) for i, row in enumerate(rows)]
    assert render.agreement(samples, vote(samples)) == (
        "2 of 4 voting samples put A first, 1 more put it level with another."
    )
    assert render.agreement(samples[1:2], vote(samples[1:2])) == "", "a tie has no winner to agree with"
    for logits, sentence in (
        ((1, 1, -1, 1), "does not change"),
        ((-1, -1, 2, -1), "flips the verdict: naive voting says A"),
    ):
        store = Store(tmp_path / f"{sentence[:4]}.db")
        fill(store, 2, 0)
        for i, (row, logit) in enumerate(zip(rows, logits, strict=True)):
            store.add_sample(make_sample(i, row, float(logit)))
        voted = Viewer(store, Jobs(store, FakeEngine())).voted("s", Dials(Method.NAIVE))
        assert voted is not None
        assert any(sentence in note for note in voted["notes"]), voted["notes"]
        store.close()


def test_findings_name_samples_by_index_and_quotations_by_the_browsers_offsets() -> None:
    critique = '\U0001f680 Response 1: "number 0" and "never written here".'
    text = f"Principles:\n1. Fact\n2. Form\nCritique:\n{critique}\nScores: \\boxed{{8, 2}}"
    sample = replace(make_sample(5, (8, 2), text=text), parsed=parse(text, 2))
    example = make_example(2)
    findings = render.findings(audit.find(example, [sample]), [sample])
    (finding,) = [each for each in findings if each["kind"] == "quote not found"]
    assert finding["samples"] == [5]
    sent = detail.detail(example, sample)
    seen = sent["critique"].encode("utf-16-le")
    shown = [seen[2 * a : 2 * b].decode("utf-16-le") for a, b in (quote["at"] for quote in sent["quotes"])]
    assert shown == ["number 0", "never written here"]
    assert [(quote["origin"], quote["response"], quote["where"]) for quote in sent["quotes"]] == [
        ("exact", 0, [15, 23]), ("missing", None, None),
    ]  # fmt: skip


def test_reasoning_that_a_server_gave_apart_is_shown_and_nothing_of_it_is_read() -> None:
    text = "Critique:\nResponse 1: right.\nScores: \\boxed{8, 2}"
    bare = replace(make_sample(0, (8, 2), text=text), parsed=parse(text, 2))
    assert bare.completion is not None
    thought = replace(bare, completion=replace(bare.completion, reasoning='First "number 1": \\boxed{1, 9}\n' * 500))
    example = make_example(2)
    sent, plain = detail.detail(example, thought), detail.detail(example, bare)
    assert thought.completion is not None
    assert sent.pop("reasoning") == thought.completion.reasoning
    assert plain.pop("reasoning") is None
    assert sent == plain
    empty = replace(bare, completion=replace(bare.completion, reasoning=""))
    assert detail.detail(example, empty)["reasoning"] is None


def test_a_desk_shows_reasoning_only_after_the_blind_label(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, 1, 0)
    sample = make_sample(0, (8, 2), text="\\boxed{8, 2}")
    assert sample.completion is not None
    store.add_sample(replace(sample, completion=replace(sample.completion, reasoning="I think so.")))
    desk = QueuePage(store, Vectors(Embedder()))
    made = desk.make({"rules": [], "run": "", "tag": "", "overlap": 0, "control": 0, "seed": 0, "title": ""})
    assert "id" in made
    blind = desk.take(made["id"], "ann", -1)
    assert "I think so." not in repr(blind)
    annotation = {"id": "1", "kind": "best", "label": "A", "author": "ann", "queue": made["id"], "session_id": "s"}
    desk.save(annotation | {"created_at": "2026-01-01T00:00:00Z", "note": ""})  # type: ignore[arg-type]
    seen = desk.take(made["id"], "ann", -1)
    assert "samples" in seen
    assert [each["reasoning"] for each in seen["samples"]] == ["I think so."]
    store.close()
