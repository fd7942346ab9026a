"""python app.py labels export|import|report: what annotators said, as files.

`export` writes annotations as they were made (jsonl), or what stands as training data, preference pairs for TRL,
Argilla records or Label Studio tasks. `import` adds annotations of a jsonl file to sessions that are there. `report`
writes the failure report as the Queue page shows it: Markdown, or HTML for an --out that ends in .html.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import add_db, new_file, say, write
from grm_core.errors import UsageError
from storage.errors import StoreError

if TYPE_CHECKING:
    from storage.store import Store

HELP = "annotations to and from files (JSONL, training data, preference pairs), and the failure report"
FORMATS = ("jsonl", "training", "pairs", "argilla", "label-studio")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("what", choices=("export", "import", "report"))
    parser.add_argument("file", nargs="?", metavar="FILE", help="to import from; - reads standard input")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="of an export (default: %(default)s)")
    parser.add_argument("--queue", default="", metavar="ID", help="export or report only what was said in this queue")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Export, import or report; returns 0."""
    from storage.store import Store

    if args.what == "import" and args.file is None:
        raise UsageError("name the file to import")
    if args.what != "import" and args.file is not None:
        raise UsageError(f"{args.what} writes to --out FILE, or to standard output")
    if args.what == "import":
        return _import(args.db, args.file)
    store = Store(args.db, read_only=True)
    try:
        if args.what == "report":
            return _report(store, args.queue, args.out)
        return _export(store, args.queue, args.out, args.format)
    finally:
        store.close()


def _export(store: "Store", queue: str, path: Path | None, kind: str) -> int:
    from grm_core.analysis.labels import standing
    from grm_core.formats import annotations
    from grm_core.formats.lines import canonical

    made = store.desk.annotations(queue=queue)
    if kind == "jsonl":
        lines = [annotations.annotation_record(each) for each in made]
    else:
        lines = list(annotations.SHAPES[kind](standing(made), store.judged(each.session_id for each in made)))
    with nullcontext(sys.stdout) if path is None else new_file(path, "jsonl") as out:
        out.writelines(canonical(line) + "\n" for line in lines)
    say(f"{len(lines)} lines written")
    return 0


def _report(store: "Store", queue: str, path: Path | None) -> int:
    from grm_core.embedders import Embedder
    from reports import failures

    made = store.desk.annotations(queue=queue)
    judged = store.judged(each.session_id for each in made)
    report = failures.make(made, judged, failures.clusters(made, judged, Embedder().embed))
    as_page = path is not None and path.suffix == ".html"
    write(failures.html(report) if as_page else failures.markdown(report), path, "text")
    say(report.said)
    return 0


def _import(db: Path, file: str) -> int:
    from grm_core.formats import annotations
    from runs.writing import writing

    additions = annotations.read_annotations(file)
    with writing(db) as writer:
        try:
            added = writer.annotate(additions)
        except StoreError:
            raise
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
    say(f"{file}: {added} annotations added, {len(additions) - added} were there")
    return 0
