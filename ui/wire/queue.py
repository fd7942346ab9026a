"""Records of the Queue page."""

from typing import NotRequired

from typing_extensions import TypedDict

from ui.wire.shared import Case, Choice, Detail, Panel, Row, Table


class QueueSettings(TypedDict):
    """The page's settings when it opens."""

    may: bool
    rules: list[str]
    classes: list[str]


class QueueLine(Choice):
    """A queue and how far it is."""

    total: int
    done: int
    mine: int
    made: str
    """The day."""


class Overview(TypedDict):
    """All queues, and what new ones can be made of."""

    queues: list[QueueLine]
    runs: list[Choice]
    tags: list[str]
    author: str
    """The login, under which labels are kept; '' where a name is asked for."""


class NewQueue(TypedDict):
    """The choices that a queue is made by."""

    title: str
    run: str
    tag: str
    rules: list[str]
    overlap: float
    control: float
    seed: int
    grows: NotRequired[bool]
    """Whether sessions that come later are added."""


class Planned(TypedDict):
    """The size of a queue before it is made."""

    total: int
    twice: int
    """Items that two annotators look at."""
    sessions: int
    """Sessions that the rules looked at."""
    pending: int
    """Sessions that are not whole yet."""
    rules: dict[str, int]
    """Rule -> its items."""


class Made(TypedDict):
    """A queue that was made."""

    id: str
    total: int


class Progress(TypedDict):
    """How far a queue is."""

    mine: int
    done: int
    total: int
    pace: int | None
    """Seconds an item."""


class Label(TypedDict):
    """A label that stands; `place` is the principle's, `span` counts characters."""

    id: str
    kind: str
    label: str
    """Of a code: its id, as the code book is now."""
    name: str
    """Of a code; '' for the other kinds."""
    sample: int | None
    place: int | None
    span: tuple[int, int] | None
    note: str


class Said(TypedDict):
    """A label as the page sends it to be kept."""

    id: str
    session_id: str
    kind: str
    label: str
    sample: int | None
    place: int | None
    span: list[int] | None
    note: str
    author: str
    queue: str
    created_at: str
    replaces: str | None


class Saved(TypedDict):
    """The annotation that was kept, and when."""

    saved: str
    at: str


class End(TypedDict):
    """There is no item left."""

    end: bool
    progress: Progress


class Item(TypedDict):
    """An item; what the GRM said is there once the author's blind label is."""

    queue: str
    place: int
    session: str
    revealed: bool
    case: Case
    mine: list[Label]
    done: bool
    progress: Progress
    reason: NotRequired[str]
    verdict: NotRequired[str]
    rows: NotRequired[list[Row]]
    samples: NotRequired[list[Detail]]
    others: NotRequired[dict[str, list[Label]]]
    """Annotator -> labels, where all have completed the item and somebody settles what they differ on."""


class Differ(TypedDict):
    """A label on which annotators differ."""

    session: str
    item: int
    kind: str
    sample: int | None
    place: int | None
    labels: dict[str, str]
    allowed: list[str]
    """The labels that may be final."""
    final: Label | None
    adjudicator: str


class Agreed(TypedDict):
    """How far annotators agree."""

    items: int
    waiting: int
    differ: list[Differ]
    kappas: Table
    alphas: Table


class Example(TypedDict):
    """A labelled sample, to be looked at."""

    query: str
    session: str
    sample: int
    scores: str


class FailureReport(TypedDict):
    """Failures, counted; with the documents that say the same."""

    said: str
    panels: list[Panel]
    examples: dict[str, list[Example]]
    markdown: str
    html: str
    lacks: NotRequired[str]
    """Why a part is missing."""
