"""Running commands as a shell would, without a shell."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import app
from grm_core.formats.sessions import read_samples
from tests.cli.fake_vllm import FakeVLLM
from tests.make import write_lines


class Done(NamedTuple):
    """Exit code, output and words of a command."""

    code: int
    lines: list[Any]
    """Its standard output, read as JSON lines."""
    words: str
    """Its standard error."""


Command = Callable[..., Done]


def drawn(path: Path) -> list[tuple[str, int, tuple[int, ...], int, tuple[int, ...] | None]]:
    """(item, index, order, seed, scores) of every sample."""
    return [
        (item.item_id, sample.index, sample.order, sample.seed, sample.scores)
        for block in read_samples(path)
        for item in block.items
        for sample in item.samples
    ]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str | Path | int) -> Done:
        capsys.readouterr()
        try:
            code = app.main([str(each) for each in arguments])
        except SystemExit as left:
            code = int(str(left.code))
        out, words = capsys.readouterr()
        return Done(code, [json.loads(line) for line in out.splitlines()], words)

    return run


@pytest.fixture
def server() -> Iterator[FakeVLLM]:
    with FakeVLLM() as running:
        yield running


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    lines = [
        {"id": "pair", "query": "Why is the sky blue?", "responses": ["Scattering.", "The sea."], "labels": [1, 0]},
        {"id": "three", "query": "2+2?", "responses": ["4", "5", "22"], "labels": [1, 0, 0]},
        {"id": "one", "query": "Hi", "responses": ["Hello"]},
        {"id": "told", "query": "Capital of France?", "responses": ["Paris", "Rome"], "reference": "Paris"},
    ]
    write_lines(path, lines)
    return path
