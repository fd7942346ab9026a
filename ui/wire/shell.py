"""Records of what stands around every page."""

from typing_extensions import TypedDict

from ui.wire.shared import Choice, Line


class Running(TypedDict):
    """A run under way."""

    id: str
    title: str
    done: int
    k: int


class Frame(TypedDict):
    """The state of the engine, and the runs under way."""

    kind: str
    """ok, bad, warn or busy"""
    word: str
    lines: list[Line]
    message: str
    """What is to be said at once, '' for nothing."""
    running: list[Running]


class Passage(TypedDict):
    """A place that holds the words: in a sample, or in a session's title or query."""

    session: str
    sample: int | None
    title: str
    snippet: str


class Places(TypedDict):
    """What search found."""

    passages: list[Passage]
    runs: list[Choice]
