"""A meta RM reads stored samples, and nothing else of them changes."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.formats.samples import sample_line
from grm_core.formats.sessions import read_samples
from grm_core.types import Parsed, ParseStatus
from storage.store import Store
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM


def test_stored_samples_get_their_logits_without_the_grm(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    plain, read = tmp_path / "plain.jsonl", tmp_path / "read.jsonl"
    assert command("score", items, "--k", 4, "--out", plain, "--engine", server.url, "--meta", "none").code == 0
    count = len(server.asked)
    assert command("meta", plain, "--out", read, "--meta", server.url).code == 0
    assert len(server.asked) == count
    (before,), (after,) = read_samples(plain), read_samples(read)
    assert after.run == before.run
    for old, new in zip(before.items, after.items, strict=True):
        assert (old.item_id, old.example, old.session) == (new.item_id, new.example, new.session)
        for one, other in zip(old.samples, new.samples, strict=True):
            assert one.completion is not None
            assert one.meta_logit is None
            expected = float(len(one.completion.text) % 97) if one.scores is not None else None
            assert other == replace(one, meta_logit=expected)


def test_it_goes_on_where_it_was_stopped_and_ends_with_the_same_bytes(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    plain, read, again = (tmp_path / f"{name}.jsonl" for name in ("plain", "read", "again"))
    command("score", items, "--k", 4, "--out", plain, "--engine", server.url, "--meta", "none")
    command("meta", plain, "--out", read, "--meta", server.url)
    uninterrupted = read.read_bytes()
    lines = uninterrupted.splitlines(keepends=True)
    again.write_bytes(b"".join(lines[:9]) + lines[9][:20])  # killed while it wrote
    server.read.clear()
    assert command("meta", plain, "--out", again, "--meta", server.url, "--resume").code == 0
    assert again.read_bytes() == uninterrupted
    assert 0 < len(server.read) < 16, "only what was missing is read"
    refused = command("meta", plain, "--out", again, "--meta", server.url)
    assert (refused.code, "exists already" in refused.words) == (2, True)


def test_failed_samples_are_there_after_a_stop_too(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    plain, read, again = (tmp_path / f"{name}.jsonl" for name in ("plain", "read", "again"))
    command("score", items, "--k", 4, "--out", plain, "--engine", server.url, "--meta", "none")
    lines, (block,) = plain.read_text().splitlines(), read_samples(plain)
    item = block.items[0]
    failed = replace(item.samples[1], completion=None, error="no answer", parsed=Parsed(ParseStatus.EMPTY))
    (place,) = (i for i, line in enumerate(lines) if '"index":1' in line and f'"{item.item_id}"' in line)
    lines[place] = sample_line(item.item_id, failed)
    plain.write_text("\n".join(lines) + "\n")
    assert command("meta", plain, "--out", read, "--meta", server.url).code == 0
    again.write_bytes(b"".join(read.read_bytes().splitlines(keepends=True)[:7]))
    assert command("meta", plain, "--out", again, "--meta", server.url, "--resume").code == 0
    assert again.read_bytes() == read.read_bytes()


@pytest.mark.parametrize("verb", ["score", "meta"])
def test_a_full_disk_is_one_line(command: Command, server: FakeVLLM, items: Path, tmp_path: Path, verb: str) -> None:
    plain, out = tmp_path / "plain.jsonl", tmp_path / "out.jsonl"
    score = ("--k", 2, "--engine", server.url, "--meta", "none")
    assert command("score", items, *score, "--out", plain).code == 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))  # no file may grow beyond 64 bytes
    try:
        if verb == "score":
            done = command("score", items, *score, "--out", out)
        else:
            done = command("meta", plain, "--out", out, "--meta", server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (done.code, done.words.splitlines()[-1]) == (2, f"{out}: File too large")
    assert "Traceback" not in done.words


def test_sessions_without_logits_get_them_by_import(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    plain, read, db = tmp_path / "plain.jsonl", tmp_path / "read.jsonl", tmp_path / "x.db"
    command("score", items, "--k", 2, "--out", plain, "--engine", server.url, "--meta", "none", "--db", db)
    command("meta", plain, "--out", read, "--meta", server.url)
    assert command("import", read, "--db", db).code == 0
    store = Store(db, read_only=True)
    (block,) = read_samples(read)
    for item in block.items:
        assert item.session is not None
        kept = [sample.meta_logit for sample in store.samples(item.session.id)]
        assert kept == [sample.meta_logit for sample in item.samples]
    assert len(store.sessions()) == 4, "no session is kept twice"
    store.close()


def test_what_cannot_be_read_is_refused_in_one_line(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    plain, empty = tmp_path / "plain.jsonl", tmp_path / "empty.jsonl"
    command("score", items, "--k", 2, "--out", plain, "--engine", server.url, "--meta", "none")
    empty.write_text("")
    for file, meta, words in (
        (empty, server.url, "holds no samples"),
        (plain, "auto", "names no meta RM for samples of fake-grm"),
        (plain, str(tmp_path / "nowhere"), "no such folder"),
    ):
        done = command("meta", file, "--out", tmp_path / "out.jsonl", "--meta", meta)
        assert done.code == 2
        assert words in done.words
        assert len(done.words.splitlines()) == 1
