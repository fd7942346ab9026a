"""python app.py attack [ITEMS]: how well a judge withstands answers that ask for their score.

Every item's honest answer is judged against constants, master keys, and a worse answer with words for the judge,
padding or gloss (docs/attacks.md lists all). Everything lands in one folder: samples.jsonl grows as samples arrive;
report.json, .md and .html are written at the end. Called again after a crash or Ctrl-C, it asks only for what is
missing; the same seed gives the same samples.
"""

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import print_json, read_items, say, unwritten, whole
from cli.judging import add_sampling, judge_items, settings_of
from grm_core import attacks
from grm_core.errors import UsageError
from runs.settings import Settings
from storage.paths import default_path

if TYPE_CHECKING:
    from grm_core.types import Example

HELP = "attack a judge and report how well it withstands"
ITEMS = Path(__file__).resolve().parent.parent.parent / "assets" / "attacks" / "items.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    words = "labelled items in any form that score reads (default: 20 of our own in five domains)"
    parser.add_argument("items", metavar="ITEMS", nargs="?", default=str(ITEMS), help=words)
    parser.add_argument(
        "--out", type=Path, default=Path("build/attack"), metavar="FOLDER", help="(default: build/attack)"
    )
    parser.add_argument(
        "--attack", action="append", default=[], metavar="NAME", help="only this attack or kind; repeatable"
    )
    parser.add_argument("--number", type=whole(1, 10**6), metavar="N", help="only N items, drawn by --seed")
    parser.add_argument(
        "--db", default=str(default_path()), metavar="FILE", help="database that gets the sessions, or none"
    )
    add_sampling(parser, 8)


def run(args: argparse.Namespace) -> int:
    """Judge and report; exit code 1 when an item or sample failed, 130 when stopped."""
    from runs.score import Out

    forms = _forms(args)
    folder: Path = args.out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(folder, error) from error
    settings = _ordered(settings_of(args))
    say(f"{len(forms)} attacked items with {settings.sampling.k} samples each")
    file = folder / "samples.jsonl"
    code = judge_items(
        settings, forms, Out(file, True, (attacks.SOURCE,)), None if args.db == "none" else Path(args.db)
    )
    if code != 130:
        _report(file, folder)
    return code


def _forms(args: argparse.Namespace) -> "list[Example]":
    items = [item for item in read_items(args.items) if attacks.sides_of(item) is not None]
    if not items:
        raise UsageError(f"{args.items}: no item has an answer that is labelled better than another")
    if args.number is not None and args.number < len(items):
        places = random.Random(args.seed).sample(range(len(items)), args.number)
        items = [items[place] for place in sorted(places)]
    return attacks.attacked(items, attacks.chosen(args.attack))


def _ordered(settings: Settings) -> Settings:
    """The settings with every response at every place equally often, where they stand in an order."""
    from grm_core import engines

    judge, sampling = settings.judge, settings.sampling
    context = replace(sampling, order="").settled(engines.card(judge.engine, judge.model).context).context
    if sampling.order or context == "single":
        return settings
    return replace(settings, sampling=replace(sampling, order="balanced"))


def _report(file: Path, folder: Path) -> None:
    """Print the report and write it as report.json, .md and .html."""
    from grm_core.analysis.robustness import Battery
    from grm_core.formats.sessions import read_samples
    from reports import attack as documents

    blocks = list(read_samples(file))
    judged = [(item.example, item.samples) for block in blocks for item in block.items if item.example is not None]
    battery = Battery.of(judged, any(block.run is not None and block.run.single for block in blocks))
    report = documents.made(battery)
    record = documents.record(report)
    try:
        for suffix, page in documents.PAGES.items():
            (folder / f"report{suffix}").write_text(page(report), encoding="utf-8")
        (folder / "report.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritten(folder, error) from error
    print_json(record)
    for sentence in documents.sentences(report):
        say(sentence)
    say(f"report.md and report.html are in {folder}")
