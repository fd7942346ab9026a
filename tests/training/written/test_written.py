"""Written judgments: files, rows, the loss, and what is kept of a model's own judgments."""

import json
import random
from itertools import islice
from pathlib import Path

import pytest
import torch

from grm_core.contexts import VERDICTS
from grm_core.errors import UsageError
from grm_core.training import policy
from grm_core.training.written import demonstrations, forms, material, packing
from grm_core.training.written.demonstrations import Demonstration, held_out
from grm_core.training.written.draw import Drawn
from grm_core.training.written.loss import Loss, states
from grm_core.training.written.own import Own, line
from grm_core.types import Example, ParseStatus
from tests.make import write_lines

pytestmark = pytest.mark.model


def item(name: str, good: str = "Canberra.", bad: str = "It is Sydney, of course.") -> dict[str, object]:
    return {
        "id": name, "domain": "facts", "query": "What is the capital of Australia?", "responses": [bad, good],
        "judgments": [
            {
                "principles": [{"text": "Names Canberra", "weight": 70}, {"text": "Is short, as asked", "weight": 30}],
                "critiques": ["Sydney is the largest city, not the capital.", "Canberra is right, no more is said."],
                "scores": [2, 10],
            }
        ],
    }  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facts.jsonl"
    write_lines(path, [item(f"facts-{number}") for number in range(60)])
    return path


@pytest.fixture
def learner(tiny: Path) -> policy.Policy:
    return policy.Policy(policy.load_frozen(tiny, "cpu").model.float(), policy.tokenizer_of(tiny), "cpu")


def shown(name: str = "facts-1") -> Demonstration:
    return demonstrations._demonstration(item(name))


def test_a_tenth_is_held_out_and_never_among_what_is_trained_on(file: Path) -> None:
    corpus = material.gather([file.parent], None, 450)
    everyday = material.everyday([file])
    assert {each.id for each in everyday} == {f"facts-{n}" for n in range(60) if held_out(f"facts-{n}")}
    assert not {each.example.id for each in corpus.shown} & {each.id for each in everyday}
    assert len(corpus.shown) + len(everyday) == 60
    assert sum(held_out(f"item {n}") for n in range(2000)) == pytest.approx(200, abs=50)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"judgments": []}, "no judgments"),
        ({"responses": ["one"]}, "2 critiques and 2 scores for 1 responses"),
        ({"query": 3}, "neither text nor turns"),
        ({"responses": ["a", " "]}, "lists of texts"),
    ],
)
def test_a_line_that_is_no_demonstration_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(item("a")) + "\n" + json.dumps(item("b") | change) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"bad.jsonl, line 2 is not a demonstration: .*{message}"):
        demonstrations.read([path])
    path.write_text(json.dumps(item("a")) + "\n" + json.dumps(item("a")) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2: the id 'a' is there already"):
        demonstrations.read([path])


def test_a_single_row_reads_one_response_and_learns_from_the_verdict_word_on(learner: policy.Policy) -> None:
    demo = shown()
    group = forms.single(learner.tokenizer, demo, demo.judgments[0], [1, 0])
    texts = [learner.tokenizer.decode(row.ids) for row in group.rows]
    assert "Canberra." in texts[0]
    assert "Sydney" not in texts[0].partition("Principles:")[0], "one response in each prompt"
    assert texts[0].rstrip().endswith("Scores: \\boxed{10}" + learner.tokenizer.eos_token)
    for row, verdict, word in zip(group.rows, group.verdicts, (VERDICTS[0], VERDICTS[4]), strict=True):
        learned = next(place for place, weight in enumerate(row.weights) if weight)
        assert verdict.place == learned, "the quotation and the principles are only read"
        assert learner.tokenizer.decode(row.ids[learned:]).startswith(f" {word}:")
    bare = forms.single(learner.tokenizer, demo, demo.judgments[0], [1], "")
    assert "Names Canberra" not in learner.tokenizer.decode(bare.rows[0].ids)


def test_verdicts_alone_are_learned_where_each_would_stand(learner: policy.Policy) -> None:
    demo = shown()
    group = forms.verdicts(
        learner.tokenizer, demo, demo.judgments[0], [1, 0], "Principles:\n1. Is true (weight: 100%)"
    )
    for row, verdict, level, word in zip(group.rows, group.verdicts, (10, 2), (0, 4), strict=True):
        assert (verdict.place, verdict.level, verdict.word) == (len(row.ids), level, word)
        assert not any(row.weights), "no text is learned"
        assert '1. Is true (weight: 100%)\nCritique:\nResponse 1: "' in learner.tokenizer.decode(row.ids)


def test_half_of_the_single_groups_have_critiques_and_few_see_what_the_judgment_knew(
    learner: policy.Policy, file: Path
) -> None:
    corpus = material.gather([file], None, 450)
    stream = material.streams(learner.tokenizer, corpus, "a")["single"]
    groups = list(islice(stream, 200))
    written = [group for group in groups if any(map(any, (row.weights for row in group.rows)))]
    assert len(written) == pytest.approx(90, abs=25)
    stated = [group for group in written if "Names Canberra" in learner.tokenizer.decode(group.rows[0].ids)]
    assert len(stated) == pytest.approx(0.25 * len(written), abs=15)


def test_a_joint_row_holds_every_verdict_in_the_order_shown(learner: policy.Policy) -> None:
    demo = shown()
    group = forms.joint(learner.tokenizer, demo, demo.judgments[0], [1, 0])
    text = learner.tokenizer.decode(group.rows[0].ids)
    assert "Scores: \\boxed{10, 2}" in text
    heads = [learner.tokenizer.decode(group.rows[0].ids[v.place : v.place + 8]).split(":")[0] for v in group.verdicts]
    assert heads == [" Excellent", " Bad"]
    assert [verdict.level for verdict in group.verdicts] == [10, 2]


def test_a_packed_pass_sees_what_each_row_alone_would_see(learner: policy.Policy, tmp_path: Path) -> None:
    demos = [shown("facts-1"), shown("facts-2")]
    groups = [forms.single(learner.tokenizer, each, each.judgments[0], [0, 1]) for each in demos]
    packed = packing.pack(groups, 1920)
    assert packing.shared(groups[0]) > 20, "instructions and query are computed once"
    assert sum(map(packing.size, groups)) < sum(len(group.ids) for group in groups)
    with torch.inference_mode():
        hidden, causal = states(learner, packed)
        for index, row in enumerate(row for group in groups for row in group.rows):
            with learner.autocast():
                alone = causal.model(torch.tensor([row.ids])).last_hidden_state[0]
            same = hidden[[packed.place(index, place) for place in range(len(row.ids))]]
            torch.testing.assert_close(same.float(), alone.float(), atol=0.05, rtol=0.05)
    assert len(hidden) == 1920
    plain, _ = Loss(learner.tokenizer, tmp_path / "a.jsonl")(learner, groups)
    padded, count = Loss(learner.tokenizer, tmp_path / "b.jsonl", tokens=1920)(learner, groups)
    assert count == 2
    assert float(plain) == pytest.approx(float(padded), rel=1e-3)


def test_learning_a_pair_ranks_its_verdicts_and_the_curve_tells_what_was_right_before(
    learner: policy.Policy, tmp_path: Path
) -> None:
    example = Example("p", shown().example.query, ("Sydney.", "Canberra."), (0.0, 1.0))
    group = forms.pair_single(learner.tokenizer, example)
    learner.model.requires_grad_(True)
    optimizer = torch.optim.Adam(learner.model.parameters(), 2e-3)
    loss = Loss(learner.tokenizer, tmp_path / "curve.jsonl")
    losses = []
    for _ in range(60):
        value, _ = loss(learner, [group])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    assert losses[-1] < 0.5 * losses[0]
    curve = json.loads((tmp_path / "curve.jsonl").read_text(encoding="utf-8"))
    assert curve["items"] == 60
    assert curve["pair-single"]["right"] > curve["pair-single"]["chance"] == 0.5


def test_the_meta_question_is_asked_at_the_end_and_learned(learner: policy.Policy, tmp_path: Path) -> None:
    groups = [forms.meta(learner.tokenizer, [[5, 6, 7], [8, 9]], right) for right in (True, False)]
    assert learner.tokenizer.decode(groups[0].rows[0].ids).endswith("assistant\n")
    yes, no = forms.answers(learner.tokenizer)
    with torch.inference_mode():
        logits = [learner.model(torch.tensor([row.ids])).logits[0, -1] for row in groups[0].rows]
        logit = torch.stack([row[yes] - row[no] for row in logits]).mean()
        losses = [float(Loss(learner.tokenizer, tmp_path / "c.jsonl")(learner, [group])[0]) for group in groups]
    softplus = torch.nn.functional.softplus
    assert losses == pytest.approx(
        [float(softplus(-logit)), float(softplus(logit))], abs=2e-3
    )  # one of them in 16 bits


def test_steps_keep_groups_whole_and_passes_within_their_tokens(learner: policy.Policy) -> None:
    demos = [shown(f"facts-{n}") for n in range(200)]
    groups = [forms.single(learner.tokenizer, each, each.judgments[0], [0, 1]) for each in demos]
    steps = list(packing.batches(iter(groups), 8, 1920))
    flat = [group for step in steps for part in step for group in part]
    assert sorted(map(id, flat)) == sorted(map(id, groups)), "every group once"
    passes = [part for step in steps for part in step]
    assert all(sum(map(packing.size, part)) <= 1920 for part in passes)
    assert sum(map(packing.size, flat)) > 0.9 * 1920 * (len(passes) - 1), "little is left empty"
    assert packing.pack([forms.meta(learner.tokenizer, [[5] * 2500], True)], 1920).ids.shape[1] % 256 == 0


def test_streams_of_a_seed_are_the_same_again(learner: policy.Policy, file: Path) -> None:
    corpus = material.gather([file], None, 450)

    def first(seed: str) -> list[tuple[int, ...]]:
        stream = material.mixed({"single": 0.5, "joint": 0.5}, material.streams(learner.tokenizer, corpus, seed), seed)
        return [group.ids for group in islice(stream, 12)]

    assert first("a") == first("a") != first("b")
    picked = material.chosen(Example("x", (), ("a", "b", "c", "d", "e"), (1, 2, 9, 3, 4)), random.Random(0))
    assert 2 in picked
    assert len(picked) == material.MOST


def test_own_judgments_are_kept_where_they_are_right_and_near(
    learner: policy.Policy, file: Path, tmp_path: Path
) -> None:
    corpus = material.gather([file], None, 450)
    example = corpus.shown[0].example

    def judgment(scores: tuple[int, ...] | None) -> Drawn:
        status = ParseStatus.OK if scores else ParseStatus.NO_SCORES
        return Drawn(
            example, "single", 0, (0, 1), "text", status, scores, 9, [1.0, 3.0], None, [(1, 2, 3), (1, 4, 5, 6)],
            [2, 2], "Principles:\n1. Names Canberra (weight: 100%)",
        )  # fmt: skip

    path = tmp_path / "drawn.jsonl"
    rows = [judgment((3, 9)), judgment((6, 10)), judgment((9, 3)), judgment((5, 5)), judgment(None)]
    write_lines(path, [line(each) for each in rows])
    own = Own(learner.tokenizer, path, corpus)
    assert own.summary == {"drawn": 5, "right": 2, "kept": 1, "for meta": 4}, "6 is four points from the written 2"
    kept = own.kept[0]
    assert kept.rows[0].ids == (1, 2, 3, learner.tokenizer.eos_token_id)
    assert kept.rows[0].weights == (0.0, 0.0, 1.0, 1.0)
    groups = own.streams("a")
    assert {next(groups["meta"]).right for _ in range(20)} == {True, False}
    assert "Names Canberra" in learner.tokenizer.decode(next(groups["single-own"]).rows[0].ids)
    with pytest.raises(UsageError, match="run the stage samples first"):
        Own(learner.tokenizer, tmp_path / "none.jsonl", corpus)
