"""Records of the Sessions page."""

from typing_extensions import TypedDict


class SessionsSettings(TypedDict):
    """The page's settings when it opens."""

    sorts: list[str]
    may: bool
    """Whether anything can be changed."""


class Wanted(TypedDict):
    """Which sessions are wanted."""

    words: str
    tag: str
    model: str
    sort: str
    run: str
    """Id of a run, '' for all."""
    labelled: bool
    binned: bool
    offset: int


class Listed(TypedDict):
    """A session in the list."""

    id: str
    title: str
    tags: list[str]
    snippet: str
    """Words that were found stand between U+E000 and U+E001."""
    model: str
    run: str
    settings: str
    """Temperature and template of the run."""
    item: str
    """Id of what is judged: sessions of the same item have the same."""
    winner: int | None
    margin: float | None
    right: str | None
    """The naive vote against the label: right, wrong or tie; None without labels or samples."""
    foreign: str
    """The form of the file that it was imported from, where others judged it; '' for our own."""
    n: int
    k: int
    samples: int
    valid: int
    state: str
    created: str


class SessionList(TypedDict):
    """One page of the list."""

    rows: list[Listed]
    text: str
    tags: list[str]
    models: list[str]
    offset: int
    count: int


class Found(TypedDict):
    """A passage that holds all words."""

    session: str
    title: str
    sample: int | None
    """Index of the sample that says it; None for a title, a query or responses."""
    field: str
    snippet: str
    """Words that were found stand between U+E000 and U+E001."""


class Done(TypedDict):
    """The result of a change: what was wrong, '' for nothing."""

    error: str


class Act(TypedDict):
    """A line of the audit log."""

    at: str
    who: str
    what: str
    target: str


class AuditLog(TypedDict):
    """The newest lines, the last one first."""

    lines: list[Act]
