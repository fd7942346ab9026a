"""The learning itself, on a tiny model: losses fall, runs go on after a stop, adapters hold what was learned."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.training.families import SEEN
from grm_core.training.generate import Question, Trajectory
from grm_core.types import Example
from tests.make import make_example

torch = pytest.importorskip("torch")
from transformers import AutoTokenizer  # noqa: E402

from grm_core import models  # noqa: E402
from grm_core.meta_rm import encode  # noqa: E402
from grm_core.training import fit, generate, grpo, head, lowrank, meta, policy, tasks, token_rows  # noqa: E402

pytestmark = pytest.mark.model


def silent(_: str) -> None:
    """Nobody listens."""


def a_row(learner: policy.Policy, seed: int = 0) -> token_rows.Row:
    return token_rows.demonstration(learner.tokenizer, tasks.draw(SEEN[0], seed, 2), random.Random(seed))


def test_a_row_is_prompt_and_completion_with_a_weight_per_completion_token(tiny: Path) -> None:
    learner = policy.load_full(tiny, "cpu")
    row = a_row(learner)
    text = learner.tokenizer.decode(row.ids)
    assert text.startswith("<|im_start|>user\nJudge each response")
    assert text.endswith("}<|im_end|>")
    assert learner.tokenizer.decode(row.ids[row.start :]).startswith("Principles:\n1. ")
    assert len(row.weights) == len(row.ids) - row.start
    assert set(row.weights) == {0.5, 1.0, 1.5, 2.0}


def test_now_and_then_a_reference_is_shown_which_the_item_itself_does_not_have(tiny: Path) -> None:
    learner = policy.load_full(tiny, "cpu")
    drafts = [tasks.draw(family, 7) for family in SEEN]
    drafts = [task for task in drafts if task.reference is not None]
    assert len(drafts) >= 10
    assert all(task.example.reference is None for task in drafts), "it is judged without"
    shown = 0
    for seed in range(40):
        for task in drafts:
            row = token_rows.demonstration(learner.tokenizer, task, random.Random(seed))
            prompt = learner.tokenizer.decode(row.ids[: row.start])
            shown += f"[Reference begins]\n{task.reference}\n[Reference ends]" in prompt
    assert 0.02 < shown / (40 * len(drafts)) < 0.09


def test_log_probs_are_those_of_the_plain_model_whatever_the_padding(tiny: Path) -> None:
    learner = policy.load_full(tiny, "cpu")
    part = [a_row(learner, seed) for seed in range(3)]
    with torch.no_grad():
        log_probs, weights, owners = policy.log_probs(learner, part)
        for index, row in enumerate(part):
            logits = learner.model(torch.tensor([row.ids])).logits[0, row.start - 1 : -1]
            plain = torch.log_softmax(logits, -1)[torch.arange(len(row.weights)), torch.tensor(row.ids[row.start :])]
            assert torch.allclose(log_probs[owners == index], plain, atol=0.15), "16-bit products against 32-bit ones"
            assert weights[owners == index].tolist() == pytest.approx(row.weights)


def test_batches_hold_every_row_once_and_keep_to_their_size(tiny: Path) -> None:
    learner = policy.load_full(tiny, "cpu")
    rows = [a_row(learner, seed) for seed in range(50)]
    steps = list(token_rows.batches(iter(rows), 10, 800, pool=2))
    assert sorted(row.ids for step in steps for part in step for row in part) == sorted(row.ids for row in rows)
    for part in (part for step in steps for part in step):
        assert len(part) == 1 or len(part) * max(len(row.ids) for row in part) <= 800


def test_training_lowers_the_loss_and_goes_on_where_it_stopped(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stage" / "checkpoint"
    folder.parent.mkdir()
    learner = policy.load_full(tiny, "cpu")

    def source(step: int) -> "object":
        return token_rows.demonstrations(learner.tokenizer, SEEN[:2], step)

    settings = fit.Settings(minutes=0.1, rate=1e-2, rows=4, warmup=2, piece=0.02)
    first = fit.fit(learner, source, settings, folder, silent)  # type: ignore[arg-type]
    messages: list[str] = []
    again = policy.load_full(folder, "cpu")
    longer = fit.Settings(minutes=0.15, rate=1e-2, rows=4, warmup=2)
    second = fit.fit(again, source, longer, folder, messages.append)  # type: ignore[arg-type]
    assert f"going on at step {first['step']}" in messages[0]
    assert second["step"] > first["step"] > 0
    lines = [json.loads(line) for line in (tmp_path / "stage" / "train.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, second["step"] + 1))
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_a_low_rank_change_survives_the_adapter_exactly(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    changed = policy.load_full(tiny, "cpu")
    with torch.no_grad():
        for weight in changed.parameters():
            left, right = torch.randn(weight.shape[0], 2), torch.randn(2, weight.shape[1])
            weight += 0.1 * left @ right
    changed.model.save_pretrained(tmp_path / "full")
    assert lowrank.extract(tiny, tmp_path / "full", 2, tmp_path / "adapter") == pytest.approx(1.0, abs=1e-4)
    assert lowrank.extract(tiny, tmp_path / "full", 1, tmp_path / "less") < 0.95
    models.merge(tiny, tmp_path / "adapter", tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    for name, weight in changed.model.state_dict().items():
        assert torch.allclose(merged.state_dict()[name], weight, atol=0.02), name


def test_the_actor_samples_with_the_policys_present_weights(tiny: Path) -> None:
    learner = policy.load_adapter(tiny, None, 4, "cpu")
    actor = policy.copy_of(policy.load_frozen(tiny, "cpu"))
    with torch.no_grad():
        for weight in learner.parameters():
            weight += 0.2 * torch.randn_like(weight)
    ids = torch.tensor([[1, 5, 9, 20]])
    before = actor.model(ids).logits
    policy.sync(learner, actor)
    with torch.no_grad():
        logits = learner.model(ids).logits
    assert not torch.allclose(before, logits, atol=0.05)
    assert torch.allclose(actor.model(ids).logits, logits, atol=0.05)


def test_generate_answers_every_question_in_order_and_repeats_with_a_seed(tiny: Path) -> None:
    frozen = policy.load_frozen(tiny, "cpu")
    questions = [Question(tasks.draw(SEEN[i], i, 2).example, (1, 0)) for i in range(5)]
    answers = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        answers.append(generate.judge(frozen, questions, 1.0, 8, batch=2))
    assert [each.question for each in answers[0]] == questions
    assert (
        [each.text for each in answers[0]] == [each.text for each in answers[1]] != [each.text for each in answers[2]]
    )
    assert not any(each.finished for each in answers[0]), "eight random tokens hold no end"


def test_grpo_raises_what_was_rewarded_and_starts_with_no_divergence(tiny: Path) -> None:
    learner, reference = policy.load_adapter(tiny, None, 8, "cpu"), policy.load_frozen(tiny, "cpu")
    good, bad = a_row(learner, 1), a_row(learner, 2)
    optimizer = torch.optim.AdamW(learner.parameters(), 1e-2)

    def chance(row: token_rows.Row) -> float:
        with torch.no_grad():
            return float(policy.log_probs(learner, [row])[0].mean())

    before, divergences = (chance(good), chance(bad)), []
    for _ in range(12):
        _, divergence = grpo._learn(learner, reference, [(good, 1.0), (bad, -1.0)], beta=0.0)
        divergences.append(divergence)
        optimizer.step()
        optimizer.zero_grad()
    assert divergences[0] == pytest.approx(0, abs=1e-3)
    assert divergences[-1] > divergences[0]
    assert chance(good) - before[0] > chance(bad) - before[1] + 0.01


def test_a_large_beta_holds_the_policy_back(tiny: Path) -> None:
    ends = []
    for beta in (0.0, 5.0):
        torch.manual_seed(0)
        learner, reference = policy.load_adapter(tiny, None, 8, "cpu"), policy.load_frozen(tiny, "cpu")
        optimizer = torch.optim.AdamW(learner.parameters(), 1e-2)
        for _ in range(12):
            _, divergence = grpo._learn(
                learner, reference, [(a_row(learner, 1), 1.0), (a_row(learner, 2), -1.0)], beta
            )
            optimizer.step()
            optimizer.zero_grad()
        ends.append(divergence)
    assert ends[1] < ends[0]


def labelled(name: str, good: bool) -> Trajectory:
    made = make_example(2)
    example = Example(name, made.query, made.responses, (1.0, 0.0), None, "tasks", "keyword")
    scores, words = ("9, 2", "the first is right") if good else ("2, 9", "the second is better somehow")
    text = f"Principles:\n1. One (weight: 50%)\n2. Two (weight: 50%)\nCritique:\n{words}\nScores: \\boxed{{{scores}}}"
    return Trajectory(Question(example, (0, 1)), text, True)


def test_the_meta_rm_learns_to_tell_right_from_wrong_and_says_how_well(tiny: Path, tmp_path: Path) -> None:
    judgments = [labelled(f"item {i}", i % 3 > 0) for i in range(60)]
    learn, held_out = meta.split(meta.labelled(judgments), 0.3, 0)
    learner = meta.load(tiny, None, 4, "cpu")
    before = meta.evaluate(learner, held_out, silent)
    assert before["brier"] == pytest.approx(0.25), "an untrained head says even odds"

    def source(step: int) -> "object":
        return meta.endless(learner.tokenizer, learn, 0, step * 8)

    (tmp_path / "meta").mkdir()
    for minutes in (0.1, 0.3, 0.6, 1.2):  # a busy machine takes fewer steps in the same time
        settings = fit.Settings(minutes, rate=1e-2, rows=8, warmup=2)
        fit.fit(learner, source, settings, tmp_path / "meta" / "checkpoint", silent, meta.loss)  # type: ignore[arg-type]
        after = meta.evaluate(learner, held_out, silent)
        if after["brier"] < 0.2:
            break
    assert after["auc"] > 0.9
    assert after["brier"] < 0.2
    assert sum(line["n"] for line in after["bins"]) == len(held_out)
    again = meta.load(tiny, tmp_path / "meta" / "checkpoint", 4, "cpu")
    assert meta.evaluate(again, held_out, silent)["auc"] == pytest.approx(after["auc"])
    models.merge_head(tiny, tmp_path / "meta" / "checkpoint", tmp_path / "merged")
    assert models.style_of(tmp_path / "merged") == "compact"


def test_the_head_is_fitted_on_the_frozen_grm_and_reads_a_judgment_once(tiny: Path, tmp_path: Path) -> None:
    judgments = [labelled(f"item {i}", i % 3 > 0) for i in range(60)]
    learn, held_out = meta.split(meta.labelled(judgments), 0.3, 0)
    learner, messages = meta.load(tiny, None, 4, "cpu"), []
    assert head.fit(learner, learn, tmp_path / "states.npz", messages.append) > 0.9
    figures = meta.evaluate(learner, held_out, silent)
    assert figures["auc"] > 0.9
    assert figures["brier"] < 0.2, "the common part of the states stands in for a bias"
    assert any("judgments read" in line for line in messages)
    messages.clear()
    again = meta.load(tiny, None, 4, "cpu")
    head.fit(again, learn, tmp_path / "states.npz", messages.append)
    assert not any("judgments read" in line for line in messages), "all are in the file"
    assert meta.evaluate(again, held_out, silent)["auc"] == pytest.approx(figures["auc"])


def test_the_head_makes_do_with_what_its_minutes_reached(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "_PIECE", 30)
    judgments = [labelled(f"item {i}", i % 3 > 0) for i in range(60)]
    different = [replace(each, text=each.text.replace("One", f"Rule {i}")) for i, each in enumerate(judgments)]
    learn, messages = meta.labelled(different), []
    head.fit(meta.load(tiny, None, 4, "cpu"), learn, tmp_path / "states.npz", messages.append, minutes=0.0)
    assert messages[0] == "30 of 60 judgments read"
    assert messages[1].startswith("head on 30 judgments")
    head.fit(meta.load(tiny, None, 4, "cpu"), learn, tmp_path / "states.npz", messages.append)
    assert messages[-1].startswith("head on 60 judgments")


def test_a_judgment_is_read_up_to_its_scores_by_the_learner_and_by_the_merged_model(
    tiny: Path, tmp_path: Path
) -> None:
    judgment = labelled("item", True)
    learner = meta.load(tiny, None, 4, "cpu")
    (one,) = meta.labelled([judgment])
    closed = AutoTokenizer.from_pretrained(tiny)
    read, whole = encode(learner.tokenizer, one.reading), encode(closed, one.reading)
    assert closed.decode(read).endswith("\\boxed{9, 2}")
    assert closed.decode(whole) == closed.decode(read) + "<|im_end|>\n"
    policy.save(learner, None, {}, tmp_path / "checkpoint")
    models.merge_head(tiny, tmp_path / "checkpoint", tmp_path / "merged")
    assert encode(AutoTokenizer.from_pretrained(tmp_path / "merged"), one.reading) == read
    assert encode(meta.load(tiny, tmp_path / "checkpoint", 4, "cpu").tokenizer, one.reading) == read
