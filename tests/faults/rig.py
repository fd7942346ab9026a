"""The real app and an engine as processes that can be killed at any moment, and clients that ask over HTTP."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests.browser.conftest import ROOT, free_port, wait_for

ENDED = frozenset({"done", "failed", "stopped", ""})
"""Phases after which no more samples come; '' is a run of a process before this one."""
_PATIENCE_S = 120.0


class Engine:
    """A server that answers like vLLM, always at the same address."""

    def __init__(self, delay: float = 0.05) -> None:
        """`delay`: seconds per request."""
        self.port, self.delay = free_port(), delay
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [sys.executable, "-m", "tests.faults.engine", str(self.port), str(self.delay)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the engine did not start"

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def pause(self) -> None:
        """Stand still, connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Move again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class App:
    """The page over one database; killed, it can be started again."""

    def __init__(self, db: Path, engine: Engine) -> None:
        self.db, self.engine, self.port = db, engine, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=30)
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start it, and return once it answers."""
        options = ["--engine", self.engine.url, "--meta", "none", "--db", str(self.db), "--port", str(self.port)]
        log = (self.db.parent / "app.log").open("ab")
        with log:
            self._process = subprocess.Popen([sys.executable, "app.py", *options], cwd=ROOT, stdout=log, stderr=log)
        wait_for(f"{self.url}/config", self._process)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def memory(self) -> float:
        """Resident megabytes."""
        assert self._process is not None
        return float(psutil.Process(self._process.pid).memory_info().rss / 2**20)


class Tab:
    """A browser's tab as the server sees it."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        # A connection that has been idle is not used again: the server closes it after five seconds.
        limits = httpx.Limits(keepalive_expiry=2.0)
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=60, limits=limits)
        config = self.client.get("/config").json()
        self._blocks = {block["id"]: block for block in config["components"]}
        self._begin = next(each for each in config["dependencies"] if each["api_name"] == "begin")
        self._views = next(
            number for number, block in self._blocks.items() if "view" in (block["props"].get("server_fns") or [])
        )

    def close(self) -> None:
        """Close the tab."""
        self.client.close()

    def submit(self, query: str, k: int) -> str:
        """Press Score; the id of the session. Raises httpx.HTTPError where the server goes away meanwhile."""
        wanted: dict[str, Any] = {"k": k, "query": query, "response-0": "An answer.", "response-1": "Another one."}
        props = [self._blocks[number]["props"] for number in self._begin["inputs"]]
        data = [wanted.get(each.get("elem_id") or "", each.get("value")) for each in props]
        join = {"fn_index": self._begin["id"], "session_hash": self.name, "data": data}
        self.client.post("/gradio_api/queue/join", json=join).raise_for_status()
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.name}) as events:
            for line in events.iter_lines():
                event = json.loads(line[5:]) if line.startswith("data:") else {}
                if session := _session(event):
                    return session
                if event.get("msg") == "process_completed":
                    break
        raise AssertionError(f"the run told no session: {event}")

    def view(self, session: str) -> dict[str, Any]:
        """The session as the page shows it now."""
        body = {"data": [session], "component_id": self._views, "session_hash": self.name, "fn_name": "view"}
        answer: dict[str, Any] = self.client.post("/gradio_api/component_server", json=body).json()
        return answer

    def ended(self, session: str, seconds: float = _PATIENCE_S) -> dict[str, Any]:
        """The session once its run has ended."""
        end = time.monotonic() + seconds
        while (view := self.view(session)).get("running"):
            assert time.monotonic() < end, f"the run did not end within {seconds:.0f} s: {view.get('progress')}"
            time.sleep(0.25)
        return view


def _session(event: dict[str, Any]) -> str:
    """The session that an event of a run tells, or ''."""
    if event.get("msg") not in ("process_generating", "process_completed"):
        return ""
    for value in event.get("output", {}).get("data", []):
        if isinstance(value, dict) and isinstance(view := value.get("value", value), dict) and view.get("session"):
            return str(view["session"])
    return ""


@contextmanager
def tab(address: str, name: str = "") -> Iterator[Tab]:
    """A tab that is closed at the end."""
    one = Tab(address, name or f"tab-{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}")
    try:
        yield one
    finally:
        one.close()
