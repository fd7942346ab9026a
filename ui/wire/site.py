"""What a static site holds."""

from typing_extensions import TypedDict

from ui.wire.demo import Over, Recorded
from ui.wire.inspect import Drawn, Said, View
from ui.wire.runs import ComparedRuns, Counted, RunItems
from ui.wire.shared import Case, Detail, Panel


class SiteRun(TypedDict):
    """A run with its items and plots."""

    id: str
    title: str
    items: RunItems
    panels: list[Panel]


class SiteContent(TypedDict):
    """What is read first: runs, or the Demo's slides (then there are no runs)."""

    title: str
    sessions: list[str]
    """Ids; the texts of the session at place p are in data/session-p.js."""
    titles: list[str]
    runs: list[SiteRun]
    compared: ComparedRuns | None
    """Of several runs."""
    findings: list[Counted]
    tour: list[Recorded | Over]
    handout: str


class SiteSession(TypedDict):
    """A session with everything that Inspect shows of it."""

    view: View
    case: Case
    samples: list[Detail]
    about: list[list[Said]]
    """By response."""
    drawn: dict[str, Drawn]
    """Margin over k by method, where half of the samples are kept."""
    lab: list[Panel]
    """Every question about the vote of all samples, where half of them are kept."""


class SitePassage(TypedDict):
    """A text that search reads."""

    session: int
    """Its place."""
    sample: int | None
    field: str
    body: str
