"""The panels of a run whose votes end in nothing, and whose subsets are called anything."""

from dataclasses import replace
from typing import Any

import pytest

from grm_core.analysis.accuracy import Judged
from tests.analysis.test_run_curves import items
from tests.make import make_judged as judged
from tests.make import make_sample
from ui.pages.runs import panels

TIE = tuple(make_sample(i, (5, 5)) for i in range(4))
UNREAD = tuple(make_sample(i, None) for i in range(4))


def shown(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(panel for panel in found if panel["name"] == name)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("samples", [TIE, UNREAD, ()], ids=["ties", "unreadable", "none"])
def test_a_run_without_a_winner_has_its_panels(samples: Any, labelled: bool) -> None:
    given = [replace(item, samples=samples, labels=item.labels if labelled else ()) for item in items(3, 4)]
    found = panels(given, [])
    settled = shown(found, "settled")
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
    found = shown(panels(given, []), "subsets")
    assert [row[0] for row in found["rows"]] == sorted(names), "the table holds the names as they are"
    assert found["figure"]["layout"]["xaxis"]["type"] == "category"
    labels = found["figure"]["data"][0]["x"]
    assert labels == [row[0].replace("<", "&lt;").replace(">", "&gt;") for row in found["rows"]]


def test_votes_are_set_against_their_labels_and_other_rules() -> None:
    items = [judged((9, 1), (8, 2), (3, 7)), judged((2, 6), (1, 9), (4, 5)), judged((6, 5), (6, 5), (1, 10))]
    made = panels(items, [])
    calibration, worth, rules = (shown(made, name) for name in ("calibration", "worth", "rules"))
    assert "3 items with a winner" in calibration["note"]
    assert [row[0] for row in worth["rows"]] == [1, 2]
    assert [row[0] for row in rules["rows"]] == ["sum", "median", "first places", "Borda"]
    assert rules["rows"][1][1] > rules["rows"][0][1]
