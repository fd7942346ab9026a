"""The Demo: three minutes on inference-time scaling, told with recorded sessions. It asks no model and no network."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from grm_core.analysis import story
from grm_core.analysis.frames import letter
from grm_core.errors import UsageError
from grm_core.types import Example, Method, Sample, Session, Verdict
from grm_core.voting import vote
from reports import tour
from reports.figures import COLOURS, figure, line
from reports.words import verdict_line
from storage.listing import Wanted
from storage.store import Store
from ui import ASSETS, detail, render
from ui.view import View, calls, served
from ui.wire.demo import First, Measured, Over, Reason, Recorded
from ui.wire.shared import Figure

ACCURACY = ASSETS / "demo" / "accuracy.json"
"""Written by `measure report`: accuracy over k of stored sets, with the number of items."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A slide: its kind, the tag of the recorded session, title, what is said beside it, and the presenter's notes.

    `said` may name facts of the session in braces: `_facts` says which.
    """

    kind: str
    tag: str
    title: str
    said: str
    notes: str


SLIDES = (
    Outline(
        "vote",
        "a medical question",
        "Which answer is best?",
        "Decide before the judge does.",
        "20 seconds. Read the question aloud and let people read the answers. Ask for hands; press a letter for each, "
        "or click. Do not say which one is labelled best.",
    ),
    Outline(
        "sample",
        "a medical question",
        "The judge writes before it scores",
        "Principles for this question, a critique of every answer by them, then a score from 1 to 10.",
        "30 seconds. Read one line of the critique aloud. The judge is a small model: some lines are right, others "
        "are not, and that is why one sample is not enough.",
    ),
    Outline(
        "grow",
        "a medical question",
        "Ask {k} times and add the scores up",
        "One score is a rough measure: {other} gets anything from {low} to {high}. The sum settles.",
        "30 seconds. The next key plays, the one after it jumps to the end. The curve is the margin of the answer "
        "that is labelled best: above zero it leads. It means the same on every slide.",
    ),
    Outline(
        "grow",
        "a tie that more samples break",
        "One slip, outvoted",
        "Sample {wrong} puts the wrong answer in front, sample {right} the right one.",
        "40 seconds. Play until the curve falls below zero and read what that sample wrote; play on until it "
        "comes back and read the other. Anybody in the room can check the sum.",
    ),
    Outline(
        "filter",
        "meta RM rescue",
        "A second model reads the judgments",
        "The meta RM scores every judgment; only the better half votes.",
        "20 seconds. The next key turns the filter on. Crossed samples no longer vote.",
    ),
    Outline(
        "accuracy",
        "",
        "Over many questions",
        "",
        "30 seconds. Say n and the interval, not only the mean. More items, not more samples, make the interval "
        "narrower.",
    ),
    Outline(
        "grow",
        "a chat of several turns",
        "And some stay wrong",
        "{against} of {k} samples prefer {winner}, although {best} is labelled best. More samples repeat the error.",
        "30 seconds. Read both critiques: one sample saw it and was outvoted. Voting removes chance, not belief.",
    ),
)  # fmt: skip
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
    for outline in SLIDES:
        if outline.kind == "accuracy":
            over = _accuracy(outline)
            shown += [] if over is None else [over]
        else:
            rows = store.sessions(Wanted(tag=outline.tag, sort="oldest"), limit=1)
            shown += [_recorded(outline, row.session, row.model, store.samples(row.session.id)) for row in rows]
    return shown


def _recorded(outline: Outline, session: Session, model: str, samples: list[Sample]) -> Recorded:
    """A slide on a session that this model judged."""
    example = session.example
    best = story.best_of(example.labels)
    votes = [vote(samples, k=k) for k in range(1, len(samples) + 1)]
    reasons = story.reasons(samples, votes, best)
    facts = _facts(samples, votes, best, reasons)
    slide = Recorded(
        kind=outline.kind,
        title=outline.title.format(**facts),
        said=outline.said.format(**facts),
        notes=outline.notes,
        session=session.id,
        model=model,
        case=detail.case(example),
        best=None if best is None else letter(best),
        rows=render.rows(samples),
        first=_first(example, samples[0]) if samples else None,
        reasons=[_reason(samples[place], place, own) for place, own in reasons] if outline.kind == "grow" else [],
        seconds=[round(s.completion.seconds, 2) if s.completion else 0.0 for s in samples],
        totals=[list(verdict.totals or ()) for verdict in votes],
        winners=[None if verdict.winner is None else letter(verdict.winner) for verdict in votes],
        verdict=verdict_line(votes[-1], len(example.responses)) if votes else "",
        guided="",
        kept=[],
        figure=None if best is None else _margins(story.margins(votes, best), best, len(samples)),
    )
    try:
        guided = vote(samples, Method.GUIDED)
    except UsageError:
        return slide  # no meta RM has read this session; its slide shows the plain vote
    slide["guided"], slide["kept"] = verdict_line(guided, len(example.responses)), list(guided.voted)
    slide["guided_winner"] = None if guided.winner is None else letter(guided.winner)
    return slide


def _facts(
    samples: Sequence[Sample], votes: Sequence[Verdict], best: int | None, reasons: Sequence[story.Reason]
) -> dict[str, object]:
    """What a slide's words may name; a dash where the session has no such thing."""
    facts: dict[str, object] = dict.fromkeys(
        ("winner", "best", "other", "low", "high", "against", "wrong", "right"), "–"
    )
    facts["k"] = len(samples)
    last = votes[-1] if votes else None
    if last is None or last.totals is None or last.winner is None or best is None or len(last.totals) < 2:
        return facts
    totals, winner = last.totals, last.winner
    other = max((own for own in range(len(totals)) if own != winner), key=totals.__getitem__)
    scores = [sample.scores[other] for sample in samples if sample.scores is not None]
    facts |= {"winner": letter(winner), "best": letter(best), "other": letter(other)}
    facts |= {"low": min(scores), "high": max(scores), "against": story.prefers(samples, winner, best)}
    if len(reasons) == 2:
        facts |= {"wrong": reasons[0][0] + 1, "right": reasons[1][0] + 1}
    return facts


def _margins(points: Sequence[tuple[int, float]], best: int, k: int) -> Figure | None:
    """The margin of the labelled best, in its colour, in the order in which the samples came."""
    if not points:
        return None
    colour = COLOURS[best % len(COLOURS)]
    thick = {"line": {"color": colour, "width": 3}}
    trace = line([k for k, _ in points], [margin for _, margin in points], "", colour, **thick)
    axes = {"yaxis": {"zeroline": True}, "xaxis": {"range": [0, k + 1]}}
    return figure([trace], "k, samples added up", f"margin of {letter(best)}", **axes)


def _said(sample: Sample, own: int) -> str:
    """What a sample says of a response, without the place at which it was shown."""
    return _PLACE.sub("", detail.said_of(sample, own))


def _reason(sample: Sample, place: int, own: int) -> Reason:
    """What a sample says of the response that it speaks for."""
    return Reason(k=place + 1, about=letter(own), scores=sample.scores, said=_said(sample, own))


def _first(example: Example, sample: Sample) -> First:
    """The sample that is read out: its principles, and what it says of which answer (None: of all together)."""
    said = [_said(sample, own) for own in range(len(sample.order))]
    named: list[tuple[str | None, str]] = [(letter(own), text) for own, text in enumerate(said)]
    shown = detail.detail(example, sample)
    if len(set(said)) == 1:
        named = [(None, said[0])]
    return First(principles=shown["principles"], scores=shown["scores"], said=named)


def _accuracy(outline: Outline) -> Over | None:
    """The curves of the stored sets, the first of them drawn; None where none were measured."""
    try:
        sets: list[Measured] = json.loads(ACCURACY.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    first, colour = sets[0], COLOURS[0]
    spread = {
        "type": "data",
        "array": [high - mean for high, mean in zip(first["high"], first["voting"], strict=True)],
        "arrayminus": [mean - low for low, mean in zip(first["low"], first["voting"], strict=True)],
    }
    traces = [line(first["k"], first["voting"], "naive voting, 95% interval", colour, error_y=spread)]
    if first["guided"]:
        dotted = {"line": {"color": COLOURS[5], "dash": "dot", "width": 2}}
        traces.append(line(first["k"], first["guided"], "guided voting (meta RM)", COLOURS[5], **dotted))
    axes = {
        "xaxis": {"type": "log", "tickvals": first["k"]},
        "yaxis": {"range": [0, 1], "tickformat": ".0%"},
        "height": 400,
    }
    shown = figure(traces, "k, samples", "accuracy", **axes)
    return Over(
        kind="accuracy", title=outline.title, said=_gained(first), notes=outline.notes, figure=shown, sets=sets
    )


def _gained(measured: Measured) -> str:
    """A set's accuracy with one sample and with all, and whether the difference is more than chance."""
    one, most = measured["voting"][0], measured["voting"][-1]
    gain, low, high = (100 * each for each in measured["gain"])
    certain = "more than chance" if low > 0 else "less than before" if high < 0 else "too few items to call it a gain"
    return (
        f"{measured['name']}, n = {measured['n']}: voting finds the labelled best {one:.1%} of the time with one "
        f"sample, {most:.1%} with {measured['k'][-1]}. Difference {gain:+.1f} points, 95% interval {low:+.1f} to "
        f"{high:+.1f}: {certain}."
    )
