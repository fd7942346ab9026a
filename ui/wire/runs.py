"""Records of the Runs page."""

from typing_extensions import TypedDict

from ui.wire.shared import Panel


class RunItem(TypedDict):
    """An item of a run, by the naive vote over all its samples (see grm_core.analysis.standing)."""

    session: str
    title: str
    item: str
    subset: str
    best: list[int]
    """Own indices of the highest label."""
    winner: int | None
    margin: float | None
    agreement: float | None
    alone: float | None
    """Share of the samples that are right alone."""
    right: str | None
    """right, wrong or tie; None without labels."""
    settles: int | None
    samples: int
    unread: int


class RunItems(TypedDict):
    """All items of a run, the newest first."""

    k: int
    """Samples of the item that has most."""
    labelled: bool
    subsets: list[str]
    said: str
    items: list[RunItem]


class Archive(TypedDict):
    """A file to download."""

    name: str
    base64: str


class Counted(TypedDict):
    """How many findings a session has, by severity."""

    session: str
    error: int
    warning: int
    note: int


class ComparedRun(TypedDict):
    """A run of several: its settings that differ, and its figures where items have labels."""

    id: str
    title: str
    values: list[str]
    k: int
    alone: float | None
    accuracy: str
    """With its interval, in per cent."""
    difference: str
    """From the first run, paired over items, in points."""


class ComparedItem(TypedDict):
    """An item that all runs judged; lists have a place for each run."""

    item: str
    title: str
    subset: str
    best: list[int]
    sessions: list[str]
    winners: list[int | None]
    margins: list[float | None]
    right: list[str | None]


class Cross(TypedDict):
    """How many items are `one` (right, wrong or tie) in the first run and `other` in another."""

    run: int
    """The other run's place."""
    one: str
    other: str
    count: int


class ComparedRuns(TypedDict):
    """Several runs on the items that all of them judged."""

    settings: list[str]
    """Names of the settings that differ."""
    runs: list[ComparedRun]
    said: list[str]
    panels: list[Panel]
    crosses: list[Cross]
    items: list[ComparedItem]
