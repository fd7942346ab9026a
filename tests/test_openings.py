"""Verdict words at the opening of critiques: drawn from the GRM's distribution, evenly over the samples of an item."""

import math
from collections import Counter
from dataclasses import replace

import pytest

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
    gaps = [after - before for before, after in zip(places, [*places[1:], places[0] + 0.8], strict=True)]
    assert 0.1 <= places[0] < places[-1] < 0.9
    assert max(gaps) < 0.8 * 2 / k
    assert places != sorted(openings.place(4, "item", index) for index in range(k))


def test_words_stand_in_the_order_of_their_levels_each_as_wide_as_it_is_likely() -> None:
    words = Counter(text(place / 1000) for place in range(1000))
    assert words == {"Excellent": 295, "Good": 588, "Poor": 117}  # 25, 50 and 10 of 85
    assert text(0.0) == "Excellent"
    assert text(0.999) == text(1.0) == "Poor"


def test_a_place_within_a_word_runs_from_the_better_to_the_worse_end_of_its_share() -> None:
    shares = [openings.word(FIRST, place / 1000) for place in range(1000)]
    good = [share.within for share in shares if share and share.text == "Good"]
    assert good == sorted(good)
    assert (good[0], good[-1]) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))


DIGITS = (("7", math.log(0.6)), ("8", math.log(0.2)), ("1", math.log(0.15)), ("10", math.log(0.05)))


def test_a_score_is_one_of_its_words_two_each_as_wide_as_it_is_likely() -> None:
    scores = Counter(openings.score(DIGITS, openings.Word("Good", place / 100)) for place in range(100))
    assert scores == {8: 25, 7: 75}
    assert openings.score(DIGITS, openings.Word("Good", 0.0), greedy=True) == 7
    assert openings.score(DIGITS, openings.Word("Excellent", 0.99)) == 10  # its first digit is told, 9 is not
    assert [openings.score(DIGITS, openings.Word("Poor", within)) for within in (0.4, 0.6)] == [4, 3]
    assert [openings.score((), openings.Word("Bad", within)) for within in (0.4, 0.6)] == [2, 1]
    for verdict in contexts.VERDICTS:
        for within in (0.0, 0.5, 0.99):
            assert contexts.verdict_of(openings.score(DIGITS, openings.Word(verdict, within))) == verdict


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


async def test_k_samples_say_each_word_as_often_as_the_grm_expects_it() -> None:
    chances = {"number 0": 0.25, "number 1": 0.5, "number 2": 0.75}
    engine = FakeEngine(excellent=lambda prompt: next(c for text, c in chances.items() if text in prompt))
    samples = await judged(engine, 8)
    words = [verdicts(each) for each in samples]
    for own, expected in enumerate((1.5, 4, 6.5)):  # 15, 40 and 65 of the middle 80
        assert abs(sum(word[own] == "Excellent" for word in words) - expected) <= 1
    for each in samples:
        assert each.scores is not None
        assert [contexts.verdict_of(score) for score in each.scores] == verdicts(each)
    # One place a sample: a response of which less is expected is never called better than another in the same sample.
    for word in words:
        assert [w == "Excellent" for w in word] == sorted(w == "Excellent" for w in word)


async def test_what_was_computed_for_the_words_is_counted() -> None:
    (opened,), (plain,) = await judged(FakeEngine(), 1), await judged(FakeEngine(), 1, opens=False)
    assert opened.completion is not None
    assert plain.completion is not None
    assert opened.completion.finish_reason == plain.completion.finish_reason == "stop"
    assert opened.completion.prompt_tokens == plain.completion.prompt_tokens + 2 * 3 * 50


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
