"""Verdict words at the opening of critiques: drawn from the GRM's distribution, evenly over the samples of an item."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grm_core import contexts, openings, prompts
from grm_core.engines.base import OnText, Reply
from grm_core.plan import SamplingPlan
from grm_core.sampling import sample
from grm_core.types import Completion, Params, Request, Sample
from tests.fake_engine import FakeEngine
from tests.make import make_example

FIRST = ((" Good", math.log(0.5)), (" Ex", math.log(0.25)), (" The", math.log(0.15)), (" Poor", math.log(0.1)))


def text(at: float, greedy: bool = False) -> str:
    """The verdict word that `FIRST` has at a place."""
    word = openings.word(FIRST, at, greedy)
    assert word is not None
    return word.text


def test_the_chances_are_those_of_the_five_words_best_first() -> None:
    assert openings.chances(FIRST) == pytest.approx([0.25, 0.5, 0, 0.1, 0])
    assert openings.chances(()) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("k", [4, 8, 13, 32])
def test_the_places_of_k_samples_lie_evenly(k: int) -> None:
    places = sorted(openings.place(3, "item", index) for index in range(k))
    gaps = [after - before for before, after in zip(places, [*places[1:], places[0] + 1], strict=True)]
    assert 0 <= places[0] < places[-1] < 1
    assert max(gaps) < 2 / k
    assert places != sorted(openings.place(4, "item", index) for index in range(k))


def test_a_lower_place_never_has_the_worse_score() -> None:
    words = [openings.word(FIRST, place / 1000) for place in range(1000)]
    scores = [openings.score((), word) for word in words if word]
    assert scores == sorted(scores, reverse=True)
    assert text(0.0) == "Excellent"
    assert text(0.999) == "Fair", "Poor is what the GRM hardly expects"


@given(st.lists(st.floats(0.01, 1), min_size=5, max_size=5), st.floats(0, 1, exclude_max=True))
def test_samples_differ_half_as_much_as_the_grm_doubts_and_their_mean_is_what_it_expects(
    likely: list[float], start: float
) -> None:
    whole = sum(likely)
    first = [(f" {word}", math.log(chance / whole)) for word, chance in zip(contexts.VERDICTS, likely, strict=True)]
    expected = sum(level * chance / whole for level, chance in zip((4, 3, 2, 1, 0), likely, strict=True))
    words = [openings.word(first, (start + place / 200) % 1) for place in range(200)]
    scores = [openings.score((), word) for word in words if word]
    assert len(scores) == 200
    assert sum(scores) / 200 == pytest.approx(1 + 9 / 4 * expected, abs=0.75)
    assert max(scores) - min(scores) <= 6


DIGITS = (("7", math.log(0.6)), ("8", math.log(0.2)), ("1", math.log(0.15)), ("10", math.log(0.05)))


def test_a_score_is_one_of_its_words_two_as_the_critique_tells_and_the_word_leaves_room() -> None:
    def scores(better: float) -> Counter[int]:
        return Counter(openings.score(DIGITS, openings.Word("Good", better, place / 100)) for place in range(100))

    assert scores(0.5) == {8: 25, 7: 75}
    assert scores(0.75) == {8: 50, 7: 50}
    assert scores(1.0) == {8: 100}
    assert scores(0.0) == {7: 100}
    assert openings.score(DIGITS, openings.Word("Excellent", 0.5, 0.99)) == 10  # its first digit is told, 9 is not
    assert openings.score(DIGITS, openings.Word("Excellent", 0.0, 0.99)) == 9
    assert [openings.score((), openings.Word("Bad", 0.5, at)) for at in (0.4, 0.6)] == [2, 1]


@given(st.sampled_from(contexts.VERDICTS), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_a_score_follows_its_word(verdict: str, better: float, at: float) -> None:
    assert contexts.verdict_of(openings.score(DIGITS, openings.Word(verdict, better, at))) == verdict


def test_a_greedy_run_says_the_likeliest_word() -> None:
    assert {text(place / 10, greedy=True) for place in range(10)} == {"Good"}


def test_without_one_of_the_words_none_is_drawn() -> None:
    assert openings.word((("The", -0.1), ("A", -3.0)), 0.5) is None
    assert openings.word((), 0.5) is None


async def judged(engine: FakeEngine, k: int, opens: bool = True) -> list[Sample]:
    plan = SamplingPlan(
        make_example(3), prompts.load("compact"), Params(), k, session_id="s", context="single", opens=opens
    )
    return sorted([each async for each in sample(engine, plan)], key=lambda each: each.index)


def verdicts(each: Sample) -> list[str]:
    assert each.completion is not None
    lines = [line for line in each.completion.text.splitlines() if line.startswith("Response ")]
    return [line.split('" ')[1].split()[0] for line in lines]


async def test_k_samples_score_as_the_grm_expects() -> None:
    chances = {"number 0": 0.25, "number 1": 0.5, "number 2": 0.75}
    engine = FakeEngine(excellent=lambda prompt: next(c for text, c in chances.items() if text in prompt))
    samples = await judged(engine, 8)
    scores = [each.scores for each in samples if each.scores]
    assert len(scores) == 8
    for own, expected in enumerate((3.25, 5.5, 7.75)):  # levels 1, 2, 3
        assert sum(each[own] for each in scores) / 8 == pytest.approx(expected, abs=0.75)
    for each in samples:
        assert each.scores is not None
        assert [contexts.verdict_of(score) for score in each.scores] == verdicts(each)
        # One place a sample: a response of which less is expected never has the better word.
        levels = [contexts.VERDICTS.index(word) for word in verdicts(each)]
        assert levels == sorted(levels, reverse=True)


async def test_what_was_computed_for_a_samples_scores_is_counted_and_what_all_samples_share_is_not() -> None:
    (opened,), (plain,) = await judged(FakeEngine(), 1), await judged(FakeEngine(), 1, opens=False)
    assert opened.completion is not None
    assert plain.completion is not None
    assert opened.completion.finish_reason == plain.completion.finish_reason == "stop"
    assert opened.completion.prompt_tokens == plain.completion.prompt_tokens + 3 * 50


class Silent(FakeEngine):
    """Tells no probabilities."""

    probed = 0

    async def _write(self, request: Request, child: int, on_text: OnText | None) -> Reply:
        reply = await super()._write(request, child, on_text)
        if request.params.first and isinstance(reply.result, Completion):
            self.probed += 1
            return reply._replace(result=replace(reply.result, first=()))
        return reply


async def test_an_engine_that_tells_no_probabilities_writes_its_critiques_whole() -> None:
    engine = Silent(delay=0.001)
    samples = await judged(engine, 8)
    assert all(each.scores is not None for each in samples)
    assert all(" It answers" in each.completion.text for each in samples if each.completion)
    assert engine.probed < 24  # it is not asked again for every sample
