"""python app.py labels export|import|report|codes|judge: what annotators said, as files.

`export` writes annotations as they were made (jsonl, code books first), what stands as training data, preference pairs
for TRL, Argilla records or Label Studio tasks, gold labels, or a line per coded sample. `import` adds annotations and
code books of a jsonl file to sessions that are there. `report` writes the failure report as the Queue page shows it,
`codes` a code book's counts, `judge` the GRM of a run against people's blind labels: Markdown, or HTML for an --out
that ends in .html; `judge` also CSV.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import add_db, counted, existing, new_file, say, write
from grm_core.errors import UsageError
from storage.errors import StoreError

if TYPE_CHECKING:
    from storage.store import Store

HELP = "annotations and code books to and from files (JSONL, training data, pairs, gold), and reports of them"
FORMATS = ("jsonl", "training", "pairs", "argilla", "label-studio", "gold", "codes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("what", choices=("export", "import", "report", "codes", "judge"))
    parser.add_argument("file", nargs="?", metavar="FILE", help="to import from; - reads standard input")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="of an export (default: %(default)s)")
    parser.add_argument("--queue", default="", metavar="ID", help="only what was said in this queue")
    parser.add_argument("--book", default="paper", metavar="NAME", help="code book of `codes` (default: the paper's)")
    parser.add_argument(
        "--run", default="", metavar="ID", help="run of `judge` (default: the one with most blind labels)"
    )
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
        if args.what == "codes":
            return _codes(store, args.queue, args.book, args.out)
        if args.what == "judge":
            return _judge(store, args.queue, args.run, args.out)
        return _export(store, args.queue, args.out, args.format)
    finally:
        store.close()


def _export(store: "Store", queue: str, path: Path | None, kind: str) -> int:
    from grm_core.formats.lines import canonical
    from reports import labelled

    made = store.desk.annotations(queue=queue)
    judged = {} if kind == "jsonl" else store.judged(each.session_id for each in made)
    lines = labelled.records(kind, made, judged, store.codes.events())
    with nullcontext(sys.stdout) if path is None else new_file(path, "jsonl") as out:
        out.writelines(canonical(line) + "\n" for line in lines)
    say(f"{counted(len(lines), 'line')} written")
    return 0


def _codes(store: "Store", queue: str, name: str, path: Path | None) -> int:
    from grm_core.analysis import codebook
    from reports import codes

    books = codebook.books(store.codes.events())
    book = next((each for each in books.values() if name in (each.id, each.title)), None)
    if book is None:
        raise UsageError(f"there is no code book {name!r}; there are {', '.join(b.title for b in books.values())}")
    made = store.desk.annotations(queue=queue)
    write(codes.html(book, made) if _is_page(path) else codes.markdown(book, made), path, "text")
    say(codes.sentence(made))
    return 0


def _judge(store: "Store", queue: str, run_id: str, path: Path | None) -> int:
    from grm_core.analysis.labels import standing
    from reports import against_people

    made = store.desk.annotations(queue=queue)
    runs = against_people.runs_of(store, standing(made))
    if not runs:
        raise UsageError("nobody has said which response is best yet")
    report = against_people.make(made, against_people.judged_of(store, run_id or next(iter(runs))))
    suffix = "" if path is None else path.suffix
    shape = {".html": against_people.html, ".csv": against_people.csv}.get(suffix, against_people.markdown)
    write(shape(report), path, "text")
    say(report.said)
    return 0


def _report(store: "Store", queue: str, path: Path | None) -> int:
    from grm_core.embedders import Embedder
    from reports import failures

    made = store.desk.annotations(queue=queue)
    judged = store.judged(each.session_id for each in made)
    report = failures.make(made, judged, failures.clusters(made, judged, Embedder().embed))
    write(failures.html(report) if _is_page(path) else failures.markdown(report), path, "text")
    say(report.said)
    return 0


def _is_page(path: Path | None) -> bool:
    return path is not None and path.suffix == ".html"


def _import(db: Path, file: str) -> int:
    from grm_core.formats import codebooks
    from runs.writing import writing

    events, additions = codebooks.read_labels(file)
    with writing(existing(db) if additions else db) as writer:
        try:
            added = writer.annotate(additions, events)
        except StoreError:
            raise
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
    say(f"{file}: {counted(added, 'annotation')} added, {len(additions) - added} were there")
    return 0
