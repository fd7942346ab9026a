"""How far the preparation of a model is: for the page as a record, for the terminal as a bar."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("grm_lens")

DOWNLOADING = "downloading the model"
CHECKING = "checking the model"
CONVERTING = "converting the model"
WAITING = "another process is preparing the model"
_TELL_EVERY_S = 0.25
_LOG_EVERY_S = 10.0
_RATE_AFTER_S = 2.0


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a preparation."""

    phase: str
    """The step at work, as a person reads it."""
    done: int = 0
    """Bytes."""
    total: int = 0
    """Bytes; 0 where there is nothing to count."""
    seconds_left: float | None = None
    """None while nobody can know."""

    def words(self) -> str:
        """Such as 'downloading the model, 340 of 1,117 MB, 2 min left'."""
        count = f"{self.done / 1e6:,.0f} of {self.total / 1e6:,.0f} MB" if self.total else ""
        left = "" if self.seconds_left is None else f"{_duration(self.seconds_left)} left"
        return ", ".join(filter(None, [self.phase, count, left]))


OnProgress = Callable[[Progress], None]
"""Called some times a second. An EngineError that it raises ends the preparation, which goes on at the next start."""


def silent(_: Progress) -> None:
    """Tell nobody."""


class Meter:
    """Counts the bytes of one phase and tells how far it is, not more often than a person can read."""

    def __init__(self, phase: str, total: int, tell: OnProgress, done: int = 0) -> None:
        self._phase, self._total, self._tell = phase, total, tell
        self._first, self._began, self._told_at = done, time.monotonic(), 0.0
        self.at(done)

    def at(self, done: int) -> None:
        """Say that so many bytes are done, those of earlier starts included."""
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY_S and done < self._total:
            return
        self._told_at = now
        if done < self._first:  # begun anew
            self._first, self._began = done, now
        spent, fresh = now - self._began, done - self._first
        left = (self._total - done) * spent / fresh if fresh and spent >= _RATE_AFTER_S else None
        self._tell(Progress(self._phase, done, self._total, left))


@contextmanager
def shown(tell: OnProgress) -> Iterator[OnProgress]:
    """Pass progress on, and show it on standard error: a bar on a terminal, elsewhere a line in the log."""
    display = _Bar() if sys.stderr.isatty() else _Lines()

    def both(progress: Progress) -> None:
        display.show(progress)
        tell(progress)

    try:
        yield both
    finally:
        display.close()


class _Bar:
    """tqdm's bar, with bytes and time left; one for each phase."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase = ""

    def show(self, progress: Progress) -> None:
        from tqdm import tqdm

        if progress.phase != self._phase:
            self.close()
            self._phase = progress.phase
            options = {"unit": "B", "unit_scale": True, "dynamic_ncols": True, "leave": False, "file": sys.stderr}
            self._bar = tqdm(desc=progress.phase, total=progress.total or None, initial=progress.done, **options)
        self._bar.total = progress.total or None
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """A line when a phase begins and every ten seconds."""

    def __init__(self) -> None:
        self._phase, self._last = "", 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase != self._phase or now - self._last >= _LOG_EVERY_S:
            self._phase, self._last = progress.phase, now
            log.info("%s", progress.words())

    def close(self) -> None:
        """Nothing is held."""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
