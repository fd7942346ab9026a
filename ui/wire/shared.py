"""Records of several pages."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

Figure = dict[str, Any]
"""A plotly figure as plain JSON."""


class Failed(TypedDict):
    """Why nothing could be answered or done."""

    error: str
    later: NotRequired[bool]
    """Whether the same may work later."""


class Choice(TypedDict):
    """Something to choose: a run, a session, a queue."""

    id: str
    title: str


class Line(TypedDict):
    """A line of words above the page."""

    kind: str
    """ok, bad, warn or busy"""
    text: str


class Turn(TypedDict):
    """A message of the query."""

    role: str
    content: str


class Case(TypedDict):
    """A judged item: the query and the responses in own order."""

    query: list[Turn]
    line: str
    """What the last turn asks, in one plain line."""
    responses: list[str]
    reference: str | None
    labels: tuple[float, ...] | None
    models: tuple[str, ...] | None


class Row(TypedDict):
    """A sample in a matrix."""

    i: int
    scores: tuple[int, ...] | None
    reason: str | None
    """Why it casts no vote."""
    order: str
    """Letters in the order in which the responses were shown."""
    meta: float | None


class Weighted(TypedDict):
    """A principle with its weight as written."""

    text: str
    weight: float | None


class Block(TypedDict):
    """A piece of a critique: what it says of one response, or of none."""

    response: int | None
    at: list[int]


class Quote(TypedDict):
    """A quotation in a critique, and where it was found."""

    at: list[int]
    origin: str
    response: int | None
    where: list[int] | None


class Span(TypedDict):
    """A place in the raw text that the parser took something from."""

    at: list[int]
    kind: str


class Detail(TypedDict):
    """Everything about one sample; places are counted in UTF-16 units."""

    i: int
    scores: tuple[int, ...] | None
    sub: list[float | None]
    reason: str | None
    status: str
    order: list[str]
    principles: list[Weighted]
    critique: str
    blocks: list[Block]
    quotes: list[Quote]
    raw: str
    reasoning: str | None
    spans: list[Span]
    seed: int | None
    tokens: int | None
    seconds: float | None
    finish: str | None
    meta: float | None


class Table(TypedDict):
    """Numbers and words by column."""

    columns: list[str]
    rows: list[list[Any]]


class Panel(Table):
    """A question, its plot and the numbers behind it."""

    name: str
    title: str
    figure: Figure | None
    note: str


class Panels(TypedDict):
    """A page of plots: title, remarks and panels."""

    title: str
    said: list[str]
    panels: list[Panel]
