"""Records of the Demo."""

from typing import NotRequired, final

from typing_extensions import TypedDict

from ui.wire.shared import Case, Figure, Row, Weighted


class First(TypedDict):
    """The sample that is read out: what it says of which answer, or of all together (None)."""

    principles: list[Weighted]
    scores: tuple[int, ...] | None
    said: list[tuple[str | None, str]]


class Reason(TypedDict):
    """What one sample says of the response that it speaks for."""

    k: int
    """The number of the sample: it votes from this k on."""
    about: str
    scores: tuple[int, ...] | None
    said: str


class Measured(TypedDict):
    """Accuracy over k of a stored set, with 95% intervals over its items."""

    name: str
    n: int
    k: list[int]
    voting: list[float]
    low: list[float]
    high: list[float]
    gain: tuple[float, float, float]
    """Of the largest k over one sample, paired: mean, low, high."""
    guided: list[float]
    """Empty where no meta RM has read all."""


@final
class Recorded(TypedDict):
    """A slide on a recorded session."""

    kind: str
    """vote, sample, grow or filter"""
    title: str
    said: str
    notes: str
    """For the presenter."""
    session: str
    model: str
    case: Case
    best: str | None
    rows: list[Row]
    first: First | None
    reasons: list[Reason]
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
    notes: str
    figure: Figure
    sets: list[Measured]
