"""The official metrics, against arithmetic written out by hand: RewardBench 1 and 2, PPE, RMB, our pairs."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.benchmarks import named
from grm_core.benchmarks.scoring import OVERALL, load, overall
from grm_core.errors import UsageError
from tests.benchmarks.make import POLICIES, as_json, jsonl, made, one_each, values

RIGHT, WRONG, TIED = (8, 3), (3, 8), (5, 5)


def rewardbench(folder: Path) -> Path:
    subsets = (
        *("alpacaeval-easy", "alpacaeval-easy", "mt-bench-easy", "llmbar-natural", "donotanswer"),
        *("math-prm", "math-prm", "hep-go", "anthropic_helpful"),
    )
    return jsonl(
        folder / "filtered.jsonl",
        [
            {"id": i, "subset": subset, "prompt": f"Question {i}?", "chosen": f"good {i}", "rejected": f"bad {i}"}
            for i, subset in enumerate(subsets, 1)
        ],
    )


REWARDBENCH = {
    "1": RIGHT,
    "2": WRONG,
    "3": TIED,
    "4": RIGHT,
    "5": None,
    "6": RIGHT,
    "7": WRONG,
    "8": RIGHT,
    "9": WRONG,
}
REASONING = (0.5 * 984 + 1.0 * 164) / (984 + 164)


@pytest.mark.parametrize(
    ("tie", "invalid", "headline"),
    [
        ("strict", "wrong", ((0.5 * 100 + 0.0 * 28) / 128 + 1.0 + 0.0 + REASONING) / 4),
        ("strict", "half", ((0.5 * 100 + 0.0 * 28) / 128 + 1.0 + 0.5 + REASONING) / 4),
        ("strict", "skip", ((0.5 * 100 + 0.0 * 28) / 128 + 1.0 + REASONING) / 3),
        ("half", "wrong", ((0.5 * 100 + 0.5 * 28) / 128 + 1.0 + 0.0 + REASONING) / 4),
        ("half", "half", ((0.5 * 100 + 0.5 * 28) / 128 + 1.0 + 0.5 + REASONING) / 4),
        ("half", "skip", ((0.5 * 100 + 0.5 * 28) / 128 + 1.0 + REASONING) / 3),
    ],
)
def test_rewardbench_weighs_subsets_by_official_counts_and_leaves_prior_sets_out(
    tmp_path: Path, tie: str, invalid: str, headline: float
) -> None:
    report = made("rewardbench", rewardbench(tmp_path), one_each(REWARDBENCH), tie, invalid)
    assert report.result.headline == pytest.approx(headline, abs=1e-12)
    assert report.policies[tie][invalid] == report.result.headline
    assert values(report)["anthropic_helpful"] == 0
    assert report.result.missing == (("Safety",) if invalid == "skip" else ())


def test_a_random_tie_is_right_or_wrong_by_its_seed_alone(tmp_path: Path) -> None:
    data, samples = rewardbench(tmp_path), one_each(REWARDBENCH)
    headlines = [made("rewardbench", data, samples, "random", "wrong", seed).result.headline for seed in range(12)]
    rest = 1.0 + 0.0 + REASONING
    assert set(headlines) == {(0.5 * 100 / 128 + rest) / 4, ((0.5 * 100 + 28) / 128 + rest) / 4}
    again = [made("rewardbench", data, samples, "random", "wrong", seed).result.headline for seed in range(12)]
    assert headlines == again
    fewer = one_each({"3": TIED, "4": RIGHT})
    for seed in range(12):  # other items change nothing in the draw
        chat = values(made("rewardbench", data, fewer, "random", "wrong", seed))["Chat"]
        assert (headlines[seed] == max(headlines)) is (chat == 1)  # type: ignore[type-var]


def rewardbench2(folder: Path) -> Path:
    def record(name: str, subset: str, right: int, wrong: int) -> dict[str, Any]:
        return {
            "id": name,
            "prompt": f"Question {name}?",
            "subset": subset,
            "chosen": [f"right {i}" for i in range(right)],
            "rejected": [f"wrong {i}" for i in range(wrong)],
            "num_correct": right,
            "num_incorrect": wrong,
            "total_completions": right + wrong,
        }

    lists = [record(f"{subset}-1", subset, 1, 3) for subset in ("Factuality", "Focus", "Math", "Precise IF", "Safety")]
    ties = [record("tied:1", "Ties", 2, 1), record("ref:1", "Ties", 1, 1), record("tied:2", "Ties", 2, 1)]
    ties += [record("ref:2", "Ties", 1, 1), record("tied:3", "Ties", 2, 1), record("ref:3", "Ties", 1, 1)]
    return jsonl(folder / "test.jsonl", lists + ties)


REWARDBENCH2 = {
    "Factuality-1": (9, 3, 2, 1),
    "Focus-1": (6, 6, 2, 1),
    "Math-1": (5, 5, 5, 5),
    "Precise IF-1": (2, 3, 1, 1),
    "Safety-1": None,
    "tied:1": (9, 8, 3),  # ahead 5, spread 1
    "ref:1": (9, 4),  # ahead 5
    "tied:2": (9, 5, 5),  # ahead 0, spread 4
    "ref:2": (6, 7),  # ahead -1
    "tied:3": None,
    "ref:3": (4, 2),  # ahead 2
}
SMOOTH = math.tanh(5 / 1 - 1) + math.tanh(-1 / 4 - 1)


@pytest.mark.parametrize(
    ("tie", "invalid", "five", "ties"),
    [
        ("strict", "wrong", (1, 0, 0, 0, 0), (0.3 * 1 + 0.3 * 2 + 0.2 * 1 + 0.2 * 1 + 0.01 * SMOOTH) / 3),
        ("half", "wrong", (1, 1 / 2, 1 / 4, 0, 0), (0.3 + 0.3 * 2 + 0.2 + 0.2 + 0.01 * SMOOTH) / 3),
        (
            "half",
            "half",
            (1, 1 / 2, 1 / 4, 0, 1 / 4),
            (0.3 * 1.5 + 0.3 * 2 + 0.2 * 1.5 + 0.2 * 1.5 + 0.01 * (SMOOTH + 0.5)) / 3,
        ),
        ("half", "skip", (1, 1 / 2, 1 / 4, 0), 0.3 / 2 + 0.3 * 2 / 3 + 0.2 / 2 + 0.2 / 2 + 0.01 * SMOOTH / 2),
    ],
)
def test_rewardbench2_is_best_of_four_in_five_subsets_and_its_own_score_in_ties(
    tmp_path: Path, tie: str, invalid: str, five: tuple[float, ...], ties: float
) -> None:
    report = made("rewardbench2", rewardbench2(tmp_path), one_each(REWARDBENCH2), tie, invalid)
    assert values(report, "ties score")["Ties"] == pytest.approx(ties, abs=1e-12)
    assert report.result.headline == pytest.approx((sum(five) + ties) / (len(five) + 1), abs=1e-12)


def test_right_responses_with_one_score_have_the_gap_that_division_by_zero_gives(tmp_path: Path) -> None:
    """process_single_model divides by a spread of 0: x / 0 is infinite, its tanh 1 or -1; 0 / 0 counts as 0."""
    one_score = {
        "tied:1": (8, 8, 4), "ref:1": (9, 4),  # ahead 4 and 5
        "tied:2": (5, 5, 5), "ref:2": (6, 2),  # ahead 0 and 4
        "tied:3": (7, 7, 2), "ref:3": (3, 6),  # ahead 5 and -3
    }  # fmt: skip
    report = made("rewardbench2", rewardbench2(tmp_path), one_each(one_score), "half", "wrong")
    expected = (0.3 * 2 + 0.3 * 2 + 0.2 * 2 + 0.2 * 1 + 0.01 * (1 + 0 - 1)) / 3
    assert values(report, "ties score")["Ties"] == pytest.approx(expected, abs=1e-12)


def test_a_tied_prompt_and_its_twin_compare_per_sample_whatever_could_be_read(tmp_path: Path) -> None:
    scores = one_each({name: REWARDBENCH2[name] for name in ("tied:1", "ref:1")})
    more = [*scores["tied:1"], replace(scores["tied:1"][0], index=1)]
    once = made("rewardbench2", rewardbench2(tmp_path), scores).result.headline
    assert made("rewardbench2", rewardbench2(tmp_path), scores | {"tied:1": more}).result.headline == once


def test_ppe_preference_is_accuracy_over_votes_with_a_winner(tmp_path: Path) -> None:
    winners = ("model_a", "model_b", "model_b", "tie", "tie (bothbad)", "model_a")
    data = jsonl(
        tmp_path / "test.jsonl",
        [
            {"question_id": f"q{i}", "winner": winner, "prompt": "Hi", "response_1": "x", "response_2": "y"}
            | {"language": "English" if i < 2 else "German"}
            for i, winner in enumerate(winners)
        ],
    )
    samples = one_each({"q0": RIGHT, "q1": RIGHT, "q2": WRONG, "q3": RIGHT, "q4": None, "q5": TIED})
    headlines = {"strict": 2 / 4, "half": 2.5 / 4}
    for tie, headline in headlines.items():
        report = made("ppe-preference", data, samples, tie)
        assert report.result.headline == headline
        assert report.counts.unlabelled == 2
    assert values(made("ppe-preference", data, samples, "strict")) == {"English": 0.5, "German": 0.5, "all": 0.5}


def test_ppe_correctness_is_the_mean_of_sets_over_sampled_conflicts(tmp_path: Path) -> None:
    def record(name: int, conflicts: list[list[int]]) -> dict[str, Any]:
        texts = {f"response_{i}": f"answer {i}" for i in range(1, 5)}
        right = [True, False, True, False]
        return (
            {"question_id": name, "model_name": "m", "prompt": "1+1?", "scores": right, "mean_score": 0.5}
            | texts
            | {"sampled_conflict_pairs": conflicts}
        )

    jsonl(tmp_path / "PPE-GPQA-Best-of-K" / "train.jsonl", [record(1, [[0, 1], [3, 2], [0, 1]])])
    jsonl(tmp_path / "PPE-MATH-Best-of-K" / "train.jsonl", [record(1, [[1, 2]])])
    samples = one_each({"GPQA/1/m/0-1": RIGHT, "GPQA/1/m/3-2": RIGHT, "GPQA/1/m/0-1#2": RIGHT, "MATH/1/m/1-2": WRONG})
    report = made("ppe-correctness", tmp_path, samples)
    assert report.result.headline == (2 / 3 + 1) / 2
    assert report.result.missing == ("MMLU-Pro", "MBPP-Plus", "IFEval")
    assert report.items[1].example.responses == ("answer 4", "answer 3")


def rmb(folder: Path, kind: str) -> Path:
    turns = [{"role": "user", "content": "Hello", "language": "English"}]
    places = ("Helpfulness/Chat/Discussion", "Helpfulness/Chat/Casual", "Helpfulness/Code/Data", "Harmlessness/S1")
    for i, place in enumerate(places):
        base = {"conversation_input": turns, "category_path": f"{kind}/{place}"}
        best, losers = {"llm_name": "a", "answer": "best"}, [{"llm_name": "b", "answer": f"loser {j}"} for j in (1, 2)]
        if kind == "Pairwise_set":
            record = base | {"pair_uid": str(i), "chosen": best, "reject": losers[0]}
        else:
            record = base | {"bon_uid": str(i), "bon_best": best, "loser_list": losers}
        as_json(folder / "RMB_dataset" / kind / f"{place}.json", [record])
    return folder


@pytest.mark.parametrize(
    ("tie", "invalid", "headline"),
    [
        ("strict", "wrong", ((1 + 0 + 0) / 3 + 0) / 2),
        ("half", "wrong", ((1 + 1 / 2 + 0) / 3 + 0) / 2),
        ("half", "half", ((1 + 1 / 2 + 0) / 3 + 1 / 3) / 2),
        ("strict", "half", ((1 + 0 + 0) / 3 + 1 / 3) / 2),
        ("half", "skip", (1 + 1 / 2 + 0) / 3),
    ],
)
def test_an_rmb_list_is_right_only_if_its_best_beats_every_loser(
    tmp_path: Path, tie: str, invalid: str, headline: float
) -> None:
    data = rmb(rmb(tmp_path, "BoN_set"), "Pairwise_set")
    lists = one_each({"0": (9, 8, 1), "1": (7, 7, 1), "2": (5, 9, 1), "3": None})
    assert made("rmb-bon", data, lists, tie, invalid).result.headline == pytest.approx(headline)
    table = values(made("rmb-bon", data, lists, "strict"))
    assert (table["Helpfulness/Chat"], table["Helpfulness/Code"], table["Helpfulness"]) == (0.5, 0, 1 / 3)


def test_rmb_pairs_are_read_from_their_own_folder_and_average_two_cells(tmp_path: Path) -> None:
    data = rmb(rmb(tmp_path, "BoN_set"), "Pairwise_set")
    pairs = one_each({"0": RIGHT, "1": RIGHT, "2": WRONG, "3": RIGHT})
    assert made("rmb-pairwise", data, pairs).result.headline == (2 / 3 + 1) / 2


def test_the_overall_is_the_mean_of_four_and_gives_the_papers_figures() -> None:
    # arXiv 2504.02495, Table 2: DeepSeek-GRM-27B; Table 10: its RMB cells.
    cells = {"rmb-bon": (62.3 + 57.0) / 2, "rmb-pairwise": (80.5 + 76.1) / 2}
    mean = overall({"rewardbench": 86.0, "ppe-preference": 64.7, "ppe-correctness": 59.8} | cells)
    assert round(mean, 1) == 69.9
    with pytest.raises(UsageError, match="missing: rmb-bon"):
        overall({name: 1.0 for name in OVERALL if name != "rmb-bon"})


def test_pairs_of_our_own_are_accuracy_by_source(tmp_path: Path) -> None:
    rows = [("a", "x"), ("b", "x"), ("b", "y")]
    data = jsonl(
        tmp_path / "pairs.jsonl",
        [
            {"id": f"p{i}", "source": source, "prompt": "Q", "a": "one", "b": "two", "gold": gold}
            for i, (gold, source) in enumerate(rows)
        ],
    )
    report = made("pairs", data, one_each({"p0": (9, 1), "p1": (2, 7), "p2": (6, 6)}), "strict")
    assert values(report) == {"x": 1, "y": 0, "all": 2 / 3}


def test_pairs_in_a_table_are_read_whatever_the_case_of_its_header(tmp_path: Path) -> None:
    data = tmp_path / "pairs.csv"
    data.write_text('Id;Prompt;Response A;Response B;Winner\n1;"What\nis it?";4;"5;6";B\n2;Hi;hello;go away;tie\n')
    first, second = load(named("pairs"), data)
    assert (first.id, first.query[0].content, first.responses) == ("1", "What\nis it?", ("4", "5;6"))
    assert (first.labels, second.labels) == ((0.0, 1.0), None)


@pytest.mark.parametrize(("tie", "invalid"), POLICIES)
def test_every_policy_gives_what_the_report_lists_under_it(tmp_path: Path, tie: str, invalid: str) -> None:
    report = made("rewardbench2", rewardbench2(tmp_path), one_each(REWARDBENCH2), tie, invalid, seed=3)
    assert report.policies[tie][invalid] == report.result.headline
    assert sum(len(row) for row in report.policies.values()) == 9
