"""The bundled weights become a folder that vLLM and transformers can serve."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grm_core import models, prepared
from grm_core.errors import EngineError


@pytest.mark.model
@pytest.mark.alone
def test_default_model_is_prepared_once_and_checked() -> None:
    model = models.base_model()
    assert (model.name, model.trained) == ("SmolLM2-135M-Instruct", False)
    assert prepared.problem(model.folder, full=True) is None
    before = (model.folder / "model.safetensors").stat().st_mtime_ns
    assert models.base_model() == model
    assert (model.folder / "model.safetensors").stat().st_mtime_ns == before
    config = json.loads((model.folder / "config.json").read_text())
    assert "quantization_config" not in config
    assert "<|im_start|>" in (model.folder / "chat_template.jinja").read_text()
    added = {t["content"]: t["id"] for t in json.loads((model.folder / "tokenizer.json").read_text())["added_tokens"]}
    generation = json.loads((model.folder / "generation_config.json").read_text())
    assert generation["eos_token_id"] == config["eos_token_id"] == added["<|im_end|>"], (
        "a turn ends where ChatML ends it"
    )


def make_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "weights").write_bytes(b"12345")
    digest = prepared.sha256(folder / "weights")
    (folder / "manifest.json").write_text(json.dumps({"weights": [5, digest]}))
    return folder


def test_missing_cut_and_changed_files_are_found(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "model")
    assert prepared.problem(folder, full=True) is None
    (folder / "weights").write_bytes(b"1234X")
    assert prepared.problem(folder) is None, "sizes alone cannot tell"
    assert "has changed" in str(prepared.problem(folder, full=True))
    (folder / "weights").write_bytes(b"1")
    assert "another size" in str(prepared.problem(folder))
    assert "not prepared" in str(prepared.problem(tmp_path / "nowhere"))
    for broken in ("", "[]", '{"weights": 5}', "{"):
        (folder / "manifest.json").write_text(broken)
        assert "not prepared" in str(prepared.problem(folder))
    (folder / "manifest.json").write_text("{}")
    assert "empty" in str(prepared.problem(folder))


def test_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "WHEEL", "no-such-wheel-at-all")
    with pytest.raises(EngineError, match="no-such-wheel-at-all") as caught:
        models.base_model()
    assert "make setup" in caught.value.hint


class SmallModel:
    """Stands in for the ten-second conversion: writes a small file, slowly, and counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.error: Exception | None = None

    def __call__(self, weights: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(weights.name.encode())
        time.sleep(0.05)
        if self.error is not None:
            raise self.error
        self.made += 1


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallModel:
    conversion = SmallModel()
    monkeypatch.setattr(models, "_convert", conversion)
    monkeypatch.setattr(models, "bundled", lambda: False)  # what it writes cannot be merged with anything
    monkeypatch.delattr(models, "judge_model")  # setting up downloads nothing, whatever the default is
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return conversion


def test_many_at_once_prepare_it_once(small: SmallModel) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = {future.result() for future in [pool.submit(models.base_model) for _ in range(8)]}
    assert small.made == 1
    assert [model.folder.parent for model in folders] == [prepared.cache_folder()]


def test_a_cut_file_is_mended_on_use_and_a_changed_one_by_verify(
    small: SmallModel, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = models.base_model().folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    assert models.base_model().folder == weights.parent
    assert (weights.read_bytes(), small.made) == (content, 2)
    weights.write_bytes(content[::-1])
    assert models.main([]) == 0
    assert small.made == 2, "the quick check compares sizes"
    assert models.main(["--verify"]) == 0
    assert (weights.read_bytes(), small.made) == (content, 3)
    assert "has changed" in capsys.readouterr().err


def test_a_failed_preparation_leaves_nothing_half_made(small: SmallModel, capsys: pytest.CaptureFixture[str]) -> None:
    small.error = OSError(28, "No space left on device")
    with pytest.raises(EngineError, match="No space left") as caught:
        models.base_model()
    assert "XDG_CACHE_HOME" in caught.value.hint
    assert [path.suffix for path in prepared.cache_folder().iterdir()] == [".lock"]
    assert models.main([]) == 1
    assert "No space left" in capsys.readouterr().err
    small.error = None
    assert prepared.problem(models.base_model().folder, full=True) is None


def test_a_cache_that_cannot_be_written_is_an_error_with_a_hint(
    small: SmallModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EngineError, match="could not prepare"):
        models.base_model()


@pytest.mark.model
@pytest.mark.alone
def test_the_bundled_grm_is_the_base_with_its_adapter_merged_in() -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model, base = models.small_model(), models.base_model()
    assert (model.name, model.trained, model.style) == ("grm-lens-135m", True, "compact")
    assert models.style_and_training(None) == ("compact", False), "known before anything is loaded"
    assert prepared.problem(model.folder, full=True) is None
    trained, plain = (AutoModelForCausalLM.from_pretrained(each.folder, dtype=torch.float32) for each in (model, base))
    changed = [
        name for name, weight in trained.state_dict().items() if not torch.equal(weight, plain.state_dict()[name])
    ]
    assert len(changed) == 7 * 30, "every linear layer, and neither embeddings nor norms"
    sizes = {path: path.stat().st_size for path in models.ADAPTERS.rglob("*.safetensors")}
    judge = sum(size for path, size in sizes.items() if path.parent.name == "judge")
    assert sum(sizes.values()) - judge <= 60e6, "what a clone has to carry"
    assert judge <= 80e6


@pytest.mark.model
@pytest.mark.alone
async def test_the_bundled_grm_writes_the_format_without_structured_output() -> None:
    from grm_core import prompts
    from grm_core.engines.hf import HFEngine
    from grm_core.judge import judge
    from grm_core.sampling import SamplingPlan
    from grm_core.types import Example, Message, Params

    query = "What is the capital of France? Answer in a sentence."
    example = Example("capital", (Message("user", query),), ("The capital is Paris.", "It is the city of Rome."))
    engine = HFEngine()
    try:
        template = prompts.load(prompts.choose(example, style=engine.style))
        judgement = await judge(engine, SamplingPlan(example, template, Params(max_tokens=320), 8))
    finally:
        await engine.close()
    valid = [sample for sample in judgement.samples if sample.scores is not None]
    assert len(valid) >= 7
    assert all(sample.completion and sample.completion.finish_reason == "stop" for sample in valid)
    assert all(len(sample.parsed.principles) >= 2 and sample.parsed.critique_span for sample in valid)
    assert judgement.verdict.winner == 0, "the right capital wins"
