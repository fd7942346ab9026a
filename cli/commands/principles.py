"""python app.py principles SAMPLES.jsonl [OTHER.jsonl]: cluster what the GRM thought of, and what it did to the vote.

Writes statements, clusters and numbers as tables, of files with one item also growth (distinct clusters over k).
Two files are compared.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import print_json, say
from grm_core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from grm_core.formats.sessions import Block
    from grm_core.types import Sample

HELP = "map the principles of samples: clusters, numbers, tables"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("files", nargs="+", metavar="SAMPLES.jsonl", help="one file, or two to compare")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="a new folder for the tables")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default: %(default)s")
    parser.add_argument("--embedder", type=Path, metavar="FOLDER", help="sentence model (default: bundled MiniLM)")


def run(args: argparse.Namespace) -> int:
    """Print the numbers of every file; write all tables where a folder is named."""
    from grm_core.analysis.principles import study
    from grm_core.embedders import Embedder
    from grm_core.formats.sessions import read_samples

    if len(args.files) > 2:
        raise UsageError("give one file, or two to compare")
    read = [list(read_samples(name)) for name in args.files]
    scopes = [_by_item(name, blocks) for name, blocks in zip(args.files, read, strict=True)]
    studied = study(scopes, Embedder(args.embedder).embed, [_seeds(blocks) for blocks in read])
    if studied is None:
        raise UsageError("none of these samples states a principle that could be read")
    for name, table in zip(args.files, studied.numbers, strict=True):
        values = zip(table["name"], table["value"], strict=True)
        print_json({"file": str(name)} | {key: _plain(value) for key, value in values})
    if args.out is not None:
        tables = {
            "statements": studied.stated,
            "clusters": _joined(studied.clusters),
            "numbers": _joined(studied.numbers),
        }
        if studied.growth:
            tables["growth"] = _joined(studied.growth)
        _write(args.out, tables, args.format)
    return 0


def _by_item(name: str, blocks: "list[Block]") -> "dict[str, list[Sample]]":
    items: dict[str, list[Sample]] = {}
    for item in (item for block in blocks for item in block.items):
        if item.item_id in items:
            raise UsageError(f"{name}, line {item.line}: item {item.item_id!r} is in two runs; give a file of one run")
        items[item.item_id] = _stating(item.samples)
    return items


def _stating(samples: Sequence["Sample"]) -> "list[Sample]":
    """The samples with their principles; a file of another tool has only their texts, which are read here."""
    from grm_core.reading.parsing import parse

    stating = []
    for sample in samples:
        text = sample.completion.text if sample.completion is not None else ""
        if text and not sample.parsed.principles:
            stated = parse(text, len(sample.order)).principles
            sample = replace(sample, parsed=replace(sample.parsed, principles=stated))
        stating.append(sample)
    return stating


def _seeds(blocks: "list[Block]") -> tuple[str, ...]:
    """The general principles of the file's template; none where it names no template of ours."""
    from grm_core import prompts

    named = {block.run.template for block in blocks if block.run is not None} & set(prompts.names())
    return prompts.seeds(prompts.load(named.pop())) if len(named) == 1 else ()


def _plain(value: object) -> float | int | None:
    return None if value is None else value if isinstance(value, int) else round(float(str(value)), 6)


def _joined(tables: "list[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([table.assign(scope=i) for i, table in enumerate(tables)], ignore_index=True)


def _write(folder: Path, tables: "dict[str, pd.DataFrame]", kind: str) -> None:
    from reports.table import Table

    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}") from None
    for name, table in tables.items():
        path = folder / f"{name}.{kind}"
        if kind == "csv":
            path.write_text(Table.of(table).csv(), encoding="utf-8", newline="")
        else:
            table.astype({"value": "float64"} if "value" in table else {}).to_parquet(path, index=False)
        say(f"{path}: {len(table)} rows")
