"""score --recipe NAME on a server that answers in the checkpoint's own manner: right scores end to end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from grm_core import recipes, sampling
from grm_core.formats.sessions import Block, read_samples
from grm_core.recipes import RECIPES
from grm_core.types import ParseStatus, Sample
from tests.benchmarks.make import as_json
from tests.cli.commands.test_servers import served
from tests.cli.conftest import Command
from tests.cli.judges import MANNERS, Judge
from tests.engines.dialects import refusal
from tests.make import write_lines

ITEMS = {"two": (4, 10), "three": (6, 10, 2), "same": (8, 8)}
"""Items by name: the quality of each response."""


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    lines = [
        {
            "id": name,
            "query": "Which is it?",
            "responses": [f"Of quality {each}, {place}." for place, each in enumerate(q)],
        }
        for name, q in ITEMS.items()
    ]
    write_lines(path, lines)
    return path


@pytest.fixture(params=RECIPES)
def judge(request: pytest.FixtureRequest) -> Iterator[tuple[str, Judge]]:
    for server in served(lambda: Judge(request.param)):
        yield request.param, server


@pytest.fixture
def critic() -> Iterator[Judge]:
    yield from served(lambda: Judge("skywork-critic"))


def block_of(path: Path) -> Block:
    (block,) = read_samples(path)
    return block


def samples_of(path: Path) -> dict[str, list[Sample]]:
    return {item.item_id: item.samples for item in block_of(path).items}


def expected(recipe: str, qualities: tuple[int, ...]) -> tuple[int, ...]:
    """The scores that each sample must have of an item, in own order; () for what follows from the order alone."""
    template, context = RECIPES[recipe].template, RECIPES[recipe].context
    if context != "pairs":
        return qualities
    if template == "j1" and len(qualities) == 2:
        return qualities
    if len(set(qualities)) == 1:
        return ()
    if len(qualities) == 2:
        return tuple(10 if each == max(qualities) else 1 for each in qualities)
    return tuple({0: 1, 1: 6, 2: 10}[sorted(qualities).index(each)] for each in qualities)


def test_there_is_a_judge_for_every_recipe() -> None:
    assert MANNERS.keys() == RECIPES.keys()


def test_a_recipe_judges_as_its_checkpoint_does(
    command: Command, judge: tuple[str, Judge], items: Path, tmp_path: Path
) -> None:
    name, server = judge
    recipe, out = RECIPES[name], tmp_path / "out.jsonl"
    done = command("score", items, "--k", 3, "--out", out, "--engine", server.url, "--recipe", name)
    assert (done.code, f"recipe {name}: " in done.words) == (0, True), done.words
    block = block_of(out)
    assert block.run is not None
    for item, samples in samples_of(out).items():
        for sample in samples:
            assert sample.parsed.status is ParseStatus.OK, sample
            assert sample.scores == (expected(name, ITEMS[item]) or sample.scores)
            assert sample.completion is not None
            again = sampling.read(sample.completion, len(ITEMS[item]), block.run.template, block.run.context)
            assert again == sample.parsed, "what is stored can be read again without the model"
    assert block.run.context == (recipe.context or "joint")
    assert (block.run.params, block.run.versions["recipe"]) == (recipe.params, name)


def test_more_than_two_are_judged_in_all_orders(command: Command, critic: Judge, items: Path, tmp_path: Path) -> None:
    command(
        "score", items, "--k", 4, "--out", tmp_path / "o.jsonl", "--engine", critic.url, "--recipe", "skywork-critic"
    )
    shown = [body for body in critic.chats if "quality 6" in body["messages"][-1]["content"]]
    assert sum(body["n"] for body in shown) == 4 * 4  # the first response in four of the six ordered pairs
    assert len(shown) == 4, "all samples share a prompt, and so a request"


def test_who_always_prefers_the_first_says_nothing(
    command: Command, critic: Judge, items: Path, tmp_path: Path
) -> None:
    critic.write = lambda _: "[[A]]"
    out = tmp_path / "out.jsonl"
    command("score", items, "--k", 4, "--out", out, "--engine", critic.url, "--recipe", "skywork-critic")
    assert {sample.scores for sample in samples_of(out)["three"]} == {(6, 6, 6)}
    assert {sample.scores for sample in samples_of(out)["two"]} == {(10, 1), (1, 10)}, "two are shuffled"


def test_a_game_that_cannot_be_read_takes_the_vote_of_its_sample(
    command: Command, critic: Judge, items: Path, tmp_path: Path
) -> None:
    critic.write = lambda qualities: "[[C]]" if 2 in qualities else "[[A]]"
    out = tmp_path / "out.jsonl"
    command("score", items, "--k", 2, "--out", out, "--engine", critic.url, "--recipe", "skywork-critic")
    for sample in samples_of(out)["three"]:
        assert (sample.parsed.status, sample.scores) == (ParseStatus.OUT_OF_RANGE, None)
        assert sample.completion is not None
        assert sample.completion.text.endswith("\n\nUnread (out_of_range): Response 1 first, Response 3 second:")
    assert command("vote", out).lines[1]["k_effective"] == 0


def test_options_take_precedence_over_the_recipe(command: Command, critic: Judge, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    options = ("--temperature", 0, "--max-tokens", 99)
    done = command(
        "score", items, "--k", 1, "--out", out, "--engine", critic.url, "--recipe", "skywork-critic", *options
    )
    assert "recipe skywork-critic: template skywork-critic, context pairs, top-p 1, meta none" in done.words
    assert all((body["temperature"], body["max_tokens"]) == (0, 99) for body in critic.chats)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--recipe", "gpt"), "there is no recipe 'gpt'; there are compassjudger-2, deepseek-grm-16b"),
        (("--recipe", "rm-r1", "--context", "joint"), "template rm-r1 is for --context pairs only"),
        (("--recipe", "rm-r1", "--principles", "general"), "template rm-r1 does not show principles"),
        (("--template", "deepseek-meta-rm"), "asks for no scores"),
    ],
)
def test_what_a_recipe_cannot_do_is_one_line(
    command: Command, critic: Judge, items: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--k", 1, "--out", out, "--engine", critic.url, *options)
    assert (done.code, message in done.words, out.exists()) == (2, True, False), done.words


def test_a_pair_judge_needs_two(command: Command, critic: Judge, tmp_path: Path) -> None:
    (items := tmp_path / "one.jsonl").write_text('{"id": "one", "query": "Hi", "responses": ["quality 3"]}')
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--k", 1, "--out", out, "--engine", critic.url, "--recipe", "skywork-critic")
    assert (done.code, "'one': template skywork-critic compares two responses; 1 given" in done.words) == (2, True)


@pytest.mark.parametrize("name", ["prometheus-2", "selene-1-mini"])
def test_given_principles_are_the_rubric_and_a_reference_stands_beside_it(
    command: Command, tmp_path: Path, name: str
) -> None:
    (items := tmp_path / "one.jsonl").write_text(
        '{"id": "one", "query": "Hi", "responses": ["quality 3"], "reference": "Hello there"}'
    )
    (rules := tmp_path / "rules.txt").write_text("Be warm\nBe brief\n")
    out = tmp_path / "out.jsonl"
    for server in served(lambda: Judge(name)):
        done = command(
            "score", items, "--k", 2, "--out", out, "--engine", server.url, "--recipe", name, "--principles", rules
        )
        assert done.code == 0, done.words
        (prompt,) = {body["messages"][-1]["content"] for body in server.chats}
        assert "1. Be warm\n2. Be brief" in prompt
        assert "Hello there" in prompt
        assert "beside the point" not in prompt
    assert [sample.scores for sample in samples_of(out)["one"]] == [(4,), (4,)]


def test_the_meta_rm_of_deepseek_is_shown_its_own_prompt_and_gives_a_raw_logit(
    command: Command, items: Path, tmp_path: Path
) -> None:
    out, again = tmp_path / "out.jsonl", tmp_path / "again.jsonl"
    for server in served(lambda: Judge("deepseek-grm-27b")):
        options = ("--recipe", "deepseek-grm-27b", "--meta", server.url)
        done = command("score", items, "--k", 2, "--out", out, "--engine", server.url, *options)
        assert done.code == 0, done.words
        read = server.read[:]
        assert command("meta", out, "--out", again, *options).code == 0
        assert server.read[len(read) :]
        assert {json.dumps(each) for each in server.read} == {json.dumps(r) for r in read}
    assert all(sample.meta_logit == -15.5 for samples in samples_of(out).values() for sample in samples)
    for body in read:
        user, judgment = body["messages"]
        assert user["content"].startswith("Score the responses to the conversation below.")
        assert "[The Begin of Response 1]\nOf quality" in user["content"]
        assert (judgment["role"], "\\boxed{" in judgment["content"]) == ("assistant", True)
        assert body["use_activation"] is False


@pytest.mark.parametrize(("name", "on"), [("instruct", False), ("thinking", True)])
def test_a_model_is_told_whether_to_think(command: Command, items: Path, tmp_path: Path, name: str, on: bool) -> None:
    out = tmp_path / "out.jsonl"
    for server in served(lambda: Judge(name)):
        done = command("score", items, "--k", 1, "--out", out, "--engine", server.url, "--recipe", name)
        assert done.code == 0, done.words
        assert all(body["chat_template_kwargs"]["enable_thinking"] is on for body in server.chats)
    assert json.loads(out.read_text().splitlines()[0])["run"]["params"]["thinking"] is on


def test_a_stopped_run_goes_on_only_under_the_same_recipe(
    command: Command, critic: Judge, items: Path, tmp_path: Path
) -> None:
    out, uninterrupted = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    options = ("--engine", critic.url, "--recipe", "skywork-critic")
    command("score", items, "--k", 4, "--out", uninterrupted, *options)
    command("score", items, "--k", 2, "--out", out, *options)
    done = command("score", items, "--k", 4, "--out", out, "--engine", critic.url, "--resume")
    assert (done.code, "was made with context 'pairs'" in done.words) == (2, True)
    assert command("score", items, "--k", 4, "--out", out, *options, "--resume").code == 0
    parsed = [{k: [s.parsed for s in v] for k, v in samples_of(path).items()} for path in (out, uninterrupted)]
    assert parsed[0] == parsed[1]


def test_doctor_lists_the_recipes(command: Command, tmp_path: Path) -> None:
    checks = {each["name"]: each for each in command("doctor", "--db", tmp_path / "none.db").lines[0]["checks"]}
    assert checks["recipes"]["ok"]
    assert all(name in checks["recipes"]["message"] for name in RECIPES)


def test_a_recipe_whose_prompt_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recipes.families, "FOLDER", tmp_path)
    assert "rm-r1.jinja" in str(recipes.problem(RECIPES["rm-r1"]))


def test_a_pair_judge_runs_a_benchmark_of_both_orders(command: Command, critic: Judge, tmp_path: Path) -> None:
    records = [
        {"input": f"Say {i}", "output_1": f"quality {i % 3}", "output_2": f"quality {9 - i}", "label": 2}
        for i in range(6)
    ]
    as_json(tmp_path / "LLMBar" / "Natural" / "dataset.json", records)
    out = tmp_path / "out"
    options = ("--engine", critic.url, "--recipe", "skywork-critic", "--out", out, "--db", "none")
    done = command("bench", "llmbar", "--data", tmp_path / "LLMBar", "--k", 4, *options)
    assert done.code == 0, done.words
    assert done.lines[0]["headline"] == 1.0
    orders = [sample.order for samples in samples_of(out / "samples.jsonl").values() for sample in samples]
    assert orders.count((0, 1)) == orders.count((1, 0)) == 12


def test_samples_of_games_are_imported_and_replayed_as_they_are(
    command: Command, critic: Judge, items: Path, tmp_path: Path
) -> None:
    out, db, back, again = (tmp_path / name for name in ("out.jsonl", "x.db", "back.jsonl", "again.jsonl"))
    options = ("--recipe", "skywork-critic", "--k", 3, "--out")
    assert command("score", items, *options, out, "--engine", critic.url, "--db", db).code == 0
    assert command("export", "--db", db, "--out", back).code == 0
    assert back.read_bytes() == out.read_bytes()
    assert command("score", items, *options, again, "--engine", f"replay:{out}").code == 0
    parsed = [{k: [s.parsed for s in v] for k, v in samples_of(path).items()} for path in (out, again)]
    assert parsed[0] == parsed[1]


def test_a_game_that_cannot_be_had_fails_its_sample_which_is_asked_for_again(
    command: Command, critic: Judge, items: Path, tmp_path: Path
) -> None:
    out, answers = tmp_path / "out.jsonl", critic.refused
    critic.refused = lambda body: (  # type: ignore[method-assign]
        refusal(400, "not today") if "quality 2" in body["messages"][-1]["content"] else answers(body)
    )
    options = ("--k", 2, "--out", out, "--engine", critic.url, "--recipe", "skywork-critic")
    done = command("score", items, *options)
    assert (done.code, "'three': 2 samples failed" in done.words, "not today" in done.words) == (1, True, True)
    assert all(sample.error is None for sample in samples_of(out)["two"])
    critic.refused = answers  # type: ignore[method-assign]
    assert command("score", items, *options, "--resume").code == 0
    assert [sample.scores for sample in samples_of(out)["three"]] == [(6, 10, 1)] * 2
