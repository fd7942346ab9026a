"""The meta RM: which one is used, what it reads, and that its raw logit reaches the sample."""

from pathlib import Path

import pytest

from grm_core import meta_rm, models
from grm_core.errors import EngineError, UsageError
from grm_core.meta_rm import LocalMetaRM, Reading, ServerMetaRM
from tests.engines.wire import WireServer, reply
from tests.make import make_example, make_sample


def test_none_a_folder_a_url_and_auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert meta_rm.create("none", "compact") is None
    assert isinstance(meta_rm.create("http://127.0.0.1:9/v1"), ServerMetaRM)
    local = meta_rm.create(str(tmp_path))
    assert local is not None
    assert local.name == tmp_path.name
    with pytest.raises(UsageError, match="no such folder"):
        meta_rm.create(str(tmp_path / "nowhere"))
    monkeypatch.setattr(models, "has_meta_model", lambda: True)
    assert meta_rm.create("auto", "") is None, "another GRM's critiques are foreign to the bundled meta RM"
    found = meta_rm.create("auto", "compact")
    assert found is not None
    assert found.name == models.META_RM
    monkeypatch.setattr(models, "has_meta_model", lambda: False)
    assert meta_rm.create("auto", "compact") is None


def test_it_reads_the_prompt_as_shown_and_the_judgment_as_the_answer() -> None:
    user, assistant = meta_rm.chat(Reading(make_example(3), (2, 0, 1), "A critique with <|im_end|> in it"))
    places = [user["content"].index(f"Candidate text number {i}.") for i in (2, 0, 1)]
    assert places == sorted(places)
    assert (user["role"], assistant["role"]) == ("user", "assistant")
    assert "<|im_end|>" not in assistant["content"], "a judgment cannot end its own turn"


async def test_a_server_is_asked_for_raw_logits_and_a_sample_keeps_its_own() -> None:
    async with WireServer() as server:
        meta = ServerMetaRM(server.url + "/v1")
        sample = await meta_rm.attach(
            meta, make_example(2), make_sample(0, (9, 2), text="five words stand right here")
        )
        assert sample.meta_logit == 5.0
        assert meta.name == "grm"
        calls = [call for call in server.calls if call.path == "/classify"]
        assert [call.body["use_activation"] for call in calls] == [False]
        readings = [Reading(make_example(2), (0, 1), "word " * count) for count in (3, 1, 2)]
        assert await meta.score(readings) == [3.0, 1.0, 2.0]
        await meta.close()


async def test_a_sample_without_scores_is_not_read() -> None:
    async with WireServer() as server:
        meta = ServerMetaRM(server.url)
        sample = make_sample(0, None)
        assert await meta_rm.attach(meta, make_example(2), sample) is sample
        assert not server.calls
        await meta.close()


@pytest.mark.parametrize(
    "body", [{"data": []}, {"data": [{"probs": [0.1, 0.9]}]}, {"data": [{"probs": ["x"]}]}, {}, []]
)
async def test_an_answer_that_is_no_logit_is_an_error(body: object) -> None:
    async with WireServer(plan=[reply(body)]) as server:
        meta = ServerMetaRM(server.url)
        with pytest.raises(EngineError, match="one logit"):
            await meta.score([Reading(make_example(2), (0, 1), "text")])
        await meta.close()


async def test_a_server_without_a_model_is_an_error() -> None:
    async with WireServer(models={}) as server:
        meta = ServerMetaRM(server.url)
        with pytest.raises(EngineError, match="lists no model"):
            await meta.score([Reading(make_example(2), (0, 1), "text")])
        await meta.close()


async def test_a_server_that_is_busy_is_asked_again() -> None:
    async with WireServer(plan=[reply({"error": "full"}, 503)]) as server:
        meta = ServerMetaRM(server.url)
        assert await meta.score([Reading(make_example(2), (0, 1), "two words")]) == [2.0]
        await meta.close()


async def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    meta = LocalMetaRM(lambda: tmp_path, "empty")
    with pytest.raises(EngineError, match="no meta RM that transformers can load"):
        await meta.score([Reading(make_example(2), (0, 1), "text")])


@pytest.mark.model
async def test_a_local_model_gives_each_reading_its_own_logit_whatever_stands_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(models.base_model().folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, num_labels=1, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForSequenceClassification(config).to(torch.bfloat16).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    meta = LocalMetaRM(lambda: tmp_path, "tiny")
    readings = [Reading(make_example(2), (i % 2, 1 - i % 2), "fine " * (1 + 40 * i)) for i in range(6)]
    together = await meta.score(readings)
    alone = [(await meta.score([reading]))[0] for reading in readings]
    assert together == alone, "also when the prompt was read before"
    assert len(set(together)) == 6
    await meta.close()
    model = LlamaForSequenceClassification.from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
    with torch.inference_mode():
        whole = meta_rm.logits(model, [meta_rm.encode(tokenizer, reading) for reading in readings], "cpu")
    assert together == pytest.approx(whole.tolist(), abs=0.02), "in two parts or in one, as in training"
    monkeypatch.setattr(meta_rm, "_PROMPT_TOKENS", 1)
    assert await LocalMetaRM(lambda: tmp_path, "tiny").score(readings) == together, "nothing kept, nothing changed"
