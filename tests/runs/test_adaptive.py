"""Adaptive k: which samples are drawn follows from seeds alone, and verdicts hardly change."""

import random
from collections.abc import Callable, Sequence

import pytest

from grm_core.analysis import settling
from grm_core.analysis.looks import Rule
from grm_core.analysis.savings import savings, stop_of
from grm_core.errors import UsageError
from grm_core.types import Sample
from runs.adaptive import Growing, grow, is_whole
from runs.drive import Local, Progress
from tests.fake_engine import FakeEngine
from tests.make import make_sample
from tests.runs.test_drive import Kept, driven, named, task

Scores = Callable[[random.Random], tuple[int, ...]]


def lean(chance: float) -> Scores:
    """Two responses: the first is better with this probability, by some points."""

    def draw(rng: random.Random) -> tuple[int, ...]:
        high, low = rng.randint(6, 9), rng.randint(3, 7)
        return (high, low) if rng.random() < chance else (low, high)

    return draw


def four(gap: float) -> Scores:
    """Four responses, the first better by `gap` on average."""

    def draw(rng: random.Random) -> tuple[int, ...]:
        return tuple(min(10, max(1, round(rng.gauss(5 + gap * (i == 0), 1.5)))) for i in range(4))

    return draw


def run_of(scores: Scores, items: int, k: int = 32) -> list[list[Sample]]:
    """Stored samples of many items; one in twelve could not be read."""
    runs = []
    for seed in range(items):
        rng = random.Random(seed)
        runs.append([make_sample(i, None if rng.random() < 1 / 12 else scores(rng)) for i in range(k)])
    return runs


@pytest.mark.parametrize(("scores", "saves"), [
    (lean(0.5), 0.0), (lean(0.6), 0.1), (lean(0.9), 0.5), (four(0.0), 0.0), (four(2.0), 0.4),
])  # fmt: skip
def test_flips_stay_below_the_risk_also_where_the_judge_cannot_tell(scores: Scores, saves: float) -> None:
    rule = Rule(0.05, 32)
    sums = savings([stop_of(str(i), samples, rule) for i, samples in enumerate(run_of(scores, 80))])
    assert sums.flip_rate is not None
    assert sums.flip_rate <= rule.risk
    assert sums.saved is not None
    assert sums.saved >= saves


def test_a_higher_risk_saves_more() -> None:
    runs = run_of(lean(0.75), 40)
    drawn = [savings([stop_of("x", each, Rule(risk, 32)) for each in runs]).drawn for risk in (0.01, 0.05, 0.3)]
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[0] > drawn[-1]


def test_looks_are_even_and_end_before_the_last_sample() -> None:
    assert Rule(0.05, 32).looks == (4, 6, 8, 12, 18, 26)
    assert Rule(0.05, 4).looks == ()
    assert [Rule(0.05, 8).after(count) for count in (0, 4, 6)] == [4, 6, 8]
    with pytest.raises(UsageError, match="between 0 and 1"):
        Rule(1.0, 8)


async def grown(
    ids: Sequence[str],
    rule: Rule,
    held: dict[str, list[Sample]] | None = None,
    budget: int | None = None,
    failing: frozenset[int] = frozenset(),
) -> tuple[dict[str, list[Sample]], Progress, FakeEngine]:
    """What a run draws, with what it was left."""
    held = held or {}
    tasks = [task(named(each), rule.most, frozenset(sample.index for sample in held.get(each, ()))) for each in ids]
    growing, sink, engine = Growing(tasks, held, rule, budget), Kept(), FakeEngine(failing=failing)
    progress = Progress.of(tasks)
    await grow(Local(engine), growing, sink, progress, lambda words: None)
    samples = {each: list(held.get(each, ())) for each in ids}
    for arrival in sink.arrivals:
        assert arrival.sample is not None
        samples[arrival.example.id].append(arrival.sample)
    return {each: sorted(mine, key=lambda s: s.index) for each, mine in samples.items()}, progress, engine


IDS = [f"item-{i}" for i in range(6)]
RULE = Rule(0.3, 16)


async def test_samples_are_those_of_full_k_cut_where_the_rule_says() -> None:
    cut, progress, engine = await grown(IDS, RULE)
    sink = Kept()
    await driven([task(named(each), 16) for each in IDS], sink)
    full: dict[str, list[Sample]] = {each: [] for each in IDS}
    for arrival in sink.arrivals:
        assert arrival.sample is not None
        full[arrival.example.id].append(arrival.sample)
    full = {each: sorted(samples, key=lambda s: s.index) for each, samples in full.items()}
    for each in IDS:
        assert [s.completion and s.completion.text for s in cut[each]] == [
            s.completion and s.completion.text for s in full[each]
        ][: len(cut[each])]
        assert len(cut[each]) == settling.stop(RULE, full[each])
    assert len({len(samples) for samples in cut.values()}) > 1, "some end early, some do not"
    assert progress.items_done == len(IDS)
    assert sum(request.n for request in engine.asked) == sum(map(len, cut.values())), "nothing is drawn in vain"


@pytest.mark.parametrize("budget", [None, 40])
async def test_a_stopped_run_ends_with_the_samples_of_one_that_was_not(budget: int | None) -> None:
    whole, _, _ = await grown(IDS, RULE, budget=budget)
    rng = random.Random(1)
    left = {each: [sample for sample in samples if rng.random() < 0.5] for each, samples in whole.items()}
    again, _, engine = await grown(IDS, RULE, left, budget)
    assert {each: [s.seed for s in samples] for each, samples in again.items()} == {
        each: [s.seed for s in samples] for each, samples in whole.items()
    }
    missing = sum(map(len, whole.values())) - sum(map(len, left.values()))
    assert sum(request.n for request in engine.asked) == missing
    tasks = [task(named(each), 16, frozenset(s.index for s in whole[each])) for each in IDS]
    assert is_whole(Growing(tasks, whole, RULE, budget))
    assert not is_whole(Growing(tasks, left, RULE, budget))


async def test_a_budget_goes_where_verdicts_are_open() -> None:
    free, _, _ = await grown(IDS, RULE)
    bound, _, _ = await grown(IDS, RULE, budget=40)
    assert sum(map(len, bound.values())) <= 40 < sum(map(len, free.values()))
    for each in IDS:
        assert len(bound[each]) <= len(free[each])
        assert len(bound[each]) >= 4
    assert max(map(len, bound.values())) > 4


async def test_an_item_whose_sample_failed_waits_for_it() -> None:
    whole, _, _ = await grown(IDS, RULE)
    bad = whole["item-0"][1].seed
    partly, progress, _ = await grown(IDS, RULE, failing=frozenset({bad}))
    assert len(partly["item-0"]) == 4
    assert progress.failed
    left = {each: [s for s in samples if s.error is None] for each, samples in partly.items()}
    again, _, _ = await grown(IDS, RULE, left)
    assert {each: len(samples) for each, samples in again.items()} == {
        each: len(samples) for each, samples in whole.items()
    }
