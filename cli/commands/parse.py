"""python app.py parse TEXT_FILE --n 2: read one completion and print what became of it."""

import argparse
import sys
from pathlib import Path

from cli.common import print_json, whole
from grm_core.errors import UsageError

HELP = "read the scores and principles of a completion"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="TEXT_FILE", help="a completion as text; - reads standard input")
    parser.add_argument("--n", type=whole(1, 32), required=True, help="how many responses it should score")
    parser.add_argument("--template", metavar="NAME", default="", help="what was asked with: verdict names by letter")
    parser.add_argument("--finish-reason", metavar="REASON", help="why generation ended: stop, length, ...")


def run(args: argparse.Namespace) -> int:
    """Print status, scores in shown order (null unless ok), principles and spans (character ranges of the text)."""
    from grm_core.readers import reader

    parsed = reader(args.template)(_text(args.file), args.n, args.finish_reason)
    print_json(
        {
            "status": str(parsed.status),
            "scores": parsed.shown_scores,
            "principles": [{"text": each.text, "weight": each.weight} for each in parsed.principles],
            "principle_spans": [each.span for each in parsed.principles],
            "critique_span": parsed.critique_span,
            "score_spans": parsed.score_spans,
            "parser_version": parsed.version,
        }
    )
    return 0


def _text(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None
    # A completion that was cut inside a character is still worth reading.
    return data.decode("utf-8", "replace")
