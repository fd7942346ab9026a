"""`report`: a benchmark's figures from files alone, as a shell would ask for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.make import jsonl
from tests.cli.conftest import Command


@pytest.fixture
def data(tmp_path: Path) -> Path:
    subsets = ("alpacaeval-easy", "alpacaeval-easy", "llmbar-natural", "donotanswer", "math-prm", "hep-go")
    return jsonl(
        tmp_path / "filtered.jsonl",
        [
            {"id": i, "subset": subset, "prompt": "Q?", "chosen": f"good {i}", "rejected": f"bad {i}"}
            for i, subset in enumerate(subsets)
        ],
    )


def samples(path: Path, scores: dict[str, list[list[int] | None]], **more: Any) -> Path:
    lines: list[dict[str, Any]] = [{"run": {"model": "m"}}]
    for item, rows in scores.items():
        lines += [{"item_id": item, "index": i, "scores": row} | more for i, row in enumerate(rows)]
    return jsonl(path, lines)


SCORES: dict[str, list[list[int] | None]] = {
    "0": [[9, 1], [1, 9]],  # right at k = 1, tied at k = 2
    "1": [[1, 9], [1, 9]],
    "2": [[9, 1], [9, 1]],
    "3": [None, None],
    "4": [[9, 1], [9, 1]],
}
REASONING = 1.0  # hep-go has no samples


def test_a_report_is_one_object_with_headline_table_and_policies(command: Command, data: Path, tmp_path: Path) -> None:
    file = samples(tmp_path / "s.jsonl", SCORES)
    done = command("report", "rewardbench", "--data", data, "--samples", file, "--tie", "half")
    assert done.code == 0, done.words
    assert len(done.lines) == 1
    report = done.lines[0]
    assert report["headline"] == pytest.approx(((0.5 + 0) / 2 + 1 + 0 + REASONING) / 4)
    assert report["policies"]["strict"]["wrong"] == pytest.approx((0 + 1 + 0 + REASONING) / 4)
    assert report["policies"]["half"]["half"] == pytest.approx((0.25 + 1 + 0.5 + REASONING) / 4)
    assert report["policies"]["half"]["skip"] == pytest.approx((0.25 + 1 + REASONING) / 3)
    assert report["counts"] == {"items": 6, "unlabelled": 0, "not_scored": 1, "invalid": 1, "scored": 4}
    assert (report["tie"], report["invalid"], report["seed"]) == ("half", "wrong", 0)
    subset = {line["name"]: line for line in report["table"] if line["kind"] == "subset"}
    assert subset["alpacaeval-easy"] == {
        "kind": "subset", "name": "alpacaeval-easy", "metric": "accuracy", "items": 2, "value": 0.25,
    }  # fmt: skip
    assert "1 of 6 labelled items have no samples" in done.words


def test_a_report_says_what_random_scores_would_get_and_begins_with_what_the_headline_is_made_of(
    command: Command, tmp_path: Path
) -> None:
    rows = [
        {
            "bon_uid": f"b{losers}", "category_path": "Helpfulness/Chat/Talk", "bon_best": {"answer": "good"},
            "conversation_input": [{"role": "user", "content": "Q?"}],
            "loser_list": [{"answer": f"bad {i}"} for i in range(losers)],
        }
        for losers in (1, 3)
    ]  # fmt: skip
    file = samples(tmp_path / "s.jsonl", {"b1": [[9, 1]], "b3": [[9, 1, 1, 1]]})
    page = tmp_path / "page.html"
    done = command(
        "report", "rmb-bon", "--data", jsonl(tmp_path / "bon.jsonl", rows), "--samples", file, "--out", page
    )
    assert done.code == 0, done.words
    assert done.lines[0]["chance"] == pytest.approx((1 / 2 + 1 / 4) / 2, abs=0.1)
    html = page.read_text()
    assert f"Scores drawn at random would get {100 * done.lines[0]['chance']:.1f}% on these items." in html
    overall, cell, subset = (html.index(f'<td class="words">{kind}') for kind in ("overall", "cell", "subset"))
    assert overall < cell < subset
    assert '<td class="words">Helpfulness/Chat' in html


def test_k_and_the_method_change_the_vote(command: Command, data: Path, tmp_path: Path) -> None:
    file = samples(tmp_path / "s.jsonl", SCORES, meta_logit=0.5)
    one = command("report", "rewardbench", "--data", data, "--samples", file, "--k", 1).lines[0]
    assert one["headline"] == pytest.approx((0.5 + 1 + 0 + REASONING) / 4)
    # Of equal logits the lower index is kept: the guided vote over two samples is the first one's.
    guided = command("report", "rewardbench", "--data", data, "--samples", file, "--method", "guided").lines[0]
    assert guided["headline"] == one["headline"]
    assert (guided["method"], guided["k"], guided["k_meta"]) == ("guided", None, None)


def test_pages_are_written_beside_the_object(command: Command, data: Path, tmp_path: Path) -> None:
    file = samples(tmp_path / "s.jsonl", SCORES)
    call = ("report", "rewardbench", "--data", data, "--samples", file, "--out", tmp_path / "r.md")
    done = command(*call, "--out", tmp_path / "r.html")
    assert done.code == 0, done.words
    assert (tmp_path / "r.md").read_text().startswith("# rewardbench: ")
    assert "<h2>Headline over k</h2>" in (tmp_path / "r.html").read_text()
    again = command(*call)
    assert (again.code, again.lines) == (2, [])
    assert "exists already" in again.words
    assert "a page is .md or .html" in command(*call[:-1], tmp_path / "r.pdf").words


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": {"9": [[9, 1]]}}, "samples of 1 items that the data do not hold, the first is '9'"),
        ({"scores": {"0": [[9, 1, 1]]}}, "item '0' has 2 responses, its samples score 3"),
        ({"scores": {"0": [[9, 11]]}}, "line 2: "),
        ({"scores": {}}, "there is nothing to report"),
        ({"arguments": ("--method", "guided")}, "item '0': sample 0 has no meta logit"),
        ({"arguments": ("--tie", "maybe")}, "invalid choice: 'maybe'"),
        ({"arguments": ("--k", "0")}, "is not a whole number from 1"),
        ({"name": "rewardbench3"}, "there is no benchmark 'rewardbench3'"),
        ({"data": "nowhere.jsonl"}, "No such file"),
    ],
)
def test_what_cannot_be_reported_is_one_line_and_exit_code_2(
    command: Command, data: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    file = samples(tmp_path / "s.jsonl", change.get("scores", {"0": [[9, 1]]}))
    arguments = ("--data", change.get("data", data), "--samples", file, *change.get("arguments", ()))
    done = command("report", change.get("name", "rewardbench"), *arguments)
    assert (done.code, done.lines) == (2, [])
    assert message in done.words
    assert done.words.count("\n") == 1


def test_items_judged_with_other_responses_or_twice_are_refused(command: Command, data: Path, tmp_path: Path) -> None:
    swapped = {"item": {"id": "0", "query": "Q?", "responses": ["bad 0", "good 0"]}}
    sample = {"item_id": "0", "index": 0, "scores": [9, 1]}
    file = jsonl(tmp_path / "swapped.jsonl", [{"run": {}}, swapped, sample])
    done = command("report", "rewardbench", "--data", data, "--samples", file)
    assert "line 2: item '0' was judged with other responses" in done.words
    file = jsonl(tmp_path / "twice.jsonl", [{"run": {"id": "a"}}, sample, {"run": {"id": "b"}}, sample])
    done = command("report", "rewardbench", "--data", data, "--samples", file)
    assert "line 4: item '0' is in two runs" in done.words


def test_overall_says_where_its_parts_were_made_in_different_ways(command: Command, tmp_path: Path) -> None:
    for name in ("rewardbench", "ppe-preference", "ppe-correctness", "rmb-pairwise", "rmb-bon"):
        settings = {"method": "naive", "k": 4 if name == "rmb-bon" else 8, "k_meta": None, "tie": "random"}
        notes = ["Half of it is missing."] if name == "rewardbench" else []
        made = {"benchmark": name, "headline": 0.5, "notes": notes, "invalid": "wrong", "seed": 0} | settings
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    done = command("report", "overall", "--data", tmp_path)
    assert done.code == 0
    assert done.lines[0]["settings"]["rmb-bon"]["k"] == 4
    assert "The reports differ in k: 8 for rewardbench, 8 for ppe-preference" in done.words
    assert "4 for rmb-bon." in done.words
    assert "rewardbench: Half of it is missing." in done.words
    assert "differ in tie" not in done.words
    assert "no such folder" in command("report", "overall", "--data", tmp_path / "elsewhere").words


def test_overall_is_the_mean_of_stored_reports(command: Command, tmp_path: Path) -> None:
    headlines = {
        "rewardbench": 0.9,
        "ppe-preference": 0.7,
        "ppe-correctness": 0.6,
        "rmb-pairwise": 0.8,
        "rmb-bon": 0.6,
    }
    for name, value in headlines.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"benchmark": name, "headline": value}))
    done = command("report", "overall", "--data", tmp_path)
    assert done.lines[0]["overall"] == pytest.approx((0.9 + 0.7 + 0.6 + (0.8 + 0.6) / 2) / 4)
    assert (done.lines[0]["of"], done.lines[0]["notes"]) == (headlines, [])
    (tmp_path / "rmb-bon.json").write_text(json.dumps({"benchmark": "rmb-bon", "headline": None}))
    assert "the report of rmb-bon has no headline" in command("report", "overall", "--data", tmp_path).words
    (tmp_path / "rmb-bon.json").unlink()
    assert "missing: rmb-bon" in command("report", "overall", "--data", tmp_path).words
    (tmp_path / "other.json").write_text("[]")
    assert "other.json is not what report prints" in command("report", "overall", "--data", tmp_path).words


def test_a_headline_below_what_is_wanted_ends_with_3(command: Command, data: Path, tmp_path: Path) -> None:
    file = samples(tmp_path / "s.jsonl", SCORES)
    report = ("report", "rewardbench", "--data", data, "--samples", file, "--tie", "half")
    headline = command(*report).lines[0]["headline"]
    assert command(*report, "--fail-below", headline - 0.001).code == 0
    assert command(*report, "--fail-below", headline + 0.001).code == 3
