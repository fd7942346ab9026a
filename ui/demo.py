"""The Demo: three minutes on inference-time scaling, told with recorded sessions. It asks no model and no network."""

import json
import re
from collections.abc import Callable
from typing import Any

import gradio as gr

from grm_core.analysis import lab
from grm_core.analysis.frames import letter
from grm_core.errors import UsageError
from grm_core.types import Example, Method, Sample, Session
from grm_core.voting import vote
from reports.figures import COLOURS, figure, line
from reports.tour import html as tour_page
from reports.words import verdict_line
from storage.listing import Wanted
from storage.store import Store
from ui import ASSETS, detail, plots, render, script
from ui.panels import Json

ACCURACY = ASSETS / "demo" / "accuracy.json"
"""Written by `measure report`: accuracy over k of stored sets, with the number of items."""

SLIDES = (
    ("vote", "clear win", "Which answer is better?", "Say what you think before the judge does."),
    ("sample", "clear win", "The judge writes before it scores",
     "First principles for this question, then a critique of every answer, then a score from 1 to 10."),
    ("grow", "clear win", "Ask again, and add the scores up",
     "Every sample sees another order and thinks of other principles. The sum is finer than any one score."),
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

        def tour(_: Any) -> Any:
            return render.sendable(slides(store))

        def handout(_: Any) -> Any:
            return tour_page(slides(store))

        functions: list[Callable[..., Any]] = [tour, handout]
        gr.HTML(
            {},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=script("dom.js", "plot.js", "demo.js"),
            server_functions=functions,
            elem_id="demo",
        )


def slides(store: Store) -> list[Json]:
    """The slides for which there is something recorded; one whose session is missing is left out."""
    found = []
    for kind, tag, title, said in SLIDES:
        slide: Json | None = {"kind": kind, "title": title, "said": said}
        if kind == "accuracy":
            slide = _accuracy(slide or {})
        else:
            rows = store.sessions(Wanted(tag=tag, sort="oldest"), limit=1)
            slide = slide | _told(rows[0].session, store.samples(rows[0].session.id)) if rows and slide else None
        if slide is not None:
            found.append(slide)
    return found


def _told(session: Session, samples: list[Sample]) -> Json:
    """What the slides show of a session."""
    example = session.example
    labels = example.labels
    best = None if labels is None or len(labels) < 2 else letter(labels.index(max(labels)))
    votes = [vote(samples, k=k) for k in range(1, len(samples) + 1)]
    told: Json = {
        "session": session.id,
        "case": detail.case(example),
        "best": best,
        "rows": render.rows(samples),
        "first": _first(example, samples[0]) if samples else None,
        "seconds": [round(s.completion.seconds, 2) if s.completion else 0.0 for s in samples],
        "totals": [list(verdict.totals or ()) for verdict in votes],
        "winners": [None if verdict.winner is None else letter(verdict.winner) for verdict in votes],
        "verdict": verdict_line(votes[-1], len(example.responses)) if votes else "",
        "guided": "",
        "kept": [],
    }
    replayed = lab.replay(samples)
    trace = line(replayed["k"].tolist(), replayed["margin"].tolist(), "", plots.LINE)
    axes = {"yaxis": {"zeroline": True}, "xaxis": {"range": [0, len(samples) + 1]}}
    told["figure"] = figure([trace], "k, samples added up", "margin per sample", **axes) if len(replayed) else None
    try:
        guided = vote(samples, Method.GUIDED)
        told |= {"guided": verdict_line(guided, len(example.responses)), "kept": list(guided.voted)}
        told["guided_winner"] = None if guided.winner is None else letter(guided.winner)
    except UsageError:
        pass  # no meta RM has read this session; its slide shows the plain vote
    return told


def _first(example: Example, sample: Sample) -> Json:
    """The sample that is read out: its principles, and what it says of which answer (None: of all together)."""
    said = [_PLACE.sub("", detail.said_of(sample, own)) for own in range(len(sample.order))]
    named = [[letter(own), text] for own, text in enumerate(said)]
    told = detail.detail(example, sample)
    apart = named if len(set(said)) > 1 else [[None, said[0]]]
    return {"principles": told["principles"], "scores": told["scores"], "said": apart}


def _accuracy(slide: Json) -> Json | None:
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
    return slide | {"figure": figure(traces, "k, samples", "accuracy", **axes), "sets": sets}
