"""Records of code books and of the GRM against people, on the Queue page."""

from typing_extensions import TypedDict

from ui.wire.shared import Choice, Panel, Table


class CodeName(TypedDict):
    """A code that may be given."""

    id: str
    name: str
    meaning: str


class BookCodes(Choice):
    """A code book and its codes."""

    codes: list[CodeName]


class CodeLine(CodeName):
    """A code, by whom it was made, and how often it was given."""

    samples: int
    items: int
    annotators: int
    share: float | None
    low: float | None
    high: float | None
    who: str


class NoteLine(TypedDict):
    """A note, or a label with the note that it was made from."""

    id: str
    session: str
    sample: int
    title: str
    author: str
    note: str
    quoted: str
    """What of the sample's text it is about; '' for the whole."""
    codes: list[str]
    """Names of the codes that were made from it."""


class HistoryLine(TypedDict):
    """A change of a code book, in words."""

    at: str
    who: str
    what: str


class BookReport(Choice):
    """A code book with all that was coded by it."""

    said: str
    note: str
    codes: list[CodeLine]
    together: Table
    notes: list[NoteLine]
    history: list[HistoryLine]
    markdown: str
    html: str


class Move(TypedDict):
    """Where a label of a split code goes."""

    label: str
    part: int
    """Its place among the parts."""


class Change(TypedDict):
    """A change of a code book: what is not of its kind is ''."""

    book: str
    what: str
    code: str
    name: str
    meaning: str
    targets: list[str]
    """Ids of the codes that a merged one becomes; names of the parts of a split."""
    moves: list[Move]
    """Of a split; other labels go to the first part."""
    author: str


class Changed(TypedDict):
    """The book or code that was made or changed."""

    id: str


class Coding(TypedDict):
    """Notes that get a code."""

    code: str
    notes: list[str]
    author: str


class Coded(TypedDict):
    """How many notes got a code that they had not."""

    added: int


class File(TypedDict):
    """Something to download."""

    name: str
    text: str


class Taken(TypedDict):
    """What became of a file of labels, in words."""

    said: str


class People(TypedDict):
    """The GRM of a run against people."""

    run: str
    runs: list[Choice]
    said: str
    panels: list[Panel]
    markdown: str
    html: str
    csv: str
