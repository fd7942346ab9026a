"""What is shipped: 16-bit weights, no path of the machine that trained them, the logs beside them."""

import json
from pathlib import Path

import pytest

from grm_core.errors import UsageError
from grm_core.training import folders
from grm_core.training.bundle import bundle, bundle_judge, from_written

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

pytestmark = pytest.mark.slow


def adapter(folder: Path, value: float) -> None:
    folder.mkdir(parents=True)
    save_file({"layer.lora_A.weight": torch.full((2, 3), value)}, folder / "adapter_model.safetensors")
    config = {"r": 2, "base_model_name_or_path": "/home/someone/models/base", "inference_mode": False}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def test_the_last_stage_is_shipped_with_its_logs(tmp_path: Path) -> None:
    training, out = tmp_path / "training", tmp_path / "out"
    with pytest.raises(UsageError, match="no trained GRM"):
        bundle(training, out)
    adapter(training / "rft" / "checkpoint", 1.5)
    (training / "rft" / "train.jsonl").write_text('{"step": 1}\n')
    assert bundle(training, out).keys() == {"grm"}
    weights = load_file(out / "grm" / "adapter_model.safetensors")["layer.lora_A.weight"]
    assert (weights.dtype, weights.tolist()) == (torch.bfloat16, [[1.5] * 3] * 2)
    assert (out / "grm" / "rft.jsonl").read_text() == '{"step": 1}\n'
    adapter(training / "grpo" / "checkpoint", 2.5)
    adapter(training / "meta" / "checkpoint", 3.5)
    (training / "meta" / "checkpoint" / "chat_template.jinja").write_text("{{ messages }}")
    folders.begin(training / "meta", training / "grpo" / "checkpoint", print)
    assert bundle(training, out).keys() == {"grm", "meta-rm"}
    assert float(load_file(out / "grm" / "adapter_model.safetensors")["layer.lora_A.weight"][0, 0]) == 2.5
    assert (out / "meta-rm" / "chat_template.jinja").read_text() == "{{ messages }}"
    for name, base in (("grm", "SmolLM2-135M-Instruct"), ("meta-rm", "grm-lens-135m")):
        text = (out / name / "adapter_config.json").read_text()
        assert json.loads(text)["base_model_name_or_path"] == base
        assert "/home/" not in text


def test_a_meta_rm_of_another_grm_is_not_left_beside_the_new_one(tmp_path: Path) -> None:
    training, out = tmp_path / "training", tmp_path / "out"
    adapter(training / "grpo" / "checkpoint", 1.0)
    folders.begin(training / "meta", training / "grpo" / "checkpoint", print)
    adapter(training / "meta" / "checkpoint", 2.0)
    (training / "meta" / "checkpoint" / "chat_template.jinja").write_text("{{ messages }}")
    assert bundle(training, out).keys() == {"grm", "meta-rm"}
    for file in (training / "grpo" / "checkpoint").iterdir():
        file.unlink()
    (training / "grpo" / "checkpoint").rmdir()
    adapter(training / "grpo" / "checkpoint", 1.5)
    assert bundle(training, out).keys() == {"grm"}
    assert not (out / "meta-rm").exists()


def test_what_was_learned_from_written_judgments_goes_beside_the_card_of_the_judge(tmp_path: Path) -> None:
    training, out = tmp_path / "training", tmp_path / "out"
    assert not from_written(training)
    (out / "judge").mkdir(parents=True)
    (out / "judge" / "grm_lens.json").write_text('{"context": "single"}')
    adapter(training / "demos" / "checkpoint", 1.5)
    (training / "demos" / "curve.jsonl").write_text('{"items": 60}\n')
    assert from_written(training)
    assert bundle_judge(training, out) == (out / "judge" / "adapter_model.safetensors").stat().st_size
    adapter(training / "rft" / "checkpoint", 2.5)
    bundle_judge(training, out)
    weights = load_file(out / "judge" / "adapter_model.safetensors")["layer.lora_A.weight"]
    assert float(weights[0, 0]) == 2.5, "the last stage counts"
    assert (out / "judge" / "demos-curve.jsonl").read_text() == '{"items": 60}\n'
    assert (out / "judge" / "grm_lens.json").read_text() == '{"context": "single"}'
    with pytest.raises(UsageError, match="run train demos first"):
        bundle_judge(tmp_path / "none", out)
