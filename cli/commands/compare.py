"""python app.py compare [NAME=]FILE ...: several judges on the same labelled items, from stored samples.

FILE is what `score` and `bench` (samples.jsonl) or `baseline ... score` (verdicts) wrote. Prints one JSON object:
accuracy over k and over generated tokens for every judge, what k adds, and paired differences. `--out` writes the
same as Markdown or HTML with curves. See docs/benchmarks.md for the paper's hypotheses.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import print_json, read_items, say
from grm_core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from grm_core.baselines.poll import Poll
    from grm_core.benchmarks.comparison import Comparison
    from grm_core.formats.sessions import Block
    from grm_core.types import Example

HELP = "compare judges on the same items: accuracy over k and over tokens"
_DIGITS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "files", nargs="+", metavar="[NAME=]FILE", help="samples of score or bench, verdicts of baseline"
    )
    parser.add_argument("--items", metavar="ITEMS.jsonl", help="labelled items, where only verdicts are given")
    parser.add_argument(
        "--out", type=Path, action="append", default=[], metavar="FILE.md|FILE.html", help="also as a page; repeatable"
    )


def run(args: argparse.Namespace) -> int:
    """Print the comparison; returns 0."""
    from cli.commands import report

    report.check_pages(args.out)
    comparison = read(_named(args.files), args.items)
    for path in args.out:
        with report.new(path) as out:
            out.write(page(comparison, path.suffix))
        say(f"written to {path}")
    print_json(record(comparison))
    return 0


def read(files: dict[str, Path], items: str | None = None) -> "Comparison":
    """The comparison of these files by name. Raises UsageError where one cannot be read or nothing is in common."""
    from grm_core.analysis import accuracy
    from grm_core.benchmarks.comparison import compare

    blocks = {name: _samples(path) for name, path in files.items() if not _is_verdicts(path)}
    examples: dict[str, Example] = {example.id: example for example in (read_items(items) if items else ())}
    grms: dict[str, list[accuracy.Judged]] = {}
    for name, block in blocks.items():
        grms[name] = []
        for item in block.items:
            example = item.example or examples.get(item.item_id)
            samples = accuracy.completed(item.samples)
            if example is not None and samples:
                _same(examples.setdefault(example.id, example), example, files[name])
                grms[name].append(accuracy.Judged.of(example, samples))
    return compare(grms, {name: _polls(path, examples) for name, path in files.items() if name not in blocks})


def record(comparison: "Comparison") -> dict[str, Any]:
    """The comparison as JSON: see benchmarks.comparison for the columns."""
    from grm_core.benchmarks.comparison import differences, gains, growth

    return {
        "items": len(comparison.items),
        "growth": _plain(growth(comparison)),
        "gains": _plain(gains(comparison)),
        "differences": _plain(differences(comparison)),
    }


def page(comparison: "Comparison", suffix: str, headlines: "pd.DataFrame | None" = None) -> str:
    """The comparison as that page: .md or .html."""
    from reports import comparison as documents

    return {".md": documents.markdown, ".html": documents.html}[suffix](comparison, headlines)


def _named(arguments: Sequence[str]) -> dict[str, Path]:
    """NAME=FILE by name; without one, the file's stem, or its folder where the file is called samples or verdicts."""
    paths: dict[str, Path] = {}
    for each in arguments:
        name, mark, path = each.partition("=")
        if not mark or not name or not Path(path).is_file():
            name, path = "", each
        file = Path(path)
        stem = file.name.removesuffix(".gz").removesuffix(".jsonl")
        name = name or (file.absolute().parent.name if stem in ("samples", "verdicts") else stem)
        if name in paths:
            raise UsageError(f"two files are called {name!r}; name them: NAME={file}")
        paths[name] = file
    return paths


def _is_verdicts(path: Path) -> bool:
    from grm_core.formats import lines

    first = next(iter(lines.read(path)), None)
    return first is not None and "rows" in first.value


def _same(one: "Example", other: "Example", path: Path) -> None:
    """UsageError where an id means another item in another file."""
    if (one.query, one.responses) != (other.query, other.responses):
        raise UsageError(f"{path}: item {other.id!r} has another query or other responses than in the file before")


def _samples(path: Path) -> "Block":
    from grm_core.formats.sessions import read_samples

    blocks = [block for block in read_samples(path) if block.items]
    if len(blocks) != 1:
        raise UsageError(f"{path} holds {len(blocks)} runs with samples; compare takes files of one run each")
    return blocks[0]


def _polls(path: Path, examples: "dict[str, Example]") -> "list[Poll]":
    from grm_core.formats import lines
    from grm_core.formats.verdicts import VERDICT
    from runs import verdict_file

    polls = []
    for number, verdict in VERDICT.lines(path):
        with lines.located(str(path), number):
            if verdict.item_id in examples:
                polls.append(verdict_file.read(verdict, examples[verdict.item_id]))
    if not polls:
        raise UsageError(f"{path}: the items of these verdicts are in no other file; give them with --items")
    return polls


def _plain(table: "pd.DataFrame") -> list[dict[str, Any]]:
    shown = table.astype(object).where(table.notna(), None)
    return [
        {str(key): round(value, _DIGITS) if isinstance(value, float) else value for key, value in row.items()}
        for row in shown.to_dict("records")
    ]
