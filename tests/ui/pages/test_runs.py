"""The panels of a run whose votes end in nothing, and whose subsets are called anything."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis.accuracy import Judged
from grm_core.types import Session
from storage.store import Store
from tests.analysis.test_run_curves import items
from tests.make import make_example, make_sample
from tests.make import make_judged as judged
from tests.storage.make import RUN
from ui import run_panels
from ui.pages import runs
from ui.run_panels import panels

TIE = tuple(make_sample(i, (5, 5)) for i in range(4))
UNREAD = tuple(make_sample(i, None) for i in range(4))


def shown(every: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(panel for panel in every if panel["name"] == name)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("samples", [TIE, UNREAD, ()], ids=["ties", "unreadable", "none"])
def test_a_run_without_a_winner_has_its_panels(samples: Any, labelled: bool) -> None:
    judged = [replace(item, samples=samples, labels=item.labels if labelled else ()) for item in items(3, 4)]
    shown_panels = panels(judged)
    settled = shown(shown_panels, "settled")
    assert [row[2] for row in settled["rows"]] == [None] * 3, "no k from which on a winner stays"
    assert settled["note"] == (
        ""
        if not samples
        else f"Adaptive k would have drawn {sum(row[3] for row in settled['rows'])} of 12 samples, "
        f"{1 - sum(row[3] for row in settled['rows']) / 12:.0%} fewer."
    )
    assert sum(sum(bar["y"]) for bar in settled["figure"]["data"] if "stays" in bar["name"]) == 0


def test_names_of_subsets_are_words_on_the_axis_and_never_markup() -> None:
    names = ["<a href='https://example.org'>x</a>", "2", "10"]
    given: list[Judged] = [replace(item, subset=name) for item, name in zip(items(3, 4), names, strict=True)]
    found = shown(panels(given), "subsets")
    assert [row[0] for row in found["rows"]] == sorted(names), "the table holds the names as they are"
    assert found["figure"]["layout"]["xaxis"]["type"] == "category"
    labels = found["figure"]["data"][0]["x"]
    assert labels == [row[0].replace("<", "&lt;").replace(">", "&gt;") for row in found["rows"]]


def test_votes_are_set_against_their_labels_and_other_rules() -> None:
    items = [judged((9, 1), (8, 2), (3, 7)), judged((2, 6), (1, 9), (4, 5)), judged((6, 5), (6, 5), (1, 10))]
    made = panels(items)
    calibration, worth, rules = (shown(made, name) for name in ("calibration", "worth", "rules"))
    assert "3 items with a winner" in calibration["note"]
    assert [row[0] for row in worth["rows"]] == [1, 2]
    assert [row[0] for row in rules["rows"]] == ["sum", "median", "first places", "Borda"]
    assert rules["rows"][1][1] > rules["rows"][0][1]


def test_a_run_is_computed_once_and_again_when_its_samples_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "x.db")
    store.add_run(RUN)
    for number in range(3):
        example = replace(make_example(2, labels=(1.0, 0.0)), id=f"item-{number}")
        store.add_session(Session(f"s{number}", "run", example, "", ""))
        for index in range(4):
            store.add_sample(make_sample(index, (5 + index % 3, 6), 0.5, session_id=f"s{number}"))
    made: list[str] = []

    def counted(part: str, work: Any) -> Any:
        def worked(*items: Any) -> Any:
            made.append(part)
            return work(*items)

        return worked

    for part in ("first", "rest"):
        monkeypatch.setitem(run_panels.MADE, part, counted(part, run_panels.MADE[part]))
    page = object.__new__(runs.RunPage)
    page.store = store
    shown = [page.run("run", part) for part in ("first", "rest")]
    assert [page.run("run", part) for part in ("first", "rest")] == shown
    assert made == ["first", "rest"]
    store.set_meta_logit("s0/0", 3.0)
    page.run("run", "rest")
    assert made == ["first", "rest", "rest"]
    assert page.run("none", "first") == {"error": "There is no run none."}
    store.close()
