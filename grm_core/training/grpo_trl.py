"""GRPO for large models: the same reward and presets on TRL's GRPOTrainer, with accelerate or FSDP and vLLM rollouts.

`python app.py train grpo --trl --base MODEL --from-items ITEMS.jsonl --preset paper-27b` on one machine, the same
under `accelerate launch` on several GPUs.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grm_core import models, outcome
from grm_core.errors import UsageError
from grm_core.training import rft
from grm_core.training.generate import Question
from grm_core.training.grpo import Preset
from grm_core.training.reward import trl_reward
from grm_core.types import Example


def columns(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """One row per question for a dataset: prompt (a chat), and labels and order as JSON lists."""
    return [
        {
            "prompt": [{"role": message.role, "content": message.content} for message in question.messages()],
            "labels": json.dumps(list(question.example.labels or ())),
            "order": json.dumps(list(question.order)),
        }
        for question in questions
    ]


def config(preset: Preset, out: Path, *, cpu: bool, vllm: bool, processes: int = 1, per_device: int = 4) -> Any:
    """TRL's settings for a preset: a batch of items x group completions, KL against the starting model."""
    from trl import GRPOConfig

    batch = preset.items * preset.group
    return GRPOConfig(
        output_dir=str(out),
        learning_rate=preset.rate,
        beta=preset.beta,
        num_generations=preset.group,
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=max(1, batch // (per_device * processes)),
        max_steps=preset.updates,
        temperature=preset.temperature,
        max_completion_length=preset.limit,
        loss_type="grpo",
        scale_rewards="group",
        use_vllm=vllm,
        vllm_mode="colocate",
        use_cpu=cpu,
        bf16=not cpu,
        logging_steps=1,
        save_steps=max(1, preset.updates // 20),
        report_to=[],
        gradient_checkpointing=not cpu,
    )


def decided(examples: Sequence[Example]) -> list[Example]:
    """Those with one best among several responses: nothing else can be rewarded (Eq. 11). UsageError without any.

    Single responses are rated 0 or 1 by another template; the trainer's rows share one.
    """
    several = [each for each in examples if len(each.responses) > 1 and each.labels]
    clear = [each for each in several if len(outcome.best_labels(each.labels or ())) == 1]
    if not clear:
        raise UsageError("no item has two responses or more and labels with one best")
    return clear


def train(model: str, examples: Sequence[Example], preset: Preset, out: Path, cpu: bool, vllm: bool) -> None:
    """Train on decided examples, from a checkpoint in `out` if there is one, else from `model`; writes `out`/final.

    Under `accelerate launch` all processes (WORLD_SIZE) share the preset's batch. The final model is marked as one of
    the compact templates, which `score` and the page then ask it with.
    """
    from datasets import Dataset
    from trl import GRPOTrainer

    questions = rft.questions(examples, 0)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=trl_reward,
        args=config(preset, out, cpu=cpu, vllm=vllm, processes=int(os.environ.get("WORLD_SIZE", "1"))),
        train_dataset=Dataset.from_list(columns(questions)),
    )
    trainer.train(resume_from_checkpoint=any(out.glob("checkpoint-*")) or None)
    trainer.save_model(str(out / "final"))
    if trainer.is_world_process_zero():
        models.mark(out / "final")
