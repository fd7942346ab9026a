"""The Demo tells what is recorded, leaves out what is not, and its hand-out is safe."""

import json
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
    rows = {
        "a medical question": [(8, 3), (7, 4)],
        "a tie that more samples break": [(2, 9), (9, 3), (9, 3)],
        "a chat of several turns": [(2, 9), (8, 7), (3, 9)],
    }
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
    assert [slide["kind"] for slide in slides] == ["vote", "sample", "grow", "grow", "grow"]
    flips = slides[3]
    assert flips["winners"] == ["B", None, "A"] or flips["winners"] == ["B", "B", "A"]
    assert flips["totals"][-1] == [20, 15]
    assert flips["best"] == "A"
    assert flips["guided"] == "", "no meta RM has read it"
    measured = {"name": "set", "n": 9, "k": [1, 2], "voting": [0.5, 0.75], "low": [0.3, 0.5], "high": [0.7, 0.9]}
    (tmp_path / "none.json").write_text(json.dumps([{**measured, "gain": [0.25, 0.1, 0.4], "guided": []}]))
    over = demo.slides(store)[-2]
    assert over["kind"] == "accuracy"
    assert "n = 9" in over["said"]
    assert "+25.0 points, 95% interval +10.0 to +40.0: more than chance" in over["said"]


def test_the_words_of_a_slide_are_those_of_its_samples(store: Store) -> None:
    grown, flips, stays = (slide for slide in demo.slides(store) if slide["kind"] == "grow")
    assert grown["title"] == "Ask 2 times and add the scores up"
    assert "B gets anything from 3 to 4" in grown["said"]
    assert grown["reasons"] == []
    assert flips["said"].startswith("Sample 1 puts the wrong answer in front, sample 3 the right one")
    assert [(reason["k"], reason["about"]) for reason in flips["reasons"]] == [(1, "B"), (3, "A")]
    assert stays["said"].startswith("2 of 3 samples prefer B, although A is labelled best")
    assert [(reason["k"], reason["about"]) for reason in stays["reasons"]] == [(1, "B"), (2, "B")]


def test_every_curve_is_the_margin_of_the_labelled_best(store: Store) -> None:
    for slide in demo.slides(store):
        if slide["kind"] == "grow":
            assert slide["best"] == "A"
            assert slide["figure"]["layout"]["yaxis"]["title"]["text"] == "margin of A"
            a, b = slide["totals"][-1]
            assert slide["figure"]["data"][0]["y"][-1] == pytest.approx((a - b) / len(slide["totals"]))


def test_the_hand_out_escapes_everything_and_may_run_nothing(store: Store) -> None:
    page = tour.html(demo.slides(store))
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "k = 1: B" in page
    assert page.count("<svg") == 4, "three sessions and accuracy are drawn"
