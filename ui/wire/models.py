"""Records of the Models page."""

from typing_extensions import TypedDict


class ModelsSettings(TypedDict):
    """The page's settings when it opens."""

    methods: list[str]


class Ranked(TypedDict):
    """A model in the leaderboard."""

    model: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    rating: float | None
    low: float | None
    high: float | None
    win_rate: float | None
    wins: int
    ties: int
    losses: int
    position: float | None
    position_fair: float | None
    note: str


class InSubset(TypedDict):
    """A model in one subset."""

    model: str
    subset: str
    wins: int
    ties: int
    losses: int
    comparisons: int
    win_rate: float | None


class Board(TypedDict):
    """The leaderboard, the win matrix and the models by subset."""

    title: str
    summary: str
    unscored: int
    models: list[Ranked]
    wins: list[list[int]]
    ties: list[list[int]]
    subsets: list[str]
    by_subset: list[InSubset]


class Voter(TypedDict):
    """A model in a session, with what it got in all."""

    place: int
    letter: str
    name: str
    total: float | None


class Game(TypedDict):
    """A session behind a number."""

    id: str
    title: str
    subset: str
    won: int
    tied: int
    lost: int
    k: str
    models: list[Voter]


class Games(TypedDict):
    """The sessions behind a number, the first of them."""

    count: int
    rows: list[Game]


class Csv(TypedDict):
    """A table as text."""

    csv: str
