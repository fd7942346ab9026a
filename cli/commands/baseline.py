"""python app.py baseline llm-judge|pairwise|scalar|semi-scalar score|train: the reward models to compare a GRM with.

`score` writes one verdict per item, and at the end, for labelled items, the accuracy over k to standard error. `train`
makes a scalar or semi-scalar reward model from labelled pairs. See docs/baselines.md.
"""

import argparse
from pathlib import Path

from cli.common import read_items, real, say, unwritten, whole
from cli.waiting import SCREEN
from grm_core.errors import UsageError
from grm_core.types import Baseline, Params
from runs.settings import Judge

HELP = "judge by the paper's baselines: LLM-as-a-Judge, pairwise, scalar, semi-scalar"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("name", choices=list(map(str, Baseline)), metavar="|".join(Baseline))
    steps = parser.add_subparsers(dest="step", required=True, metavar="score|train")
    score = steps.add_parser("score", help="one verdict per item")
    score.add_argument("items", metavar="ITEMS.jsonl", help="queries with their responses; - reads standard input")
    score.add_argument("--out", type=Path, required=True, metavar="VERDICTS.jsonl")
    score.add_argument("--k", type=whole(1, 512), default=8, help="samples per item (default: %(default)s)")
    score.add_argument("--engine", default="auto", help="auto, managed, hf or a URL (default: auto)")
    score.add_argument("--model", help="judges: as for `score`; (semi-)scalar: the folder that train wrote")
    score.add_argument("--vote", choices=("majority", "probability"), default="majority", help="of judges")
    score.add_argument(
        "--template", choices=("judge", "verdict"), default="judge", help="of judges: see docs/baselines.md"
    )
    score.add_argument("--seed", type=whole(0, 2**63 - 1), default=0)
    score.add_argument("--temperature", type=real(0, 5), default=0.5)
    score.add_argument("--max-tokens", type=whole(1, 1_000_000), default=1024, help="per completion (default: 1024)")
    score.add_argument("--resume", action="store_true", help="go on with the run in --out")
    train = steps.add_parser("train", help="scalar and semi-scalar: learn from labelled pairs")
    train.add_argument("pairs", type=Path, metavar="PAIRS.jsonl.gz", help="labelled pairs; the train split is read")
    train.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="goes on with what is there")
    train.add_argument("--minutes", type=real(0.05, 100_000), default=25.0, help="budget (default: %(default)s)")
    train.add_argument("--base", type=Path, metavar="FOLDER", help="model to start from (default: the bundled base)")
    train.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    train.add_argument("--engine", default="hf", help="semi-scalar: what writes critiques: hf, managed or a URL")
    train.add_argument("--seed", type=whole(0, 2**31), default=0)


def run(args: argparse.Namespace) -> int:
    """Score or train; exit code 1 when an item failed, 130 when stopped."""
    import asyncio

    from grm_core.baselines.ask import Settings
    from runs import baselines

    name = Baseline(args.name)
    if args.step == "train":
        fitting = baselines.Fitting(args.pairs, args.out, args.minutes, args.base, args.device, args.engine, args.seed)
        say(baselines.train(name, fitting, say))
        return 0
    if name in baselines.TRAINED and args.model is None:
        raise UsageError(f"{name} needs --model: the folder that `baseline {name} train` wrote")
    if args.out.exists() and not args.resume:
        raise UsageError(f"{args.out} exists already; use --resume to go on with it, or another name")
    if not args.out.absolute().parent.is_dir():
        raise UsageError(f"{args.out}: there is no folder {args.out.absolute().parent}")
    examples = read_items(args.items)
    params = Params(args.temperature, 1.0, args.max_tokens)
    settings = Settings(args.k, args.seed, params, args.vote, template=args.template)
    judging = baselines.Judging(name, Judge(args.engine, args.model), settings)
    try:
        judged = asyncio.run(baselines.score(judging, examples, args.out, SCREEN))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what had arrived is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    return 0 if judged == len(examples) else 1
