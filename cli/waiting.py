"""Progress for a person who waits for many samples: a bar on a terminal, elsewhere a line now and then."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.common import say
from runs.screen import Screen

SAY_EVERY_S = 10.0
"""Seconds between two lines where there is no terminal."""
_DRAW_EVERY_S = 0.5


@contextmanager
def shown(
    total: int, done: Callable[[], int], words: Callable[[], str] = str, unit: str = "samples"
) -> Iterator[None]:
    """Tell how many of `total` are done, at what rate and how long the rest takes; `words` may add to it."""
    over = threading.Event()
    tell = _bar if sys.stderr.isatty() else _lines
    teller = threading.Thread(target=tell, args=(over, total, done, words, unit), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


SCREEN = Screen(say, shown)


def left(seconds: float) -> str:
    """A duration for a person, in one unit or two."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _bar(over: threading.Event, total: int, done: Callable[[], int], words: Callable[[], str], unit: str) -> None:
    from tqdm import tqdm

    with tqdm(total=total, unit=f" {unit}", dynamic_ncols=True, leave=False, file=sys.stderr) as bar:
        while not over.wait(_DRAW_EVERY_S):
            bar.n = done()
            bar.set_postfix_str(words())


def _lines(over: threading.Event, total: int, done: Callable[[], int], words: Callable[[], str], unit: str) -> None:
    began, last = time.monotonic(), 0
    while not over.wait(SAY_EVERY_S):
        if (now := done()) == last:
            continue
        last = now
        rate = now / (time.monotonic() - began)
        more = [f"{rate:.1f} a second", *filter(None, [words()]), f"{left((total - now) / rate)} left"]
        say(f"{now:,} of {total:,} {unit}, {', '.join(more)}")
