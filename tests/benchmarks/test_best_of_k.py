"""PPE's best-of-K: against all subsets one by one, and from official files to the headline."""

from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from grm_core.benchmarks.ppe_best_of_k import best_of
from tests.benchmarks.make import jsonl, made, one_each


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_mean_over_all_subsets(seed: int) -> None:
    draw = Random(seed)
    scores = [draw.randint(1, 4) for _ in range(7)]
    right = [float(draw.random() < 0.5) for _ in range(7)]
    for k in range(1, 8):
        shares, strict = [], []
        for subset in combinations(range(7), k):
            top = max(scores[i] for i in subset)
            leaders = [i for i in subset if scores[i] == top]
            shares.append(sum(right[i] for i in leaders) / len(leaders))
            strict.append(right[leaders[0]] if len(leaders) == 1 else 0.0)
        assert best_of(scores, right, k) == pytest.approx(sum(shares) / len(shares))
        assert best_of(scores, right, k, strict=True) == pytest.approx(sum(strict) / len(strict))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    def record(name: int, right: list[bool]) -> dict[str, Any]:
        texts = {f"response_{i}": f"answer {i}" for i in range(1, len(right) + 1)}
        return {"question_id": name, "model_name": "m", "prompt": "1+1?", "scores": right, "mean_score": 0.5} | texts

    jsonl(tmp_path / "PPE-GPQA-Best-of-K" / "train.jsonl", [record(1, [True, False]), record(2, [False, False])])
    jsonl(tmp_path / "PPE-MATH-Best-of-K" / "train.jsonl", [record(1, [False, True, True])])
    return tmp_path


SCORES = {
    "GPQA/1/m/0": (9,), "GPQA/1/m/1": (4,), "GPQA/2/m/0": (5,), "GPQA/2/m/1": (5,),
    "MATH/1/m/0": (7,), "MATH/1/m/1": (7,), "MATH/1/m/2": None,
}  # fmt: skip


def test_the_headline_is_the_mean_of_sets_with_all_responses(data: Path) -> None:
    report = made("ppe-best-of-k", data, one_each(SCORES))
    table = {(line.name, line.metric): (line.items, line.value) for line in report.result.table}
    assert table["GPQA", "best of 1"] == (2, 1 / 4)
    assert table["GPQA", "best of 2"] == (2, 1 / 2)
    assert table["GPQA", "any right"] == (2, 1 / 2)
    # Unreadable is the worst, and wrong where it is alone: 7 and 7 tie, one of them is right.
    assert table["MATH", "best of 1"] == (1, pytest.approx(1 / 3))
    assert table["MATH", "best of 2"] == (1, pytest.approx((1 / 2 + 0 + 1) / 3))
    assert report.result.headline == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert report.result.missing == ("MMLU-Pro", "MBPP-Plus", "IFEval")
    # 9 stands above 4, 5 and 5.
    assert table["GPQA", "ROC-AUC"] == (4, 1.0)
    assert made("ppe-best-of-k", data, one_each(SCORES), tie="strict").result.headline == pytest.approx(
        (1 / 2 + 0) / 2
    )


def test_a_response_that_is_skipped_leaves_its_list(data: Path) -> None:
    report = made("ppe-best-of-k", data, one_each(SCORES), invalid="skip")
    table = {(line.name, line.metric): line.value for line in report.result.table}
    assert table["MATH", "best of 1"] == table["MATH", "best of 2"] == 1 / 2


@pytest.mark.parametrize(("invalid", "reached"), [("wrong", 0.0), ("half", 2 / 3), ("skip", None)])
def test_a_prompt_of_which_nothing_could_be_read(data: Path, invalid: str, reached: float | None) -> None:
    silent = SCORES | {f"MATH/1/m/{i}": None for i in range(3)}
    report = made("ppe-best-of-k", data, one_each(silent), invalid=invalid)
    table = {(line.name, line.metric): line.value for line in report.result.table}
    assert table["MATH", "best of all"] == (None if reached is None else pytest.approx(reached))
