"""How the items of a file are judged: the options, the settings that they make, and the run itself."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import counted, real, say, unwritten, whole
from cli.recipe import add_recipe, recipe_of
from cli.waiting import SCREEN
from grm_core.analysis.looks import Rule
from grm_core.errors import UsageError
from grm_core.types import CONTEXTS, Method
from runs.settings import Judge, Settings, Workers, following

if TYPE_CHECKING:
    from grm_core.types import Example
    from runs.score import Out


def add_sampling(parser: argparse.ArgumentParser, k: int, several: bool = False) -> None:
    """Describe how items are judged; `k` is the default. With `several`, models and principles may be repeated."""
    action, again = ("append", "; repeatable") if several else ("store", "")
    words = "samples per item, or auto: until its verdict settles (default: %(default)s)"
    parser.add_argument("--k", type=_count, default=k, help=words)
    parser.add_argument("--engine", default="auto", help="auto, managed, hf, replay:FILE or a URL (default: auto)")
    named = f"name on the server; for managed and hf a folder, or small{again}"
    parser.add_argument("--model", action=action, help=named)
    add_recipe(parser)
    parser.add_argument("--seed", type=whole(0, 2**63 - 1), default=0)
    parser.add_argument("--temperature", type=real(0, 5), help="(default: the recipe's, else 0.5)")
    parser.add_argument("--top-p", type=real(0.001, 1), help="(default: the recipe's, else 1)")
    parser.add_argument(
        "--max-tokens", type=whole(1, 1_000_000), help="per completion (default: the recipe's, else 1024)"
    )
    parser.add_argument(
        "--thinking",
        choices=("on", "off"),
        help="of models that can do both (default: the recipe's, else the model's)",
    )
    parser.add_argument("--order", choices=("random", "balanced"), help="how responses are shuffled (default: random)")
    parser.add_argument(
        "--context",
        choices=CONTEXTS,
        help="joint: all responses in one prompt; single: each in one of its own; pairs: every two in both orders "
        "(default: as the template needs it or the model was trained)",
    )
    parser.add_argument("--template", metavar="NAME", help="prompt template (default: the one that fits each item)")
    parser.add_argument(
        "--principles",
        type=Path,
        action=action,
        metavar="FILE",
        help=f"principles to judge by, one per line, or 'general' for those of the template pointwise{again}",
    )
    parser.add_argument(
        "--meta", help="meta RM: auto, self, expected, none, a folder or a URL (default: the recipe's, else auto)"
    )
    add_adaptive(parser)
    add_workers(parser)


def _count(text: str) -> int | None:
    """Samples per item; None for auto."""
    return None if text == "auto" else whole(1, 1024)(text)


def add_adaptive(parser: argparse.ArgumentParser) -> None:
    """Describe when items have samples enough; docs/adaptive.md tells more."""
    auto = parser.add_argument_group("--k auto (docs/adaptive.md)")
    auto.add_argument(
        "--risk",
        type=real(0.001, 0.5),
        help="an item ends when more samples would change its verdict with a smaller chance (default: 0.05)",
    )
    auto.add_argument("--k-max", type=whole(1, 1024), metavar="K", help="samples of an item, at most (default: 32)")
    auto.add_argument(
        "--budget", type=whole(1, 2**31), metavar="N", help="samples of all items; they go where verdicts are open"
    )


def rule_of(args: argparse.Namespace) -> Rule | None:
    """The rule that `add_adaptive` describes; None where every item gets --k samples."""
    if args.k is not None:
        for name in ("risk", "k_max", "budget"):
            if getattr(args, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} belongs to --k auto")
        return None
    return Rule(args.risk or 0.05, args.k_max or 32, Method(getattr(args, "method", Method.NAIVE)))


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Describe a run on many engines; docs/scale-out.md tells more."""
    many = parser.add_argument_group("beyond one engine or machine (docs/scale-out.md)")
    many.add_argument(
        "--workers",
        type=whole(1, 4096),
        metavar="N",
        help="deal the items to N workers through Ray: N vLLM engines, or N clients of --engine URL,URL,...",
    )
    many.add_argument("--tensor-parallel", type=whole(1, 1024), default=1, metavar="T", help="GPUs of each engine")
    many.add_argument("--ray", metavar="ADDRESS", help="a running Ray cluster, or auto (default: Ray on this machine)")


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings that `add_sampling` describes; with `several`, model and principles are lists and left out."""
    several = isinstance(args.model, list) or isinstance(args.principles, list)
    if args.workers is None and (args.tensor_parallel > 1 or args.ray is not None):
        raise UsageError("--tensor-parallel and --ray belong to --workers N")
    workers = None if args.workers is None else Workers(args.workers, args.tensor_parallel, args.ray)
    recipe = recipe_of(args)
    base, rule = following(recipe), rule_of(args)
    sampling = replace(
        base,
        k=args.k if rule is None else rule.most,
        adaptive=rule,
        budget=args.budget,
        temperature=base.temperature if args.temperature is None else args.temperature,
        order=args.order or "",
        seed=args.seed,
        principles=() if several else read_principles(args.principles),
        template=base.template if args.template is None else args.template,
        context=args.context or "",
        top_p=args.top_p or base.top_p,
        max_tokens=args.max_tokens or base.max_tokens,
        thinking=base.thinking if args.thinking is None else args.thinking == "on",
    )
    model = None if several else args.model
    return Settings(Judge(args.engine, model, args.meta or recipe.meta, workers, recipe.meta_template), sampling)


def judge_items(settings: Settings, examples: "list[Example]", out: "Out", db: Path | None) -> int:
    """Judge the examples into the file, and import it where `db` says.

    Returns the exit code: 1 when an item or sample failed, 130 when stopped.
    """
    import asyncio

    from runs.score import score

    try:
        progress = asyncio.run(score(settings, examples, out, SCREEN))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what had arrived is in {out.path}")
        return 130
    except OSError as error:
        raise unwritten(out.path, error) from error
    say(progress.summary(out.path))
    imported = db is None or _import(db, out.path)
    return 0 if imported and not progress.failed else 1


def read_principles(path: Path | None) -> tuple[str, ...]:
    """The principles of a file, one a line; `general` are those of the template pointwise."""
    from grm_core import prompts

    if path is None:
        return ()
    if str(path) == "general" and not path.exists():
        return prompts.seeds(prompts.load("pointwise"))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    principles = tuple(line.strip() for line in lines if line.strip())
    if not principles:
        raise UsageError(f"{path}: there are no principles in it")
    return principles


def _import(db: Path, out: Path) -> bool:
    from grm_core.formats import sessions
    from runs.writing import writing
    from storage import transfer

    blocks = transfer.named(list(sessions.read_samples(out)), str(out))
    try:
        with writing(db) as writer:
            count = sum(1 for _ in writer.keep(blocks))
            say(f"{counted(count, 'session')} in {writer.words}")
    except UsageError as error:
        say(f"not imported: {error}; the samples are in {out}: python app.py import {out} --db {db}")
        return False
    return True
