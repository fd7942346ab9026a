"""python app.py train demos|rft|grpo|meta|all|bundle: train a GRM and its meta RM by the paper's recipe.

Every stage goes on where it was stopped. `all` runs the four within --minutes, on a CPU or a GPU; a stage by itself
fits for --minutes and samples all that it has to. `bundle` makes what was trained the default model of this folder.
With --demos, `demos`, `rft` and `all` learn from written judgments instead of program-made tasks, for any --base.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import print_json, read_items, real, say, whole

if TYPE_CHECKING:
    from grm_core.training.meta import Labelled
    from grm_core.training.stages import Plan
    from grm_core.training.written import recipe

HELP = "train a GRM and its meta RM (SPCT)"
STAGES = ("demos", "rft", "grpo", "meta", "all", "bundle")
_SHARES = {"demos": (0.5, 0.0), "rft": (0.12, 0.08), "grpo": (0.15, 0.0), "meta": (0.06, 0.045)}
"""Of the minutes of `all`: for fitting, and for sampling at most. GRPO samples as it fits; the meta RM's stage reads
judgments for its head as long as it may sample."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument(
        "--minutes",
        type=real(0.05, 100_000),
        default=25.0,
        help="budget of all; of a stage by itself, of fitting (default: %(default)s)",
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--folder", type=Path, default=Path("build/training"), help="results (default: %(default)s)")
    parser.add_argument(
        "--base",
        type=Path,
        help="folder of the model to start from (default: the bundled base; with --demos, the judge's)",
    )
    parser.add_argument(
        "--demos", type=Path, nargs="+", metavar="PATH", help="files or folders of written judgments to learn from"
    )
    parser.add_argument("--start", type=Path, metavar="ADAPTER", help="with --demos: an adapter to go on from")
    parser.add_argument(
        "--single-only", action="store_true", help="with --demos: teach judging one response at a time alone"
    )
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="labelled preference pairs, JSON Lines (.gz)")
    parser.add_argument("--items", type=whole(31, 10**6), default=620, help="program-made items to sample")
    parser.add_argument("--most-pairs", type=whole(0, 10**7), default=1500, help="pairs to sample for rft and meta")
    parser.add_argument("--preset", default="small", help="numbers of the RL stage: small, small-gpu, paper-27b, ...")
    parser.add_argument("--trl", action="store_true", help="grpo by TRL's GRPOTrainer: the road for large models")
    parser.add_argument("--vllm", action="store_true", help="with --trl: rollouts by vLLM")
    parser.add_argument(
        "--from-items", type=Path, metavar="ITEMS.jsonl", help="with --trl: labelled items to train on"
    )
    parser.add_argument(
        "--from-labels",
        type=Path,
        metavar="FILE",
        help="with meta: learn from what `labels export --format training` wrote",
    )
    parser.add_argument("--seed", type=whole(0, 2**31), default=0)


def run(args: argparse.Namespace) -> int:
    """Train; returns 0."""
    from grm_core import models
    from grm_core.errors import UsageError
    from grm_core.training import grpo

    if args.preset not in grpo.PRESETS:
        raise UsageError(f"there is no preset {args.preset!r}; there are {', '.join(grpo.PRESETS)}")
    if args.stage == "bundle":
        return _bundle(args.folder)
    if args.demos:
        if args.stage not in ("demos", "rft", "all"):
            raise UsageError(f"--demos belongs to demos, rft and all; {args.stage} learns from other things")
        return _written(_recipe_of(args), args.stage, args.minutes)
    base = args.base or models.base_model().folder
    if args.from_labels is not None:
        if args.stage != "meta":
            raise UsageError("--from-labels belongs to the stage meta")
        return _from_labels(args.from_labels, args.folder / "from-labels", args.minutes, args.device, args.seed)
    if args.trl:
        if args.stage != "grpo" or args.from_items is None:
            raise UsageError("--trl belongs to the stage grpo and needs --from-items")
        return _trl(str(base), args.from_items, args.preset, args.folder / "trl", args.device == "cpu", args.vllm)
    plan = _plan_of(args, base)
    for stage, (fitting, sampling) in (_SHARES if args.stage == "all" else {args.stage: (1.0, None)}).items():
        minutes = args.minutes * fitting
        mine = replace(plan, sampling=args.minutes * sampling if sampling else None)
        say(f"{stage}: {minutes:.1f} minutes" + (f", sampling at most {mine.sampling:.1f}" if mine.sampling else ""))
        _train(mine, stage, minutes, args.items)
    return 0


def _plan_of(args: argparse.Namespace, base: Path) -> "Plan":
    """The four stages that learn from program-made tasks."""
    from grm_core.training import stages

    sizes = {"rows": 12, "tokens": 2048} if args.device == "cpu" else {"rows": 32, "tokens": 32768}
    return stages.Plan(
        args.folder,
        base,
        args.pairs,
        args.device,
        args.seed,
        preset=args.preset,
        most=args.most_pairs,
        log=say,
        **sizes,
    )


def _recipe_of(args: argparse.Namespace) -> "recipe.Plan":
    """The recipe of written judgments; the judge's own base is downloaded where no other is named."""
    from grm_core import models
    from grm_core.training.written import recipe

    on_gpu = args.device == "cuda"
    return recipe.Plan(
        args.folder,
        args.base or models.judge_base().folder,
        args.demos,
        args.pairs,
        args.device,
        args.seed,
        start=args.start,
        joint=not args.single_only,
        groups=24 if on_gpu else 8,
        tokens=4096 if on_gpu else 768,
        rate=4e-4 if on_gpu else 3e-4,
        log=say,
    )


def _written(plan: "recipe.Plan", stage: str, minutes: float) -> int:
    from grm_core.training.written import material, measure, recipe

    if stage == "demos":
        recipe.demos(plan, minutes)
    elif stage == "rft":
        recipe.own_judgments(plan, minutes)
    else:
        contexts = ("single", "joint") if plan.joint else ("single",)
        recipe.everything(plan, minutes, [measure.Measured("everyday", material.everyday(plan.demos), 8, contexts)])
    return 0


def _train(plan: "Plan", stage: str, minutes: float, items: int) -> None:
    from grm_core.training import stages

    if stage == "demos":
        stages.demos(plan, minutes)
    elif stage == "rft":
        stages.rejective(plan, minutes, items)
    elif stage == "grpo":
        stages.reinforce(plan, minutes, items)
    else:
        stages.judge_of_judges(plan, minutes, items)


def _from_labels(labels: Path, folder: Path, minutes: float, device: str, seed: int) -> int:
    """A meta RM from labelled samples; prints how it and the bundled one do on items that it did not learn from."""
    from grm_core import models
    from grm_core.training import fit, from_labels
    from grm_core.training.stages import META_RANK

    labelled = read_labels(labels)
    start = models.ADAPTERS / "meta-rm" if models.has_meta_model() else None
    grm = models.small_model().folder
    settings = fit.Settings(minutes, rate=5e-4, rows=8, tokens=4096, warmup=5)
    print_json(from_labels.train(grm, start, labelled, settings, folder, META_RANK, device, seed, say))
    say(f"choose it with --meta {folder / 'meta-rm'}")
    return 0


def read_labels(path: Path) -> "list[Labelled]":
    """The judgments that `labels export --format training` wrote: each one, and whether it was accepted."""
    from grm_core.formats.annotations import read_labelled
    from grm_core.meta_rm import Reading
    from grm_core.training.meta import Labelled

    return [Labelled(Reading(line.item, line.order, line.text), line.accept is True) for line in read_labelled(path)]


def _trl(base: str, items: Path, preset: str, folder: Path, on_cpu: bool, vllm: bool) -> int:
    """RL for a large model, on TRL and whatever accelerate was told of the machines."""
    from grm_core.errors import UsageError
    from grm_core.training.grpo import PRESETS

    try:
        from grm_core.training.grpo_trl import decided, train
    except ImportError as error:
        raise UsageError(f"--trl needs a package that is missing: {error}; pip install trl") from error
    examples = read_items(items)
    chosen = decided(examples)
    if len(chosen) < len(examples):
        say(f"{len(examples) - len(chosen)} of {len(examples)} items have no single best response and are left out")
    train(base, chosen, PRESETS[preset], folder, on_cpu, vllm)
    return 0


def _bundle(folder: Path) -> int:
    """Put the adapters where the default model comes from."""
    from grm_core.models import ADAPTERS
    from grm_core.training.bundle import bundle, bundle_judge, from_written

    if from_written(folder):
        say(f"{ADAPTERS / 'judge'}: {bundle_judge(folder, ADAPTERS) / 1e6:.1f} MB")
        return 0
    sizes = bundle(folder, ADAPTERS)
    for name, size in sizes.items():
        say(f"{ADAPTERS / name}: {size / 1e6:.1f} MB")
    if "meta-rm" not in sizes:
        say(f"no meta RM: {folder} holds none that was trained on this GRM; train meta makes one")
    return 0
