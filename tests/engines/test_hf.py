"""The transformers engine with the real model, and its sampler on its own."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from grm_core import prompts
from grm_core.engines.base import Reply
from grm_core.engines.hf import HFEngine
from grm_core.errors import EngineError
from grm_core.judge import judge
from grm_core.sampling import SamplingPlan
from grm_core.types import Completion, Example, Message, Params, ParseStatus, Request

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as HFEngine does, but before any test has imported torch

SHORT, LONG = "Say hello.", "Explain in detail what a reward model is and how it is trained. " * 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(model_dir: Path) -> AsyncIterator[HFEngine]:
    running = HFEngine(model_dir, batch=4, dtype="float32")  # exact enough that no batch changes a token
    yield running
    await running.close()


def ask(key: str, prompt: str, seed: int, n: int = 1, **params: object) -> Request:
    return Request(key, (Message("user", prompt),), Params(**{"max_tokens": 12, **params}), seed, n)  # type: ignore[arg-type]


async def collect(engine: HFEngine, *requests: Request, on_text=None) -> dict[tuple[str, int], Completion]:  # type: ignore[no-untyped-def]
    replies: list[Reply] = [reply async for reply in engine.generate(requests, on_text)]
    assert len(replies) == sum(request.n for request in requests)
    return {(reply.key, reply.child): reply.result for reply in replies}  # type: ignore[misc]


@pytest.mark.slow
def test_gumbel_noise_draws_from_the_softmax() -> None:
    import torch

    from grm_core.engines._rows import Row, Sampler

    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    draws = torch.zeros(4)
    for seed in range(1500):
        row = Row(0, [1], Params(temperature=0.5), seed, 1)
        draws += Sampler([row])(torch.zeros(1, 1), logits.clone())[0].isfinite()
    assert torch.allclose(draws / 1500, (logits[0] / 0.5).softmax(-1), atol=0.04)


@pytest.mark.slow
def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    import numpy

    from grm_core.engines._rows import nucleus

    logits = numpy.log([0.1, 0.5, 0.15, 0.25])
    assert numpy.isfinite(nucleus(logits, 0.7)).tolist() == [False, True, False, True]
    assert numpy.isfinite(nucleus(logits, 0.0)).tolist() == [False, True, False, False]
    assert numpy.isfinite(nucleus(logits, 1.0)).all()


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_it_judges_a_real_item(engine: HFEngine, example: Example) -> None:
    params = Params(max_tokens=400, regex=prompts.structure(2, given_principles=True))
    principles = ("Is the city the capital?",)
    plan = SamplingPlan(example, prompts.load("pointwise-given-principles"), params, k=2, principles=principles)
    judgement = await judge(engine, plan)
    assert [sample.parsed.status for sample in judgement.samples] == [ParseStatus.OK] * 2
    assert judgement.verdict.k_effective == 2


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_a_text_does_not_depend_on_its_batch(engine: HFEngine) -> None:
    together = await collect(engine, ask("a", SHORT, 5, 3), ask("b", LONG, 90, 3, top_p=0.9))
    alone_a = await collect(engine, ask("a", SHORT, 6))
    alone_b = await collect(engine, ask("b", LONG, 92, top_p=0.9))
    assert alone_a["a", 0].text == together["a", 1].text
    assert alone_b["b", 0].text == together["b", 2].text
    assert len({completion.text for completion in together.values()}) > 3
    for completion in together.values():
        assert 1 <= completion.completion_tokens <= 12
        assert completion.finish_reason == "stop" or completion.completion_tokens == 12


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_temperature_zero_ignores_the_seed(engine: HFEngine) -> None:
    results = await collect(engine, ask("a", SHORT, 5, 3, temperature=0.0))
    assert len({each.text for each in results.values()}) == 1


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_structured_output_matches_in_full_and_streams(engine: HFEngine) -> None:
    regex = r"Critique: [a-z ]{1,20}\nScores: \\boxed\{([1-9]|10), ([1-9]|10)\}"
    shown = {0: "", 1: ""}

    def on_text(key: str, child: int, piece: str) -> None:
        shown[child] += piece

    results = await collect(engine, ask("a", SHORT, 5, 2, regex=regex, max_tokens=60), on_text=on_text)
    for child in (0, 1):
        assert re.fullmatch(regex, results["a", child].text)
        assert results["a", child].finish_reason == "stop"
        assert shown[child] == results["a", child].text


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_a_request_that_cannot_work_leaves_its_siblings_alone(engine: HFEngine) -> None:
    requests = [ask("long", "word " * 9000, 1), ask("regex", SHORT, 1, regex="(?=a)("), ask("fine", SHORT, 1)]
    results = await collect(engine, *requests)
    assert isinstance(results["fine", 0], Completion)
    assert isinstance(results["long", 0], EngineError)
    assert "too long" in str(results["long", 0])
    assert isinstance(results["regex", 0], EngineError)


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_closing_the_iterator_stops_the_batch(engine: HFEngine) -> None:
    replies = engine.generate([ask("a", SHORT, 5, 4, max_tokens=4000, regex="a{4000}")])
    first = asyncio.ensure_future(anext(replies))
    await asyncio.sleep(0.5)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    async with asyncio.timeout(60):  # the batch would take minutes
        await collect(engine, ask("b", SHORT, 5, max_tokens=1))


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_it_counts_a_prompt_with_its_template(engine: HFEngine) -> None:
    size = await engine.prompt_size((Message("user", SHORT),))
    assert size is not None
    assert size.limit == 8192
    assert size.tokens == (await collect(engine, ask("a", SHORT, 1)))["a", 0].prompt_tokens


@pytest.mark.slow
async def test_a_folder_without_a_model_fails_with_a_reason(tmp_path: Path) -> None:
    engine = HFEngine(tmp_path)
    with pytest.raises(EngineError, match="holds no model"):
        await engine.start()
    assert engine.state().phase == "failed"
    await engine.close()


@pytest.mark.model
@pytest.mark.alone
async def test_closing_the_engine_gives_what_it_was_writing_an_error(model_dir: Path) -> None:
    running = HFEngine(model_dir, batch=2, dtype="float32")
    requests = [ask(f"{i}", LONG, i, n=2, max_tokens=400) for i in range(3)]
    shown = asyncio.Event()

    async def close() -> None:
        await shown.wait()
        await running.close()

    closing = asyncio.create_task(close())
    async with asyncio.timeout(60):
        replies = [reply async for reply in running.generate(requests, lambda *_: shown.set())]
        await closing
    assert len(replies) == 6
    errors = [reply.result for reply in replies if isinstance(reply.result, EngineError)]
    assert errors
    assert {str(error) for error in errors} == {"the engine is closed"}
