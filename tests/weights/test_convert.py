"""The 4-bit file becomes the folders that vLLM and transformers serve, with an adapter merged in before rounding."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from grm_core.errors import EngineError
from grm_core.models import CHAT_TEMPLATE
from grm_core.weights import convert as module
from grm_core.weights.convert import convert
from grm_core.weights.shards import Shards
from tests.weights.tiny import LAYERS, VOCABULARY, write_adapter, write_gguf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as it is downloaded."""
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def plain(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model in bf16, without an adapter."""
    return made("bf16", gguf, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def adapter(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(plain, tmp_path_factory.mktemp("adapter"))


def made(form: str, gguf: Path, out: Path, adapter: Path | None = None) -> Path:
    out.mkdir(exist_ok=True)
    convert(form, gguf, out, CHAT_TEMPLATE, adapter, lambda *_: None)
    return out


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return {name: weight for path in folder.glob("*.safetensors") for name, weight in load_file(path).items()}


def test_the_weights_are_those_that_transformers_reads(gguf: Path, plain: Path) -> None:
    from transformers import AutoModelForCausalLM, GgufConfig

    theirs = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    ).state_dict()
    ours = tensors(plain)
    assert ours.keys() == theirs.keys() - {"lm_head.weight"}
    differ = {name for name in ours if not torch.equal(ours[name], theirs[name])}
    assert differ == {"model.embed_tokens.weight"}
    assert torch.equal(ours["model.embed_tokens.weight"], theirs["lm_head.weight"]), "the output's is rounded less"


def test_a_file_with_one_embedding_uses_it_for_both(tmp_path: Path) -> None:
    folder = made("bf16", write_gguf(tmp_path / "one.gguf", output=False), tmp_path / "out")
    assert tensors(folder)["model.embed_tokens.weight"].shape == (len(VOCABULARY), 64)


def test_transformers_serves_the_folder_with_tied_embeddings_and_our_template(plain: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(plain)
    assert model.dtype == torch.bfloat16
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    tokenizer = AutoTokenizer.from_pretrained(plain)
    assert tokenizer.eos_token == "<|im_end|>"
    assert model.generation_config.eos_token_id == model.config.eos_token_id == tokenizer.eos_token_id
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "x"}], tokenize=False, add_generation_prompt=True
    )
    assert text == "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n", "no system message"


def test_an_adapter_is_merged_as_peft_merges_it(plain: Path, gguf: Path, adapter: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(plain, dtype=torch.float32), adapter)
    theirs = merged.merge_and_unload().state_dict()
    ours = tensors(made("bf16", gguf, tmp_path / "out", adapter))
    before = tensors(plain)
    changed = {name for name in ours if not torch.equal(ours[name], before[name])}
    parts = ("self_attn.q", "self_attn.v", "self_attn.o", "mlp.up", "mlp.down")
    assert changed == {f"model.layers.1.{part}_proj.weight" for part in parts}
    for name in changed:
        # Their base was rounded to 16 bits before the adapter was added, ours was not.
        torch.testing.assert_close(ours[name].float(), theirs[name], atol=0.01, rtol=0.01)


def test_an_adapter_in_two_files_is_the_same_adapter(gguf: Path, adapter: Path, tmp_path: Path) -> None:
    halves = tmp_path / "halves"
    shutil.copytree(adapter, halves)
    together = load_file(halves / "adapter_model.safetensors")
    (halves / "adapter_model.safetensors").unlink()
    names = sorted(together)
    for number, part in enumerate((names[:5], names[5:]), 1):
        save_file({name: together[name] for name in part}, halves / f"adapter_model-0000{number}-of-00002.safetensors")
    one, two = (tensors(made("bf16", gguf, tmp_path / f"out-{each.name}", each)) for each in (adapter, halves))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_dora": True}, "no plain LoRA"),
        ({"peft_type": "IA3"}, "no plain LoRA"),
        ({"bias": "all"}, "no plain LoRA"),
    ],
)
def test_another_kind_of_adapter_is_refused(
    gguf: Path, adapter: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    odd = tmp_path / "odd"
    shutil.copytree(adapter, odd)
    config = json.loads((odd / "adapter_config.json").read_text())
    (odd / "adapter_config.json").write_text(json.dumps(config | changes))
    with pytest.raises(EngineError, match=message):
        made("bf16", gguf, tmp_path / "out", odd)


def test_an_adapter_of_another_base_is_refused(gguf: Path, adapter: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    shutil.copytree(adapter, odd)
    weights = {name.replace("layers.1.", "layers.7."): each for name, each in load_file(odd / FILE).items()}
    save_file(weights, odd / FILE)
    with pytest.raises(EngineError, match=r"another base: it changes model\.layers\.7\."):
        made("bf16", gguf, tmp_path / "out", odd)


FILE = "adapter_model.safetensors"


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="of the kind llama, not qwen2"):
        made("bf16", write_gguf(tmp_path / "odd.gguf", architecture="llama"), tmp_path / "out")


# --- int8 ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def int8(gguf: Path, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("int8", gguf, tmp_path_factory.mktemp("int8"), adapter)


def test_int8_is_close_to_what_it_was_rounded_from(int8: Path, gguf: Path, adapter: Path, tmp_path: Path) -> None:
    exact = tensors(made("bf16", gguf, tmp_path / "exact", adapter))
    converted = tensors(int8)
    rounded = [name for name in converted if name.endswith("_proj.weight")]
    assert len(rounded) == 7 * LAYERS
    for name in rounded:
        weight, scale = converted[name], converted[f"{name}_scale"]
        assert (weight.dtype, scale.dtype, scale.shape) == (torch.int8, torch.float32, (len(weight), 1))
        assert int(weight.abs().max()) == 127, "the whole range is used"
        # Half a step of the 8 bits, and what the 16 bits have lost.
        allowed = scale * 0.501 + exact[name].float().abs() * 2**-8
        assert bool(((weight.float() * scale - exact[name].float()).abs() <= allowed).all())
    for name in converted.keys() - set(rounded) - {f"{name}_scale" for name in rounded}:
        assert converted[name].dtype == torch.bfloat16
        assert torch.equal(converted[name], exact[name])
    assert "lm_head.weight" not in converted


def test_int8_says_so_as_compressed_tensors_reads_it(int8: Path) -> None:
    config = json.loads((int8 / "config.json").read_text())
    assert config["tie_word_embeddings"] is True
    assert config["architectures"] == ["Qwen2ForCausalLM"]
    quantization = config["quantization_config"]
    assert (quantization["quant_method"], quantization["format"]) == ("compressed-tensors", "int-quantized")
    assert quantization["ignore"] == ["lm_head"]
    group = quantization["config_groups"]["group_0"]
    assert group["weights"] == {
        "num_bits": 8,
        "type": "int",
        "symmetric": True,
        "strategy": "channel",
        "dynamic": False,
    }
    assert (group["input_activations"]["strategy"], group["input_activations"]["dynamic"]) == ("token", True)
    index = json.loads((int8 / "model.safetensors.index.json").read_text())["weight_map"]
    assert {name: set(load_file(int8 / file)) & {name} for name, file in index.items()} == {n: {n} for n in index}


def test_a_row_of_zeros_stays_one() -> None:
    weight, scale = module.quantized(torch.tensor([[0.0, 0.0], [1.0, -0.5]]))
    assert weight.tolist() == [[0, 0], [127, -64]]
    assert torch.isfinite(scale).all()


def test_rows_are_worked_on_in_pieces(
    gguf: Path, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    pieces, together = tensors(made("bf16", gguf, tmp_path / "out")), tensors(plain)
    assert all(torch.equal(pieces[name], together[name]) for name in together)


def test_weights_are_written_as_they_come(tmp_path: Path) -> None:
    shards = Shards(tmp_path, most=100)
    for number in range(5):
        shards.add({f"w{number}": torch.full((12,), float(number))})  # 48 bytes
    shards.close()
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert files == [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 240
    assert index["weight_map"]["w4"] == files[1]
    assert tensors(tmp_path)["w3"].tolist() == [3.0] * 12
