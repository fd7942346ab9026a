"""What lies behind a headline, on items whose answer is known."""

from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.benchmarks import named
from grm_core.benchmarks.breakdown import cost, study
from grm_core.benchmarks.scoring import load
from grm_core.errors import UsageError
from tests.benchmarks.make import jsonl, made, one_each
from tests.make import make_sample


def pairs(folder: Path) -> Path:
    """Right is the longer response in p0 and p1, the shorter one in p2; p3 has equal lengths."""
    texts = [
        ("long enough", "short", "a"),
        ("long enough", "short", "a"),
        ("long enough", "short", "b"),
        ("ab", "cd", "a"),
    ]
    return jsonl(
        folder / "pairs.jsonl",
        [
            {"id": f"p{i}", "source": "x" if i < 2 else "y", "prompt": "Q", "a": a, "b": b, "gold": gold}
            for i, (a, b, gold) in enumerate(texts)
        ],
    )


SAMPLES = {
    "p0": [make_sample(0, (9, 1), 1.0), make_sample(1, (9, 1), 0.0)],
    "p1": [make_sample(0, (9, 1), 1.0), make_sample(1, (1, 9), 0.0)],
    "p2": [make_sample(0, (9, 1), 0.0), make_sample(1, (2, 9), 1.0)],
    "p3": [make_sample(0, (4, 5), 0.0), make_sample(1, None, None)],
}


def test_the_headline_grows_with_the_first_k_samples_by_every_method(tmp_path: Path) -> None:
    data = pairs(tmp_path)
    tables = study(made("pairs", data, SAMPLES, "half"), load(named("pairs"), data), SAMPLES)
    table = {(row.method, row.k): row.headline for row in tables.headlines.itertuples()}
    # k = 1: p0 and p1 right, p2 wrong, p3 wrong; k = 2 naive: p1 ties, p2 11:10 for the wrong one.
    assert table["naive", 1] == 2 / 4
    assert table["naive", 2] == (1 + 0.5 + 0 + 0) / 4
    # The meta RM keeps one of two: p1's first, p2's second.
    assert table["guided", 2] == (1 + 1 + 1 + 0) / 4
    curve = {(row.method, row.k): row.mean for row in tables.growth.itertuples()}
    assert curve["naive", 1] == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)
    assert set(tables.growth["n"]) == {4}


def test_bias_by_length_and_domain_counts_items_by_hand(tmp_path: Path) -> None:
    data = pairs(tmp_path)
    tables = study(made("pairs", data, SAMPLES, "half"), load(named("pairs"), data), SAMPLES)
    lengths = {row[1]: row[2:4] for row in tables.lengths.itertuples()}
    assert lengths == {"longest": (2, 0.75), "shortest": (1, 0.0), "between": (1, 0.0)}
    domains = tables.domains.set_index("subset")
    assert domains.loc["x", "accuracy"] == 0.75
    assert domains.loc["x", "difference"] == 0.75
    assert domains.loc["x", "difference low"] <= 0.75 <= domains.loc["x", "difference high"]
    assert (tables.lengths["low"] <= tables.lengths["accuracy"]).all()


def test_cost_adds_what_models_wrote(tmp_path: Path) -> None:
    failed = replace(make_sample(2, None), completion=None, error="no answer")
    table = cost([[make_sample(0, (9, 1)), failed], [make_sample(0, (9, 1))]]).set_index("what")
    assert table.loc["prompt tokens"].tolist() == [20, 10, 10]
    assert table.loc["seconds"].tolist() == [1.0, 0.5, 0.5]
    assert len(cost([])) == 0


def test_single_samples_and_single_responses_have_no_curve(tmp_path: Path) -> None:
    data = pairs(tmp_path)
    samples = one_each({"p0": (9, 1)})
    tables = study(made("pairs", data, samples), load(named("pairs"), data), samples)
    assert (len(tables.growth), len(tables.headlines)) == (0, 0)
    assert len(tables.domains) == 1


def test_samples_that_do_not_belong_to_the_data_are_refused(tmp_path: Path) -> None:
    data = pairs(tmp_path)
    with pytest.raises(UsageError, match="samples of 2 items that the data do not hold, the first is 'q1'"):
        made("pairs", data, one_each({"p0": (9, 1), "q1": (9, 1), "q2": (9, 1)}))
    with pytest.raises(UsageError, match="item 'p0' has 2 responses, its samples score 3"):
        made("pairs", data, one_each({"p0": (9, 1, 2)}))
    with pytest.raises(UsageError, match="item 'p0': sample 0 has no meta logit"):
        made("pairs", data, one_each({"p0": (9, 1)}), method="guided")
    with pytest.raises(UsageError, match="there is nothing to report"):
        made("pairs", data, {})
