"""python app.py score ITEMS.jsonl --k 32 --out SAMPLES.jsonl: judge every item of a file.

Samples are written as they arrive. A run that was stopped goes on with --resume, which asks only for what is missing.
"""

import argparse
import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import real, say, unwritten, whole
from grm_core.errors import UsageError
from grm_core.types import CONTEXTS

if TYPE_CHECKING:
    from cli.samplefile import SampleFile
    from cli.scoring import Progress
    from grm_core.formats.sessions import Block
    from grm_core.prompts import Template
    from grm_core.types import Example, Run

HELP = "judge the items of a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("items", metavar="ITEMS.jsonl", help="queries with their responses; - reads standard input")
    parser.add_argument("--out", type=Path, required=True, metavar="SAMPLES.jsonl", help="where samples are written")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--db", type=Path, metavar="FILE", help="also import the samples into this database at the end"
    )
    add_sampling(parser, 32)


def add_sampling(parser: argparse.ArgumentParser, k: int, several: bool = False) -> None:
    """Describe how items are judged; `k` is the default. With `several`, models and principles may be repeated."""
    action, again = ("append", "; repeatable") if several else ("store", "")
    parser.add_argument("--k", type=whole(1, 1024), default=k, help="samples per item (default: %(default)s)")
    parser.add_argument("--engine", default="auto", help="auto, managed, hf, replay:FILE or a URL (default: auto)")
    named = f"name on the server; for managed and hf a folder, or small{again}"
    parser.add_argument("--model", action=action, help=named)
    parser.add_argument("--seed", type=whole(0, 2**63 - 1), default=0)
    parser.add_argument("--temperature", type=real(0, 5), default=0.5)
    parser.add_argument("--top-p", type=real(0.001, 1), default=1.0)
    parser.add_argument("--max-tokens", type=whole(1, 1_000_000), default=1024, help="per completion (default: 1024)")
    parser.add_argument("--order", choices=("random", "balanced"), help="how responses are shuffled (default: random)")
    parser.add_argument(
        "--context",
        choices=CONTEXTS,
        help="joint: all responses in one prompt; single: each in one of its own (default: as the model was trained)",
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
        "--meta", default="auto", help="meta RM: auto, self, expected, none, a folder or a URL (default: auto)"
    )
    add_workers(parser)


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


def run(args: argparse.Namespace) -> int:
    """Score the items; exit code 1 when an item or sample failed, 130 when stopped."""
    from grm_core.formats.items import read_items

    if args.out.exists() and not args.resume:
        raise UsageError(f"{args.out} exists already; use --resume to go on with it, or another name")
    if not args.out.absolute().parent.is_dir():
        raise UsageError(f"{args.out}: there is no folder {args.out.absolute().parent}")
    return judge(args, read_items(args.items))


def judge(args: argparse.Namespace, examples: "list[Example]", tags: tuple[str, ...] = ()) -> int:
    """Judge the examples into args.out, sessions with these tags, and import them where args.db says; as `run`."""
    if args.workers is None and (args.tensor_parallel > 1 or args.ray is not None):
        raise UsageError("--tensor-parallel and --ray belong to --workers N")
    principles = _principles(args.principles)
    settle(args)
    try:
        if args.workers is not None:
            progress = _score_far(args, examples, principles, tags)
        else:
            progress = asyncio.run(_score(args, examples, principles, tags))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what had arrived is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    say(progress.summary(args.out))
    imported = args.db is None or _import(args.db, args.out)
    return 0 if imported and not progress.failed else 1


def settle(args: argparse.Namespace) -> None:
    """Fill in context and order where they were not given; UsageError for an order where nothing is shuffled."""
    from grm_core import shuffling

    args.context = context_of(args)
    if args.context == "single":
        if args.order not in (None, shuffling.OWN):
            raise UsageError(f"--order {args.order}: with --context single each response is judged alone, in no order")
        args.order = shuffling.OWN
    args.order = args.order or "random"


def context_of(args: argparse.Namespace) -> str:
    """joint or single: what was asked for, else as the model was trained."""
    from grm_core import engines

    return str(args.context or engines.card(args.engine, args.model).context)


async def _score(
    args: argparse.Namespace, examples: "list[Example]", principles: tuple[str, ...], tags: tuple[str, ...]
) -> "Progress":
    from cli import samplefile, scoring
    from grm_core import engines, meta_rm

    before = samplefile.read_unfinished(args.out) if args.resume else None
    scoring.check_items(before, examples, args.out)
    # A recording is replayed for its samples here, not for its pace.
    options = {"pace": "at-once"} if args.engine.startswith("replay:") else {}
    engine = engines.create(args.engine, args.model, **options)
    style, card = engine.style, engines.card(args.engine, args.model)
    templates = _templates(examples, args, principles, style)
    meta = meta_rm.create(args.meta, style, engine, card)
    reader = meta_rm.named(args.meta, style, engine, card)
    run = _run(args, engine.name, engine.model, templates, principles, reader)
    try:
        if before is not None and before.run is not None:
            scoring.check_same(before.run, run, scoring.SETTINGS, args.out)
            scoring.check_meta(before.run, run, args.out)
        if before is not None and before.run is not None and scoring.whole(before, args.k, examples):
            say(f"{args.out} has all samples already")
            run = replace(run, model=engine.model or before.run.model)
        else:
            await scoring.ready(engine, meta)
            run = replace(run, model=engine.model)  # some engines know it only now
        file = _open(args.out, before, run)
        try:
            asked = list(zip(examples, templates, strict=True))
            plans = scoring.plans(file.run, before, args.k, asked, tags, card.opens)
            progress = await scoring.score_all(engine, plans, file, meta)
            file.finish([example.id for example in examples])
            return progress
        finally:
            file.close()
    finally:
        await engine.close()
        if meta is not None:
            await meta.close()


def _score_far(
    args: argparse.Namespace, examples: "list[Example]", principles: tuple[str, ...], tags: tuple[str, ...]
) -> "Progress":
    """As `_score`, by workers that Ray places."""
    from cli import samplefile, scale, scoring
    from grm_core import engines, meta_rm
    from grm_core.self_meta import OWN

    before = samplefile.read_unfinished(args.out) if args.resume else None
    scoring.check_items(before, examples, args.out)
    fleet = scale.fleet_of(args)
    if args.context == "single" and fleet.placed:
        raise UsageError("--context single with --workers needs running servers: --engine URL,URL")
    templates = _templates(examples, args, principles, fleet.style)
    reader = fleet.meta if fleet.meta in ("none", *OWN) else meta_rm.named(args.meta, fleet.style)
    run = _run(args, fleet.engine.partition(":")[0], fleet.model, templates, principles, reader)
    if before is not None and before.run is not None:
        scoring.check_same(before.run, run, scoring.SETTINGS, args.out)
        scoring.check_meta(before.run, run, args.out)
    file = _open(args.out, before, run)
    try:
        asked = list(zip(examples, templates, strict=True))
        opens = engines.card(args.engine, args.model).opens
        plans = scoring.plans(file.run, before, args.k, asked, tags, opens)
        progress = scale.score_all(fleet, plans, file)
        file.finish([example.id for example in examples])
        return progress
    finally:
        file.close()


def _open(out: Path, before: "Block | None", run: "Run") -> "SampleFile":
    from cli import samplefile, scoring

    if before is None or before.run is None:
        return samplefile.begin(out, run)
    scoring.check_same(before.run, run, ("model",), out)
    return samplefile.resume(out, before)


def _run(
    args: argparse.Namespace, engine: str, model: str, templates: "list[Template]", principles: tuple[str, ...],
    reader: str,
) -> "Run":  # fmt: skip
    from grm_core import meta_rm
    from grm_core.provenance import commit, versions
    from grm_core.types import Params, Run

    head, dirty = commit()
    used = sorted({(template.name, template.hash) for template in templates})
    return Run(
        id=uuid.uuid4().hex,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=engine,
        model=model,
        # Items of one file may need different templates (a single response, a reference answer).
        template="+".join(name for name, _ in used),
        template_hash="+".join(digest for _, digest in used),
        params=Params(args.temperature, args.top_p, args.max_tokens),
        k=args.k,
        k_meta=None,
        seed=args.seed,
        order=args.order,
        principles=principles,
        context=args.context,
        versions=versions() | {meta_rm.IN_VERSIONS: reader},
        commit=head,
        dirty=dirty,
    )


def _templates(
    examples: "list[Example]", args: argparse.Namespace, principles: tuple[str, ...], style: str
) -> "list[Template]":
    from grm_core import prompts
    from grm_core.plan import template_of

    if args.template in prompts.UNRATED:
        raise UsageError(f"--template {args.template} asks for no scores from 1 to 10; training and baselines use it")
    found = []
    for example in examples:
        try:
            found.append(template_of(example, principles, style, args.context, args.template or ""))
        except UsageError as error:
            raise UsageError(f"item {example.id!r}: {error}") from None
    return found


def _principles(path: Path | None) -> tuple[str, ...]:
    from grm_core import prompts

    if path is None:
        return ()
    if str(path) == "general" and not path.exists():
        return prompts.seeds(prompts.load("pointwise"))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    found = tuple(line.strip() for line in lines if line.strip())
    if not found:
        raise UsageError(f"{path}: there are no principles in it")
    return found


def _import(db: Path, out: Path) -> bool:
    from storage.store import Store
    from storage.transfer import import_file

    try:
        store = Store(db)
    except UsageError as error:
        say(f"not imported: {error}; the samples are in {out}")
        return False
    try:
        if store.read_only:
            say(
                f"not imported: process {store.holder} (the running app?) holds {db}; "
                f"close it and run: python app.py import {out} --db {db}"
            )
            return False
        found = import_file(store, out)
    finally:
        store.close()
    say(f"{len(found)} sessions are in {db}")
    return True
