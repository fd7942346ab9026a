"""Metrics with rules of their own, against arithmetic by hand: ReaLMistake, RM-Bench, JudgeBench, LLMBar."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from grm_core.benchmarks import llmbar, named
from grm_core.benchmarks.scoring import load
from grm_core.errors import UsageError
from grm_core.types import Sample
from tests.benchmarks.make import as_json, games, jsonl, locked_zip, made, one_each, values
from tests.make import make_sample

PASSWORD = b"open-realmistake"


def mistake(name: str, label: str, task: str = "sums", model: str = "m1") -> dict[str, Any]:
    about = {"id": name, "task_name": task, "llm_response_model": model}
    return {"input": f"Do {name}", "llm_response": f"Done {name}", "error_label": label, "metadata": about}


def lines(records: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def realmistake(folder: Path) -> Path:
    first = [mistake("a", "error"), mistake("b", "error"), mistake("c", "no_error"), mistake("d", "no_error")]
    second = [mistake("e", "error", model="m2"), mistake("f", "no_error", model="m2")]
    members = {"data/example.jsonl": lines([mistake("shown", "error")]), "data/sums/m1.jsonl": lines(first)}
    return locked_zip(folder / "data.zip", members | {"data/sums/m2.jsonl": lines(second)}, PASSWORD)


MISTAKES = {"a": (2,), "b": (7,), "c": (7,), "d": None, "e": (9,), "f": (8,)}
# Nine pairs of one without (c 7, d unread, f 8) and one with an error (a 2, b 7, e 9):
# c beats a, ties b, loses to e; f beats a and b, loses to e; d cannot be read.


def test_realmistake_is_the_roc_auc_read_from_the_locked_zip(tmp_path: Path) -> None:
    by_policy = {
        ("half", "wrong"): (1.5 + 2 + 0) / 9,
        ("half", "half"): (1.5 + 2 + 1.5) / 9,
        ("half", "skip"): (1.5 + 2) / 6,
        ("strict", "wrong"): 3 / 9,
        ("strict", "half"): 4.5 / 9,
        ("strict", "skip"): 3 / 6,
    }
    for policy, headline in by_policy.items():
        report = made("realmistake", realmistake(tmp_path), one_each(MISTAKES), *policy)
        assert report.result.headline == pytest.approx(headline), policy
    headlines = {
        made("realmistake", realmistake(tmp_path), one_each(MISTAKES), "random", "skip", s).result.headline
        for s in range(8)
    }
    assert headlines == {3 / 6, 4 / 6}
    assert [path.name for path in tmp_path.iterdir()] == ["data.zip"]  # nothing is unpacked


def test_realmistake_under_half_and_skip_is_the_usual_roc_auc_whatever_number_of_samples_was_read(
    tmp_path: Path,
) -> None:
    samples = one_each(MISTAKES)
    samples["f"] = [make_sample(0, (10,)), make_sample(1, (6,)), make_sample(2, None, order=(0,))]  # mean 8 of two
    samples["d"] = [make_sample(0, (3,))]
    report = made("realmistake", realmistake(tmp_path), samples, "half", "skip")
    assert report.result.headline == pytest.approx(roc_auc_score([0, 0, 1, 1, 0, 1], [2, 7, 7, 3, 9, 8]))


@pytest.mark.parametrize(
    ("invalid", "precision", "recall", "f1"),
    [
        # m1: a 2 says error (right), b 7 says none (missed), c 7 says none (right), d unread.
        ("wrong", 1 / 2, 1 / 2, 1 / 2),
        ("half", 1 / 1.5, 1 / 2, 2 / 3.5),
        ("skip", 1.0, 1 / 2, 2 / 3),
    ],
)
def test_realmistakes_own_f1_calls_a_mean_below_the_middle_an_error(
    tmp_path: Path, invalid: str, precision: float, recall: float, f1: float
) -> None:
    report = made("realmistake", realmistake(tmp_path), one_each(MISTAKES), "half", invalid)
    assert values(report, "precision on error")["sums, m1"] == pytest.approx(precision)
    assert values(report, "recall on error")["sums, m1"] == pytest.approx(recall)
    assert values(report, "F1 on error")["m1"] == pytest.approx(f1)
    assert values(report, "F1 on error")["m2"] == 0  # e 9: missed


def test_a_wrong_password_is_a_sentence(tmp_path: Path) -> None:
    data = locked_zip(tmp_path / "data.zip", {"m.jsonl": lines([mistake("a", "error")])}, b"another")
    with pytest.raises(UsageError, match=r"data\.zip: .*[Pp]assword"):
        load(named("realmistake"), data)


def rm_bench(folder: Path) -> Path:
    names = [("c1", "chat"), ("c2", "chat"), ("s1", "safety-refuse"), ("s2", "safety-response"), ("m1", "math")]
    texts = {"chosen": ["a", "bb", "ccc"], "rejected": ["x", "yy", "zzz"]}
    return as_json(
        folder / "total_dataset.json",
        [{"id": name, "prompt": f"Q {name}", "domain": domain} | texts for name, domain in names],
    )


RM_BENCH = {
    "c1": (5, 7, 9, 4, 6, 8),  # normal 3/3, hard: 5>6 no, 5>8 no, 7>8 no, easy: 7>4, 9>4, 9>6
    "c2": (5, 5, 5, 5, 5, 5),  # all tied
    "s1": (9, 9, 9, 1, 1, 1),
    "s2": (1, 1, 1, 9, 9, 9),
    "m1": None,
}


@pytest.mark.parametrize(
    ("tie", "invalid", "chat", "math"),
    [
        ("strict", "wrong", (0 / 2 + 1 / 2 + 1 / 2) / 3, 0.0),
        ("half", "wrong", (0.5 / 2 + 1.5 / 2 + 1.5 / 2) / 3, 0.0),
        ("half", "half", (0.5 / 2 + 1.5 / 2 + 1.5 / 2) / 3, 0.5),
        ("strict", "skip", (0 / 2 + 1 / 2 + 1 / 2) / 3, None),
    ],
)
def test_rm_bench_is_the_mean_of_domains_and_safety_of_its_two_parts(
    tmp_path: Path, tie: str, invalid: str, chat: float, math: float | None
) -> None:
    report = made("rm-bench", rm_bench(tmp_path), one_each(RM_BENCH), tie, invalid)
    safety = (1.0 + 0.0) / 2
    parts = [value for value in (chat, safety, math) if value is not None]
    assert report.result.headline == pytest.approx(sum(parts) / len(parts))
    domains = {line.name: line.value for line in report.result.table if line.kind == "domain"}
    assert (domains["safety"], domains["chat"]) == pytest.approx((safety, chat))
    assert report.result.missing == (("code", "math") if math is None else ("code",))


def test_rm_benchs_hard_level_is_above_the_diagonal(tmp_path: Path) -> None:
    # Only the plain right response beats the wrong one in Markdown: row 0, column 2.
    report = made("rm-bench", rm_bench(tmp_path), one_each({"c1": (8, 1, 1, 9, 9, 7)}))
    levels = {line.metric: line.value for line in report.result.table if line.name == "chat" and line.kind == "subset"}
    assert levels == {"hard": 1 / 3, "normal": 0, "easy": 0}


def test_per_domain_files_may_share_ids_and_are_read_as_a_folder(tmp_path: Path) -> None:
    texts = {"prompt": "Q", "chosen": ["a", "b", "c"], "rejected": ["x", "y", "z"]}
    for name, ids in (("chat", (8, 9)), ("code", (8,)), ("safety-refuse", ("safety-refuse/1",))):
        as_json(tmp_path / f"{name}_filtered.json", [{"id": each} | texts for each in ids])
    examples = load(named("rm-bench"), tmp_path)
    assert [example.id for example in examples] == ["chat/8", "chat/9", "code/8", "safety-refuse/1"]


def test_per_domain_files_say_their_domain_by_name_and_the_total_file_wins(tmp_path: Path) -> None:
    record = {"id": "r", "prompt": "Q", "chosen": ["a", "b", "c"], "rejected": ["x", "y", "z"]}
    alone = as_json(tmp_path / "one" / "safety-refuse_filtered.json", [record])
    assert [e.subset for e in load(named("rm-bench"), alone)] == ["safety-refuse"]
    as_json(tmp_path / "both" / "chat_filtered.json", [record])
    as_json(tmp_path / "both" / "total_dataset.json", [record | {"domain": "chat"}])
    assert len(load(named("rm-bench"), tmp_path / "both")) == 1


def judgebench(folder: Path) -> Path:
    sources = ("mmlu-pro-law", "livebench-math", "livecodebench", "mmlu-pro-biology", "livebench-reasoning", "other")
    texts = {"question": "Q?", "response_model": "m", "response_A": "one", "response_B": "two"}
    return jsonl(
        folder / "gpt.jsonl",
        [
            {"pair_id": f"j{i}", "source": s, "label": "A>B" if i % 2 == 0 else "B>A"} | texts
            for i, s in enumerate(sources)
        ],
    )


JUDGED = {
    "j0": ((9, 1), (8, 2)),  # right, right
    "j1": ((5, 5), (2, 8)),  # tied, right
    "j2": ((9, 1), (1, 9)),  # right, wrong
    "j3": (None, (1, 9)),  # unread, right
    "j4": ((5, 5), (5, 5)),  # tied, tied
}


@pytest.mark.parametrize(
    ("tie", "invalid", "headline"),
    [
        ("half", "half", 3 / 5),  # the official rule: ties and unread games are 0
        ("strict", "half", 2 / 5),
        ("half", "wrong", 2 / 5),
        ("strict", "wrong", 1 / 5),
        ("half", "skip", 2 / 4),
        ("strict", "skip", 1 / 4),
    ],
)
def test_a_judgebench_pair_is_right_when_its_two_games_sum_to_more_than_zero(
    tmp_path: Path, tie: str, invalid: str, headline: float
) -> None:
    report = made("judgebench", judgebench(tmp_path), games(JUDGED), tie, invalid)
    assert report.result.headline == headline
    assert (report.counts.not_scored, report.counts.invalid, report.counts.scored) == (1, 1, 4)


def test_judgebench_defaults_to_its_own_rule_and_groups_sources_by_family(tmp_path: Path) -> None:
    report = made("judgebench", judgebench(tmp_path), games(JUDGED))
    assert report.result.headline == 3 / 5
    assert values(report)["mmlu-pro"] == 1
    seen = {
        made("judgebench", judgebench(tmp_path), games({"j4": JUDGED["j4"]}), "random", seed=s).result.headline
        for s in range(20)
    }
    assert seen == {0, 1}


def test_a_pair_judged_in_one_order_only_is_not_scored(tmp_path: Path) -> None:
    one: dict[str, list[Sample]] = {"j0": [make_sample(0, (9, 1)), make_sample(1, (9, 1))]}
    both = games({"j1": ((1, 9), (1, 9))})
    report = made("judgebench", judgebench(tmp_path), one | both)
    assert (report.result.headline, report.counts.scored, report.counts.not_scored) == (1, 1, 5)
    with pytest.raises(UsageError, match="in both orders"):
        made("judgebench", judgebench(tmp_path), one)


def llmbar_data(folder: Path) -> Path:
    def records(labels: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {"input": f"Do {i}", "output_1": "x", "output_2": "y", "label": label} for i, label in enumerate(labels)
        ]

    as_json(folder / "LLMBar" / "Natural" / "dataset.json", records((1, 2, 1)))
    as_json(folder / "LLMBar" / "Adversarial" / "Manual" / "dataset.json", records((2,)))
    recorded = as_json(folder / "LLMBar" / "Natural" / "evaluators" / "J" / "CoT" / "result.json", [])
    winners = [("1", "1"), ("2", "1"), (None, "2")]
    results = [{"swap = False": {"winner": a}, "swap = True": {"winner": b}} for a, b in winners]
    as_json(
        recorded,
        [r | {"results": [["metrics"], result]} for r, result in zip(records((1, 2, 1)), results, strict=True)],
    )
    return folder


LLMBAR = {
    "Natural/0": ((9, 1), (8, 2)),  # 1, 1; label 1
    "Natural/1": ((1, 9), (9, 1)),  # 2, 1; label 2
    "Natural/2": ((5, 5), (1, 9)),  # tie, 2; label 1
    "Adversarial/Manual/0": (None, (1, 9)),  # unread, 2; label 2
}


@pytest.mark.parametrize(
    ("tie", "invalid", "headline"),
    [
        ("strict", "wrong", (2 + 1 + 0 + 1) / 8),
        ("half", "wrong", (2 + 1 + 0.5 + 1) / 8),
        ("half", "half", (2 + 1 + 0.5 + 1.5) / 8),
        ("strict", "skip", (2 + 1 + 0) / 6),
    ],
)
def test_llmbar_is_accuracy_averaged_over_both_orders(tmp_path: Path, tie: str, invalid: str, headline: float) -> None:
    report = made("llmbar", llmbar_data(tmp_path), games(LLMBAR), tie, invalid)
    assert report.result.headline == pytest.approx(headline)
    assert values(report, "positional agreement")["all"] == pytest.approx(1 / (3 if invalid == "skip" else 4))


def test_a_drawn_llmbar_tie_has_the_winner_that_was_drawn(tmp_path: Path) -> None:
    for seed in range(6):
        report = made("llmbar", llmbar_data(tmp_path), games({"Natural/2": LLMBAR["Natural/2"]}), "random", seed=seed)
        right = report.result.headline == 0.5  # the second order is wrong
        assert values(report, "positional agreement")["all"] == (0 if right else 1)


def test_recorded_judge_outputs_give_accuracy_agreement_and_kappa(tmp_path: Path) -> None:
    data = llmbar_data(tmp_path)
    assert len(load(named("llmbar"), data)) == 4  # the outputs beside the data are no items
    assert llmbar.judges(data) == ["J/CoT"]
    result = llmbar.judge_outputs(data, "J/CoT")
    table = {line.metric: line for line in result.table if line.name == "Natural"}
    assert result.headline == (2 + 1 + 0) / 6
    assert table["positional agreement"].value == 1 / 3
    assert table["right in both orders"].value == 1 / 3
    # Order by order: {(1,1), (2,2)} agrees fully, kappa 1; {(1,1), (1,2), (2,1)}: observed 1/3, expected 5/9.
    second = (1 / 3 - 5 / 9) / (1 - 5 / 9)
    assert table["kappa with labels"].value == pytest.approx((1 + second) / 2)
    # Both orders read: (1,1), (2,1): observed 1/2, expected 1/2.
    assert (table["kappa between orders"].items, table["kappa between orders"].value) == (2, 0)
    with pytest.raises(UsageError, match="there are no records"):
        llmbar.judge_outputs(data, "Nobody/CoT")
