"""Samples drawn with one response at a time, from an engine that writes principles, and goes on from a begun reply."""

import asyncio
from dataclasses import replace

import pytest

from grm_core import contexts, prompts, sampling, shuffling
from grm_core.engines.base import OnText, Reply
from grm_core.errors import EngineError, UsageError
from grm_core.plan import SamplingPlan, template_of
from grm_core.sampling import sample
from grm_core.types import Params, ParseStatus, Request, Sample
from tests.fake_engine import FakeEngine
from tests.make import make_example


def make_plan(k: int = 4, n: int = 3, **fields: object) -> SamplingPlan:
    base: dict[str, object] = {"session_id": "s", "context": "single", "opens": True}
    return SamplingPlan(make_example(n), prompts.load("compact"), Params(), k, **base | fields)  # type: ignore[arg-type]


async def collect(engine: FakeEngine, plan: SamplingPlan, on_text: OnText | None = None) -> list[Sample]:
    return sorted([each async for each in sample(engine, plan, on_text)], key=lambda each: each.index)


def timeless(samples: list[Sample]) -> list[Sample]:
    return [replace(each, completion=each.completion and replace(each.completion, seconds=0.0)) for each in samples]


async def test_one_request_states_the_principles_and_each_response_has_a_prompt_of_its_own() -> None:
    engine, plan = FakeEngine(), make_plan(k=4)
    samples = await collect(engine, plan)
    first, *others = engine.asked
    assert (first.n, first.params.stop, first.start) == (4, ("\nCritique:",), "")
    assert first.messages == prompts.fill(plan.template, plan.example, (0, 1, 2))
    rest = [request for request in others if not request.params.first]
    assert len(rest) == 12
    for request in rest:
        own = int(request.key.rpartition("/")[2]) - 1
        assert request.messages == prompts.fill(plan.template, plan.example, (own,))
        assert "[Response 1 begins]" in request.messages[0].content
        assert request.start.startswith("Principles:\n1. Correctness")
        opened = f'\nCritique:\nResponse 1: "Candidate text number {own}..."'
        assert request.start.endswith(tuple(f"{opened} {verdict}" for verdict in contexts.VERDICTS))
    slots = shuffling.plan(3, 4, 0, plan.example.id, shuffling.OWN)
    assert [(each.index, each.order, each.seed) for each in samples] == [(s.index, (0, 1, 2), s.seed) for s in slots]
    assert sorted(request.seed for request in rest) == sorted(3 * [slot.seed for slot in slots])


async def test_the_parts_make_one_sample() -> None:
    (sample,) = await collect(FakeEngine(), make_plan(k=1))
    assert sample.completion is not None
    lines = sample.completion.text.splitlines()
    assert [line.split(":")[0] for line in lines[4:]] == [
        "Critique",
        "Response 1",
        "Response 2",
        "Response 3",
        "Scores",
    ]
    assert sample.parsed.status is ParseStatus.OK
    assert sample.scores == tuple(map(int, lines[-1].removeprefix("Scores: \\boxed{")[:-1].split(", ")))
    assert len(sample.parsed.principles) == 3
    assert sample.completion.prompt_tokens == (1 + 3 + 3) * 50
    assert sample.completion.completion_tokens > 3 * 8
    assert sample.request_key == sampling.request_key("item", (0, 1, 2), sample.seed)
    assert contexts.read(sample.completion.text, 3) == sample.parsed


async def test_missing_samples_come_out_the_same() -> None:
    samples = await collect(FakeEngine(), make_plan(k=8))
    engine = FakeEngine()
    rest = await collect(engine, make_plan(k=8, have=frozenset(range(8)) - {1, 2, 6}))
    assert timeless(rest) == timeless([samples[index] for index in (1, 2, 6)])
    assert [request.n for request in engine.asked[:2]] == [2, 1]


async def test_one_response_can_be_judged_alone_too() -> None:
    (sample,) = await collect(FakeEngine(), make_plan(k=1, n=1))
    assert sample.order == (0,)
    assert sample.scores is not None
    assert len(sample.scores) == 1


async def test_given_principles_begin_every_reply_and_are_not_asked_for() -> None:
    engine = FakeEngine()
    template = template_of(make_example(2), ("Is it true?",), "compact", "single")
    assert template.name == "compact"
    samples = await collect(engine, replace(make_plan(k=3, n=2, principles=("Is it true?",)), template=template))
    requests = [request for request in engine.asked if not request.params.first]
    assert len(requests) == 6
    assert all(
        request.start.startswith("Principles:\n1. Is it true?\nCritique:\nResponse 1:") for request in engine.asked
    ), "verdict words, too, are expected by the principles that the user gave"
    assert [principle.text for principle in samples[0].parsed.principles] == ["Is it true?"]


async def test_a_reference_is_shown_in_every_prompt() -> None:
    engine, example = FakeEngine(), make_example(2, reference="the truth")
    await collect(engine, replace(make_plan(k=1), example=example, template=prompts.load("compact-reference")))
    assert all("[Reference begins]\nthe truth" in request.messages[0].content for request in engine.asked)


async def test_an_unreadable_part_makes_the_sample_unreadable() -> None:
    class Mute(FakeEngine):
        def told(self, request: Request) -> bool:
            return request.key.endswith("/2")

        async def _write(self, request, child, on_text):  # type: ignore[no-untyped-def]
            self.broken = frozenset({request.seed}) if self.told(request) else frozenset()
            return await super()._write(request, child, on_text)

    (sample,) = await collect(Mute(), make_plan(k=1))
    assert (sample.parsed.status, sample.scores, sample.error) == (ParseStatus.NO_SCORES, None, None)
    assert sample.completion is not None
    first, second, third = contexts.parts(sample.completion.text, 3)[1]
    assert second.score is None
    assert None not in (first.score, third.score)


async def test_an_error_of_one_part_is_the_samples_error_and_leaves_its_siblings_alone() -> None:
    seed = (await collect(FakeEngine(), make_plan(k=4)))[2].seed

    class Failing(FakeEngine):
        async def _write(self, request, child, on_text):  # type: ignore[no-untyped-def]
            self.failing = frozenset({seed}) if request.start else frozenset()
            return await super()._write(request, child, on_text)

    samples = await collect(Failing(), make_plan(k=4))
    assert [each.error for each in samples] == [None, None, "the fake server said no", None]
    assert (samples[2].completion, samples[2].parsed.status) == (None, ParseStatus.EMPTY)


async def test_failed_principles_are_the_samples_error() -> None:
    seed = (await collect(FakeEngine(), make_plan(k=2)))[0].seed
    engine = FakeEngine(failing=frozenset({seed}))
    samples = await collect(engine, make_plan(k=2))
    assert [each.error is None for each in samples] == [False, True]
    assert len(engine.asked) == 1 + 3 + 3 + 3


async def test_critiques_do_not_wait_for_the_slowest_principles() -> None:
    engine = FakeEngine(delay=0.002)
    told: list[str] = []
    await collect(engine, make_plan(k=4), lambda key, child, piece: told.append(key + piece))
    assert len(engine.asked) == 1 + 3 + 4 * (3 + 3)
    begun = next(place for place, piece in enumerate(told) if "Critique" in piece)
    late = [piece for piece in told[begun:] if "(weight:" in piece]
    assert late, "principles of other samples were still being written when the first critique began"


async def test_text_streams_in_the_order_in_which_it_is_read() -> None:
    plan, shown = make_plan(k=3), dict[int, str]()
    places = sampling.places(plan)

    def on_text(key: str, child: int, piece: str) -> None:
        shown[places[key, child]] = shown.get(places[key, child], "") + piece

    for each in await collect(FakeEngine(delay=0.0005), plan, on_text):
        assert each.completion is not None
        principles, parts = contexts.parts(each.completion.text, 3)
        texts = [
            f"{contexts.numbered(part.critique, i)}\nScores: \\boxed{{{part.score}}}"
            for i, part in enumerate(parts, 1)
        ]
        assert shown[each.index] == "\n".join([principles, "Critique:", *texts])


async def test_verdicts_are_expected_once_for_all_samples_and_before_the_principles_that_the_grm_states() -> None:
    engine = FakeEngine()
    await collect(engine, make_plan(k=4))
    verdicts = [request for request in engine.asked if "/verdict/" in request.key]
    assert [request.start for request in verdicts] == [
        f'Critique:\nResponse 1: "Candidate text number {own}..."' for own in range(3)
    ]


async def test_verdicts_that_could_not_be_asked_for_are_asked_for_again_by_the_next_sample() -> None:
    class Failing(FakeEngine):
        """Refuses verdict words until a first critique is asked for without one; the second sample waits for it."""

        recovered = asyncio.Event()

        async def _write(self, request, child, on_text):  # type: ignore[no-untyped-def]
            if "/verdict/" in request.key and not self.recovered.is_set():
                return Reply(request.key, child, EngineError("not now"))
            if request.start:
                self.recovered.set()
            elif child == 1:
                await self.recovered.wait()
            return await super()._write(request, child, on_text)

    engine = Failing()
    samples = await collect(engine, make_plan(k=2, n=1))
    assert [each.error for each in samples] == [None, None]
    first, second = [request.start for request in engine.asked if request.start and not request.params.first]
    assert first.endswith('"Candidate text number 0..."'), "asked for as a whole"
    assert second.endswith(tuple(f" {verdict}" for verdict in contexts.VERDICTS))


async def test_leaving_early_stops_every_request() -> None:
    engine = FakeEngine(delay=0.01)
    stream = sample(engine, make_plan(k=4))
    await anext(stream)
    await stream.aclose()
    assert engine.closed_early >= 1


async def test_a_model_that_is_no_judge_is_held_to_the_form_part_by_part() -> None:
    engine = FakeEngine()
    engine.untrained = True
    await collect(engine, make_plan(k=1, opens=False))
    first, *rest = engine.asked
    assert first.params.regex == prompts.principles_structure()
    assert {request.params.regex for request in rest} == {prompts.told_structure()}
    assert all(request.start.endswith("\nResponse 1:") for request in rest)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("ratings", "judges together"),
        ("verdict", "judges together"),
        ("compact-given-principles", "given principles begin each reply"),
    ],
)
def test_a_template_for_judging_together_is_refused(template: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        template_of(make_example(2), (), "", "single", template)


def test_an_unknown_context_is_refused() -> None:
    with pytest.raises(UsageError, match="joint or single"):
        template_of(make_example(2), (), "", "both")


async def test_control_tokens_in_stated_principles_are_broken_in_the_next_prompt_only() -> None:
    engine = FakeEngine()
    plan = make_plan(k=1, principles=("say <|im_end|>",))
    (sample,) = await collect(engine, plan)
    assert all("<|im_end|>" not in request.start for request in engine.asked)
    assert sample.completion is not None
    assert "<|im_end|>" in sample.completion.text
