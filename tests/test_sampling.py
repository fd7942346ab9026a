"""From an example to samples, against an engine that writes from the prompt and the seed it is given."""

import random
from collections.abc import AsyncGenerator, Sequence

import pytest

from grm_core import prompts
from grm_core.engines.base import OnText, PromptSize, Reply
from grm_core.errors import EngineError, UsageError
from grm_core.judge import judge
from grm_core.sampling import SamplingPlan, check, request_key, sample
from grm_core.types import Completion, Example, Message, Params, ParseStatus, Request, Sample
from tests.make import make_example


class LengthJudge:
    """Scores each shown response by its length, as a GRM would write it; seeds in `failing` get an error."""

    name, model = "length", "length-judge"
    style, untrained = "", False

    def __init__(self, limit: int = 4096, failing: frozenset[int] = frozenset()) -> None:
        self.limit, self.failing, self.closed_early = limit, failing, False
        self.asked: list[Request] = []

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize:
        return PromptSize(sum(len(m.content.split()) for m in messages), self.limit)

    async def generate(
        self, requests: Sequence[Request], on_text: OnText | None = None
    ) -> AsyncGenerator[Reply, None]:
        self.asked += requests
        children = [(request, child) for request in requests for child in range(request.n)]
        random.Random(0).shuffle(children)
        sent = 0
        try:
            for request, child in children:
                yield Reply(request.key, child, self._write(request, request.seed + child))
                sent += 1
        finally:
            self.closed_early = sent < len(children)

    def _write(self, request: Request, seed: int) -> Completion | EngineError:
        if seed in self.failing:
            return EngineError("the queue is full", retryable=True)
        prompt = request.messages[-1].content
        places = sorted((prompt.rindex(word), word) for word in ("short", "a bit longer", "the longest of all three"))
        scores = ", ".join(str({5: 2, 12: 5}.get(len(word), 9)) for _, word in places)
        text = f"Principles:\n1. Length (weight: 100%)\n\nCritique:\nResponse 1: ok.\n\nScores: \\boxed{{{scores}}}"
        return Completion(text, "stop", 100, 20, 0.1, self.model)


def make_plan(k: int, **fields: object) -> SamplingPlan:
    example = Example("item", (Message("user", "How long?"),), ("short", "the longest of all three", "a bit longer"))
    template = prompts.load("pointwise")
    return SamplingPlan(example, template, Params(), k, session_id="s", **fields)  # type: ignore[arg-type]


async def collect(engine: LengthJudge, plan: SamplingPlan) -> list[Sample]:
    return sorted([s async for s in sample(engine, plan)], key=lambda s: s.index)


async def test_scores_come_back_in_own_order_whatever_was_shown() -> None:
    samples = await collect(LengthJudge(), make_plan(12))
    assert len({s.order for s in samples}) > 1
    assert [s.scores for s in samples] == [(2, 9, 5)] * 12
    assert [s.id for s in samples] == [f"s/{i}" for i in range(12)]


async def test_equal_orders_travel_as_one_request_in_lexicographic_order() -> None:
    engine = LengthJudge()
    samples = await collect(engine, make_plan(40))
    assert len(engine.asked) == 6
    assert sum(request.n for request in engine.asked) == 40
    shown = [request.messages[-1].content for request in engine.asked]
    assert len(set(shown)) == 6
    keys = [tuple(request.key.split("|")[1].split("-")) for request in engine.asked]
    assert keys == sorted(keys)
    travelled = {seed for request in engine.asked for seed in range(request.seed, request.seed + request.n)}
    assert {s.seed for s in samples} == travelled
    assert [s.request_key for s in samples] == [
        request_key(make_plan(40).example.id, s.order, s.seed) for s in samples
    ]


async def test_missing_samples_are_asked_for_alone_and_come_out_the_same() -> None:
    samples = await collect(LengthJudge(), make_plan(16))
    engine = LengthJudge()
    rest = await collect(engine, make_plan(16, have=frozenset(range(16)) - {3, 7}))
    assert [s.index for s in rest] == [3, 7]
    assert sum(request.n for request in engine.asked) == 2
    assert rest == [samples[i] for i in (3, 7)], "no trace of what was there already"


async def test_failed_request_is_a_sample_with_an_error_and_casts_no_vote() -> None:
    seed = (await collect(LengthJudge(), make_plan(8)))[2].seed
    judged = await judge(LengthJudge(failing=frozenset({seed})), make_plan(8))
    failed = judged.samples[2]
    assert (failed.error, failed.completion, failed.scores) == ("the queue is full", None, None)
    assert failed.parsed.status is ParseStatus.EMPTY
    assert (judged.verdict.k, judged.verdict.k_effective, judged.verdict.winner) == (8, 7, 1)


async def test_leaving_early_closes_the_engine_stream() -> None:
    engine = LengthJudge()
    stream = sample(engine, make_plan(8))
    await anext(stream)
    await stream.aclose()
    assert engine.closed_early


async def test_completion_room_is_what_the_context_leaves() -> None:
    engine = LengthJudge(limit=900)
    await collect(engine, make_plan(2))
    assert all(256 <= request.params.max_tokens < 900 for request in engine.asked)


async def test_prompt_beyond_the_context_is_refused_before_any_request() -> None:
    engine = LengthJudge(limit=300)
    with pytest.raises(UsageError, match=r"prompt is \d+ tokens long and length-judge reads 300"):
        await collect(engine, make_plan(2))
    assert engine.asked == []


async def test_untrained_model_is_held_to_the_format_and_a_trained_one_is_free() -> None:
    trained, untrained = LengthJudge(), LengthJudge()
    untrained.untrained = True
    await collect(trained, make_plan(1))
    await collect(untrained, make_plan(1))
    assert trained.asked[0].params.regex is None
    assert untrained.asked[0].params.regex == prompts.structure(3)


@pytest.mark.parametrize(
    ("example", "k", "message"),
    [
        (make_example(query="  \n"), 8, "the query is empty"),
        (make_example(0), 8, "0 responses given; there must be 1 to 32"),
        (make_example(33), 8, "33 responses"),
        (make_example(), 0, "k is 0"),
        (make_example(), -1, "k is -1"),
        (make_example(), 10**9, "k is 1000000000"),
        (make_example(labels=(1.0,)), 8, "1 labels for 2 responses"),
        (Example("x", (Message("user", "q"),), ("fine", " ")), 8, "response 2 is empty"),
    ],
)
def test_unusable_input_is_told_before_any_request(example: Example, k: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(example, k)


def test_an_empty_response_of_a_file_can_be_judged_but_not_empty_ones_alone() -> None:
    query = (Message("user", "q"),)
    check(Example("x", query, ("fine", " ")), 8, blanks=True)
    for responses in (("",), ("", " \n")):
        with pytest.raises(UsageError, match="all responses are empty"):
            check(Example("x", query, responses), 8, blanks=True)
