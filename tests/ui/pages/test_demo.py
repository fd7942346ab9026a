"""The Demo tells what is recorded, leaves out what is not, and its hand-out is safe."""

from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.reading.parsing import parse
from grm_core.types import Session
from reports import tour
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN
from ui.pages import demo

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "grm.db")
    store.add_run(RUN)
    rows = {"clear win": [(8, 3), (7, 4)], "vote flips between k = 1 and 32": [(2, 9), (9, 3), (9, 3)]}
    for name, scores in rows.items():
        example = make_example(query=f"{name} {HOSTILE}", labels=(1, 0))
        store.add_session(Session(name.replace(" ", "-").replace("=", ""), "run", example, name, "", ("demo", name)))
        for i, pair in enumerate(scores):
            text = f"Principles:\n1. One {HOSTILE}\n2. Two\nCritique:\nfine\nScores: \\boxed{{{pair[0]}, {pair[1]}}}"
            made = make_sample(i, pair, session_id=name.replace(" ", "-").replace("=", ""), text=text)
            store.add_sample(replace(made, parsed=parse(text, 2)))
    yield store
    store.close()


def test_only_what_is_recorded_becomes_a_slide(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "ACCURACY", tmp_path / "none.json")
    slides = demo.slides(store)
    assert [slide["kind"] for slide in slides] == ["vote", "sample", "grow", "grow"]
    flips = slides[-1]
    assert flips["winners"] == ["B", None, "A"] or flips["winners"] == ["B", "B", "A"]
    assert flips["totals"][-1] == [20, 15]
    assert flips["best"] == "A"
    assert flips["guided"] == "", "no meta RM has read it"
    (tmp_path / "none.json").write_text('[{"name": "set", "n": 9, "k": [1, 2], "voting": [0.5, 0.75], "guided": []}]')
    assert [slide["kind"] for slide in demo.slides(store)][-1] == "accuracy"


def test_the_hand_out_escapes_everything_and_may_run_nothing(store: Store) -> None:
    page = tour.html(demo.slides(store))
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "k = 1: B" in page
