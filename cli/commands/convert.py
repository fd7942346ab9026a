"""python app.py convert FILE: show what is understood of a file of items or judgments, and write it as our JSON Lines.

Nothing is judged and no database is touched. Without --out the file is only read: one line of JSON tells its form, how
many items, responses, labels and judgments there are, and what is left out and why.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import new_file, print_json, say, unwritten
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from grm_core.formats.foreign.imports import Imports

HELP = "show what is understood of a file, and write it as JSON Lines"
_SHOWN = 20
"""Records that are told of those left out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", metavar="FILE", help="in any form of docs/files.md; - reads standard input")
    parser.add_argument("--out", metavar="FILE", help="ITEMS.jsonl or SAMPLES.jsonl to write, a new file; - prints it")


def run(args: argparse.Namespace) -> int:
    """Print what was understood, and write it where --out says; returns 0."""
    from grm_core.formats.foreign import imports

    out = None if args.out in (None, "-") else Path(args.out)
    if out is not None and out.exists():
        raise UsageError(f"{out} exists already; choose another name")
    understood = imports.read(args.file)
    if args.out == "-":
        sys.stdout.writelines(_lines(understood))
    else:
        print_json({"file": args.file} | summary(understood))
    say(f"{args.file}: {understood.understood or 'JSON Lines of GRM Lens'}")
    if out is not None:
        try:
            with new_file(out, "jsonl") as file:
                file.writelines(_lines(understood))
        except OSError as error:
            raise unwritten(out, error) from None
        say(f"written to {out}")
    return 0


def summary(understood: "Imports") -> dict[str, Any]:
    """The contents of a file in numbers, with its first item."""
    from grm_core.formats.items import item_record
    from grm_core.sampling import check

    items = [item for block in understood.blocks for item in block.items]
    examples = [item.example for item in items if item.example is not None]
    unjudgeable = []
    for example in examples:
        try:
            check(example, 1, blanks=True)
        except UsageError as error:
            unjudgeable.append({"place": example.id, "reason": str(error)})
    responses = Counter(len(example.responses) for example in examples)
    return {
        "form": understood.form,
        "understood": understood.understood,
        "items": len({item.item_id for item in items}),
        "sessions": len(items),
        "responses": {str(count): times for count, times in sorted(responses.items())},
        "labelled": sum(example.labels is not None for example in examples),
        "empty_responses": sum(not text.strip() for example in examples for text in example.responses),
        "judgments": sum(len(item.samples) for item in items),
        "judges": sorted({block.run.model for block in understood.blocks if block.run is not None}),
        "left_out": len(understood.left_out),
        "why": [each._asdict() for each in understood.left_out[:_SHOWN]],
        "cannot_be_judged": unjudgeable[:_SHOWN],
        "first": item_record(examples[0]) if examples else None,
    }


def _lines(understood: "Imports") -> list[str]:
    """The lines of ITEMS.jsonl, or of SAMPLES.jsonl where the file holds judgments."""
    from grm_core.formats.items import item_record
    from grm_core.formats.lines import canonical
    from grm_core.formats.runs import run_line
    from grm_core.formats.samples import sample_line
    from grm_core.formats.sessions import item_line

    made = []
    for block in understood.blocks:
        if block.run is not None:
            made.append(run_line(block.run))
        for item in block.items:
            if item.example is not None:
                bare = understood.form == "items"
                made.append(canonical(item_record(item.example)) if bare else item_line(item.example))
            made += [sample_line(item.item_id, sample) for sample in item.samples]
    return [f"{line}\n" for line in made]
