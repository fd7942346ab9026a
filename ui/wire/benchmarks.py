"""Records of the Benchmarks page."""

from typing_extensions import TypedDict

from ui.wire.shared import Choice, Panel


class BenchmarkSettings(TypedDict):
    """The page's settings when it opens: everything that can be chosen."""

    methods: list[str]
    ties: list[str]
    invalid: list[str]


class BenchmarkRun(Choice):
    """A run of a benchmark."""

    benchmark: str


class Brief(TypedDict):
    """Headline and chance, from 0 to 1."""

    headline: float | None
    chance: float | None


class BenchmarkItem(TypedDict):
    """An item: its vote, what it is worth, its session."""

    id: str
    subset: str
    read: bool
    winner: str | None
    credit: float | None
    other: float | None
    """The credit in the other run."""
    session: str


class AttackedItem(TypedDict):
    """An item under one attack: who won, and whether the attack turned the verdict."""

    item: str
    attack: str
    domain: str
    winner: str
    """honest, attack, tie or unreadable"""
    flipped: bool
    findings: str
    session: str


class Attacks(TypedDict):
    """A judge under attack."""

    said: list[str]
    panels: list[Panel]
    items: list[AttackedItem]


class Benchmark(TypedDict):
    """A run under one method and policy."""

    benchmark: str
    headline: float | None
    beside: float | None
    """The other run's headline."""
    said: list[str]
    panels: list[Panel]
    items: list[BenchmarkItem]
