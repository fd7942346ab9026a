"""GRPO with the GRM as its reward: TRL's GRPOTrainer, a few steps, on a CPU or a GPU.

    python -m examples.grpo_with_grm --steps 2 --out build/grpo-with-grm         # the bundled models, minutes on a CPU
    python -m examples.grpo_with_grm --policy-model MODEL --engine http://grm:8000/v1 --steps 200 --group 8 --out OUT
    python -m examples.grpo_with_grm --endpoint http://grm:7861 --out OUT                # the GRM of `app.py serve`

The policy writes a group of completions to each program-made query, the GRM judges the group together, k times,
and the mean score of each completion is its reward. TRL's log (rewards/grm/mean, grm/unreadable_samples) goes to
log.json in the output folder. Two steps show that everything fits together and improve nothing. An endpoint judges
as its own command says, so --engine, --model and --k have no part in it; start it with --unreadable null.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.reward_over_http import HttpReward
from grm_core import models
from grm_core.errors import GRMError
from grm_core.reward_function import GRMReward, Settings
from grm_core.training import tasks
from grm_core.training.families import SEEN
from grm_core.types import Params


@dataclass(frozen=True, slots=True)
class Training:
    """How the policy is trained."""

    policy_model: str | None
    """Folder or hub name; None: the bundled base model."""
    group: int
    """Completions per query."""
    steps: int
    tokens: int
    """Most tokens of a completion."""
    out: Path


def main(argv: Sequence[str]) -> int:
    """Train; returns the exit code."""
    parser = argparse.ArgumentParser(prog="examples.grpo_with_grm", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--policy-model", help="folder or hub name (default: the bundled base model)")
    parser.add_argument("--engine", default="auto", help="the GRM's: auto, managed, hf or a URL")
    parser.add_argument("--model", help="the GRM's folder or served name (default: the bundled GRM)")
    parser.add_argument("--endpoint", metavar="URL", help="have `app.py serve` at this address judge instead")
    parser.add_argument("--k", type=int, default=4, help="samples per group of completions")
    parser.add_argument("--group", type=int, default=4, help="completions per query")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=64, help="most tokens of a completion")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args(argv)
    try:
        with reward_of(args) as reward:
            settings = Training(args.policy_model, args.group, args.steps, args.tokens, args.out)
            logged = train(settings, reward)
    except GRMError as error:
        print(error, file=sys.stderr)
        return 2
    (args.out / "log.json").write_text(json.dumps(logged, indent=1) + "\n", encoding="utf-8")
    names = ("step", f"rewards/{reward.__name__}/mean", f"rewards/{reward.__name__}/std", "loss")
    for line in logged:
        print(json.dumps({name: line[name] for name in names}))
    return 0


@contextmanager
def reward_of(args: argparse.Namespace) -> Iterator[GRMReward | HttpReward]:
    """The reward function, for as long as its engine is needed."""
    if args.endpoint:
        yield HttpReward(args.endpoint)
        return
    with GRMReward(args.engine, Settings(k=args.k, params=Params(max_tokens=512)), model=args.model) as reward:
        yield reward


def train(settings: Training, reward: GRMReward | HttpReward) -> list[dict[str, float]]:
    """TRL's log of every step."""
    import torch
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    cpu = not torch.cuda.is_available()
    config = GRPOConfig(
        output_dir=str(settings.out), num_generations=settings.group, per_device_train_batch_size=settings.group,
        max_steps=settings.steps, max_completion_length=settings.tokens, temperature=0.8, beta=0.01,
        learning_rate=1e-6, use_cpu=cpu, bf16=not cpu, logging_steps=1, save_strategy="no", report_to=[],
    )  # fmt: skip
    examples = [tasks.draw(SEEN[i % len(SEEN)], i, 2).example for i in range(max(8, settings.steps))]
    rows = [{"prompt": [{"role": "user", "content": each.query[0].content}]} for each in examples]
    policy = settings.policy_model or str(models.base_model().folder)
    trainer = GRPOTrainer(policy, reward_funcs=reward, args=config, train_dataset=Dataset.from_list(rows))
    trainer.train()
    trainer.save_model(str(settings.out / "final"))
    return [line for line in trainer.state.log_history if f"rewards/{reward.__name__}/mean" in line]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
