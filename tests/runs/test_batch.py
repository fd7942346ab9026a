"""Many workers draw what one would: the same samples, none twice and none lost, each item on one worker."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pytest

from grm_core import engines, shuffling
from grm_core.engines._vllm import cpu_build
from grm_core.errors import UsageError
from grm_core.formats.sessions import read_samples
from runs.drive import Arrival
from runs.workers import Fleet, Reader, arrivals_of, server_of
from tests.cli.commands.test_score import shape
from tests.cli.conftest import Command
from tests.cli.conftest import command as command  # a fixture
from tests.cli.fake_vllm import FakeVLLM
from tests.engines.wire import WireServer, reply
from tests.make import make_example, make_sample, write_lines

ROOT = Path(__file__).parent.parent.parent
ITEMS, K = 12, 4


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    rows = [{"id": f"item-{i}", "query": f"What is {i}+{i}?", "responses": [str(2 * i), "I"]} for i in range(ITEMS)]
    write_lines(path, rows)
    return path


@pytest.fixture
def uninterrupted(command: Command, items: Path, tmp_path: Path) -> Path:
    """The file that `score` writes by itself."""
    out = tmp_path / "whole.jsonl"
    with FakeVLLM() as server:
        assert command("score", items, "--k", K, "--out", out, "--engine", server.url, "--meta", "none").code == 0
    return out


class Pair:
    """Two servers of one model."""

    def __init__(self, delay: float = 0.0) -> None:
        self.both = FakeVLLM(delay=delay), FakeVLLM(delay=delay)
        self.urls = tuple(server.url for server in self.both)

    def __enter__(self) -> "Pair":
        for server in self.both:
            server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for server in self.both:
            server.__exit__(*error)


def start(items: Path, out: Path, urls: tuple[str, ...], *more: str) -> subprocess.Popen[str]:
    line = [
        sys.executable,
        "app.py",
        "score",
        str(items),
        "--k",
        str(K),
        "--out",
        str(out),
        "--engine",
        ",".join(urls),
    ]
    line += ["--workers", "2", "--meta", "none", *more]
    return subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def drawn_in(path: Path) -> int:
    return path.read_bytes().count(b'\n{"item_id"') if path.exists() else 0


def until(path: Path, least: int, child: subprocess.Popen[str]) -> None:
    """Wait until so many samples are in the file."""
    while drawn_in(path) < least:
        assert child.poll() is None, child.communicate()[1]
        time.sleep(0.02)


def begun(items: Path, out: Path, urls: tuple[str, ...]) -> subprocess.Popen[str]:
    """A run that has a sample in its file."""
    child = start(items, out, urls)
    until(out, 1, child)
    return child


def ray_processes_of(driver: int) -> list[str]:
    """Running processes of the Ray that the driver with this process id has started: its session bears the id."""
    processes = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
            if b"/session_" in line and f"_{driver}/".encode() in line:
                processes.append(line.replace(b"\0", b" ").decode())
    return processes


@pytest.mark.slow
def test_workers_draw_what_score_draws_each_item_on_one_server_and_a_refusal_fails_alone(
    command: Command, items: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    with Pair() as pair:
        first, second = pair.both
        run = (
            "score",
            items,
            "--k",
            K,
            "--out",
            out,
            "--engine",
            ",".join(pair.urls),
            "--meta",
            "none",
            "--workers",
            2,
        )
        second.refused_above = 6
        done = command(*run)
        assert done.code == 1
        assert "refused on purpose" in done.words
        assert "Traceback" not in done.words
        (block,) = read_samples(out)
        seconds = {item.item_id for item in block.items if server_of(item.item_id, pair.urls) == pair.urls[1]}
        failed = {item.item_id: sum(s.error is not None for s in item.samples) for item in block.items}
        assert 0 < len(seconds) < ITEMS
        assert sum(failed.values()) == K * len(seconds) - len(second.asked)
        assert not any(failed[item] for item in failed.keys() - seconds)

        second.refused_above = None
        assert command(*run, "--resume").code == 0
        assert shape(out) == shape(uninterrupted)
        assert len(first.asked + second.asked) == len(set(first.asked + second.asked)) == ITEMS * K
        (block,) = read_samples(out)
        for item in block.items:
            mine = {sample.seed for sample in item.samples}
            assert mine <= set((second if item.item_id in seconds else first).asked)
    assert command("vote", out).lines == command("vote", uninterrupted).lines


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_run_leaves_nothing_running_and_goes_on_where_it_stopped(
    command: Command, items: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    with Pair(delay=1.0) as pair:
        child = begun(items, out, pair.urls)
        assert ray_processes_of(child.pid)
        child.kill()
        child.wait()
    with out.open("ab") as file:
        file.write(b'{"item_id":"item-1","index":3,"sco')
    kept = drawn_in(out) - 1
    assert 0 < kept < ITEMS * K
    gone = time.monotonic() + 30
    while ray_processes_of(child.pid):
        assert time.monotonic() < gone, ray_processes_of(child.pid)
        time.sleep(0.1)
    with Pair() as pair:
        child = start(items, out, pair.urls, "--resume")
        _, words = child.communicate(timeout=120)
        assert child.returncode == 0, words
        assert sum(len(server.asked) for server in pair.both) == ITEMS * K - kept
    assert not ray_processes_of(child.pid)
    assert shape(out) == shape(uninterrupted)
    assert drawn_in(out) == ITEMS * K
    assert command("curve", out).lines == command("curve", uninterrupted).lines


@pytest.mark.slow
def test_ctrl_c_leaves_a_whole_file_and_no_ray_and_a_recording_needs_no_server(
    command: Command, items: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    with Pair(delay=1.0) as pair:
        child = begun(items, out, pair.urls)
        os.kill(child.pid, signal.SIGTERM)
        _, words = child.communicate(timeout=60)
    assert (child.returncode, "Traceback" in words) == (130, False), words
    assert "--resume" in words
    assert out.read_bytes().endswith(b"\n")
    assert not ray_processes_of(child.pid)

    again = tmp_path / "again.jsonl"
    done = command("score", items, "--k", K, "--out", again, "--engine", f"replay:{uninterrupted}", "--workers", 1)
    assert done.code == 0
    assert again.read_bytes().partition(b"\n")[2].count(b"\n") == ITEMS * (K + 1)
    assert shape(again) == shape(uninterrupted)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--tensor-parallel", "2"), "belong to --workers"),
        (("--ray", "auto"), "belong to --workers"),
        (("--workers", "0"), "not a whole number"),
        (("--workers", "2", "--tensor-parallel", "2"), "started on GPUs"),
        (("--workers", "2", "--meta", "some-model"), "there is no such folder"),
        (("--workers", "2", "--engine", "http://127.0.0.1:9,http://127.0.0.1:9"), "127.0.0.1:9"),
    ],
)
def test_workers_that_cannot_be_had_are_told_in_one_line_and_write_nothing(
    command: Command, items: Path, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    out = tmp_path / "out.jsonl"
    with FakeVLLM() as server:
        done = command("score", items, "--out", out, "--engine", server.url, "--meta", "none", *more)
    assert (done.code, message in done.words, done.words.count("\n")) == (2, True, 1), done.words
    assert not out.exists()


def test_servers_with_different_models_are_refused(command: Command, items: Path, tmp_path: Path) -> None:
    with FakeVLLM("one") as one, FakeVLLM("other") as other:
        urls = f"{one.url},{other.url}"
        done = command("score", items, "--out", tmp_path / "o.jsonl", "--engine", urls, "--workers", 2)
    assert (done.code, "do not serve the same model" in done.words) == (2, True)


def test_without_workers_nothing_of_ray_is_imported(items: Path, uninterrupted: Path, tmp_path: Path) -> None:
    code = "import sys, app; assert app.main(sys.argv[1:]) == 0; assert 'ray' not in sys.modules"
    line = [sys.executable, "-c", code, "score", str(items), "--k", str(K), "--engine", f"replay:{uninterrupted}"]
    line += ["--out", str(tmp_path / "o.jsonl"), "--meta", "none"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


async def test_the_meta_rm_reads_what_votes_and_a_sample_that_it_cannot_read_is_drawn_again() -> None:
    example = make_example(2)
    samples = [make_sample(0, (7, 3), text="one two three"), make_sample(1, None), make_sample(2, (2, 8), text="one")]
    rows = {"drawn": pyarrow.array([pickle.dumps(Arrival(example, sample)) for sample in samples])}
    async with WireServer() as server:
        reader = Reader(Fleet("managed", "grm", meta=server.url))
        (arrivals,) = [arrivals_of(batch) async for batch in reader(pyarrow.table(rows))]
        assert [arrival.sample and arrival.sample.meta_logit for arrival in arrivals] == [3.0, None, 1.0]
        server.plan = [reply({"error": "too long"}, 400)]
        (arrivals,) = [arrivals_of(batch) async for batch in reader(pyarrow.table(rows))]
    lost = [arrival for arrival in arrivals if arrival.sample is None]
    assert len(lost) == 1
    assert "too long" in str(lost[0].error)


@pytest.mark.skipif(not cpu_build(), reason="needs the CPU build of vLLM")
def test_the_cpu_build_has_no_tensor_parallelism() -> None:
    with pytest.raises(UsageError, match="GPUs"):
        Fleet("managed", "grm", tensor_parallel=2)


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(not engines.has_vllm() or not cpu_build(), reason="needs the CPU build of vLLM")
def test_two_workers_judge_with_engines_that_ray_data_llm_starts(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    items, out = tmp_path / "items.jsonl", tmp_path / "out.jsonl"
    rows = [json.loads(line) for line in (ROOT / "assets/demo/items.jsonl").read_text().splitlines()[:4]]
    rows.append({"id": "long", "query": "word " * 9000, "responses": ["a", "b"]})
    write_lines(items, rows)
    line = [sys.executable, "app.py", "score", str(items), "--k", "2", "--out", str(out), "--engine", "managed"]
    line += ["--workers", "2", "--max-tokens", "48", "--meta", "none"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=1400, check=False)
    assert done.returncode == 1, done.stderr
    assert "item 'long': the prompt is 9," in done.stderr
    (block,) = read_samples(out)
    assert block.run is not None
    assert (block.run.engine, block.run.template) == ("managed", "compact")
    *judged, long = block.items
    assert (len(judged), len(long.samples)) == (4, 0)
    for item in judged:
        assert item.example is not None
        plan = shuffling.plan(len(item.example.responses), 2, 0, item.item_id)
        assert [(s.index, s.order, s.seed) for s in item.samples] == [(p.index, p.order, p.seed) for p in plan]
        for each in item.samples:
            assert each.completion is not None
            assert each.completion.text.strip()
            # No judgment of this model is done in 48 tokens.
            assert (each.completion.finish_reason, each.completion.completion_tokens) == ("length", 48)
            assert each.parsed.status == "truncated"
    assert len(command("vote", out).lines) == 5
