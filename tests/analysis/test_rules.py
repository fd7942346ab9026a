"""Ways of adding up: each on scores where they part, and the table's differences."""

import random

import pytest

from grm_core.analysis import rules
from grm_core.voting import vote
from tests.make import make_judged as judged

WILD = judged((6, 5), (6, 5), (1, 10), None)
"""One wild sample outweighs two that agree."""


@pytest.mark.parametrize(
    ("rule", "totals"),
    [("sum", (13, 20)), ("median", (6, 5)), ("first places", (2, 1)), ("Borda", (2, 1))],
)
def test_the_rules_part_where_one_sample_is_wild(rule: str, totals: tuple[float, ...]) -> None:
    assert rules.totals(WILD.samples, rule) == pytest.approx(totals)


def test_equal_scores_share_places_and_ranks() -> None:
    samples = judged((8, 8, 3), (5, 5, 5), labels=(1.0, 0.0, 0.0)).samples
    assert rules.totals(samples, "first places") == pytest.approx((0.5 + 1 / 3, 0.5 + 1 / 3, 1 / 3))
    assert rules.totals(samples, "Borda") == pytest.approx((1.5 + 1, 1.5 + 1, 0 + 1))


def test_without_a_readable_sample_there_are_no_totals() -> None:
    assert rules.totals(judged(None, None).samples, "median") is None


def test_the_sum_is_the_papers_vote() -> None:
    rng = random.Random(4)
    for _ in range(50):
        samples = judged(*[(rng.randint(1, 10), rng.randint(1, 10)) for _ in range(5)]).samples
        assert rules.totals(samples, "sum") == vote(samples).totals


def test_the_table_sets_every_rule_beside_the_sum() -> None:
    items = [WILD, judged((9, 1), (8, 2)), judged((3, 3))]
    table = rules.table(items).set_index("rule")
    assert list(table.index) == list(rules.RULES)
    assert table["accuracy"]["sum"] == pytest.approx(0.5)
    assert table["accuracy"]["median"] == pytest.approx(2.5 / 3)
    assert table["points"]["sum"] == table["points low"]["sum"] == 0
    assert table["points"]["Borda"] == pytest.approx(100 / 3)
    assert table["points low"]["Borda"] <= table["points"]["Borda"] <= table["points high"]["Borda"]
