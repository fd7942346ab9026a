"""python app.py search WORDS: find words in titles, queries, responses, principles and critiques."""

import argparse

from cli.common import add_db, print_json, say, whole

HELP = "find words in queries, responses, principles and critiques"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("words", nargs="+", metavar="WORD", help="all of them have to occur; they are literal")
    parser.add_argument("--limit", type=whole(1, 10_000), default=50, help="hits at most (default: %(default)s)")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line per hit; `marks` are the character ranges of the found words in `snippet`."""
    from storage.finding import find

    hits = find(args.db, " ".join(args.words), args.limit)
    for hit in hits:
        snippet, marks = _unmarked(hit.snippet)
        index = hit.sample_index
        print_json(
            {"session_id": hit.session_id, "index": index, "field": hit.field, "snippet": snippet, "marks": marks}
        )
    if not hits:
        say("nothing found")
    return 0


def _unmarked(snippet: str) -> tuple[str, list[tuple[int, int]]]:
    from storage.passages import MARK_OFF, MARK_ON

    text, marks = "", []
    for part in snippet.split(MARK_ON):
        word, _, rest = part.rpartition(MARK_OFF)
        if word:
            marks.append((len(text), len(text) + len(word)))
        text += word + rest
    return text, marks
