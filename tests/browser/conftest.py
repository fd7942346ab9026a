"""A page served by its own process with the fake engine, and Debian's Chromium to look at it."""

import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.forks import Page

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

Serve = Callable[..., str]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes] | Page, seconds: float = 120) -> None:
    """Until the address answers; a process that does not is asked where it hangs (see tests/browser/app.py)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"the page's process ended with {process.returncode}"
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.send_signal(signal.SIGUSR1)
    time.sleep(1)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Serve the page with the fake engine, one process per set of tests/browser/app.py's options; its address."""
    running: dict[tuple[str, ...], tuple[str, Page]] = {}

    def start(*arguments: str, db: Path | None = None) -> str:
        options = arguments if db is None else (*arguments, str(db))
        if options not in running:
            path, port = db or tmp_path_factory.mktemp("data") / "grm.db", free_port()
            process = Page("--db", str(path), "--port", str(port), *arguments)
            running[options] = f"http://127.0.0.1:{port}", process
            wait_for(running[options][0], process)
        return running[options][0]

    yield start
    for _, process in running.values():
        process.send_signal(signal.SIGTERM)
    for _, process in running.values():
        try:
            process.wait(timeout=90)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError("the page did not end within 90 s of SIGTERM") from None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Playwright's loop stays until the end, which asynchronous tests do not bear: those in the browser come last."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """Everything that a page did and must not do."""

    def __init__(self, page: Any, home: str) -> None:
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda r: None if _ours(r.url, home) else self.foreign.append(r.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.errors.append("dialog")
        dialog.dismiss()


def _ours(url: str, home: str) -> bool:
    return url.startswith((home, "data:", "blob:"))


@pytest.fixture
def watch() -> Callable[[Any, str], Watched]:
    return Watched


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()
