"""Records of the Inspect page."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ui.wire.shared import Figure, Row

Change = tuple[Literal["same", "added", "removed"], str]
"""Words and what became of them: same, added or left out."""


class Finding(TypedDict):
    """Something to look at, with the samples where it is."""

    kind: str
    severity: str
    evidence: str
    samples: list[int]


class Recent(TypedDict):
    """A session that can be read while nothing is judged yet."""

    id: str
    title: str
    k: int
    demo: bool


class Starter(TypedDict):
    """An example to begin with."""

    title: str
    query: str
    n: int


class Start(TypedDict):
    """What the first screen offers; `note` says what cannot be scored here, and why."""

    starters: list[Starter]
    note: str


class Chosen(TypedDict):
    """Event `example`: the place of the starter that was chosen."""

    place: int


class Grow(TypedDict):
    """Event `grow`: draw so many samples more."""

    count: int


class View(TypedDict):
    """A session as the page shows it at one moment; without a session only `rows` and what there is to read."""

    rows: list[Row]
    session: NotRequired[str]
    missing: NotRequired[bool]
    recent: NotRequired[list[Recent]]
    n: NotRequired[int]
    k: NotRequired[int]
    phase: NotRequired[str]
    running: NotRequired[bool]
    progress: NotRequired[str]
    live: NotRequired[dict[str, str]]
    """The end of what is being written, by the number of the sample."""
    origin: NotRequired[str]
    may: NotRequired[bool]
    """Whether more samples may be drawn."""
    alone: NotRequired[bool]
    """Whether each response was judged in a prompt of its own."""
    findings: NotRequired[list[Finding]]


class Dialled(TypedDict):
    """The numbers that a vote was asked for with."""

    k: int | None
    k_meta: int | None


class Voted(TypedDict):
    """The samples voted as the dials say; without `totals` the verdict says why there is none."""

    method: str
    dials: Dialled
    verdict: NotRequired[str]
    winner: NotRequired[int | None]
    totals: NotRequired[tuple[float, ...] | None]
    valid: NotRequired[int]
    notes: NotRequired[list[str]]
    kept: NotRequired[list[int]]
    """Samples that voted, where some did not."""


class Point(TypedDict):
    """A point of the margin over k."""

    k: int
    margin: float | None
    low: float | None
    high: float | None
    win: float | None
    accuracy: float | None


class Drawn(TypedDict):
    """Margin over k."""

    plot: Figure | None
    points: list[Point]
    how: str


class Said(TypedDict):
    """The same words on one response, with the samples that wrote them."""

    text: str
    score: int
    samples: list[int]


class Differences(TypedDict):
    """How the words of one sample differ from another's, by part; responses by their number, else `general`."""

    principles: list[Change]
    blocks: dict[str, list[Change]]


class Transfer(TypedDict):
    """Event `transfer`: take over the principles of a sample."""

    session: str
    sample: int
