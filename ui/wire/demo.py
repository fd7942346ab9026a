"""Records of the Demo."""

from typing import NotRequired, final

from typing_extensions import TypedDict

from ui.wire.shared import Case, Figure, Row, Weighted


class First(TypedDict):
    """The sample that is read out: what it says of which answer, or of all together (None)."""

    principles: list[Weighted]
    scores: tuple[int, ...] | None
    said: list[tuple[str | None, str]]


class Measured(TypedDict):
    """Accuracy over k of a stored set."""

    name: str
    n: int
    k: list[int]
    voting: list[float]
    guided: NotRequired[list[float] | None]


@final
class Recorded(TypedDict):
    """A slide on a recorded session."""

    kind: str
    """vote, sample, grow or filter"""
    title: str
    said: str
    session: str
    case: Case
    best: str | None
    rows: list[Row]
    first: First | None
    seconds: list[float]
    totals: list[list[float]]
    winners: list[str | None]
    verdict: str
    guided: str
    kept: list[int]
    guided_winner: NotRequired[str | None]
    figure: Figure | None


@final
class Over(TypedDict):
    """The slide on many questions."""

    kind: str
    """accuracy"""
    title: str
    said: str
    figure: Figure
    sets: list[Measured]
