"""The examples run: over real HTTP servers that answer like a policy and a GRM, and import into the app."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import best_of_n, co_scaling, grpo_with_grm
from grm_core.formats.sessions import read_samples
from storage.store import Store
from storage.transfer import import_file
from tests.cli.fake_vllm import FakeVLLM
from tests.make import write_lines
from tests.training.conftest import tiny

__all__ = ["tiny"]


class Policy(FakeVLLM):
    """Answers with as many stars as the seed's digest says, one more after each critique; greedy ones have none."""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As a server that chats."""
        status, answer = super().answer(path, body)
        if path == "/v1/chat/completions" and status == 200:
            for choice in answer["choices"]:
                seed = body["seed"] + choice["index"]
                stars = hashlib.sha256(str(seed).encode()).digest()[0] % 4 if body["temperature"] else 0
                if len(body["messages"]) > 1:
                    stars = body["messages"][-2]["content"].count("*") + 1
                choice["message"]["content"] = f"An answer {'*' * stars}"
        return status, answer


class Starstruck(FakeVLLM):
    """A GRM whose score of a response is 2 and its stars, three at most."""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As a server that judges."""
        status, answer = super().answer(path, body)
        if path == "/v1/chat/completions" and status == 200:
            text = body["messages"][0]["content"]
            shown = re.findall(r"\[Response \d+ begins\]\n(.*?)\n\[Response \d+ ends\]", text, re.DOTALL)
            scores = [2 + min(3, each.count("*")) for each in shown]
            critique = "\n".join(f"Response {i}: it has {s - 2} stars." for i, s in enumerate(scores, 1))
            for choice in answer["choices"]:
                box = f"Scores: \\boxed{{{', '.join(map(str, scores))}}}"
                choice["message"]["content"] = f"Principles:\n1. Stars (weight: 100%)\nCritique:\n{critique}\n{box}"
        return status, answer


@pytest.fixture
def servers() -> Iterator[tuple[str, ...]]:
    with Policy("policy") as policy, Starstruck("stars") as grm:
        yield ("--policy", policy.url, "--engine", grm.url, "--k", "3")


def queries(path: Path) -> str:
    lines = [{"id": "a", "query": "Stars?"}, {"query": [{"role": "user", "content": "More stars?"}]}]
    write_lines(path, lines)
    return str(path)


def test_the_best_of_n_has_most_stars(servers: tuple[str, ...], tmp_path: Path, capsys: Any) -> None:
    out, samples = tmp_path / "best.jsonl", tmp_path / "samples.jsonl"
    arguments = [queries(tmp_path / "q.jsonl"), *servers, "--n", "10", "--out", str(out), "--samples", str(samples)]
    assert best_of_n.main(arguments) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["a", "query-2"]
    for line in lines:
        stars = [text.count("*") for text in line["answers"]]
        assert line["rewards"] == pytest.approx([(1 + count) / 9 for count in stars])
        assert line["chosen"] == stars.index(max(stars))
        assert (line["greedy"], len(set(stars)) > 1) == ("An answer", True)
    assert json.loads(capsys.readouterr().out) == {"policy": "policy", "grm": "stars", "n": 10, "k": 3}
    assert best_of_n.main(arguments) == 2, "nothing is written over"
    store = Store(tmp_path / "grm.db")
    assert len(import_file(store, samples)) == 2
    assert {row.session.tags for row in store.sessions()} == {("best-of-n",)}
    store.close()


def test_program_made_queries_are_checked(servers: tuple[str, ...], tmp_path: Path, capsys: Any) -> None:
    assert best_of_n.main([*servers, "--tasks", "33", "--n", "2", "--out", str(tmp_path / "best.jsonl")]) == 0
    printed = json.loads(capsys.readouterr().out)
    lines = [json.loads(line) for line in (tmp_path / "best.jsonl").read_text().splitlines()]
    assert printed["greedy"]["queries"] == len(lines) == 33
    assert printed["greedy"]["mean"] == pytest.approx(sum(line["checked_greedy"] for line in lines) / 33, abs=1e-4)
    assert 0 < printed["random_of_n"]["mean"] <= printed["any_of_n"]["mean"]
    assert printed["best_of_n"]["mean"] <= printed["any_of_n"]["mean"]
    for line in lines:
        assert (line["checked_chosen"] in (0, 0.5, 1), len(line["checked"])) == (True, 2)


def test_answers_grow_until_the_grm_prefers_no_more(servers: tuple[str, ...], tmp_path: Path, capsys: Any) -> None:
    out, samples = tmp_path / "steps.jsonl", tmp_path / "samples.jsonl"
    arguments = [
        queries(tmp_path / "q.jsonl"),
        *servers,
        "--rounds",
        "6",
        "--out",
        str(out),
        "--samples",
        str(samples),
    ]
    assert co_scaling.main(arguments) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    for line in lines:
        first = line["first"].count("*")
        assert (line["final"].count("*"), line["ended"]) == (3, "the GRM does not prefer the new answer")
        assert [step["kept"] for step in line["steps"]] == [True] * (3 - first) + [False]
        assert [step["critique"] for step in line["steps"]] == [f"it has {n} stars." for n in range(first, 4)]
        assert line["steps"][-1]["totals"] == [15, 15], "a tie is no preference"
    steps = sum(len(line["steps"]) for line in lines)
    assert json.loads(capsys.readouterr().out) == {"queries": 2, "revisions": steps, "kept": steps - 2}
    store = Store(tmp_path / "grm.db")
    assert len(import_file(store, samples)) == 2 * steps
    titles = [row.session.title for row in store.sessions(limit=100)]
    assert sorted(titles)[:2] == ["round 1, critique: More stars?", "round 1, critique: Stars?"]
    store.close()
    (block,) = read_samples(samples)
    assert block.run is not None
    assert (block.run.model, block.run.template) == ("stars", "pointwise+single")
    pair = next(item for item in block.items if item.item_id.endswith("old-and-new"))
    assert pair.example is not None
    assert [text.count("*") for text in pair.example.responses] == [lines[0]["first"].count("*")] * 1 + [
        lines[0]["first"].count("*") + 1
    ]


def test_one_round_leaves_the_rest_to_another_day(servers: tuple[str, ...], tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "steps.jsonl"
    assert co_scaling.main([*servers, "--tasks", "4", "--rounds", "1", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["queries"], printed["revisions"], printed["first"]["queries"]) == (4, 4, 4)
    ends = {json.loads(line)["ended"] for line in out.read_text().splitlines()}
    assert ends <= {"all rounds were run", "the GRM does not prefer the new answer"}


def test_what_cannot_be_had_is_one_line(tmp_path: Path, capsys: Any) -> None:
    with Policy("policy") as policy:
        policy.refused_above = 0
        arguments = [
            "--tasks",
            "1",
            "--policy",
            policy.url,
            "--engine",
            policy.url,
            "--out",
            str(tmp_path / "o.jsonl"),
        ]
        assert best_of_n.main(arguments) == co_scaling.main(arguments) == 2
    assert "refused on purpose" in capsys.readouterr().err


@pytest.mark.model
@pytest.mark.slow
def test_grpo_takes_two_steps_under_the_grm(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    with Starstruck("stars") as grm:
        arguments = ["--policy-model", str(tiny), "--engine", grm.url, "--tokens", "8", "--k", "2", "--out", str(out)]
        assert grpo_with_grm.main(arguments) == 0
    steps = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"step"')]
    assert [step["step"] for step in steps] == [1, 2]
    assert all(step["rewards/grm/mean"] >= 1 / 9 for step in steps)
    assert (out / "final" / "model.safetensors").is_file()
