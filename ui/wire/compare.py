"""Records of the Compare page."""

from typing_extensions import TypedDict

from ui.wire.shared import Row


class Setting(TypedDict):
    """A setting of both runs."""

    name: str
    values: list[str]
    differs: bool


class Stated(TypedDict):
    """A principle, by how many samples it is stated."""

    text: str
    samples: int
    weight: float | None


class Side(TypedDict):
    """One of the two sessions."""

    id: str
    title: str
    n: int
    model: str
    responses: list[str]
    query: str
    verdicts: list[str]
    winner: int | None
    means: list[float]
    spread: list[float]
    rows: list[Row]
    principles: list[Stated]


class Pair(TypedDict):
    """Two sessions, what differs in how they were judged, and what to mind."""

    sides: list[Side]
    settings: list[Setting]
    warnings: list[str]
