"""Official files as people have them: every kind of file, and broken ones with the place of what is wrong."""

import csv
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from grm_core.benchmarks import NAMES, named
from grm_core.benchmarks.official_files import Hub, read
from grm_core.benchmarks.scoring import load
from grm_core.errors import UsageError
from tests.benchmarks.make import as_json, jsonl

ROWS = [
    {"id": i, "subset": "donotanswer", "prompt": "Ä?\u2028", "chosen": 'a,\n"b"', "rejected": "=c"} for i in range(3)
]


def written(folder: Path, kind: str) -> Path:
    path = folder / f"data.{kind}"
    if kind == "jsonl":
        path.write_text("\ufeff" + "\r\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    elif kind == "jsonl.gz":
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n\n" for row in ROWS).encode()))
    elif kind == "json":
        path.write_text(json.dumps({"data": ROWS}))
    elif kind == "parquet":
        pd.DataFrame(ROWS).to_parquet(path)
    elif kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, ROWS[0])
            writer.writeheader()
            writer.writerows(ROWS)
    else:
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("deep/filtered.json", json.dumps(ROWS))
            out.writestr("deep/README.md", "not data")
    return path


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "json", "parquet", "csv", "zip"])
def test_every_kind_of_file_gives_the_same_items(tmp_path: Path, kind: str) -> None:
    examples = load(named("rewardbench"), written(tmp_path, kind))
    assert [e.id for e in examples] == ["0", "1", "2"]
    assert examples[0].query[0].content == "Ä?\u2028"
    assert examples[0].responses == ('a,\n"b"', "=c")
    assert load(named("rewardbench"), tmp_path) == examples  # the folder that holds it


def test_a_data_set_is_loaded_as_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "set").mkdir()
    pd.DataFrame(ROWS).to_parquet(tmp_path / "set" / "filtered.parquet")
    hub = [Hub(str(tmp_path / "set"), "train")]
    rows = list(read("hub", hubs=hub))
    assert [(row.number, row.name("id")) for row in rows] == [(0, "0"), (1, "1"), (2, "2")]
    assert rows[0].file.endswith("set/train")
    assert len(list(read(f"hub:{tmp_path / 'set'}"))) == 3
    with pytest.raises(UsageError, match="cannot be loaded from the hub"):
        list(read("hub", hubs=[Hub(str(tmp_path / "set"), "no-such-split")]))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.jsonl", json.dumps(ROWS[0]) + '\n{"id": \n', r"d\.jsonl, line 2: not JSON"),
        ("d.jsonl", '{"id": NaN}', r"line 1: not JSON that can be read: NaN is not JSON"),
        ("d.jsonl", "[1, 2]", r"line 1: each record must be a JSON object"),
        ("d.jsonl", "[" * 100_000, r"line 1: not JSON that can be read"),
        ("d.jsonl", "\n \n", r"there are no records"),
        ("d.jsonl", "", r"there are no records"),
        ("d.json", "", r"there are no records"),
        ("d.json", "[]", r"there are no records"),
        ("d.json", '[{"id": 1},\n{"id": }]', r"d\.json, line 2: not JSON"),
        ("d.json", '"text"', r"must hold a list of records"),
        ("d.csv", "id,prompt\n1\n", r"d\.csv, line 2: 1 cells, and the header has 2"),
        ("d.csv", "id,prompt\n1,2,3\n", r"d\.csv, line 2: 3 cells, and the header has 2"),
        ("d.parquet", "PAR1 is not enough", r"not Parquet that can be read"),
        ("d.jsonl.gz", "not gzipped", r"d\.jsonl\.gz: "),
        ("d.zip", "PK\x05\x06" + "\0" * 18, r"there are no records"),
        ("d.txt", "x", r"not one of \.jsonl"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UsageError, match=message):
        load(named("rewardbench"), path)


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(UsageError, match=r"d\.jsonl, line 1: not UTF-8"):
        load(named("rewardbench"), tmp_path / "d.jsonl")
    with pytest.raises(UsageError, match="No such file"):
        load(named("rewardbench"), tmp_path / "nowhere.jsonl")
    with pytest.raises(UsageError, match="no place on the hub"):
        load(named("pairs"), "hub")


GOOD: dict[str, dict[str, Any]] = {
    "rewardbench": ROWS[0],
    "rewardbench2": {"id": "1", "prompt": "Q", "subset": "Math", "chosen": ["a"], "rejected": ["b", "c", "d"]},
    "ppe-preference": {"question_id": "q", "prompt": "Q", "winner": "model_a", "response_1": "a", "response_2": "b"},
    "ppe-correctness": {
        "question_id": 1, "prompt": "Q", "scores": [True, False], "response_1": "a", "response_2": "b",
        "sampled_conflict_pairs": [[0, 1]],
    },
    "ppe-best-of-k": {"question_id": 1, "prompt": "Q", "scores": [True], "response_1": "a"},
    "rmb-pairwise": {
        "pair_uid": "1", "conversation_input": [{"role": "user", "content": "Q"}], "chosen": {"answer": "a"},
        "reject": {"answer": "b"}, "category_path": "Pairwise_set/Harmlessness/S1",
    },
    "rmb-bon": {
        "bon_uid": "1", "conversation_input": [{"role": "user", "content": "Q"}], "bon_best": {"answer": "a"},
        "loser_list": [{"answer": "b"}], "category_path": "BoN_set/Harmlessness/S1",
    },
    "realmistake": {
        "input": "Q", "llm_response": "a", "error_label": "error",
        "metadata": {"id": "1", "task_name": "t", "llm_response_model": "m"},
    },
    "rm-bench": {"id": "1", "prompt": "Q", "domain": "chat", "chosen": ["a"] * 3, "rejected": ["b"] * 3},
    "judgebench": {
        "pair_id": "1", "source": "s", "question": "Q", "response_A": "a", "response_B": "b", "label": "A>B",
    },
    "llmbar": {"input": "Q", "output_1": "a", "output_2": "b", "label": 1},
    "pairs": {"id": "1", "source": "s", "prompt": "Q", "a": "a", "b": "b", "gold": "a"},
}  # fmt: skip


def file(folder: Path, name: str, records: list[dict[str, Any]]) -> Path:
    return jsonl(folder / ("gpqa.jsonl" if name in ("ppe-correctness", "ppe-best-of-k") else "data.jsonl"), records)


@pytest.mark.parametrize("name", NAMES)
def test_every_needed_field_is_missed_with_its_line_and_name(tmp_path: Path, name: str) -> None:
    good = GOOD[name]
    assert len(load(named(name), file(tmp_path, name, [good]))) == 1
    for field in good:
        if (name, field) == ("rm-bench", "domain"):
            continue  # follows from the file's name
        for broken in ({k: v for k, v in good.items() if k != field}, good | {field: None}, good | {field: {"x": 1}}):
            path = file(tmp_path, name, [good, broken])
            with pytest.raises(UsageError, match=rf'line 2: .*"{field}'):
                load(named(name), path)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "llmbar"])  # llmbar counts its records
def test_an_id_that_comes_again_is_refused(tmp_path: Path, name: str) -> None:
    path = file(tmp_path, name, [GOOD[name], GOOD[name]])
    with pytest.raises(UsageError, match=r"line 2: there is an item '.+' already"):
        load(named(name), path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("rewardbench2", {"subset": "Ties"}, "must be tied:N or ref:N"),
        ("rewardbench2", {"chosen": []}, '"chosen" must be a list of texts'),
        ("ppe-preference", {"winner": "model_c"}, "must be one of model_a, model_b, tie"),
        ("ppe-correctness", {"sampled_conflict_pairs": [[0, 2]]}, r"names place 2; there are 0\.\.1"),
        ("ppe-correctness", {"sampled_conflict_pairs": [[0, -1]]}, "names place -1"),
        ("ppe-correctness", {"sampled_conflict_pairs": [[0, 0]]}, "pairs of different places"),
        ("ppe-correctness", {"scores": [0.5, 1]}, '"scores" must hold true and false'),
        ("ppe-best-of-k", {"scores": [0.5]}, '"scores" must hold true and false'),
        ("ppe-best-of-k", {"scores": [True, True]}, '"response_2" is missing'),
        ("rmb-pairwise", {"category_path": "Pairwise_set/Elsewhere"}, "must name one of Helpfulness, Harmlessness"),
        ("rmb-pairwise", {"chosen": {"llm_name": "x"}}, r'"chosen\.answer" is missing'),
        ("rmb-bon", {"loser_list": []}, '"loser_list" is empty'),
        ("rmb-bon", {"loser_list": ["b"]}, r'"loser_list\[0\]" must be an object'),
        ("rmb-bon", {"conversation_input": [{"role": "robot", "content": "x"}]}, "must be one of system, user"),
        ("realmistake", {"error_label": "maybe"}, "must be one of error, no_error"),
        ("rm-bench", {"domain": "poems"}, "domain is 'poems'"),
        ("rm-bench", {"rejected": ["b"] * 2}, "must hold 3 responses each"),
        ("judgebench", {"label": "A=B"}, "must be one of A>B, B>A"),
        ("llmbar", {"label": True}, "must be one of 1, 2"),
        ("llmbar", {"label": 3}, "must be one of 1, 2"),
        ("pairs", {"gold": "c"}, "must be one of a, b"),
        ("pairs", {"id": ""}, '"id" must be text or a whole number'),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(named(name), file(tmp_path, name, [GOOD[name] | change]))


def test_a_set_of_ppe_correctness_that_no_name_tells_is_asked_for(tmp_path: Path) -> None:
    path = as_json(tmp_path / "a" / "b" / "c" / "d" / "e" / "f" / "data.json", [GOOD["ppe-correctness"]])
    with pytest.raises(UsageError, match="name the file or its folder after the set it holds"):
        load(named("ppe-correctness"), path)


def test_a_number_in_parquet_where_text_belongs_is_named(tmp_path: Path) -> None:
    frame = pd.DataFrame([GOOD["pairs"], GOOD["pairs"] | {"id": "2"}])
    frame["a"] = [float("nan"), 1.0]
    frame.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(UsageError, match=r'p\.parquet, record [12]: "a"'):
        load(named("pairs"), tmp_path / "p.parquet")


def test_an_unknown_benchmark_is_told_which_there_are() -> None:
    with pytest.raises(UsageError, match="there is no benchmark 'rewardbench3'; there are rewardbench, "):
        named("rewardbench3")


def test_the_documentation_has_a_row_for_every_benchmark_with_its_hub_and_headline() -> None:
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    assert set(NAMES) <= set(rows)
    for name in NAMES:
        for hub in named(name).hubs:
            owner, _, rest = hub.name.partition("/")
            row = rows[name]
            assert owner in row or name == "llmbar"
            assert rest in row or (
                name in ("ppe-correctness", "ppe-best-of-k") and rest.split("-", 1)[1].rsplit("-Best", 1)[0] in row
            )


def test_a_prompt_that_begins_like_a_list_of_turns_is_a_prompt(tmp_path: Path) -> None:
    def query(text: str) -> list[tuple[str, str]]:
        (row,) = read(jsonl(tmp_path / "rows.jsonl", [{"prompt": text}]))
        return [(turn.role, turn.content) for turn in row.query("prompt")]

    for text in ('[{"name": "Bob"}] Convert this JSON to CSV', '[{"a": 1}]', '[{"cut'):
        assert query(text) == [("user", text)]
    assert query('[{"role": "user", "content": "Hi"}]') == [("user", "Hi")]


def test_all_parts_of_a_data_set_on_the_hub_are_named() -> None:
    assert {hub.config for hub in named("realmistake").hubs} == {
        "math_word_problem_generation", "finegrained_fact_verification", "answerability_classification",
    }  # fmt: skip
