"""python app.py report NAME --data PATH --samples SAMPLES.jsonl: a benchmark's official metric from stored scores.

Prints one JSON object: the headline (0..1), the table behind it, and the headline under every policy for ties and
unreadable judgments. `--out` writes the same as Markdown or HTML, with curves over k, bias and cost. NAME `overall`
reads such objects from a folder and prints the paper's mean of four.

python app.py report RUN: accuracy of a run's labelled items; RUN is a file of samples, or the id of a run in --db.

For CI (docs/ci.md): `--fail-below X` ends with exit code 3 where the headline or accuracy is below X (0..1),
`--fail-regression OTHER` with 4 where RUN is worse than the run OTHER on the items of both: the 95% interval of the
paired difference lies below 0.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from cli.common import add_pages, check_pages, print_json, say, whole, write_pages
from cli.exit_codes import BELOW, add_gate, run_report
from cli.headline import add_rules, print_report, report_of, rules_of
from grm_core.errors import UsageError

HELP = "a benchmark's official metric from a file of samples, or a run's accuracy; with exit codes for CI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "name",
        metavar="NAME|RUN",
        help="benchmark (docs/benchmarks.md lists them) or overall; a run where no --data is",
    )
    parser.add_argument("--data", help="of a benchmark: official file, folder or zip; hub, or hub:OWNER/NAME")
    parser.add_argument("--samples", metavar="SAMPLES.jsonl", help="samples; - reads standard input")
    parser.add_argument("--k", type=whole(1, 2**31), help="look at the first K samples by index (default: all)")
    parser.add_argument("--seed", type=whole(0, 2**31), default=0, help="of random ties")
    add_rules(parser)
    add_gate(parser)
    add_pages(parser)


def run(args: argparse.Namespace) -> int:
    """Print the report; returns 0, or an exit code of CI."""
    if args.data is None:
        return run_report(args)
    if args.fail_regression is not None:
        raise UsageError("--fail-regression compares runs: give RUN and no --data")
    if args.name == "overall":
        return _overall(Path(args.data), args.fail_below)
    from grm_core.benchmarks import named
    from grm_core.benchmarks.scoring import load
    from reports import benchmark as documents
    from runs.judged_files import judgments_of

    benchmark = named(args.name)
    if args.samples is None:
        raise UsageError("give the scores with --samples")
    check_pages(args.out)
    examples = load(benchmark, args.data)
    judgments = judgments_of(args.samples, examples)
    report = report_of(rules_of(args), benchmark, examples, judgments, args.k)
    if args.out:
        suffixes = {path.suffix for path in args.out}
        write_pages(args.out, documents.pages(report, examples, judgments.samples, suffixes))
    print_report(report)
    return _code(report.result.headline, args.fail_below)


def _code(headline: float | None, least: float | None) -> int:
    """BELOW where a headline is wanted and missing or too low."""
    return BELOW if least is not None and (headline is None or headline < least) else 0


SETTINGS = ("method", "k", "k_meta", "tie", "invalid", "seed")


def _overall(folder: Path, least: float | None) -> int:
    from grm_core.benchmarks.scoring import OVERALL, overall

    reports = _reports(folder)
    used = {name: reports[name] for name in OVERALL if name in reports}
    for name, report in used.items():
        if not isinstance(report["headline"], int | float):
            raise UsageError(f"{folder}: the report of {name} has no headline")
    headlines = {name: report["headline"] for name, report in used.items()}
    settings = {name: {key: report.get(key) for key in SETTINGS} for name, report in used.items()}
    mean = overall(headlines)
    notes = [*_differing(settings), *(f"{name}: {note}" for name, report in used.items() for note in _notes(report))]
    print_json({"overall": mean, "of": headlines, "settings": settings, "notes": notes})
    for note in notes:
        say(note)
    return _code(mean, least)


def _reports(folder: Path) -> dict[str, dict[str, Any]]:
    """Benchmark -> what `report` printed of it."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    reports: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            name, _ = report["benchmark"], report["headline"]
        except (OSError, ValueError, KeyError, TypeError):
            raise UsageError(f"{path} is not what report prints") from None
        if name in reports:
            raise UsageError(f"{path}: there is a report of {name} already")
        reports[name] = report
    return reports


def _differing(settings: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for every setting that is not the same in all reports: such a mean compares with no other."""
    notes = []
    for key in SETTINGS:
        values = {name: str(mine[key]) for name, mine in settings.items()}
        if len(set(values.values())) > 1:
            listed = ", ".join(f"{value} for {name}" for name, value in values.items())
            notes.append(f"The reports differ in {key}: {listed}.")
    return notes


def _notes(report: dict[str, Any]) -> list[str]:
    notes = report.get("notes")
    return [str(note) for note in notes] if isinstance(notes, list) else []
