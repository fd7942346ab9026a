"""A reply that was begun, texts that end one, and the likeliest first tokens: on the wire, and with the real model."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from grm_core import prompts
from grm_core.engines.hf import HFEngine
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.judge import judge
from grm_core.plan import SamplingPlan
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Completion, Example, Message, Params, ParseStatus, Request
from tests.engines.wire import WireServer, answer, reply

ASKED = (Message("user", "Which one is better?"),)


def begun(start: str = "Critique:\nResponse 1:", n: int = 1, **params: object) -> Request:
    return Request("r", ASKED, Params(**params), 5, n, start)  # type: ignore[arg-type]


async def ask(url: str, request: Request) -> Completion | EngineError:
    engine = ServerEngine(url, retries=0)
    try:
        (result,) = [each.result async for each in engine.generate([request])]
    finally:
        await engine.close()
    return result


async def test_a_server_goes_on_from_the_beginning_and_is_told_where_to_end(server: WireServer) -> None:
    result = await ask(server.url, begun(stop=("\nScores:",)))
    assert isinstance(result, Completion)
    sent = server.chats[0].body
    assert sent["messages"][-1] == {"role": "assistant", "content": "Critique:\nResponse 1:"}
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)
    assert sent["stop"] == ["\nScores:"]
    assert "logprobs" not in sent


async def test_an_ordinary_request_holds_none_of_it(server: WireServer) -> None:
    await ask(server.url, Request("r", ASKED, Params(), 5))
    fields = {"continue_final_message", "add_generation_prompt", "stop", "logprobs", "top_logprobs"}
    assert not fields & set(server.chats[0].body)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "words",
    [
        "Unrecognized request argument supplied: continue_final_message",
        "Expected last role User or Tool, got assistant",
        "Assistant response prefill is incompatible with enable_thinking.",
        "The final message must be from the user",
        "Conversation roles must alternate user/assistant/user/assistant/...",
    ],
)
async def test_a_server_that_refuses_a_beginning_is_told_in_words_how_to_begin(
    server: WireServer, status: int, words: str
) -> None:
    server.plan = [reply({"error": {"message": words}}, status)]
    result = await ask(server.url, begun())
    assert isinstance(result, Completion)
    _, sent = (chat.body for chat in server.chats)
    (message,) = sent["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith(ASKED[0].content)
    assert message["content"].endswith("\nCritique:\nResponse 1:")
    assert not {"continue_final_message", "add_generation_prompt"} & set(sent)


async def test_another_refusal_keeps_its_own_words(server: WireServer) -> None:
    server.plan = [reply({"error": {"message": "no such model"}}, 404)]
    result = await ask(server.url, begun())
    assert "no such model" in str(result)
    assert "--context" not in str(result)


async def test_first_tokens_are_told_where_they_are_asked_for(server: WireServer) -> None:
    body = {"n": 1, "seed": 5}
    content = answer(body)
    tops = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -2.5}]
    content["choices"][0]["logprobs"] = {"content": [{"token": "Yes", "logprob": -0.1, "top_logprobs": tops}]}
    server.plan = [reply(content), reply(answer(body))]
    result = await ask(server.url, Request("r", ASKED, Params(max_tokens=1, first=20), 5))
    assert isinstance(result, Completion)
    assert result.first == (("Yes", -0.1), ("No", -2.5))
    assert server.chats[0].body["top_logprobs"] == 20
    silent = await ask(server.url, Request("r", ASKED, Params(max_tokens=1, first=20), 5))
    assert isinstance(silent, Completion)
    assert silent.first == ()


# --- with the real model ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(model_dir: Path) -> AsyncIterator[HFEngine]:
    running = HFEngine(model_dir, batch=4, dtype="float32")
    yield running
    await running.close()


async def written(engine: HFEngine, request: Request) -> tuple[Completion, str]:
    shown: list[str] = []
    (result,) = [
        each.result async for each in engine.generate([request], lambda key, child, piece: shown.append(piece))
    ]
    assert isinstance(result, Completion)
    return result, "".join(shown)


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_transformers_goes_on_from_a_beginning(engine: HFEngine) -> None:
    result, _ = await written(engine, begun("The first ten numbers: 1, 2, 3, 4,", temperature=0.0, max_tokens=4))
    assert result.text.startswith(" 5")


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_transformers_ends_at_a_text_and_shows_nothing_of_it(engine: HFEngine) -> None:
    start = "The first ten numbers: 1, 2, 3, 4,"
    result, shown = await written(engine, begun(start, temperature=0.0, max_tokens=40, stop=(", 7",)))
    assert result.text == shown
    assert result.text.endswith(" 6")
    assert result.finish_reason == "stop"


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.asyncio(loop_scope="module")
async def test_transformers_tells_the_likeliest_first_tokens(engine: HFEngine) -> None:
    result, _ = await written(engine, Request("r", ASKED, Params(max_tokens=1, temperature=0.0, first=20), 5))
    assert len(result.first) == 20
    assert result.first[0][0] == result.text
    chances = [math.exp(chance) for _, chance in result.first]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1
    (probed,) = await engine.probe(ASKED, "", (result.text,))
    assert chances[0] == pytest.approx(probed, rel=1e-3)


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_transformers_judges_one_response_at_a_time_and_itself(engine: HFEngine, example: Example) -> None:
    params = Params(max_tokens=300, regex=prompts.structure(2))
    plan = SamplingPlan(example, prompts.load("compact"), params, k=3, context="single")
    judged = await judge(engine, plan, meta=OwnMetaRM(engine))
    assert [sample.parsed.status for sample in judged.samples] == [ParseStatus.OK] * 3
    assert all(len(sample.parsed.principles) >= 2 for sample in judged.samples)
    assert all(sample.meta_logit is not None for sample in judged.samples)
