"""The progress of a run as a person sees it; who stands above `runs` says how it is shown."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

Say = Callable[[str], None]
"""Tells the person something."""


class Watch(Protocol):
    """Shows progress for as long as its block runs."""

    def __call__(
        self, total: int, done: Callable[[], int], words: Callable[[], str] = str, unit: str = "samples"
    ) -> AbstractContextManager[None]:
        """Show how many of `total` are done; `words` may add to it."""


class Screen(NamedTuple):
    """Both of them."""

    say: Say
    watch: Watch
