"""A vLLM server as a child process: its command line, its environment, its log and its end."""

import atexit
import importlib.metadata
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from grm_core import precision
from grm_core.engines import _child
from grm_core.errors import EngineError

LONGEST_CONTEXT = 8192  # tokens; also the prefill budget, see command()
LEAST_KV_CACHE = 400 * 2**20  # bytes
STOP_TIMEOUT = _child.GRACE + 2 * _child.LAST_GRACE + 3.0
_CPU_SERVER = str(Path(__file__).with_name("_vllm_cpu.py"))
_PREFIX = re.compile(r"^(\(\w+ pid=\d+\)\s*)?([A-Z]+ [\d-]+ [\d:]+ \[[^\]]*\]\s*)?")
_CAUSE = re.compile(r"^\w*(Error|Exception|Interrupt)\b")
_HINTS = (
    ("address already in use", "Another program took the port at that moment; start again."),
    ("kv cache", "Set VLLM_CPU_KVCACHE_SPACE to 1 or more (GiB), if there is that much memory."),
    ("memory", "Free some memory, or take a smaller model."),
)
_OTHER_HINT = "The end of vLLM's log tells more; --engine hf works without vLLM."


class Child:
    """One vLLM server that serves the model in `folder` as `name` on a free loopback port, guarded by a random key."""

    def __init__(self, folder: Path, name: str, compiled: bool) -> None:
        self.key = secrets.token_urlsafe(24)
        port = free_port()
        line = command(folder.resolve(), name, port, compiled)
        self.url = f"http://127.0.0.1:{port}"
        self.folder = Path(tempfile.mkdtemp(prefix="grm-lens-vllm-"))
        self._log = self.folder / "vllm.log"
        self._tail = ""
        launcher = [sys.executable, "-I", "-S", _child.__file__, str(self.folder)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*launcher, *line],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,  # python -m looks for modules in the current folder first
                env=environment(self.key, compiled),
                start_new_session=True,
            )
        atexit.register(self.stop)

    @property
    def pid(self) -> int:
        """The launcher's process id, which is also the id of the whole process group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while the server runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End the whole process group and wait for it, some seconds at most; safe to call twice."""
        atexit.unregister(self.stop)
        self._tail = self.log_tail(1000)  # the launcher removes the log when it is let go
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in _child.group_members(self.pid):  # none, unless the launcher itself was killed
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, lines: int) -> str:
        """The last lines of the log; of a stopped server the last 1,000 at most."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - 400 * lines))
                text = log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            text = self._tail
        return "\n".join(text.splitlines()[-lines:])

    def failure(self, when: str) -> EngineError:
        """Say why the server ended, from its log; `when` completes the sentence 'vLLM stopped ...'."""
        lines = [_PREFIX.sub("", line) for line in self.log_tail(400).splitlines()]
        causes = [line for line in lines if _CAUSE.match(line) and "See root cause above" not in line]
        cause = causes[-1] if causes else next((line for line in reversed(lines) if line.strip()), "its log is empty")
        hint = next((hint for words, hint in _HINTS if words in cause.lower()), _OTHER_HINT)
        return EngineError(f"vLLM stopped {when} (exit code {self.exit_code()}): {cause[:300]}", hint=hint)


def command(folder: Path, name: str, port: int, compiled: bool) -> list[str]:
    """The server's command line. The API key is not in it, because other users can read command lines."""
    # A script's folder is not to be searched for modules (-P): it has some named like others' in it.
    server = ["-P", _CPU_SERVER] if cpu_build() else ["-m", "vllm.entrypoints.openai.api_server"]
    line = [sys.executable, *server, "--model", str(folder)]
    line += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port), "--disable-uvicorn-access-log"]
    values = options(folder, compiled)
    if _in_one_process():
        values["distributed_executor_backend"] = "uni"
    for option, value in values.items():
        flag = option.replace("_", "-")
        if isinstance(value, bool):
            line.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            line += [f"--{flag}", str(value)]
    return line


def options(folder: Path, compiled: bool) -> dict[str, str | int | bool]:
    """How vLLM runs the model, whether as a server or inside a process: its engine's arguments by name."""
    limit = context_length(folder)
    # How samples are drawn depends on the request alone, not on the model folder's generation_config.json.
    values: dict[str, str | int | bool] = {"max_model_len": limit, "generation_config": "vllm"}
    if cpu_build():
        # vllm-cpu 0.32 dies ("CPU Generator does not use offset") when a seeded request is prefilled in several
        # steps, so a prompt must always fit into one. Small blocks share more of the prompt among permutations.
        values |= {"dtype": precision.of_processor(), "block_size": 32}
        values |= {"enable_chunked_prefill": False, "max_num_batched_tokens": max(limit, LONGEST_CONTEXT)}
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            values["kv_cache_memory_bytes"] = _kv_cache(folder)
        if not compiled:
            # Tracing alone, without compiling, costs 8 s at the first request and makes nothing faster.
            values["enforce_eager"] = True
    return values


def environment(key: str, compiled: bool) -> dict[str, str]:
    """The server's environment: ours, and what vLLM has to be told."""
    # glibc raises these by itself and then keeps what was freed after loading: .4 GB of the bundled judge.
    values = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576", "MALLOC_ARENA_MAX": "2"}
    if "OMP_WAIT_POLICY" not in os.environ:
        # Threads wait for each other by turning in a loop. Left alone they turn for milliseconds: with two other
        # processes at work on two cores, four tokens took 12 s instead of 1.7. On a quiet machine it costs 5%.
        values["GOMP_SPINCOUNT"] = "20000"
    if _in_one_process():
        values |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "OMP_NUM_THREADS": str(len(_cores()))}
    return dict(os.environ) | settings(compiled) | _unless_set(values) | {"VLLM_API_KEY": key}


def settings(compiled: bool) -> dict[str, str]:
    """vLLM's environment variables: no network, and for CPUs what the user has not set already."""
    fixed = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    defaults = {}
    cores = _cores()
    if len(cores) <= 2:
        # Left to itself, vLLM keeps one core back for its HTTP side, which here is half of the machine.
        defaults["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores)) or "nobind"
    if not compiled:
        defaults["VLLM_CPU_CI_ENV"] = "1"
    return _unless_set(defaults) | fixed


def _unless_set(defaults: dict[str, str]) -> dict[str, str]:
    """The user's own values of these variables, where there are any."""
    return {name: os.environ.get(name, value) for name, value in defaults.items()}


def _kv_cache(folder: Path) -> int:
    """Bytes of KV cache: two full contexts of the model, and LEAST_KV_CACHE at least: 448 MiB of the bundled judge.

    A GiB of a model whose config.json does not tell the shape of its layers in the usual words.
    """
    config = _config(folder)
    layers, heads, width = (
        config.get(f"num_{name}") for name in ("hidden_layers", "attention_heads", "key_value_heads")
    )
    size = config.get("head_dim") or (config.get("hidden_size") or 0) // (heads or 1)
    number = 4 if precision.of_processor() == "float32" else 2
    token: int = 2 * number * (layers or 0) * (width or heads or 0) * size
    return max(LEAST_KV_CACHE, 2 * context_length(folder) * token) if token else 2**30


def _cores() -> list[int]:
    """The cores that this process may use, where that can be asked."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def _in_one_process() -> bool:
    """Whether the model runs in the process of vLLM's scheduler: .7 GB less, and a tenth faster on two cores.

    vLLM wants a process of its own for it, to bind its threads to cores; with one or two there is nothing to choose.
    """
    return cpu_build() and 1 <= len(_cores()) <= 2 and "VLLM_CPU_OMP_THREADS_BIND" not in os.environ


def cpu_build() -> bool:
    """Whether the installed vLLM is the CPU build."""
    try:
        return bool(importlib.metadata.version("vllm-cpu"))
    except importlib.metadata.PackageNotFoundError:
        return False


def context_length(folder: Path) -> int:
    """The model's context in tokens, at most LONGEST_CONTEXT; EngineError when the folder holds no model."""
    longest = _config(folder).get("max_position_embeddings")
    return min(longest, LONGEST_CONTEXT) if isinstance(longest, int) else LONGEST_CONTEXT


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} holds no model: {error}", hint="Give a folder with config.json.") from error
    return config


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
