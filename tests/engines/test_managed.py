"""The managed engine: one real vLLM server that judges, is killed, comes back, and never outlives its parent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from grm_core import engines, prompts
from grm_core.engines._child import group_members
from grm_core.engines._vllm import LEAST_KV_CACHE, Child, command, environment, options
from grm_core.engines.managed import ManagedEngine
from grm_core.errors import EngineError
from grm_core.judge import judge
from grm_core.precision import of_processor
from grm_core.sampling import SamplingPlan
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Completion, Example, Message, Params, ParseStatus, Request

needs_vllm = pytest.mark.skipif(not engines.has_vllm(), reason="vLLM is not installed")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
real = [pytest.mark.model, pytest.mark.alone, pytest.mark.slow, needs_vllm, pytest.mark.asyncio(loop_scope="module")]


# --- the leash, without vLLM -----------------------------------------------------------------------------------------

LAUNCHER = str(Path(engines.__file__).parent / "_child.py")
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
FAMILY = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); time.sleep(600)"


def until(true: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


@pytest.fixture
def parent(tmp_path: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that holds a launcher, whose command has a child that ignores SIGTERM; and the launcher's id."""
    logs = tmp_path / "logs"
    logs.mkdir()
    code = f"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background inherits an ignored Ctrl-C
        line = [sys.executable, {LAUNCHER!r}, {str(logs)!r}, sys.executable, "-c", {FAMILY!r}]
        held = subprocess.Popen(line, stdin=subprocess.PIPE, start_new_session=True)
        print(held.pid, flush=True)
        time.sleep(600)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    launcher = int(process.stdout.readline())
    assert until(lambda: len(group_members(launcher)) == 3)
    yield process, launcher  # type: ignore[misc]
    process.kill()
    process.wait()
    process.stdout.close()
    assert until(lambda: not group_members(launcher))


@linux
@pytest.mark.parametrize(
    "signum",
    [signal.SIGKILL, *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGTERM, signal.SIGINT))],
)
def test_a_parent_that_dies_takes_the_whole_family_with_it(
    parent: tuple[subprocess.Popen[bytes], int], signum: int, tmp_path: Path
) -> None:
    process, launcher = parent
    process.send_signal(signum)
    process.wait(10)
    assert until(lambda: not group_members(launcher))
    assert not (tmp_path / "logs").exists()


@linux
def test_a_killed_launcher_takes_the_command_with_it(parent: tuple[subprocess.Popen[bytes], int]) -> None:
    _, launcher = parent
    others = [pid for pid in group_members(launcher) if pid != launcher]
    os.kill(launcher, signal.SIGKILL)
    assert until(lambda: len(group_members(launcher)) < 2)
    for pid in others:  # the command is gone; its stubborn child is what Child.stop() ends
        if pid in group_members(launcher):
            os.kill(pid, signal.SIGKILL)


# --- command line and environment ------------------------------------------------------------------------------------


@needs_vllm
def test_the_key_is_in_the_environment_and_not_in_the_command_line(model_dir: Path) -> None:
    assert environment("secret-key", compiled=False)["VLLM_API_KEY"] == "secret-key"
    line = command(model_dir, "grm", 8000, compiled=False)
    assert not any("key" in part for part in line)
    assert line[line.index("--host") + 1] == "127.0.0.1"


@needs_vllm
def test_every_prompt_fits_into_one_prefill_step(model_dir: Path) -> None:
    line = command(model_dir, "grm", 8000, compiled=False)
    assert "--no-enable-chunked-prefill" in line
    assert int(line[line.index("--max-num-batched-tokens") + 1]) >= int(line[line.index("--max-model-len") + 1])


def test_what_the_user_has_set_for_vllm_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    assert environment("k", compiled=True)["GOMP_SPINCOUNT"] == "5"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    assert environment("k", compiled=True)["GOMP_SPINCOUNT"] == "20000"
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mine = environment("k", compiled=True)
    assert (mine["MALLOC_ARENA_MAX"], mine["OMP_NUM_THREADS"]) == ("4", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert "GOMP_SPINCOUNT" not in environment("k", compiled=True)
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "7")
    variables = environment("k", compiled=True)
    assert variables["VLLM_CPU_KVCACHE_SPACE"] == "7"
    assert variables["HF_HUB_OFFLINE"] == "1"


@needs_vllm
def test_the_cache_holds_two_full_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    shape = {"num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 4096}
    config = tmp_path / "config.json"
    config.write_text(json.dumps(shape | {"max_position_embeddings": 131072}), encoding="utf-8")
    number = 4 if of_processor() == "float32" else 2
    assert options(tmp_path, False)["kv_cache_memory_bytes"] == 2 * 8192 * 2 * 32 * 8 * 128 * number
    config.write_text(json.dumps(shape | {"max_position_embeddings": 256}), encoding="utf-8")
    assert options(tmp_path, False)["kv_cache_memory_bytes"] == LEAST_KV_CACHE
    config.write_text(json.dumps({"text_config": shape, "num_key_value_heads": None}), encoding="utf-8")
    assert options(tmp_path, False)["kv_cache_memory_bytes"] == 2**30, "the shape of the layers is not told"
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "7")
    assert "kv_cache_memory_bytes" not in options(tmp_path, False), "what the user has set for vLLM is kept"


@needs_vllm
@pytest.mark.parametrize(("cores", "bound", "alone"), [(2, False, False), (4, False, True), (2, True, True)])
def test_on_two_cores_the_model_runs_in_the_schedulers_process(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch, cores: int, bound: bool, alone: bool
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if bound:
        monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "0,1")
    else:
        monkeypatch.delenv("VLLM_CPU_OMP_THREADS_BIND", raising=False)
    assert ("uni" not in command(model_dir, "grm", 8000, compiled=False)) == alone
    assert environment("k", compiled=False).get("OMP_NUM_THREADS") == (None if alone else "2")


@needs_vllm
async def test_a_folder_without_a_model_fails_with_a_reason(tmp_path: Path) -> None:
    engine = ManagedEngine(tmp_path)
    with pytest.raises(EngineError, match="holds no model"):
        await engine.start()
    assert engine.state().phase == "failed"
    (arrived,) = [reply async for reply in engine.generate([ask("a", 1)])]
    assert isinstance(arrived.result, EngineError)
    await engine.close()
    assert engine.state().phase == "closed"


@pytest.mark.slow
@needs_vllm
async def test_a_model_that_vllm_cannot_load_fails_with_the_logs_reason(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-type"}', encoding="utf-8")
    engine = ManagedEngine(tmp_path, "broken")
    with pytest.raises(EngineError, match=r"vLLM stopped while starting \(exit code 1\): .*no-such-type"):
        await engine.start()
    assert "no-such-type" in engine.log_tail(200)
    await engine.close()
    assert "no-such-type" in engine.log_tail(200)


# --- with the real model: one server for all, killed in the last test ------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(model_dir: Path) -> AsyncIterator[ManagedEngine]:
    running = ManagedEngine(model_dir, "grm")
    starting = asyncio.create_task(running.start())
    await asyncio.sleep(1.2)
    assert running.state().phase == "starting"
    assert running.state().message.startswith("starting vLLM, 1 s")
    await starting
    yield running
    child = child_of(running)
    await running.close()
    assert group_members(child.pid) == []
    assert not child.folder.exists()
    assert child.key not in running.log_tail(1000)


def child_of(engine: ManagedEngine) -> Child:
    assert engine._child is not None
    return engine._child


def ask(key: str, seed: int, n: int = 1, max_tokens: int = 16, **params: object) -> Request:
    return Request(key, (Message("user", "Say hello."),), Params(max_tokens=max_tokens, **params), seed, n)  # type: ignore[arg-type]


def running_requests(child: Child) -> float:
    with urllib.request.urlopen(f"{child.url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:num_requests_running"))


class TestRealServer:
    pytestmark = real

    async def test_it_judges_a_real_item(self, engine: ManagedEngine, example: Example) -> None:
        plan = SamplingPlan(example, prompts.load("pointwise"), Params(regex=prompts.structure(2)), k=4)
        judgement = await judge(engine, plan)
        assert [sample.parsed.status for sample in judgement.samples] == [ParseStatus.OK] * 4
        assert judgement.verdict.k_effective == 4
        assert all(sample.completion and sample.completion.model == "grm" for sample in judgement.samples)

    async def test_a_server_engine_judges_on_the_same_server(self, engine: ManagedEngine, example: Example) -> None:
        child = child_of(engine)
        other = engines.create(f"{child.url}/v1", api_key=child.key)
        params = Params(regex=prompts.structure(2), max_tokens=600)
        judgement = await judge(other, SamplingPlan(example, prompts.load("pointwise"), params, k=2))
        assert judgement.verdict.k_effective == 2
        assert other.model == "grm"
        await other.close()

    async def test_a_child_writes_what_it_writes_alone(self, engine: ManagedEngine) -> None:
        seeds = range(30, 46)
        together = ask("a", seeds[0], n=len(seeds), max_tokens=2, temperature=1.0)
        children = {reply.child: reply.result async for reply in engine.generate([together])}
        texts, alone = [], []
        for child, seed in enumerate(seeds):
            request = ask("a", seed, max_tokens=2, temperature=1.0)
            (result,) = [reply.result async for reply in engine.generate([request])]
            assert isinstance(result, Completion)
            alone.append(result.text)
            texts.append(children[child].text)  # type: ignore[union-attr]
        # How many rows a step has changes the last bits of the logits, and so a token now and then: two of 32 did.
        assert sum(map(str.__eq__, texts, alone)) >= 12
        assert sum(map(str.__eq__, texts, alone[1:])) <= 2, "no other seed writes the same"

    async def test_a_prompt_beyond_the_context_is_counted_and_refused(self, engine: ManagedEngine) -> None:
        request = Request("long", (Message("user", "word " * 9000),), Params(), 1)
        size = await engine.prompt_size(request.messages)
        assert size is not None
        assert size.tokens > size.limit == 8192
        (arrived,) = [reply async for reply in engine.generate([request])]
        assert isinstance(arrived.result, EngineError)
        assert "too long" in str(arrived.result)

    async def test_cancelling_frees_the_server(self, engine: ManagedEngine) -> None:
        requests = [ask(str(i), i, max_tokens=4000, regex="a{4000}") for i in range(8)]
        replies = engine.generate(requests, lambda *_: None)
        first = asyncio.ensure_future(anext(replies))
        while await asyncio.to_thread(running_requests, child_of(engine)) < 8:
            await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        async with asyncio.timeout(20):  # uncancelled they would run for minutes
            while await asyncio.to_thread(running_requests, child_of(engine)) > 0:
                await asyncio.sleep(0.05)

    async def test_one_response_at_a_time_on_the_same_server(self, engine: ManagedEngine, example: Example) -> None:
        alone = SamplingPlan(example, prompts.load("compact"), Params(max_tokens=300), k=2, context="single")
        judged = await judge(engine, alone, meta=OwnMetaRM(engine))
        assert all(each.completion and each.order == (0, 1) for each in judged.samples)
        assert all((each.meta_logit is None) == (each.scores is None) for each in judged.samples)

    async def test_a_killed_server_is_started_again_once_and_loses_no_sample(self, engine: ManagedEngine) -> None:
        first = child_of(engine)
        shown: dict[str, str] = {}

        def on_text(key: str, child: int, piece: str) -> None:
            shown[key] = shown.get(key, "") + piece

        async def kill(child: Child) -> None:
            server = next(
                pid for pid in group_members(child.pid) if "--served-model-name" in cmdline(pid) and pid != child.pid
            )
            os.kill(server, signal.SIGKILL)

        replies = engine.generate([ask(str(i), i, max_tokens=200, regex="(ab){100}") for i in range(4)], on_text)
        pending = asyncio.ensure_future(anext(replies))
        while len(shown) < 4:
            await asyncio.sleep(0.05)
        await kill(first)
        arrived = [await pending] + [reply async for reply in replies]
        assert sorted(reply.key for reply in arrived) == ["0", "1", "2", "3"]
        for reply in arrived:
            assert isinstance(reply.result, Completion)
            assert shown[reply.key] == reply.result.text == "ab" * 100
        assert engine.retried >= 4
        second = child_of(engine)
        assert second.url != first.url
        assert group_members(first.pid) == []

        await kill(second)
        (lost,) = [reply async for reply in engine.generate([ask("b", 1)])]
        assert isinstance(lost.result, EngineError)
        state = engine.state()
        assert state.phase == "failed"
        assert "vLLM stopped while it was serving" in state.message
        assert state.hint


def cmdline(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.slow
@needs_vllm
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_dies_leaves_no_vllm(model_dir: Path, signum: int) -> None:
    code = f"""
        import asyncio, sys
        from pathlib import Path
        from grm_core.engines.managed import ManagedEngine

        async def main():
            engine = ManagedEngine(Path({str(model_dir)!r}), "grm")
            starting = asyncio.create_task(engine.start())
            while engine._child is None:
                await asyncio.sleep(0.05)
            print(engine._child.pid, engine._child.folder, flush=True)
            await starting

        asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    group, folder = parent.stdout.readline().split()
    # Kill it once vLLM has children of its own, which a signal to the server alone would leave behind.
    assert until(lambda: len(group_members(int(group))) >= 3, 120)
    parent.send_signal(signum)
    parent.wait(10)
    parent.stdout.close()
    assert until(lambda: not group_members(int(group)))
    assert not Path(folder.decode()).exists()
