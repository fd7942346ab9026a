"""The stages and the training from labels, end to end on a tiny model."""

import json
from pathlib import Path

import pytest

from grm_core.errors import UsageError

pytest.importorskip("torch")
from grm_core import models
from grm_core.training import fit, from_labels, grpo, meta, sampler, stages
from tests.training.test_learning import labelled, silent

pytestmark = [pytest.mark.model, pytest.mark.alone]


def test_more_labels_make_a_meta_rm_anew_and_the_same_ones_go_on(tiny: Path, tmp_path: Path) -> None:
    judgments = meta.labelled([labelled(f"item {i}", i % 2 > 0) for i in range(80)])
    messages: list[str] = []

    def train(labels: int, minutes: float) -> list[int]:
        settings = fit.Settings(minutes=minutes, rate=1e-2, rows=8, warmup=2)
        figures = from_labels.train(tiny, None, judgments[:labels], settings, tmp_path / "out", 4, log=messages.append)
        assert figures["learned"] + figures["held_out"] == labels
        return [json.loads(line)["step"] for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]

    first = train(40, 0.02)
    assert train(40, 0.02) == first, "the same minutes again add nothing"
    assert train(40, 0.04)[: len(first)] == first
    assert "the labels have changed: the meta RM is trained anew" not in messages
    again = train(80, 0.02)
    assert again == list(range(1, len(again) + 1)), "from its first step on"
    assert "the labels have changed: the meta RM is trained anew" in messages


def test_labels_of_people_make_a_meta_rm_that_is_compared_with_the_old_one(tiny: Path, tmp_path: Path) -> None:
    judgments = meta.labelled([labelled(f"item {i}", i % 2 > 0) for i in range(40)])
    settings = fit.Settings(minutes=0.25, rate=1e-2, rows=8, warmup=2)
    first = from_labels.train(tiny, None, judgments, settings, tmp_path / "first", 4, log=silent)
    assert first["old"] is None
    assert (first["learned"], first["held_out"]) == (28, 12)
    assert first["new"]["auc"] > 0.9
    start = tmp_path / "first" / "checkpoint"
    second = from_labels.train(tiny, start, judgments, settings, tmp_path / "second", 4, log=silent)
    assert second["old"]["auc"] == pytest.approx(first["new"]["auc"]), "the same held-out items"
    assert models.style_of(tmp_path / "second" / "meta-rm") == "compact"
    with pytest.raises(UsageError, match="label more sessions"):
        from_labels.train(tiny, None, judgments[:6], settings, tmp_path / "few", 4, log=silent)


@pytest.mark.slow
def test_the_whole_recipe_runs_within_its_minutes_and_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "has_vllm", lambda: False)
    monkeypatch.setattr(stages, "_LIMIT", 12)
    messages: list[str] = []
    plan = stages.Plan(tmp_path, tiny, rows=4, sampling=0.5, log=messages.append)
    assert (stages.demos(plan, 0.06) / "adapter_model.safetensors").is_file()
    assert models.style_of(tmp_path / "demos" / "checkpoint") == "compact"
    adapter = stages.rejective(plan, 0.06, 31)
    assert (adapter / "adapter_model.safetensors").is_file()
    summary = json.loads((tmp_path / "rft" / "summary.json").read_text())
    assert summary["items"] == 31
    monkeypatch.setitem(grpo.PRESETS, "small", grpo.Preset(rate=1e-3, items=2, group=2, beta=0.02, updates=2, limit=8))
    checkpoint = stages.reinforce(plan, 1.0, 31)
    lines = [json.loads(line) for line in (tmp_path / "grpo" / "train.jsonl").read_text().splitlines()]
    assert [set(line) for line in lines] == [
        {"update", "seconds", "reward", "kl", "valid", "length", "learned", "loss"}
    ] * 2
    assert (checkpoint / "adapter_model.safetensors").is_file()
    with pytest.raises(Exception, match="nothing to tell apart"):
        stages.judge_of_judges(plan, 0.03, 31)  # a random model writes nothing that can be read
    assert any("items too easy" in line for line in messages)
    before = (tmp_path / "demos" / "grm" / "checkpoint" / "adapter_model.safetensors").read_bytes()
    stages.demos(plan, 0.06)
    stages.rejective(plan, 0.06, 31)
    assert not any("begins anew" in line for line in messages), "the same minutes again change nothing"
    stages.demos(plan, 0.2)
    assert (tmp_path / "demos" / "grm" / "checkpoint" / "adapter_model.safetensors").read_bytes() != before
    stages.rejective(plan, 0.06, 31)
    assert [line.split()[0] for line in messages if "begins anew" in line] == ["grm", "rft"]
    assert (tmp_path / "rft.1" / "samples.jsonl").is_file()
