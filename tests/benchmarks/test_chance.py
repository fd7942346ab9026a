"""What random scores would get, against what is known of each metric."""

from pathlib import Path
from typing import Any

import pytest

from grm_core.benchmarks.chance import chance
from grm_core.benchmarks.headline import Report
from tests.benchmarks.make import games, jsonl, made, one_each


def lots(report: Report) -> float | None:
    return chance(report.benchmark, report.items)


def two(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "prompt": "Q?", "chosen": "good", "rejected": "bad"} | more


def test_of_pairs_it_is_a_half_whatever_the_scores(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rb.jsonl", [two(str(i), subset="mt-bench-easy") for i in range(8)])
    for scores in ((9, 1), (1, 9), (5, 5)):
        report = made("rewardbench", data, one_each({str(i): scores for i in range(8)} | {"3": None}))
        assert lots(report) == pytest.approx(0.5, abs=0.04)
        assert "mt-bench-hard" not in " ".join(report.result.lacking), "of a section that is missing as a whole"
        assert report.result.lacking == ("alpacaeval-easy", "alpacaeval-length", "alpacaeval-hard", "mt-bench-med")


def test_of_two_games_it_is_a_quarter(tmp_path: Path) -> None:
    pair = {"question": "Q?", "response_A": "a", "response_B": "b", "label": "A>B", "source": "livecodebench"}
    data = jsonl(tmp_path / "jb.jsonl", [pair | {"pair_id": str(i)} for i in range(6)])
    report = made("judgebench", data, games({str(i): ((5, 5), (5, 5)) for i in range(6)}))
    assert (report.result.headline, lots(report)) == (0, pytest.approx(0.25, abs=0.04))


def test_of_a_list_of_four_it_is_a_quarter_and_of_tied_prompts_less(tmp_path: Path) -> None:
    def record(name: str, subset: str, right: int) -> dict[str, Any]:
        chosen, rejected = [f"right {i}" for i in range(right)], [f"wrong {i}" for i in range(3)]
        return {"id": name, "prompt": "Q?", "subset": subset, "chosen": chosen, "rejected": rejected}

    data = jsonl(tmp_path / "rb2.jsonl", [record(str(i), "Math", 1) for i in range(4)])
    report = made("rewardbench2", data, one_each({str(i): (9, 1, 1, 1) for i in range(4)}))
    assert lots(report) == pytest.approx(0.25, abs=0.04)
    data = jsonl(tmp_path / "ties.jsonl", [record("tied:1", "Ties", 4), record("ref:1", "Ties", 1)])
    report = made("rewardbench2", data, one_each({"tied:1": (9, 9, 9, 9, 1, 1, 1), "ref:1": (9, 1, 1, 1)}))
    # Four of seven on top: 1/35 of all orders. The twin: a quarter. Margins above the spread are rarer still.
    assert report.result.headline == pytest.approx(1.01)
    assert lots(report) == pytest.approx(0.3 / 35 + 0.3 / 4, abs=0.06)


def test_of_a_ranking_it_is_a_half_and_none_where_all_labels_are_one(tmp_path: Path) -> None:
    def record(name: str, label: str) -> dict[str, Any]:
        meta = {"id": name, "llm_response_model": "m", "task_name": "t"}
        return {"input": "Q?", "llm_response": f"answer {name}", "label": label, "metadata": meta}

    data = jsonl(tmp_path / "task.jsonl", [record("a", "error"), record("b", "no_error"), record("c", "error")])
    report = made("realmistake", data, one_each({"a": (1,), "b": (9,), "c": (9,)}))
    assert (report.result.headline, lots(report)) == (0.75, pytest.approx(0.5, abs=0.06))
    data = jsonl(tmp_path / "same.jsonl", [record("a", "error"), record("c", "error")])
    report = made("realmistake", data, one_each({"a": (1,), "c": (9,)}))
    assert (report.result.headline, lots(report)) == (None, None)
