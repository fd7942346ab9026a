"""python app.py baseline llm-judge|pairwise|scalar|semi-scalar score|train: the reward models to compare a GRM with.

`score` writes one verdict per item, and at the end, for labelled items, the accuracy over k to standard error. `train`
makes a scalar or semi-scalar reward model from labelled pairs. See docs/baselines.md.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import real, say, unwritten, whole
from grm_core.errors import GRMError, UsageError
from grm_core.types import Baseline

if TYPE_CHECKING:
    from grm_core.engines.base import Engine
    from grm_core.types import Example

HELP = "judge by the paper's baselines: LLM-as-a-Judge, pairwise, scalar, semi-scalar"
IN_FLIGHT = {"hf": 16}
"""Completions that are asked for at the same time, about, by engine; a server batches more than transformers does."""
_SERVED = 64
_TRAINED = (Baseline.SCALAR, Baseline.SEMI_SCALAR)


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
    args.name = Baseline(args.name)
    if args.step == "train":
        return _train(args)
    from grm_core.formats.items import read_items

    if args.name in _TRAINED and args.model is None:
        raise UsageError(f"{args.name} needs --model: the folder that `baseline {args.name} train` wrote")
    if args.out.exists() and not args.resume:
        raise UsageError(f"{args.out} exists already; use --resume to go on with it, or another name")
    if not args.out.absolute().parent.is_dir():
        raise UsageError(f"{args.out}: there is no folder {args.out.absolute().parent}")
    examples = read_items(args.items)
    try:
        failed = asyncio.run(_score(args, examples))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what had arrived is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    return 1 if failed else 0


async def _score(args: argparse.Namespace, examples: "list[Example]") -> int:
    """Judge what is missing; how many items failed."""
    from cli import waiting
    from cli.scoring import start
    from cli.verdictfile import VerdictFile, report

    judge = _Judge(args)
    try:
        if judge.engine is not None:
            await start(judge.engine)
        with VerdictFile(args.out, judge.settings_record(), examples) as file:
            missing = [example for example in examples if example.id not in file.polls]
            seen = 0
            with waiting.shown(len(missing), lambda: seen, unit="items"):
                for part in _parts(missing, args.k, args.name, judge.engine):
                    for example, found in zip(part, await judge(part), strict=True):
                        if isinstance(found, GRMError):
                            say(f"item {example.id!r}: {found}")
                        else:
                            file.add(found)
                    seen += len(part)
            file.finish()
    finally:
        await judge.close()
    say(report(args.name, args.k, [file.polls[each.id] for each in examples if each.id in file.polls]))
    return len(examples) - len(file.polls)


class _Judge:
    """The baseline that the arguments name, loaded."""

    def __init__(self, args: argparse.Namespace) -> None:
        from grm_core import engines
        from grm_core.baselines.ask import Settings
        from grm_core.types import Params

        self.name: Baseline = args.name
        self.settings = Settings(
            args.k, args.seed, Params(args.temperature, 1.0, args.max_tokens), args.vote, template=args.template
        )
        self.engine: Engine | None = None
        self.head: Any = None
        self.head_name = self.head_hash = ""
        if self.name in _TRAINED:
            folder = Path(args.model)
            self.head, self.head_name, self.head_hash = _head(folder), folder.resolve().name, _weights(folder)
        if self.name is Baseline.SEMI_SCALAR:
            self.engine = engines.create(args.engine, None if "://" in args.engine else _critic(Path(args.model)))
        elif self.name is not Baseline.SCALAR:
            self.engine = engines.create(args.engine, args.model)

    async def __call__(self, examples: "list[Example]") -> "list[Any]":
        """A Poll or an error for each."""
        from grm_core.baselines import llm_judge, pairwise

        if self.name is Baseline.LLM_JUDGE:
            return list(await llm_judge.judge(self._engine(), examples, self.settings))
        if self.name is Baseline.PAIRWISE:
            return list(await pairwise.judge(self._engine(), examples, self.settings))
        from grm_core.baselines import scalar, semi_scalar

        if self.name is Baseline.SCALAR:
            return list(scalar.judge(self.head, examples))
        return list(await semi_scalar.judge(self._engine(), self.head, examples, self.settings))

    def settings_record(self) -> dict[str, Any]:
        """What a resumed run must have in common with the one in the file; known once the engine has started."""
        from grm_core import prompts

        found: dict[str, Any] = {"method": str(self.name)}
        if self.head is not None:
            found |= {"head": self.head_name, "head_hash": self.head_hash}
        if self.engine is not None:
            template = prompts.load("critique" if self.head is not None else self.settings.template)
            params = self.settings.params
            found |= {"engine": self.engine.name, "model": self.engine.model, "template_hash": template.hash}
            found |= {"k": self.settings.k, "seed": self.settings.seed, "temperature": params.temperature}
            found |= {"max_tokens": params.max_tokens}
        if self.name in (Baseline.LLM_JUDGE, Baseline.PAIRWISE):
            found["vote"] = self.settings.vote
        return found

    async def close(self) -> None:
        """Stop the engine."""
        if self.engine is not None:
            await self.engine.close()

    def _engine(self) -> "Engine":
        assert self.engine is not None
        return self.engine


def _head(folder: Path) -> Any:
    import torch

    from grm_core.baselines import heads

    if not folder.is_dir():
        raise UsageError(f"--model {folder}: there is no such folder")
    return heads.load(folder, "cuda" if torch.cuda.is_available() else "cpu")


def _weights(folder: Path) -> str:
    """A short SHA-256 of a head's weights: training it further makes another judge of it."""
    from grm_core.baselines import heads
    from grm_core.training import folders

    return folders.digest(heads.adapter_of(folder) or folder)[:16]


def _critic(folder: Path) -> str:
    from grm_core.baselines import heads

    adapter = heads.adapter_of(folder)
    if adapter is None:
        raise UsageError(f"--model {folder} does not say which model criticises; give a server with --engine URL")
    return str(heads.base_of(adapter))


def _parts(examples: "list[Example]", k: int, name: Baseline, engine: "Engine | None") -> "Iterator[list[Example]]":
    """Items in groups of as many completions as the engine works on together."""
    most = _SERVED if engine is None else IN_FLIGHT.get(engine.name, _SERVED)
    part: list[Example] = []
    cost = 0
    for example in examples:
        n = len(example.responses)
        part.append(example)
        cost += {Baseline.PAIRWISE: k * n * (n - 1), Baseline.SEMI_SCALAR: k * n, Baseline.SCALAR: n}.get(name, k)
        if cost >= most:
            yield part
            part, cost = [], 0
    if part:
        yield part


def _train(args: argparse.Namespace) -> int:
    from grm_core import models
    from grm_core.baselines import scalar, semi_scalar
    from grm_core.provenance import commit
    from grm_core.training import pairs

    if args.name not in _TRAINED:
        raise UsageError(f"{args.name} is a prompt to a model and is not trained; scalar and semi-scalar are")
    examples = pairs.read(args.pairs, "train")
    base = (args.base or models.base_model().folder).resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    mark = args.out / "base"
    if mark.is_file() and mark.read_text(encoding="utf-8") != str(base):
        was = mark.read_text(encoding="utf-8")
        raise UsageError(f"{args.out} was begun over the base {was}, not {base}; choose another --out")
    mark.write_text(str(base), encoding="utf-8")
    began = time.monotonic()
    if args.name is Baseline.SCALAR:
        state = scalar.fit_scalar(base, examples, args.minutes, args.out, args.device, args.seed, say)
    else:
        (args.out / "critiques.jsonl").touch()
        critiques = asyncio.run(_criticise(args, base, examples, began + 30 * args.minutes))
        say(f"critiques of {len(critiques)} of {len(examples)} pairs; training the head")
        known = [critiques.get(example.id) for example in examples]
        state = semi_scalar.fit_semi_scalar(
            base, examples, known, args.minutes / 2, args.out, args.device, args.seed, say
        )
    summary = {"baseline": str(args.name), "base": base.name, "seed": args.seed, "commit": commit()[0], **state}
    (args.out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    say(f"{state['step']} steps over {state['rows']} pairs in {state['seconds'] / 60:.1f} minutes: --model {args.out}")
    return 0


async def _criticise(
    args: argparse.Namespace, base: Path, examples: "list[Example]", until: float
) -> dict[str, tuple[str, ...]]:
    """Critiques of as many pairs as the time allows, kept in critiques.jsonl and not written twice."""
    from cli.scoring import start
    from grm_core import engines
    from grm_core.baselines import semi_scalar
    from grm_core.baselines.ask import Settings
    from grm_core.formats.verdicts import CRITIQUE
    from grm_core.types import Params

    path: Path = args.out / "critiques.jsonl"
    found = {line.item_id: line.critiques for _, line in CRITIQUE.lines(path)}
    settings = Settings(1, args.seed, Params(max_tokens=256))
    engine = engines.create(args.engine, None if "://" in args.engine else str(base))
    try:
        await start(engine)
        with path.open("a", encoding="ascii") as file:
            for part in _parts([each for each in examples if each.id not in found], 1, args.name, engine):
                if time.monotonic() > until:
                    break
                for example, written in zip(part, await semi_scalar.criticise(engine, part, settings), strict=True):
                    if written is not None:
                        found[example.id] = written
                        file.write(json.dumps({"item_id": example.id, "critiques": written}) + "\n")
                file.flush()
    finally:
        await engine.close()
    return found
