"""Files of judgments: checked against the items that they are of, and several of them brought together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from grm_core.analysis import accuracy
from grm_core.baselines.poll import Poll
from grm_core.benchmarks.comparison import Comparison, compare
from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.sessions import Block, read_samples
from grm_core.formats.verdicts import VERDICT
from grm_core.types import Example, Sample
from runs import verdict_file


class Judgments(NamedTuple):
    """The samples of a file."""

    samples: dict[str, list[Sample]]
    """By item id."""
    alone: bool
    """Whether all of them judge each response alone (context single)."""


def judgments_of(file: str, examples: Sequence[Example]) -> Judgments:
    """The samples of a file of scores for these items, and of any others that it holds.

    Raises UsageError where an item is there twice or was judged with other responses.
    """
    by_id = {example.id: example for example in examples}
    samples: dict[str, list[Sample]] = {}
    contexts = set()
    for block in read_samples(file):
        contexts.add("joint" if block.run is None else block.run.context)
        for item in block.items:
            if item.item_id in samples:
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
                samples[item.item_id] = list(completed)
    return Judgments(samples, contexts == {"single"})


def comparison_of(files: Mapping[str, Path], items: Sequence[Example] = ()) -> Comparison:
    """The comparison of these files of samples or verdicts by name; `items` are those of verdicts alone.

    Raises UsageError where a file cannot be read or nothing is in common.
    """
    blocks = {name: _block(path) for name, path in files.items() if not _holds_verdicts(path)}
    examples = {example.id: example for example in items}
    grms: dict[str, list[accuracy.Judged]] = {}
    for name, block in blocks.items():
        grms[name] = []
        for item in block.items:
            example = item.example or examples.get(item.item_id)
            samples = accuracy.completed(item.samples)
            if example is not None and samples:
                _check_same(examples.setdefault(example.id, example), example, files[name])
                grms[name].append(accuracy.Judged.of(example, samples))
    return compare(grms, {name: _polls(path, examples) for name, path in files.items() if name not in blocks})


def _holds_verdicts(path: Path) -> bool:
    first = next(iter(lines.read(path)), None)
    return first is not None and "rows" in first.value


def _block(path: Path) -> Block:
    blocks = [block for block in read_samples(path) if block.items]
    if len(blocks) != 1:
        raise UsageError(f"{path} holds {len(blocks)} runs with samples; compare takes files of one run each")
    return blocks[0]


def _check_same(first: Example, second: Example, path: Path) -> None:
    """UsageError where an id means another item in another file."""
    if (first.query, first.responses) != (second.query, second.responses):
        raise UsageError(f"{path}: item {second.id!r} has another query or other responses than in the file before")


def _polls(path: Path, examples: Mapping[str, Example]) -> list[Poll]:
    polls = []
    for number, verdict in VERDICT.lines(path):
        with lines.located(str(path), number):
            if verdict.item_id in examples:
                polls.append(verdict_file.read(verdict, examples[verdict.item_id]))
    if not polls:
        raise UsageError(f"{path}: the items of these verdicts are in no other file; give them with --items")
    return polls
