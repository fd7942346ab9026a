"""python app.py bench NAME --data PATH: judge a reward benchmark and print its official metric.

Everything lands in one folder: samples.jsonl grows as samples arrive; report.json, .md and .html are written at the
end. Called again after a crash or Ctrl-C, it asks only for what is missing. Several models or sets of principles
(`--model A --model B --principles generated --principles general`) are run one after the other, each in its own
folder, and compared: accuracy over k and over generated tokens.
"""

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import print_json, say, whole
from cli.headline import Rules, add_rules, print_report, report_of, rules_of
from cli.judging import add_sampling, judge_items, read_principles, settings_of
from grm_core.errors import UsageError
from runs.settings import Settings
from storage.paths import default_path

if TYPE_CHECKING:
    from grm_core.benchmarks.base import Benchmark
    from grm_core.types import Example

HELP = "run a reward benchmark"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("name", metavar="NAME", help="benchmark (docs/benchmarks.md lists them)")
    parser.add_argument("--data", required=True, help="official file, folder or zip; hub, or hub:OWNER/NAME")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="samples and reports (default: build/bench/NAME)")
    parser.add_argument("--items", type=whole(1, 10**7), metavar="N", help="only N items, drawn by --seed")
    parser.add_argument(
        "--db", default=str(default_path()), metavar="FILE", help="database that gets the sessions, or none"
    )
    add_sampling(parser, 8, several=True)
    add_rules(parser)


def run(args: argparse.Namespace) -> int:
    """Judge and report, run after run; exit code 1 when an item or sample failed, 130 when stopped."""
    from grm_core.benchmarks import named

    benchmark = named(args.name)
    _check(benchmark)
    examples = _examples(benchmark, args.data, args.items, args.seed)
    folder = args.out or Path("build/bench") / benchmark.name
    chosen = variants(settings_of(args), args.model or [], args.principles or [])
    runs = {name: _ordered(benchmark, settings) for name, settings in chosen.items()}
    db, rules = None if args.db == "none" else Path(args.db), rules_of(args)
    folders = {name: folder / re.sub(r"[^\w.-]+", "-", name) if len(runs) > 1 else folder for name in runs}
    worst, headlines = 0, {}
    for name, settings in runs.items():
        if len(runs) > 1:
            say(f"run {name}")
        code, headlines[name] = _one(benchmark, examples, settings, folders[name], db, rules)
        if code == 130:
            return code
        worst = max(worst, code)
    if len(runs) > 1:
        _compare(folders, headlines, folder)
    return worst


def variants(settings: Settings, models: Sequence[str], principles: Sequence[Path]) -> dict[str, Settings]:
    """The settings of every run by name: each model under each set of principles.

    A model may be given as NAME=MODEL. Raises UsageError where two runs would have one name.
    """
    runs: dict[str, Settings] = {}
    names: Sequence[str | None] = models or [None]
    paths: Sequence[Path | None] = principles or [None]
    for text in names:
        name, mark, model = (text or "").partition("=")
        if not mark:
            name = Path(text).name if text and Path(text).is_dir() else text or "default"
        judge = replace(settings.judge, model=model if mark else text)
        for path in paths:
            rules = read_principles(None if str(path) == "generated" else path)
            title = f"{name}, {path.stem} principles" if path is not None and len(principles) > 1 else name
            if title in runs:
                raise UsageError(f"two runs are called {title!r}; name the models: --model NAME=MODEL")
            runs[title] = Settings(judge, replace(settings.sampling, principles=rules))
    return runs


def _one(
    benchmark: "Benchmark",
    examples: "list[Example]",
    settings: Settings,
    folder: Path,
    db: Path | None,
    rules: Rules,
) -> tuple[int, float | None]:
    """One run into its folder: (exit code, headline)."""
    from reports import benchmark as documents
    from runs.judged_files import Judgments, judgments_of
    from runs.score import Out

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    k, file = settings.sampling.k, folder / "samples.jsonl"
    code = judge_items(settings, examples, Out(file, True, (benchmark.name,)), db)
    _write_items(folder / "items.jsonl", examples, k)
    if code == 130:
        return code, None
    ids = {example.id for example in examples}
    stored, alone = judgments_of(str(file), examples)
    samples = {name: mine for name, mine in stored.items() if name in ids}
    report = report_of(rules, benchmark, examples, Judgments(samples, alone), k)
    for suffix, page in documents.pages(report, examples, samples, {".md", ".html"}).items():
        (folder / f"report{suffix}").write_text(page, encoding="utf-8")
    _write_json(folder / "report.json", documents.record(report))
    print_report(report)
    say(f"report.md and report.html are in {folder}")
    return code, report.result.headline


def _write_items(path: Path, examples: "list[Example]", k: int) -> None:
    """Write the items that can be judged, for `baseline`. Only now, because a refused call changes nothing."""
    from grm_core.formats.items import item_record
    from grm_core.sampling import check

    lines = []
    for each in examples:
        try:
            check(each, k)
        except UsageError:
            continue  # the run has told it
        lines.append(json.dumps(item_record(each)) + "\n")
    try:
        path.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _compare(folders: dict[str, Path], headlines: "dict[str, float | None]", out: Path) -> None:
    """Compare the runs: printed, and as comparison.json, .md and .html."""
    import pandas as pd

    from reports import comparison as documents
    from runs.judged_files import comparison_of

    try:
        comparison = comparison_of({name: folder / "samples.jsonl" for name, folder in folders.items()})
    except UsageError as error:  # such as single responses, of which no label prefers one
        _write_json(out / "comparison.json", {"headlines": headlines})
        print_json({"comparison": {"headlines": headlines}})
        say(f"headlines are in {out / 'comparison.json'}, and no curves: {error}")
        return
    table = pd.DataFrame(list(headlines.items()), columns=["judge", "headline"])
    for suffix, page in documents.PAGES.items():
        (out / f"comparison{suffix}").write_text(page(comparison, table), encoding="utf-8")
    record = {"headlines": headlines} | documents.record(comparison)
    _write_json(out / "comparison.json", record)
    print_json({"comparison": record})
    say(f"comparison.md and comparison.html are in {out}")


def _write_json(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _check(benchmark: "Benchmark") -> None:
    """UsageError for what cannot give this benchmark's headline."""
    if benchmark.password is not None:
        raise UsageError(
            f"{benchmark.name}: its authors ask that no item be written in plain text, and bench writes what it "
            "judges; score it with a program of your own and give the scores to report"
        )


def _ordered(benchmark: "Benchmark", settings: Settings) -> Settings:
    """The settings of one run with its order. Judged alone, a response stands in none: one vote counts for both."""
    from grm_core import engines

    judge, sampling = settings.judge, settings.sampling
    alone = replace(sampling, order="").settled(engines.card(judge.engine, judge.model).context).context == "single"
    if not benchmark.both_orders or alone:
        return settings
    if sampling.k % 2 or sampling.order == "random":
        raise UsageError(
            f"{benchmark.name} counts pairs that were judged in both orders: give an even --k, no --order"
        )
    return replace(settings, sampling=replace(sampling, order="balanced"))


def _examples(benchmark: "Benchmark", data: str, count: int | None, seed: int) -> "list[Example]":
    from grm_core.benchmarks.scoring import load

    examples = load(benchmark, data)
    if count is None or count >= len(examples):
        return examples
    places = random.Random(seed).sample(range(len(examples)), count)
    return [examples[place] for place in sorted(places)]
