"""Judges side by side: only common labelled items, every figure by hand."""

from dataclasses import replace

import pytest

from grm_core.analysis.accuracy import Judged
from grm_core.baselines import pairwise
from grm_core.baselines.poll import poll
from grm_core.benchmarks.comparison import against_first, compare, differences, gains, growth
from grm_core.errors import UsageError
from grm_core.types import Baseline, Example
from tests.make import make_example, make_sample


def example(name: str, labels: tuple[float, ...] | None = (1.0, 0.0)) -> Example:
    return replace(make_example(2), id=name, labels=labels)


def judged(name: str, *scores: tuple[int, int] | None, meta: float | None = None) -> Judged:
    samples = tuple(make_sample(i, each, None if each is None else meta) for i, each in enumerate(scores))
    return Judged(name, "", (1.0, 0.0), samples, example(name))


RIGHT, WRONG = (9, 1), (2, 8)
SMALL = [judged("a", RIGHT, WRONG), judged("b", RIGHT, RIGHT), judged("c", WRONG, None), judged("only", RIGHT, RIGHT)]
LARGE = [judged("c", WRONG), judged("b", RIGHT), judged("a", RIGHT)]


def test_accuracy_over_k_and_tokens_is_that_of_the_common_items() -> None:
    comparison = compare({"small": SMALL, "large": LARGE}, {})
    assert comparison.items == ("a", "b", "c")
    table = {(row.judge, row.k): row for row in growth(comparison).itertuples()}
    # a: one right of two; then 11 : 9 for the right one. c: one of two is unreadable, the other wrong.
    assert table["small", 1].accuracy == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert table["small", 2].accuracy == pytest.approx((1 + 1 + 0) / 3)
    assert table["large", 1].accuracy == pytest.approx(2 / 3)
    assert (table["small", 1].tokens, table["small", 2].tokens, table["large", 1].tokens) == (5, 10, 5)
    assert all(row.low <= row.accuracy <= row.high for row in table.values())


def test_gains_and_differences_are_paired() -> None:
    comparison = compare({"small": SMALL, "large": LARGE}, {})
    (gain,) = gains(comparison).itertuples()
    assert (gain.judge, gain.k, gain.gain) == ("small", 2, pytest.approx(1 / 6))
    table = {(row.this, row.against): row for row in differences(comparison).itertuples()}
    assert set(table) == {
        ("small, naive, k = 2", "large, naive, k = 1"),
        ("large, naive, k = 1", "small, naive, k = 1"),
    }
    against = table["small, naive, k = 2", "large, naive, k = 1"]
    assert (against.difference, against.low, against.high) == (0, 0, 0), "the same on every item"


def test_a_meta_rm_that_read_everything_adds_a_guided_line() -> None:
    comparison = compare({"grm": [judged("a", RIGHT, WRONG, meta=1.0)]}, {})
    assert [each.method for each in comparison.contenders] == ["naive", "guided"]


def test_baselines_stand_beside_with_their_own_totals_and_tokens() -> None:
    rows = [(0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)]
    games = poll(Baseline.PAIRWISE, example("a"), rows, pairwise.strengths, tokens=60)
    heads = poll(Baseline.SCALAR, example("a"), [(0.3, 0.1)], tokens=0)
    old = poll(Baseline.LLM_JUDGE, example("a"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
    comparison = compare({}, {"pairs": [games], "head": [heads], "judge": [old]})
    table = {(row.judge, row.k): row for row in growth(comparison).itertuples()}
    assert table["pairs", 1].accuracy == table["pairs", 2].accuracy == 0.5
    assert (table["pairs", 2].tokens, table["head", 1].tokens) == (60, 0)
    assert table["judge", 3].accuracy == 1
    assert table["judge", 3].tokens != table["judge", 3].tokens, "not known"


def test_nothing_in_common_or_without_a_preference_is_refused() -> None:
    with pytest.raises(UsageError, match="no labelled item in common"):
        compare({"x": [judged("a", RIGHT)], "y": [judged("b", RIGHT)]}, {})
    even = replace(judged("a", RIGHT), labels=(1.0, 1.0), example=example("a", (1.0, 1.0)))
    with pytest.raises(UsageError, match="no labelled item in common"):
        compare({"x": [even]}, {})


def test_numbers_alone_compare_as_their_samples_do() -> None:
    whole = compare({"small": SMALL, "large": LARGE}, {})
    numbers = compare(
        {name: [item.numbers for item in items] for name, items in (("small", SMALL), ("large", LARGE))}, {}
    )
    assert growth(numbers)["accuracy"].tolist() == growth(whole)["accuracy"].tolist()
    assert growth(numbers)["tokens"].isna().all()


def test_every_judge_stands_beside_the_first_with_all_its_samples() -> None:
    first, second = against_first(compare({"large": LARGE, "small": SMALL}, {})).to_dict("records")
    assert first["accuracy"] == pytest.approx(2 / 3)
    assert first["difference"] is None or first["difference"] != first["difference"]
    assert (second["judge"], second["k"], second["k = 1"]) == ("small", 2, pytest.approx(1 / 2))
    assert (second["difference"], second["difference low"], second["difference high"]) == (0, 0, 0)
