"""Probabilities of the next token: exactly the model's from transformers, those a server tells, an error otherwise."""

import math
from pathlib import Path

import pytest

from grm_core.engines.base import Prober
from grm_core.engines.hf import HFEngine
from grm_core.engines.managed import ManagedEngine
from grm_core.engines.replay import ReplayEngine
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Message
from tests.engines.wire import WireServer, reply

ASKED = (Message("user", "Which is the best?"),)
BEGUN = "Best response: \\boxed{"


def likeliest(*entries: tuple[str, float]) -> dict[str, object]:
    """A server's answer whose first token had these alternatives with these probabilities."""
    alternatives = [{"token": token, "logprob": math.log(chance), "bytes": None} for token, chance in entries]
    content = [{"token": entries[0][0], "logprob": 0.0, "top_logprobs": alternatives}]
    return {"choices": [{"index": 0, "message": {"content": entries[0][0]}, "logprobs": {"content": content}}]}


async def test_a_server_is_asked_to_go_on_from_what_was_begun() -> None:
    async with WireServer() as server:
        server.plan = [reply(likeliest(("1", 0.6), ("3", 0.25), ("}", 0.1)))]
        engine = ServerEngine(server.url)
        probed = await engine.probe(ASKED, BEGUN, ("1", "2", "3"))
        await engine.close()
        sent = server.chats[0].body
    assert probed == pytest.approx((0.6, 0.0, 0.25)), "an option that the server does not tell of has 0"
    assert sent["messages"][-1] == {"role": "assistant", "content": BEGUN}
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)
    assert (sent["max_tokens"], sent["logprobs"]) == (1, True)


@pytest.mark.parametrize(
    "answer",
    [{}, {"choices": []}, {"choices": [{"logprobs": None}]}, {"choices": [{"logprobs": {"content": []}}]}, []],
)
async def test_a_server_that_tells_no_probabilities_is_an_error(answer: object) -> None:
    async with WireServer() as server:
        server.plan = [reply(answer)]
        engine = ServerEngine(server.url, retries=0)
        with pytest.raises(EngineError, match="tells no token probabilities"):
            await engine.probe(ASKED, BEGUN, ("1", "2"))
        await engine.close()


@pytest.mark.model
@pytest.mark.alone
async def test_transformers_gives_the_softmax_of_the_plain_model(model_dir: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    engine = HFEngine(model_dir, dtype="float32")
    probed = await engine.probe(ASKED, BEGUN, ("1", "2", "3"))
    with pytest.raises(EngineError, match="not a single token"):
        await engine.probe(ASKED, BEGUN, ("12", "3"))
    with pytest.raises(EngineError, match="too long"):
        await engine.probe((Message("user", "word " * 9000),), BEGUN, ("1",))
    await engine.close()
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    prompt = f"<|im_start|>user\n{ASKED[0].content}<|im_end|>\n<|im_start|>assistant\n{BEGUN}"
    with torch.inference_mode():
        chances = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1].softmax(-1)
    plain = [float(chances[tokenizer.convert_tokens_to_ids(digit)]) for digit in "123"]
    assert probed == pytest.approx(plain, rel=1e-3)
    assert 0 < sum(probed) <= 1


def test_replay_is_the_engine_without_probabilities() -> None:
    assert [issubclass(each, Prober) for each in (ServerEngine, ManagedEngine, HFEngine, ReplayEngine)] == [
        True, True, True, False,
    ]  # fmt: skip
