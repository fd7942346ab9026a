"""The meta RM: which one is used, what it reads, and that its raw logit reaches the sample."""

import math
from pathlib import Path

import pytest

from grm_core import cards, contexts, meta_rm, models, prompts, self_meta
from grm_core.cards import Card
from grm_core.errors import EngineError, UsageError
from grm_core.meta_rm import LocalMetaRM, Reading, ServerMetaRM
from grm_core.plan import SamplingPlan
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Example, Message, Params
from tests.engines.wire import WireServer, reply
from tests.fake_engine import FakeEngine
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
    meta = meta_rm.create("auto", "compact")
    assert meta is not None
    assert meta.name == models.META_RM
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
        logits = meta_rm.logits(model, [meta_rm.encode(tokenizer, reading) for reading in readings], "cpu")
    assert together == pytest.approx(logits.tolist(), abs=0.02), "in two parts or in one, as in training"
    monkeypatch.setattr(meta_rm, "_PROMPT_TOKENS", 1)
    assert await LocalMetaRM(lambda: tmp_path, "tiny").score(readings) == together, "nothing kept, nothing changed"


@pytest.mark.model
async def test_the_bundled_head_gives_a_judgment_after_a_shared_prompt_the_logit_of_the_whole() -> None:
    import torch

    folder = models.meta_folder()
    model, tokenizer, device = meta_rm._load(folder)
    meta = LocalMetaRM(lambda: folder, "bundled")
    meta._loaded = (model.float(), tokenizer, device)
    judgments = ["Critique:\nResponse 1: right.\nScores: \\boxed{9, 2}", "Scores: \\boxed{1, 2}"]
    readings = [Reading(make_example(2), (0, 1), judgment) for judgment in judgments]
    shared = await meta.score(readings)
    with torch.inference_mode():
        whole = [meta_rm.logits(model, [meta_rm.encode(tokenizer, reading)], device).item() for reading in readings]
    assert shared == pytest.approx(whole, abs=1e-3)
    assert len(meta._prompts) == 1, "query and responses of one order are read once"
    await meta.close()


class TestSelf:
    """The GRM as its own meta RM."""

    async def test_the_logit_is_log_yes_minus_log_no_of_the_first_token(self) -> None:
        engine = FakeEngine(yes=lambda judgment: 0.8 if "right" in judgment else 0.1)
        meta = meta_rm.create("self", engine=engine)
        assert isinstance(meta, OwnMetaRM)
        assert meta.name == "self"
        example = make_example(2)
        plan = SamplingPlan(example, prompts.load("compact"), Params(), 1)
        readings = [Reading(example, (1, 0), text, plan) for text in ("all right", "no")]
        assert await meta.score(readings) == pytest.approx([math.log(4), math.log(1 / 9)])
        (first, _), question = engine.asked, engine.asked[0].messages[-1]
        assert first.messages[:1] == prompts.fill(plan.template, example, (1, 0))
        assert [turn.role for turn in first.messages] == ["user", "assistant", "user"]
        assert (first.params.max_tokens, first.params.first, question.content) == (1, 20, contexts.QUESTION)

    async def test_one_response_at_a_time_the_logit_is_the_mean_over_responses(self) -> None:
        engine = FakeEngine(yes=lambda judgment: 0.8 if "good" in judgment else 0.5)
        example = make_example(2)
        plan = SamplingPlan(example, prompts.load("compact"), Params(), 1, context="single")
        text = contexts.assembled("Principles:\n1. True", ["Response 1: good", "Response 1: bad"], [9, 2])
        (logit,) = await OwnMetaRM(engine).score([Reading(example, (0, 1), text, plan)])
        assert logit == pytest.approx(math.log(4) / 2)
        start = "Principles:\n1. True\nCritique:\n"
        shown_texts = [request.messages[1].content for request in engine.asked]
        assert shown_texts == [
            start + "Response 1: good\nScores: \\boxed{9}",
            start + "Response 1: bad\nScores: \\boxed{2}",
        ]
        shown = [request.messages[:1] for request in engine.asked]
        assert shown == [prompts.fill(plan.template, example, (own,)) for own in (0, 1)]

    def test_a_token_that_is_not_listed_is_as_likely_as_the_last_that_is(self) -> None:
        assert self_meta.yes_over_no([(" Yes", -0.5), ("Maybe", -2.0), ("Well", -4.0)]) == 3.5
        assert self_meta.yes_over_no([("No", -0.5), ("Maybe", -2.0)]) == -1.5
        assert self_meta.yes_over_no([("Maybe", -2.0)]) == 0.0
        with pytest.raises(EngineError, match="--meta self needs"):
            self_meta.yes_over_no([])

    def test_auto_follows_the_card_and_the_small_models_head_reads_the_small_model_only(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(models, "has_meta_model", lambda: True)
        engine = FakeEngine()
        assert isinstance(meta_rm.create("auto", "compact", engine, Card("compact", meta="self")), OwnMetaRM)
        assert meta_rm.create("auto", "compact", engine, Card("compact", "single", True)) is None
        assert isinstance(meta_rm.create("auto", "compact", engine, Card("compact")), LocalMetaRM)
        assert meta_rm.named("self", engine=engine) == "self"

    def test_a_recording_cannot_be_asked(self) -> None:
        with pytest.raises(UsageError, match="not a recording"):
            meta_rm.create("self")

    async def test_the_engine_stays_its_owners(self) -> None:
        engine = FakeEngine()
        await OwnMetaRM(engine).close()
        assert engine.state().phase == "idle"


class TestExpected:
    """A judgment held to the verdicts that the GRM expected before it criticised."""

    def reading(self, scores: list[int], opens: bool = True) -> Reading:
        example = Example("e", (Message("user", "Capital of Australia?"),), ("Canberra is.", "Sydney is."))
        plan = SamplingPlan(example, prompts.load("compact"), Params(), 1, context="single", opens=opens)
        critiques = [f"{contexts.opened(response, True)} so it is" for response in example.responses]
        return Reading(example, (0, 1), contexts.assembled("Principles:\n1. True", critiques, scores), plan)

    async def test_scores_in_the_expected_order_are_worth_more_than_others(self) -> None:
        engine = FakeEngine(excellent=lambda prompt: 0.75 if "Canberra is." in prompt else 0.25)
        meta = meta_rm.create("expected", engine=engine)
        assert isinstance(meta, OwnMetaRM)
        assert meta.name == "expected"
        logits = await meta.score([self.reading(scores) for scores in ([9, 2], [2, 9], [5, 5])])
        assert logits == pytest.approx([2.0, -2.0, 0.0]), "levels 3 and 1 are expected"
        first = engine.asked[0]
        assert first.start == 'Critique:\nResponse 1: "Canberra is..."', "the GRM's own principles are not before it"
        assert len(engine.asked) == 2, "asked once for all samples of an item"
        assert (first.params.max_tokens, first.params.first) == (1, 20)
        assert "Sydney" not in first.messages[0].content

    async def test_it_needs_a_grm_that_opens_with_verdicts(self) -> None:
        with pytest.raises(UsageError, match="one response at a time"):
            await OwnMetaRM(FakeEngine(), "expected").score([self.reading([9, 2], opens=False)])
        with pytest.raises(EngineError, match="no verdict word"):
            self_meta.expected_level([("Well", -0.1), ("The", -2.0)])
        with pytest.raises(EngineError, match="no token probabilities"):
            self_meta.expected_level([])

    def test_one_response_is_held_to_its_own_level(self) -> None:
        assert self_meta.agreement([4.0], [10]) == 0.0
        assert self_meta.agreement([4.0], [1]) == -4.0

    def test_the_card_may_ask_for_it(self, tmp_path: Path) -> None:
        (tmp_path / "grm_lens.json").write_text('{"context": "single", "opens": true, "meta": "expected"}', "utf-8")
        card = cards.read(tmp_path)
        assert meta_rm.named("auto", engine=FakeEngine(), card=card) == "expected"
