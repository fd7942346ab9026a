"""python app.py report NAME --data PATH --samples SAMPLES.jsonl: a benchmark's official metric from stored scores.

Prints one JSON object: the headline (0..1), the table behind it, and the headline under every policy for ties and
unreadable judgments. `--out` writes the same as Markdown or HTML, with curves over k, bias and cost. NAME `overall`
reads such objects from a folder and prints the paper's mean of four.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.common import new_file, print_json, say, whole
from grm_core.errors import UsageError
from grm_core.outcome import Invalid, Tie
from grm_core.types import Method

if TYPE_CHECKING:
    from grm_core.benchmarks.base import Benchmark
    from grm_core.benchmarks.headline import Report
    from grm_core.benchmarks.scoring import Samples
    from grm_core.types import Example, Sample

HELP = "a reward benchmark's official metric from a file of samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("name", metavar="NAME", help="benchmark (docs/benchmarks.md lists them), or overall")
    parser.add_argument("--data", required=True, help="official file, folder or zip; hub, or hub:OWNER/NAME")
    parser.add_argument("--samples", metavar="SAMPLES.jsonl", help="samples; - reads standard input")
    parser.add_argument("--k", type=whole(1, 2**31), help="look at the first K samples by index (default: all)")
    parser.add_argument("--seed", type=whole(0, 2**31), default=0, help="of random ties")
    add_policy(parser)
    parser.add_argument(
        "--out", type=Path, action="append", default=[], metavar="FILE.md|FILE.html", help="also as a page; repeatable"
    )


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Describe how samples become a headline."""
    parser.add_argument("--method", choices=list(map(str, Method)), default=str(Method.NAIVE))
    parser.add_argument("--k-meta", type=whole(1, 2**31), metavar="M", help="samples that guided voting keeps")
    ties, invalid = list(map(str, Tie)), list(map(str, Invalid))
    parser.add_argument("--tie", choices=ties, help="what a tie is worth (default: the benchmark's own way)")
    parser.add_argument("--invalid", choices=invalid, help="what an unreadable judgment is worth (default: likewise)")


def run(args: argparse.Namespace) -> int:
    """Print the report; returns 0."""
    if args.name == "overall":
        return _overall(Path(args.data))
    from grm_core.benchmarks import named
    from grm_core.benchmarks.scoring import load

    benchmark = named(args.name)
    if args.samples is None:
        raise UsageError("give the scores with --samples")
    check_pages(args.out)
    examples = load(benchmark, args.data)
    samples, alone = read(args.samples, examples)
    made = make(rules_of(args), benchmark, examples, samples, args.k, alone)
    if args.out:
        written = pages(made, examples, samples, {path.suffix for path in args.out})
        for path in args.out:
            with new(path) as out:
                out.write(written[path.suffix])
            say(f"written to {path}")
    return tell(made)


class Rules(NamedTuple):
    """How samples become a headline."""

    method: Method
    k_meta: int | None
    """Samples that guided voting keeps; None = half of the valid ones."""
    tie: str | None
    """Worth of a tie; None = the benchmark's own way."""
    invalid: str | None
    """Worth of an unreadable judgment; likewise."""
    seed: int
    """Of random ties."""


def rules_of(args: argparse.Namespace) -> Rules:
    """The rules that `add_policy` describes."""
    return Rules(Method(args.method), args.k_meta, args.tie, args.invalid, args.seed)


def make(
    rules: Rules,
    benchmark: "Benchmark",
    examples: "list[Example]",
    samples: "Samples",
    k: int | None,
    alone: bool,
) -> "Report":
    """The report of these samples under the method and policies of the command line; `alone` as in Voting."""
    from grm_core.benchmarks import headline
    from grm_core.benchmarks.base import Policy
    from grm_core.benchmarks.scoring import Voting

    policy = Policy(Tie(rules.tie or benchmark.tie), Invalid(rules.invalid or benchmark.invalid), rules.seed)
    return headline.make(benchmark, examples, samples, Voting(rules.method, k, rules.k_meta, alone), policy)


def pages(made: "Report", examples: "list[Example]", samples: "Samples", suffixes: set[str]) -> dict[str, str]:
    """Suffix -> the report as that page."""
    from grm_core.benchmarks.breakdown import study
    from reports import benchmark as documents

    tables, write = study(made, examples, samples), {".md": documents.markdown, ".html": documents.html}
    return {suffix: write[suffix](made, tables) for suffix in suffixes}


def tell(made: "Report") -> int:
    """Print the report as one JSON object, what a reader has to know to standard error; returns 0."""
    from reports import benchmark as documents

    print_json(documents.record(made))
    for note in documents.notes(made):
        say(note)
    return 0


def read(file: str, examples: "Sequence[Example]") -> "tuple[dict[str, list[Sample]], bool]":
    """Item id -> its samples, and whether all of them judge each response alone (context single).

    Raises UsageError where an item is there twice or was judged with other responses.
    """
    from grm_core.analysis import accuracy
    from grm_core.formats.sessions import read_samples

    by_id = {example.id: example for example in examples}
    items: dict[str, list[Sample]] = {}
    contexts = set()
    for block in read_samples(file):
        contexts.add("joint" if block.run is None else block.run.context)
        for item in block.items:
            if item.item_id in items:
                raise UsageError(
                    f"{file}, line {item.line}: item {item.item_id!r} is in two runs; report one at a time"
                )
            mine = by_id.get(item.item_id)
            if mine is not None and item.example is not None and item.example.responses != mine.responses:
                raise UsageError(
                    f"{file}, line {item.line}: item {item.item_id!r} was judged with other responses than the data "
                    "hold, or in another order"
                )
            if completed := accuracy.completed(item.samples):
                items[item.item_id] = list(completed)
    return items, contexts == {"single"}


def check_pages(paths: Sequence[Path]) -> None:
    """UsageError for a page that cannot be written."""
    for path in paths:
        if path.suffix not in (".md", ".html"):
            raise UsageError(f"{path}: a page is .md or .html")
        if path.exists():
            raise UsageError(f"{path} exists already; choose another name")


def new(path: Path) -> Any:
    """A text file that appears when its block ends well."""
    return new_file(path, path.suffix)


SETTINGS = ("method", "k", "k_meta", "tie", "invalid", "seed")


def _overall(folder: Path) -> int:
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
    return 0


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
