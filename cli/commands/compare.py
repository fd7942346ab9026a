"""python app.py compare [NAME=]FILE ...: several judges on the same labelled items, from stored samples.

FILE is what `score` and `bench` (samples.jsonl) or `baseline ... score` (verdicts) wrote. Prints one JSON object:
accuracy over k and over generated tokens for every judge, what k adds, and paired differences. `--out` writes the
same as Markdown or HTML with curves. See docs/benchmarks.md for the paper's hypotheses.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from cli.common import add_pages, check_pages, print_json, read_items, write_pages
from grm_core.errors import UsageError

HELP = "compare judges on the same items: accuracy over k and over tokens"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "files", nargs="+", metavar="[NAME=]FILE", help="samples of score or bench, verdicts of baseline"
    )
    parser.add_argument("--items", metavar="ITEMS.jsonl", help="labelled items, where only verdicts are given")
    add_pages(parser)


def run(args: argparse.Namespace) -> int:
    """Print the comparison; returns 0."""
    from reports import comparison as documents
    from runs.judged_files import comparison_of

    check_pages(args.out)
    files = _named(args.files)
    comparison = comparison_of(files, read_items(args.items) if args.items else ())
    write_pages(args.out, {path.suffix: documents.PAGES[path.suffix](comparison) for path in args.out})
    print_json(documents.record(comparison))
    return 0


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
