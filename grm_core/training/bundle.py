"""Trained adapters -> what is shipped: 16-bit safetensors without a path of the training machine, and the logs."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from grm_core.errors import UsageError
from grm_core.models import BASE, GRM, JUDGE_BASE
from grm_core.training.folders import ADAPTER, began_from, digest

_LOGS = {
    "grm": (("demos/train.jsonl", "demos.jsonl"), ("demos/grm/train.jsonl", "demos-adapter.jsonl"),
            ("rft/train.jsonl", "rft.jsonl"), ("rft/summary.json", "rft.json"),
            ("grpo/train.jsonl", "grpo.jsonl")),
    "meta-rm": (("meta/head.json", "head-held-out.json"), ("meta/train.jsonl", "train.jsonl"),
                ("meta/summary.json", "held-out.json")),
}  # fmt: skip


def bundle(training: Path, out: Path) -> dict[str, int]:
    """Write out/grm and out/meta-rm from a training folder; name -> bytes of weights. The last stage there counts.

    A meta RM reads one GRM's states and means nothing beside another: out/meta-rm is removed where the folder holds
    none that was trained on this GRM. Raises UsageError where no stage has left a GRM.
    """
    stages = [training / name for name in ("grpo/checkpoint", "rft/checkpoint", "demos/grm/checkpoint")]
    grm = next((stage for stage in stages if (stage / ADAPTER).is_file()), None)
    if grm is None:
        raise UsageError(f"{training} holds no trained GRM: run train demos, rft or grpo first")
    sizes = {"grm": _write(grm, out / "grm", BASE)}
    meta = training / "meta" / "checkpoint"
    if (meta / ADAPTER).is_file() and began_from(meta.parent) == digest(grm):
        sizes["meta-rm"] = _write(meta, out / "meta-rm", GRM)
        shutil.copyfile(meta / "chat_template.jinja", out / "meta-rm" / "chat_template.jinja")
    else:
        shutil.rmtree(out / "meta-rm", ignore_errors=True)
    for name in sizes:
        for source, target in _LOGS[name]:
            if (training / source).is_file():
                shutil.copyfile(training / source, out / name / target)
    return sizes


_JUDGE_LOGS = (
    ("demos/train.jsonl", "demos.jsonl"), ("demos/curve.jsonl", "demos-curve.jsonl"), ("rft/train.jsonl", "rft.jsonl"),
    ("rft/curve.jsonl", "rft-curve.jsonl"), ("rft/summary.json", "rft.json"),
)  # fmt: skip


def from_written(training: Path) -> bool:
    """Whether the folder holds what was learned from written judgments, which belongs to the judge of 1.5B."""
    return any((training / stage / "curve.jsonl").is_file() for stage in ("demos", "rft"))


def bundle_judge(training: Path, out: Path) -> int:
    """Write the judge's adapter and its logs to out/judge; bytes of weights. The last stage there counts.

    The card grm_lens.json, which says how the judge wants to be asked, is left as it is. Raises UsageError where no
    stage has left an adapter.
    """
    stages = [training / name for name in ("rft/checkpoint", "demos/checkpoint")]
    adapter = next((stage for stage in stages if (stage / ADAPTER).is_file()), None)
    if adapter is None:
        raise UsageError(f"{training} holds no trained adapter: run train demos first")
    size = _write(adapter, out / "judge", f"Qwen/{JUDGE_BASE}")
    for source, target in _JUDGE_LOGS:
        if (training / source).is_file():
            shutil.copyfile(training / source, out / "judge" / target)
    return size


def _write(adapter: Path, out: Path, base: str) -> int:
    out.mkdir(parents=True, exist_ok=True)
    weights = load_file(adapter / ADAPTER)
    target = out / ADAPTER
    save_file({name: weight.to(torch.bfloat16).contiguous() for name, weight in weights.items()}, target)
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    config |= {"base_model_name_or_path": base, "inference_mode": True}
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()  # PEFT keeps a set: in another order every time
    (out / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return target.stat().st_size
