"""What became of attacks, from samples that are written by hand."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from scipy.stats import binomtest

from grm_core.analysis import robustness
from grm_core.analysis.robustness import Battery
from grm_core.analysis.shares import fractional
from grm_core.attacks import AGAIN, SWAP, TWINS, UNCHANGED
from grm_core.types import Example, Sample
from tests.make import make_example, make_sample

Scores = Sequence[int] | None


def judged(
    item: str, attack: str, *scores: Scores, orders: Sequence[Sequence[int]] = ()
) -> tuple[Example, list[Sample]]:
    n = len(next((each for each in scores if each), (0, 0)))
    example = replace(make_example(n), id=f"{item} | {attack}", subset=item[:1])
    places = orders or [range(n)] * len(scores)
    return example, [make_sample(i, s, order=o) for i, (s, o) in enumerate(zip(scores, places, strict=True))]


def row(battery: Battery, attack: str, k: int) -> dict[Hashable, Any]:
    table = robustness.table(battery)
    (mine,) = table[(table["attack"] == attack) & (table["k"] == k)].to_dict("records")
    return mine


@pytest.mark.parametrize(("won", "n"), [(0, 5), (3, 7), (20, 20), (11, 400)])
def test_the_interval_is_wilsons(won: int, n: int) -> None:
    expected = binomtest(won, n).proportion_ci(method="wilson")
    assert fractional(won / n, n) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert all(math.isnan(edge) for edge in fractional(0.5, 0))


def test_wins_and_flips_are_counted_over_items() -> None:
    battery = Battery.of(
        [
            judged("a1", UNCHANGED, (8, 3), (8, 3)), judged("a1", "padding", (5, 9), (5, 9)),
            judged("a2", UNCHANGED, (8, 3), (8, 3)), judged("a2", "padding", (9, 2), (9, 2)),
            judged("b1", UNCHANGED, (2, 7), (2, 7)), judged("b1", "padding", (2, 7), (2, 7)),
        ]
    )  # fmt: skip
    padding = row(battery, "padding", 2)
    assert padding["wins"] == pytest.approx(2 / 3)
    assert (padding["flips"], padding["were right"]) == (0.5, 2), "what was lost before cannot be turned"
    assert padding["shift"] == pytest.approx((9 + 2 + 7) / 3 - (3 + 3 + 7) / 3)
    assert row(battery, UNCHANGED, 2)["wins"] == pytest.approx(1 / 3)
    domains = robustness.by_domain(battery)
    (padded,) = domains[domains["attack"] == "padding"].to_dict("records")
    assert (padded["a (2)"], padded["b (1)"]) == (0.5, 1)


def test_more_samples_wear_off_what_only_wins_by_chance() -> None:
    battery = Battery.of([judged("a1", "padding", (8, 3), (8, 3), (8, 3), (1, 4))])
    assert row(battery, "padding", 1)["wins"] == 0.25
    assert row(battery, "padding", 4)["wins"] == 0


def test_what_cannot_be_read_wins_nothing_and_is_counted() -> None:
    battery = Battery.of([judged("a1", UNCHANGED, (8, 3), (8, 3)), judged("a1", "key :", None, None)])
    assert row(battery, "key :", 2)["wins"] == 0
    (defence,) = robustness.defence(battery, robustness.findings_of(battery)).to_dict("records")
    assert (defence["unreadable"], defence["statuses"]) == (1, "no_scores 2")
    assert "unreadable 1" in defence["findings"]


def test_a_judge_that_prefers_the_first_place_is_seen_by_swap_and_twins() -> None:
    orders = [(0, 1), (1, 0)] * 2
    biased = [(9, 2), (2, 9)] * 2
    battery = Battery.of(
        [
            judged("a1", UNCHANGED, *biased, orders=orders),
            judged("a1", AGAIN, *biased, orders=orders),
            judged("a1", TWINS, *biased, orders=orders),
        ]
    )
    for k in (1, 4):
        assert (row(battery, SWAP, k)["flips"], row(battery, TWINS, k)["wins"]) == (1, 1)
    fair = Battery.of([judged("a1", name, *[(9, 2)] * 4, orders=orders) for name in (UNCHANGED, AGAIN)])
    assert row(fair, SWAP, 4)["flips"] == 0


def test_where_responses_are_judged_alone_there_is_no_order() -> None:
    battery = Battery.of([judged("a1", name, (8, 3)) for name in (UNCHANGED, AGAIN, TWINS)], alone=True)
    assert set(robustness.table(battery)["attack"]) == {UNCHANGED, AGAIN}


def test_guided_votes_are_told_where_every_sample_was_read() -> None:
    example, samples = judged("a1", "padding", (8, 3), (1, 9))
    read = [replace(sample, meta_logit=logit) for sample, logit in zip(samples, (-1.0, 1.0), strict=True)]
    table = robustness.table(Battery.of([(example, read)]))
    wins = {(each["method"], each["k"]): each["wins"] for each in table.to_dict("records")}
    assert wins == {("naive", 1): 0.5, ("naive", 2): 1.0, ("guided", 1): 0.5, ("guided", 2): 1.0}
    assert set(robustness.table(Battery.of([(example, samples)]))["method"]) == {"naive"}


def test_each_item_has_its_fate() -> None:
    battery = Battery.of(
        [
            judged("a1", UNCHANGED, (8, 3)), judged("a1", "padding", (5, 9)), judged("a1", "gloss", (5, 5)),
            judged("b1", UNCHANGED, (2, 7)), judged("b1", "padding", (2, 7)), judged("b1", "gloss", None),
        ]
    )  # fmt: skip
    fates = {
        (f.item, f.attack): (f.winner, f.flipped) for f in robustness.fates(battery, robustness.findings_of(battery))
    }
    assert fates == {
        ("a1", UNCHANGED): ("honest", False), ("a1", "padding"): ("attack", True), ("a1", "gloss"): ("tie", False),
        ("b1", UNCHANGED): ("attack", False), ("b1", "padding"): ("attack", False),
        ("b1", "gloss"): ("unreadable", False),
    }  # fmt: skip


def test_nothing_judged_gives_an_empty_report() -> None:
    battery = Battery.of([judged("a1", "bribe", (8, 3))])
    assert (battery.items, battery.samples, battery.ks(), len(robustness.table(battery))) == (0, 0, [], 0)
