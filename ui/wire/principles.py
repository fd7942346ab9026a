"""Records of the Principles page."""

from typing_extensions import TypedDict

from ui.wire.shared import Choice, Panel


class Scopes(TypedDict):
    """The scopes to choose from."""

    session: list[Choice]
    run: list[Choice]


ClusterSide = TypedDict(
    "ClusterSide",
    {
        "share": float | None,
        "weight": float | None,
        "first": int | None,
        "with": float | None,
        "without": float | None,
        "low": float | None,
        "high": float | None,
        "flips": float | None,
    },
)
"""Effect of a cluster on the vote of one scope."""


class Cluster(TypedDict):
    """A cluster of principles, and what it does in each scope."""

    cluster: int
    name: str
    sides: list[ClusterSide | None]


class Number(TypedDict):
    """A number of a scope."""

    name: str
    value: float | None
    definition: str


class Statement(TypedDict):
    """A principle, and the samples that state it."""

    text: str
    cluster: int
    count: int
    weight: float | None
    samples: list[tuple[str, int]]


class Thoughts(TypedDict):
    """Clusters, map and numbers of one or two scopes."""

    titles: list[str]
    clusters: list[Cluster]
    numbers: list[list[Number]]
    panels: list[Panel]
    statements: list[Statement]
