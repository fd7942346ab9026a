"""Rejective fine-tuning keeps what is right and not too easy; rewards and advantages are the paper's."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.resume_log import Log
from grm_core.training import meta, rft
from grm_core.training.families import SEEN
from grm_core.training.generate import Question, Trajectory
from grm_core.training.reward import advantages, reward, trl_reward
from grm_core.types import Example
from tests.make import make_example

pytestmark = pytest.mark.slow


def example(name: str, labels: tuple[float, ...] = (1.0, 0.0)) -> Example:
    made = make_example(len(labels))
    return Example(name, made.query, made.responses, labels, None, "tasks", "keyword")


def judgment(name: str, scores: str, order: tuple[int, ...] = (0, 1), principles: int = 2) -> Trajectory:
    stated = "".join(f"{i}. Point {i} (weight: 50%)\n" for i in range(1, principles + 1))
    text = f"Principles:\n{stated}Critique:\nResponse 1: fine. Response 2: poor.\nScores: \\boxed{{{scores}}}"
    return Trajectory(Question(example(name), order), text, True)


def test_wrong_ones_and_items_that_are_too_easy_are_dropped() -> None:
    mixed = [judgment("mixed", "9, 2"), judgment("mixed", "2, 9"), judgment("mixed", "5, 5")]
    easy = [judgment("easy", "9, 2"), judgment("easy", "8, 1"), judgment("easy", "7, 3")]
    hard = [judgment("hard", "1, 2"), judgment("hard", "no"), judgment("hard", "3, 3")]
    kept, again = rft.reject([mixed, easy, hard])
    assert [(each.question.example.id, each.scores()) for each in kept.judgments] == [("mixed", (9, 2))]
    assert (kept.wrong, kept.too_easy) == (5, 1)
    assert [question.example.id for question in again] == ["mixed", "hard"]


def test_the_same_text_is_kept_once_and_one_without_principles_not_at_all() -> None:
    one = judgment("a", "9, 2")
    bare = judgment("a", "9, 2", principles=0)
    kept, _ = rft.reject([[one, one, bare, judgment("a", "2, 9")]])
    assert kept.judgments == (one,)


def test_what_is_learned_is_what_rejection_kept_and_right_answers_to_hints() -> None:
    def hinted(name: str, scores: str) -> Trajectory:
        one = judgment(name, scores)
        return replace(one, question=replace(one.question, hinted=True))

    mixed = [judgment("mixed", "9, 2"), judgment("mixed", "9, 2"), judgment("mixed", "2, 9")]
    bare = [judgment("bare", "9, 2"), judgment("bare", "8, 2"), judgment("bare", "9, 1", principles=1)]
    easy = [judgment("easy", "9, 2"), judgment("easy", "8, 1"), judgment("easy", "7, 3")]
    hints = [hinted("mixed", "8, 4"), hinted("bare", "6, 5"), hinted("bare", "2, 9")]
    kept = rft.kept([*mixed, *bare, *easy, *hints])
    assert kept == [mixed[0], bare[0], bare[1], hints[0], hints[1]]


def test_a_shuffled_order_is_put_back_before_the_labels_are_asked() -> None:
    swapped = judgment("a", "2, 9", order=(1, 0))
    assert swapped.scores() == (9, 2)
    assert swapped.correct()


def test_a_hint_names_the_best_response_where_it_is_shown_and_is_not_learned() -> None:
    hinted = Question(example("a"), (1, 0), hinted=True)
    assert hinted.messages()[-1].content.endswith("Response 2 is the best.")
    assert "Hint" not in replace(hinted, hinted=False).messages()[-1].content


def test_weak_families_are_those_whose_own_samples_are_mostly_wrong_hinted_ones_and_pairs_aside() -> None:
    families = [family for family in SEEN if family.name in ("keyword", "avoid", "opening")]
    assert [family.name for family in families] == ["keyword", "avoid", "opening"]

    def of(family: str, scores: str, hinted: bool = False, source: str = "tasks") -> Trajectory:
        one = judgment("a", scores)
        item = replace(one.question.example, subset=family, source=source)
        return replace(one, question=replace(one.question, example=item, hinted=hinted))

    sampled = [of("keyword", "9, 2"), of("keyword", "2, 9"), of("keyword", "9, 2", hinted=True)]
    sampled += [of("avoid", "9, 2")] * 7 + [of("avoid", "2, 9")] * 3 + [of("avoid", "2, 9", source="pairs")] * 9
    assert [family.name for family in rft.weak_families(sampled, families)] == ["keyword"]
    assert rft.weak_families([], families) == [], "what was never sampled is not known to be weak"


def test_samples_are_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    hinted = Trajectory(Question(example("b"), (1, 0), hinted=True), "text", False)
    written = [judgment("a", "9, 2"), hinted]
    with Log.begin(path) as lines:
        rft.write(lines, written)
    path.write_text(path.read_text() + '{"example_id": "a", "cut')
    trajectories = rft.read(path, [example("a"), example("b"), example("c")])
    assert [(each.text, each.finished, each.question.order) for each in trajectories] == [
        (each.text, each.finished, each.question.order) for each in written
    ]
    assert trajectories[1].question.hinted
    assert rft.read(path, [example("a")]) == trajectories[:1]


def test_single_responses_are_asked_for_zero_or_one() -> None:
    good, bad = example("good", (0.9,)), example("bad", (0.3,))
    questions = rft.questions([good, bad], 0)
    assert [question.example.labels for question in questions] == [(1.0,), (0.0,)]
    assert all(question.binary for question in questions)
    assert Trajectory(questions[0], "Scores: \\boxed{1}", True).correct()
    assert Trajectory(questions[1], "Scores: \\boxed{0}", True).correct()
    assert not Trajectory(questions[1], "Scores: \\boxed{7}", True).correct()


def test_the_reward_is_one_for_right_and_minus_one_for_wrong_tied_or_unreadable() -> None:
    def reward_of(text: str, **options: bool) -> float:
        return reward(text, (1.0, 0.0), (1, 0), **options)

    assert reward_of("Scores: \\boxed{3, 8}") == 1.0
    assert reward_of("Scores: \\boxed{8, 3}") == -1.0
    assert reward_of("Scores: \\boxed{8, 8}") == -1.0, "in training a tie is wrong"
    assert reward_of("no scores at all") == -1.0
    assert reward_of("Scores: \\boxed{3,", finished=False) == -1.0
    assert reward("Scores: \\boxed{1}", (1.0,), (0,), binary=True) == 1.0


def test_trl_gets_the_same_rewards_for_texts_and_for_chats() -> None:
    texts = ["Scores: \\boxed{3, 8}", "Scores: \\boxed{8, 3}"]
    chats = [[{"role": "assistant", "content": text}] for text in texts]
    columns = {"labels": [json.dumps([1.0, 0.0])] * 2, "order": [json.dumps([1, 0])] * 2}
    assert trl_reward(texts, **columns, prompts=texts) == trl_reward(chats, **columns) == [1.0, -1.0]


def test_advantages_are_centred_scaled_and_zero_without_difference() -> None:
    assert advantages([1, 1, 1, 1]) == [0, 0, 0, 0]
    values = advantages([1.0, -1.0, -1.0, -1.0])
    assert sum(values) == pytest.approx(0)
    assert sum(value**2 for value in values) / 4 == pytest.approx(1)
    assert values[0] > 0 > values[1] == values[2]


def test_judgments_of_an_item_stay_on_one_side_of_the_split() -> None:
    many = [judgment(f"item {i // 3}", random.Random(i).choice(("9, 2", "2, 9"))) for i in range(300)]
    learn, held_out = meta.split(meta.labelled(many), 0.2, 0)
    names = [{each.reading.example.id for each in side} for side in (learn, held_out)]
    assert not names[0] & names[1]
    assert len(held_out) == 60


def test_the_meta_rm_reads_every_judgment_once_a_round() -> None:
    class Letters:
        """A tokenizer that gives a token per character and marks turns."""

        def apply_chat_template(self, turns: list[dict[str, str]], **_: object) -> list[int]:
            return [ord(letter) for turn in turns for letter in turn["content"] + "\n"]

    uneven = [judgment(f"r{i}", "9, 2") for i in range(5)] + [judgment(f"w{i}", "2, 9") for i in range(40)]
    rows = [row for row, _ in zip(meta.endless(Letters(), meta.labelled(uneven), 0, 0), range(90), strict=False)]
    assert [sum(row.label for row in rows[start : start + 45]) for start in (0, 45)] == [5, 5]
    assert sorted(row.ids for row in rows[:45]) == sorted(row.ids for row in rows[45:])
    assert rows[:45] != rows[45:], "in another order"
    again = [row for row, _ in zip(meta.endless(Letters(), meta.labelled(uneven), 0, 40), range(50), strict=False)]
    assert again == rows[40:], "a resumed run goes on where it stopped"


def test_the_order_within_items_counts_only_pairs_of_one_item() -> None:
    right, items = [True, False, False, True, False], ["a", "a", "a", "b", "c"]
    share = meta.told_apart([0.5, 0.1, 0.9, -5.0, 7.0], right, items)
    assert share["within"] == 0.5, "of a's two pairs one is in order; b and c have none"
    assert meta.told_apart([1.0, 0.0], [True, False], ["a", "b"])["within"] is None
    assert meta.told_apart([1.0, 1.0], [True, False], ["a", "a"])["within"] == 0.5, "a tie is half a pair"
