"""The Demo: three minutes on inference-time scaling, told with recorded sessions. It asks no model and no network."""

import json
import re

from grm_core.analysis import lab
from grm_core.analysis.frames import letter
from grm_core.errors import UsageError
from grm_core.types import Example, Method, Sample, Session
from grm_core.voting import vote
from reports import tour
from reports.figures import COLOURS, figure, line
from reports.words import verdict_line
from storage.listing import Wanted
from storage.store import Store
from ui import ASSETS, detail, plots, render
from ui.view import View, calls, served
from ui.wire.demo import First, Over, Recorded
from ui.wire.shared import Figure

ACCURACY = ASSETS / "demo" / "accuracy.json"
"""Written by `measure report`: accuracy over k of stored sets, with the number of items."""

SLIDES = (
    ("vote", "clear win", "Which answer is better?", "Say what you think before the judge does."),
    ("sample", "clear win", "The judge writes before it scores",
     "First principles for this question, then a critique of every answer, then a score from 1 to 10."),
    ("grow", "clear win", "Ask again, and add the scores up",
     "Each sample has principles of its own, and some are stricter. The sum is finer than any one score."),
    ("grow", "vote flips between k = 1 and 32", "One sample can be wrong",
     "Here the first sample names the wrong answer. Watch the vote change its mind."),
    ("filter", "meta RM rescue", "A second model reads the judgments",
     "The meta RM scores every judgment; the vote keeps the better half."),
    ("accuracy", "", "Over many questions", "How often the vote finds the answer that people or rules call the best."),
    ("grow", "a failure that stays", "And some stay wrong",
     "More samples do not help where the judge is wrong in the same way each time."),
)  # fmt: skip
"""Kind, tag of the recorded session, title, and what is said beside it."""
_PLACE = re.compile(r"\A\s*Response \d+\s*:\s*")
"""How a critique names a response: by the place where that sample was shown it, which nobody in the room has seen."""


class DemoPage:
    """A tour that asks the server for its slides once, and for a hand-out at its end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        View("demo", calls(self)).place({})

    @served(wrong=[])
    def tour(self) -> list[Recorded | Over]:
        """All slides."""
        return slides(self.store)

    @served()
    def handout(self) -> str:
        """The tour as a page to hand out."""
        return tour.html(slides(self.store))


def slides(store: Store) -> list[Recorded | Over]:
    """The slides for which there is something recorded; one whose session is missing is left out."""
    shown: list[Recorded | Over] = []
    for kind, tag, title, said in SLIDES:
        if kind == "accuracy":
            over = _accuracy(title, said)
            shown += [] if over is None else [over]
        else:
            rows = store.sessions(Wanted(tag=tag, sort="oldest"), limit=1)
            shown += [_recorded(kind, title, said, row.session, store.samples(row.session.id)) for row in rows]
    return shown


def _recorded(kind: str, title: str, said: str, session: Session, samples: list[Sample]) -> Recorded:
    """A slide on a session."""
    example = session.example
    labels = example.labels
    best = None if labels is None or len(labels) < 2 else letter(labels.index(max(labels)))
    votes = [vote(samples, k=k) for k in range(1, len(samples) + 1)]
    slide = Recorded(
        kind=kind,
        title=title,
        said=said,
        session=session.id,
        case=detail.case(example),
        best=best,
        rows=render.rows(samples),
        first=_first(example, samples[0]) if samples else None,
        seconds=[round(s.completion.seconds, 2) if s.completion else 0.0 for s in samples],
        totals=[list(verdict.totals or ()) for verdict in votes],
        winners=[None if verdict.winner is None else letter(verdict.winner) for verdict in votes],
        verdict=verdict_line(votes[-1], len(example.responses)) if votes else "",
        guided="",
        kept=[],
        figure=_replayed(samples),
    )
    try:
        guided = vote(samples, Method.GUIDED)
    except UsageError:
        return slide  # no meta RM has read this session; its slide shows the plain vote
    slide["guided"], slide["kept"] = verdict_line(guided, len(example.responses)), list(guided.voted)
    slide["guided_winner"] = None if guided.winner is None else letter(guided.winner)
    return slide


def _replayed(samples: list[Sample]) -> Figure | None:
    """The margin in the order in which the samples came."""
    replayed = lab.replay(samples)
    trace = line(replayed["k"].tolist(), replayed["margin"].tolist(), "", plots.LINE)
    axes = {"yaxis": {"zeroline": True}, "xaxis": {"range": [0, len(samples) + 1]}}
    return figure([trace], "k, samples added up", "margin per sample", **axes) if len(replayed) else None


def _first(example: Example, sample: Sample) -> First:
    """The sample that is read out: its principles, and what it says of which answer (None: of all together)."""
    said = [_PLACE.sub("", detail.said_of(sample, own)) for own in range(len(sample.order))]
    named: list[tuple[str | None, str]] = [(letter(own), text) for own, text in enumerate(said)]
    shown = detail.detail(example, sample)
    if len(set(said)) == 1:
        named = [(None, said[0])]
    return First(principles=shown["principles"], scores=shown["scores"], said=named)


def _accuracy(title: str, said: str) -> Over | None:
    """The curves of the stored sets; None where none were measured."""
    try:
        sets = json.loads(ACCURACY.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    traces = []
    for i, one in enumerate(sets):
        traces.append(line(one["k"], one["voting"], f"{one['name']} (n = {one['n']})", COLOURS[i]))
        if one.get("guided"):
            dotted = {"line": {"color": COLOURS[i], "dash": "dot", "width": 2}}
            traces.append(line(one["k"], one["guided"], f"{one['name']}, meta RM", COLOURS[i], **dotted))
    axes = {"xaxis": {"type": "log", "tickvals": [1, 2, 4, 8, 16, 32]}, "yaxis": {"tickformat": ".0%"}, "height": 400}
    shown = figure(traces, "k, samples", "accuracy", **axes)
    return Over(kind="accuracy", title=title, said=said, figure=shown, sets=sets)
