"""The road for large models: TRL's GRPOTrainer takes our items, our presets and our reward."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core import models
from grm_core.errors import UsageError
from grm_core.training import rft, tasks
from grm_core.training.families import SEEN
from grm_core.training.grpo import PRESETS

pytestmark = pytest.mark.slow


def test_rows_hold_the_prompt_and_what_the_reward_needs() -> None:
    from grm_core.training import grpo_trl

    (row,) = grpo_trl.columns(rft.questions([tasks.draw(SEEN[0], 5, 3).example], 0))
    assert row["prompt"][0]["content"].startswith("Judge each response")
    assert sorted(json.loads(row["order"])) == [0, 1, 2]
    assert len(json.loads(row["labels"])) == 3


def test_items_without_one_best_response_cannot_be_rewarded() -> None:
    from grm_core.training import grpo_trl

    items = rft.items(SEEN, 5, 62)
    good, single = (next(each for each in items if len(each.responses) == n) for n in (2, 1))
    bare, tied = replace(good, labels=None), replace(good, labels=(1.0, 1.0))
    assert grpo_trl.decided([bare, good, tied, single]) == [good]
    with pytest.raises(UsageError, match="one best"):
        grpo_trl.decided([bare, tied, single])


def test_presets_become_trls_settings(tmp_path: Path) -> None:
    from grm_core.training import grpo_trl

    config = grpo_trl.config(PRESETS["paper-27b"], tmp_path, cpu=True, vllm=False, processes=8)
    assert (config.learning_rate, config.beta, config.num_generations, config.max_steps) == (4e-7, 0.08, 4, 900)
    assert config.per_device_train_batch_size * config.gradient_accumulation_steps * 8 == 512
    assert config.loss_type == "grpo"


@pytest.mark.model
@pytest.mark.slow
def test_a_small_model_gets_an_update(tiny: Path, tmp_path: Path) -> None:
    from grm_core.training import grpo_trl

    preset = replace(PRESETS["small"], items=1, group=4, updates=1, limit=8)
    grpo_trl.train(str(tiny), rft.items(SEEN, 5, 8), preset, tmp_path, cpu=True, vllm=False)
    assert (tmp_path / "final" / "model.safetensors").is_file()
    assert models.style_of(tmp_path / "final") == "compact", "score asks it as it was trained"
    state = json.loads((tmp_path / "checkpoint-1" / "trainer_state.json").read_text())
    (entry,) = [line for line in state["log_history"] if "reward" in line]
    assert entry["reward"] == -1.0, "eight random tokens are no judgment"
