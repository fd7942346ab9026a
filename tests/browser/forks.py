"""Processes of the page, forked from one that has imported what the page needs: most of a start is imports.

What is forked has no thread and no socket yet; everything else happens in the process itself, which can be killed like
any other.
"""

import multiprocessing
import os
import subprocess

from tests.browser import app

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.browser.app", "ui.layout", "runs.batches", "plotly.graph_objects"])


class Page:
    """One process, with options of tests/browser/app.py; asked and ended as a subprocess.Popen is."""

    def __init__(self, *options: str) -> None:
        self._process = _FORKS.Process(target=app.main, args=(options,), daemon=True)
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired for a process that still runs then."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("tests.browser.app", timeout or 0.0)
        return self._process.exitcode
