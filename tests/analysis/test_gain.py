"""The three parts of the gain: what each is on items worked out by hand, and that they sum to it."""

import random

import pytest

from grm_core import outcome
from grm_core.analysis import accuracy, gain
from grm_core.analysis.accuracy import Judged
from grm_core.outcome import Tie
from tests.make import make_judged as judged


@pytest.mark.parametrize(
    ("item", "half", "strict"),
    [
        (judged((9, 5), (9, 5), (5, 9), (7, 7)), (0.125, 0.25, 0.0), (0.25, 0.25, 0.0)),
        (judged((5, 9), (5, 9), (9, 5)), (0.0, 0.0, -1 / 3), (0.0, 0.0, -1 / 3)),
        (judged((9, 5), (5, 9)), (0.0, 0.25, -0.25), (0.0, 0.0, -0.5)),
        (judged((9, 5), None), (0.0, 0.5, 0.0), (0.0, 0.5, 0.0)),
        (judged((7, 7), (7, 7)), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        (judged((8, 8, 3), (8, 5, 3), labels=(1.0, 0.0, 0.0)), (0.25, 0.0, 0.0), (0.5, 0.0, 0.0)),
        (judged(None, None), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ],
)
def test_a_sample_goes_to_the_kind_that_it_was_alone(
    item: Judged, half: tuple[float, ...], strict: tuple[float, ...]
) -> None:
    for ties, expected in ((Tie.HALF, half), (Tie.STRICT, strict)):
        shares = gain.split([item], ties)
        assert [shares[kind][0] for kind in gain.KINDS] == pytest.approx(expected)


def test_the_three_sum_to_the_gain_under_each_policy() -> None:
    rng = random.Random(3)
    items = []
    for _ in range(40):
        n = rng.choice((2, 3, 4))
        scores = [tuple(rng.randint(5, 8) for _ in range(n)) if rng.random() < 0.9 else None for _ in range(8)]
        items.append(judged(*scores, labels=(1.0, *[0.0] * (n - 1))))
    single, voted = accuracy.at_k(items, 1), accuracy.at_k(items, 8)
    assert sum(gain.split(items).values()) == pytest.approx(voted - single), "the plot and the split tell one gain"
    strict = gain.split(items, Tie.STRICT)
    for place, item in enumerate(items):
        alone = [outcome.credit(s.scores, item.labels, Tie.STRICT) or 0.0 for s in item.samples]
        valid = [s.scores for s in item.samples if s.scores is not None]
        totals = [sum(column) for column in zip(*valid, strict=True)] if valid else None
        credit = outcome.credit(totals, item.labels, Tie.STRICT) or 0.0
        assert sum(strict[kind][place] for kind in gain.KINDS) == pytest.approx(credit - sum(alone) / len(alone))


def test_the_table_has_intervals_and_the_whole_gain_last() -> None:
    table = gain.table([judged((9, 5), (9, 5), (5, 9)), judged((9, 5), (7, 7), (5, 9))])
    assert list(table["kind"]) == [*gain.KINDS, "gain"] * 2
    half = table[table["ties"] == "half"].set_index("kind")["points"]
    assert half["gain"] == pytest.approx(half[list(gain.KINDS)].sum())
    assert (table["low"] <= table["points"] + 1e-9).all()
