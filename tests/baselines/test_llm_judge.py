"""LLM-as-a-Judge: names are counted in own order, probabilities are added up, what cannot be read casts no vote."""

import math
from collections import Counter

import pytest

from grm_core.baselines import llm_judge
from grm_core.baselines.ask import Settings
from grm_core.baselines.poll import Poll, accuracy_at, points, poll
from grm_core.errors import EngineError, UsageError
from grm_core.shuffling import plan
from grm_core.types import Baseline, Example, Message
from tests.baselines.fake_judge import FakeJudge, SureJudge, best
from tests.make import make_example


def an_example(n: int, name: str = "item", right: int = 0) -> Example:
    return Example(
        name, (Message("user", "Which number is largest?"),), tuple(f"number {i}" for i in range(n)),
        labels=tuple(float(i == right) for i in range(n)),
    )  # fmt: skip


def largest(shown: list[str], seed: int) -> str:
    return best(max(range(len(shown)), key=lambda place: shown[place]))


async def one(engine: FakeJudge, example: Example, settings: Settings) -> Poll:
    (poll,) = await llm_judge.judge(engine, [example], settings)
    assert isinstance(poll, Poll), poll
    return poll


@pytest.mark.parametrize("n", [2, 5])
async def test_a_judge_that_sees_the_largest_names_it_wherever_it_is_shown(n: int) -> None:
    engine = FakeJudge(largest)
    poll = await one(engine, an_example(n), Settings(k=12, seed=3))
    assert poll.verdict.totals == (*[0.0] * (n - 1), 12.0)
    assert (poll.verdict.method, poll.verdict.winner, poll.verdict.margin) == (Baseline.LLM_JUDGE, n - 1, 12.0)
    assert len({request.messages for request in engine.asked}) > 1, "responses are shuffled anew"


async def test_a_judge_that_names_the_first_shown_votes_for_whoever_stands_there() -> None:
    example, settings = an_example(3), Settings(k=30, seed=5)
    poll = await one(FakeJudge(lambda shown, seed: best(0)), example, settings)
    first = Counter(slot.order[0] for slot in plan(3, 30, 5, example.id))
    assert poll.verdict.totals == tuple(float(first[own]) for own in range(3))


async def test_what_cannot_be_read_casts_no_vote_and_is_counted() -> None:
    texts = {0: "I like both.", 1: "Best response: \\boxed{7}", 2: "", 3: None}
    kinds = {0: "no_scores", 1: "out_of_range", 2: "empty"}

    def write(shown: list[str], seed: int) -> str:
        text = texts[seed % 4]
        return largest(shown, seed) if text is None else text

    example, settings = an_example(2), Settings(k=16)
    seeds = [slot.seed % 4 for slot in plan(2, 16, 0, example.id)]
    poll = await one(FakeJudge(write), example, settings)
    assert poll.verdict.k == 16
    assert 0 < poll.verdict.k_effective == seeds.count(3) < 16
    assert poll.verdict.voted == tuple(place for place, kind in enumerate(seeds) if kind == 3)
    assert poll.verdict.totals == (0.0, float(seeds.count(3)))
    assert poll.unread == Counter(kinds[kind] for kind in seeds if kind != 3)


async def test_nothing_readable_is_no_verdict() -> None:
    poll = await one(FakeJudge(lambda shown, seed: "Both."), an_example(2), Settings(k=4))
    verdict = poll.verdict
    assert (verdict.k, verdict.k_effective, verdict.totals, verdict.winner, verdict.margin) == (4, 0, None, None, None)


async def test_a_tie_has_no_winner() -> None:
    example = an_example(2)
    first = [slot.order[0] for slot in plan(2, 64, 0, example.id)]
    k = next(k for k in range(2, 64, 2) if first[:k].count(0) == k // 2)
    poll = await one(FakeJudge(lambda shown, seed: best(0)), example, Settings(k=k))
    assert (poll.verdict.totals, poll.verdict.winner, poll.verdict.margin) == ((k / 2, k / 2), None, 0)


async def test_probabilities_are_read_where_the_box_stands_and_added_up_in_own_order() -> None:
    chance = {"number 0": 0.5, "number 1": 0.3, "number 2": 0.1}
    engine = SureJudge(largest, lambda shown, begun: [chance[text] for text in shown])
    poll = await one(engine, an_example(3), Settings(k=4, vote="probability"))
    assert poll.verdict.totals == pytest.approx((2.0, 1.2, 0.4))
    assert poll.verdict.winner == 0, "although every sample names the last one"
    assert all(begun.endswith("Best response: \\boxed{") for begun in engine.begun)


async def test_a_judge_without_any_likely_index_casts_no_vote() -> None:
    poll = await one(
        SureJudge(largest, lambda shown, begun: [0.0, 0.0]), an_example(2), Settings(3, vote="probability")
    )
    assert (poll.verdict.k_effective, poll.unread) == (0, Counter(no_scores=3))


async def test_probabilities_need_an_engine_that_tells_them() -> None:
    with pytest.raises(UsageError, match="fake engine tells no token probabilities"):
        await one(FakeJudge(largest), an_example(2), Settings(1, vote="probability"))
    with pytest.raises(UsageError, match="one of majority, probability"):
        await one(FakeJudge(largest), an_example(2), Settings(1, vote="coin"))


async def test_an_item_that_cannot_be_judged_does_not_stop_the_others() -> None:
    bad_seed = plan(2, 4, 0, "broken")[2].seed
    engine = FakeJudge(largest, failing=lambda seed: seed == bad_seed)
    examples = [an_example(1, "alone"), an_example(2, "fine"), an_example(2, "broken"), an_example(5, "five")]
    alone, fine, broken, five = await llm_judge.judge(engine, examples, Settings(k=4))
    assert isinstance(alone, UsageError)
    assert "at least 2" in str(alone)
    assert isinstance(broken, EngineError)
    assert isinstance(fine, Poll)
    assert isinstance(five, Poll)
    assert (fine.verdict.winner, five.verdict.winner) == (1, 4)


async def test_ten_responses_are_too_many_for_probabilities_but_not_for_a_majority() -> None:
    engine = SureJudge(largest, lambda shown, begun: [0.1] * len(shown))
    (refused,) = await llm_judge.judge(engine, [an_example(10)], Settings(2, vote="probability"))
    assert isinstance(refused, UsageError)
    assert (await one(engine, an_example(10), Settings(2))).verdict.winner == 9


async def test_a_model_that_was_not_trained_to_name_the_best_is_held_to_the_format() -> None:
    engine = FakeJudge(largest)
    await one(engine, an_example(3), Settings(1))
    assert engine.asked[-1].params.regex is None
    engine.style = "compact"
    await one(engine, an_example(3), Settings(1))
    assert "Best response" in str(engine.asked[-1].params.regex)


def test_accuracy_over_k_is_that_of_all_subsets() -> None:
    rows = [(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 3
    for point in points(rows, (1, 0)):
        # Hypergeometric by hand: a of the 5 right votes and k - a of the 3 wrong ones, half for a tie.
        ways = [(a, math.comb(5, a) * math.comb(3, point.k - a)) for a in range(point.k + 1)]
        right = sum(count * (1.0 if 2 * a > point.k else 0.5 if 2 * a == point.k else 0.0) for a, count in ways)
        assert point.accuracy == pytest.approx(right / math.comb(8, point.k)), point.k


def test_k_counts_unreadable_samples_which_cast_no_vote() -> None:
    example = make_example(2, labels=(1.0, 0.0))
    item = poll(Baseline.LLM_JUDGE, example, [(1.0, 0.0), None, None, (1.0, 0.0)])
    assert accuracy_at(item, (1, 2, 4)) == pytest.approx([0.5, 5 / 6, 1.0]), "one of the six pairs says nothing"
    assert accuracy_at(poll(Baseline.LLM_JUDGE, example, [None, None]), (1, 2)) == [0.0, 0.0]


def test_many_samples_are_drawn_at_random_with_a_seed() -> None:
    rows = [(1.0, 0.0, 0.0)] * 12 + [(0.0, 1.0, 0.0)] * 8
    once, again = (points(rows, (1, 0, 0), draws=4000, seed=1) for _ in range(2))
    assert once == again
    assert once[0].accuracy == pytest.approx(0.6, abs=0.03)
    assert once[-1].accuracy == 1.0
