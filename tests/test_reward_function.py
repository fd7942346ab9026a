"""The GRM as TRL's reward: groups, order, formats, lists that are too long, what cannot be read, a real trainer."""

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grm_core.errors import EngineError, UsageError
from grm_core.reward_function import GRMReward, Group, Settings, dealt, grouped
from grm_core.types import Judgement, Message, Method
from tests.baselines.fake_judge import FakeJudge, shown
from tests.fake_engine import FakeEngine
from tests.training.conftest import tiny

__all__ = ["tiny"]


def by_number(responses: list[str], seed: int) -> str:
    """Scores each response by the last number in it: 'answer 7' gets 7."""
    scores = [int((re.findall(r"\d+", text) or ["1"])[-1]) for text in responses]
    return f"Principles:\n1. Size (weight: 100%)\nCritique:\nFine.\nScores: \\boxed{{{', '.join(map(str, scores))}}}"


class Closing(FakeJudge):
    """Counts how often it is closed, and in which thread it worked."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.closed, self.threads = 0, set[str]()

    async def start(self) -> None:
        self.threads.add(threading.current_thread().name)

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def engine() -> Closing:
    return Closing(by_number)


@pytest.fixture
def reward(engine: Closing) -> Iterator[GRMReward]:
    with GRMReward(engine, Settings(k=4)) as made:
        yield made


def chat(text: str, role: str = "user") -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


async def test_each_completion_gets_its_mean_score_in_the_trainers_order(reward: GRMReward, engine: Closing) -> None:
    prompts = ["How many?"] * 3 + ["How much?"] * 3
    rewards = await reward(prompts, ["a 10", "b 1", "c 4", "x 2", "y 9", "z 5"])
    assert rewards == pytest.approx([1, 0, 3 / 9, 1 / 9, 8 / 9, 4 / 9])
    assert sum(request.n for request in engine.asked) == 2 * 4, "k samples for each group"
    assert {frozenset(shown(request.messages)) for request in engine.asked} == {
        frozenset({"a 10", "b 1", "c 4"}), frozenset({"x 2", "y 9", "z 5"}),
    }  # fmt: skip


async def test_the_same_texts_under_two_prompts_are_judged_apart(engine: Closing) -> None:
    engine.write = lambda responses, seed: by_number(responses, seed)
    seen: list[Judgement] = []
    with GRMReward(engine, Settings(k=1), on_judgement=seen.append) as reward:
        await reward(["one", "two", "one", "two"], ["a 3", "a 3", "b 4", "b 4"])
    assert sorted(each.example.query[0].content for each in seen) == ["one", "two"]


async def test_chats_are_judged_as_turns_and_texts_as_one(reward: GRMReward, engine: Closing) -> None:
    turns = [*chat("Be brief.", "system"), *chat("How many?")]
    called = [{"role": "assistant", "content": None}, {"role": "tool", "content": "99"}, *chat("so 7", "assistant")]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": "say 3"}]}]
    assert await reward([turns, turns], [called, parts]) == pytest.approx([6 / 9, 2 / 9])
    assert "System:\nBe brief." in engine.asked[0].messages[0].content
    assert "99" not in "".join(shown(engine.asked[0].messages))


async def test_equal_completions_are_judged_once_and_rewarded_alike(reward: GRMReward, engine: Closing) -> None:
    assert await reward(["q"] * 4, ["a 4", "b 10", "a 4", "b 10"]) == pytest.approx([3 / 9, 1, 3 / 9, 1])
    assert {len(shown(request.messages)) for request in engine.asked} == {2}


async def test_an_empty_completion_gets_the_lowest_reward_without_being_judged(engine: Closing) -> None:
    with GRMReward(engine, Settings(k=2, low=-1, high=1)) as reward:
        assert await reward(["q"] * 3, ["a 10", " \n", "b 1"]) == [1, -1, -1]
        assert await reward(["q"], [""]) == [-1]
    assert {len(shown(request.messages)) for request in engine.asked} == {2}


async def test_what_cannot_be_read_is_none_and_told(engine: Closing) -> None:
    engine.write = lambda texts, seed: "Nice." if "odd" in texts[0] + texts[-1] else by_number(texts, seed)
    metrics: dict[str, float] = {}
    with GRMReward(engine, Settings(k=2)) as reward:
        rewards = await reward(["q", "q", "p", "p"], ["odd 1", "odd 2", "a 1", "b 10"], log_metric=metrics.__setitem__)
    assert rewards == [None, None, 0, 1]
    assert metrics == {"grm/unreadable_samples": 0.5, "grm/unscored_completions": 0.5}


async def test_a_group_whose_prompt_is_too_long_is_none_and_the_others_go_on() -> None:
    engine = FakeEngine(limit=600)
    with GRMReward(engine, Settings(k=2)) as reward:
        rewards = await reward(["q", "q", "long"], ["a", "b", "word " * 700])
    assert rewards[2] is None
    assert all(value is not None and 0 <= value <= 1 for value in rewards[:2])


async def test_an_engine_that_answers_nothing_stops_the_training() -> None:
    with (
        GRMReward(FakeJudge(by_number, failing=lambda seed: True), Settings(k=2)) as reward,
        pytest.raises(EngineError, match="the fake server said no"),
    ):
        await reward(["q"], ["a"])
    with (
        GRMReward(FakeEngine(start_error=EngineError("no GPU")), Settings(k=2)) as reward,
        pytest.raises(EngineError, match="no GPU"),
    ):
        await reward(["q"], ["a"])


async def test_a_reference_column_is_shown_and_parts_groups(reward: GRMReward, engine: Closing) -> None:
    await reward(["q", "q", "q"], ["a 1", "b 2", "c 3"], reference=["It is 2.", "It is 2.", None])
    seen = {("It is 2." in each.messages[0].content, len(shown(each.messages))) for each in engine.asked}
    assert seen == {(True, 2), (False, 1)}


@pytest.mark.parametrize(
    ("count", "most", "deals", "sizes"), [(8, 8, 2, [8]), (9, 8, 2, [5, 4] * 2), (20, 6, 3, [5] * 12)]
)
def test_large_groups_are_dealt_into_even_lists_in_different_company(
    count: int, most: int, deals: int, sizes: list[int]
) -> None:
    texts = [f"text {i}" for i in range(count)]
    lists = dealt(texts, Settings(most=most, deals=deals))
    assert [len(each) for each in lists] == sizes
    dealings = len(sizes) // -(-count // most)
    assert all(sum(text in each for each in lists) == dealings for text in texts)
    assert lists == dealt(texts, Settings(most=most, deals=deals)), "the seed decides"
    assert len({frozenset(each) for each in lists}) == len(lists)


def test_texts_that_are_judged_alone_are_judged_once() -> None:
    assert sorted(dealt(["a", "b", " "], Settings(most=1, deals=3))) == [("a",), ("b",)]


async def test_a_large_groups_reward_is_the_mean_over_its_lists(engine: Closing) -> None:
    def crowd(responses: list[str], seed: int) -> str:
        scores = [10 if "10" in text else 4 if any("10" in other for other in responses) else 8 for text in responses]
        return f"Scores: \\boxed{{{', '.join(map(str, scores))}}}"

    engine.write = crowd
    texts = ["best 10", *(f"other {letter}" for letter in "abcdefghijk")]
    settings = Settings(k=2, most=6, deals=2)
    with GRMReward(engine, settings) as reward:
        rewards = await reward(["q"] * 12, texts)
    beside = [each for each in dealt(texts, settings) if "best 10" in each]
    for text, value in zip(texts[1:], rewards[1:], strict=True):
        met = sum(text in each for each in beside)
        assert value == pytest.approx(((4 * met + 8 * (2 - met)) / 2 - 1) / 9)
    assert rewards[0] == 1


async def test_a_guided_vote_counts_only_the_samples_that_the_meta_rm_keeps() -> None:
    class Meta:
        name = "meta"
        closed = 0

        async def score(self, readings: Any) -> list[float]:
            return [float("good" in reading.text) for reading in readings]

        async def close(self) -> None:
            self.closed += 1

    meta = Meta()
    judge = FakeJudge(lambda texts, seed: "good\nScores: \\boxed{9, 9}" if seed % 2 else "Scores: \\boxed{2, 2}")
    with GRMReward(judge, Settings(k=16, method=Method.GUIDED, k_meta=3), meta=meta) as reward:
        assert await reward(["q", "q"], ["a", "b"]) == pytest.approx([8 / 9, 8 / 9])
    assert meta.closed == 1


def test_it_closes_its_engine_once_and_works_from_any_loop(engine: Closing) -> None:
    with GRMReward(engine, Settings(k=1)) as reward:
        for _ in range(2):
            assert asyncio.run(reward(["q"], ["a 10"])) == [1]
    reward.close()
    assert engine.closed == 1
    assert engine.threads == {"grm-reward"}
    with pytest.raises(UsageError, match="closed"):
        asyncio.run(reward(["q"], ["a 10"]))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(method=Method.GUIDED_WEIGHTED), "naive or guided"),
        (Settings(method=Method.GUIDED), "needs a meta RM"),
        (Settings(template="judge"), "asks for no scores"),
        (Settings(template="nonsense"), "there is no template"),
        (Settings(most=33), "most is 33"),
        (Settings(k=0), "k is 0"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(settings: Settings, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        GRMReward(FakeJudge(by_number), settings)


def test_groups_keep_their_places_wherever_equal_prompts_stand() -> None:
    groups = grouped(["a", chat("b"), "a"], ["1", chat("2", "assistant"), "3"])
    assert groups == [
        Group((Message("user", "a"),), None, ("1", "3"), ((0,), (2,))),
        Group((Message("user", "b"),), None, ("2",), ((1,),)),
    ]
    for prompt, completion in ((7, "x"), ("x", 7), ([], "x")):
        with pytest.raises(UsageError, match="is a text or a list of turns"):
            grouped([prompt], [completion])


@pytest.mark.model
@pytest.mark.slow
def test_trls_trainer_takes_it_and_learns_from_what_could_be_read(tiny: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    engine = Closing(lambda texts, seed: by_length(texts))
    config = GRPOConfig(
        output_dir=str(tmp_path), num_generations=4, per_device_train_batch_size=4, max_steps=2, use_cpu=True,
        bf16=False, max_completion_length=8, logging_steps=1, report_to=[], save_strategy="no", learning_rate=1e-3,
    )  # fmt: skip
    with GRMReward(engine, Settings(k=2)) as reward:
        data = Dataset.from_list([{"prompt": chat(f"Say {i}."), "reference": f"{i}"} for i in range(2)])
        trainer = GRPOTrainer(str(tiny), reward_funcs=reward, args=config, train_dataset=data)
        trainer.train()
    logged = [line for line in trainer.state.log_history if "rewards/grm/mean" in line]
    assert len(logged) == 2
    assert all(0 <= line["rewards/grm/mean"] <= 1 and line["rewards/grm/std"] > 0 for line in logged)
    assert [line["grm/unreadable_samples"] for line in logged] == [0, 0]
    assert (engine.closed, {len(request.messages) for request in engine.asked}) == (1, {1})
    assert all("Reference" in request.messages[0].content for request in engine.asked)


def by_length(texts: list[str]) -> str:
    return f"Scores: \\boxed{{{', '.join(str(1 + len(text) % 10) for text in texts)}}}"
