"""What the page can ask for: the answer, or None for whatever makes no sense."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.reading.parsing import parse
from runs.jobs import Jobs
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import make_sample
from tests.ui.pages.inspect.test_viewer import fill
from ui import detail
from ui.pages.compare import compare
from ui.pages.inspect.answers import Answers
from ui.pages.inspect.viewer import Viewer
from ui.view import calls


@pytest.fixture
def functions(tmp_path: Path) -> Any:
    store = Store(tmp_path / "grm.db")
    fill(store, 2, 4, broken=(3,))
    yield {function.__name__: function for function in calls(Answers(Viewer(store, Jobs(store, FakeEngine()))))}
    store.close()


def test_dials_vote_the_stored_samples(functions: Any) -> None:
    verdict = functions["voted"](["s", "naive", 2, None])
    assert verdict["verdict"].startswith("Naive vote over 2 samples")
    assert verdict["kept"] == [0, 1]
    assert "kept" not in functions["voted"](["s", "naive", None, None])
    assert functions["voted"](["s", "naive", -1, 0])["dials"] == {"k": None, "k_meta": None}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("voted", ["s", "no such method", None, None]), ("voted", ["nobody", "naive", None, None]),
        ("voted", ["s", "naive", "1; DROP TABLE", None]), ("voted", ["s", "naive", True, None]),
        ("voted", {"session": "s"}), ("sample", ["s", 99]), ("sample", ["s", "0"]), ("sample", ["s"]),
        ("sample", None), ("case", 7), ("case", "nobody"), ("document", ["s", "exe"]), ("document", ["nobody", "md"]),
        ("about", ["s", -1]), ("about", ["s", 1.5]), ("differences", ["s", 0, 99]), ("holding", ["s", None]),
    ],
)  # fmt: skip
def test_what_makes_no_sense_gets_none(functions: Any, name: str, arguments: Any) -> None:
    assert functions[name](arguments) is None


def test_a_response_beyond_the_last_has_nothing_said_of_it(functions: Any) -> None:
    assert functions["about"](["s", 7]) == []


def test_equal_words_on_a_response_are_shown_once_most_frequent_first() -> None:
    def written(index: int, words: str, score: int) -> Any:
        text = (
            f"Principles:\n1. A\n2. B\nCritique:\nResponse 1: {words}\nResponse 2: b.\nScores: \\boxed{{{score}, 3}}"
        )
        return replace(make_sample(index, (score, 3), text=text), parsed=parse(text, 2))

    samples = [written(0, "good.", 9), written(1, "bad.", 2), written(2, "bad.", 2), make_sample(3, None)]
    assert [(one["samples"], one["score"]) for one in detail.about(samples, 0)] == [([1, 2], 2), ([0], 9)]
    assert detail.about(samples, 0)[0]["text"] == "Response 1: bad."


def test_a_comparison_names_the_one_setting_that_differs(tmp_path: Path) -> None:
    store = Store(tmp_path / "grm.db")
    fill(store, 2, 4)
    run, session = store.run("r"), store.session("s")
    assert run is not None
    assert session is not None
    store.add_run(replace(run, id="warm", seed=9, params=replace(run.params, temperature=1.0)))
    store.add_session(replace(session, id="t", run_id="warm"))
    comparison = compare(store, "s", "t")
    assert [row["name"] for row in comparison["settings"] if row["differs"]] == ["temperature", "seed"]
    assert comparison["warnings"] == [], "another seed alone is a repetition"
    assert [len(side["rows"]) for side in comparison["sides"]] == [4, 0]
    assert compare(store, "s", "nobody")["error"] == "There is no session nobody."
    store.close()
