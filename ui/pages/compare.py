"""Two sessions side by side: what differs in how they were judged, and what came of it."""

from collections import Counter

import numpy as np

from grm_core.errors import UsageError
from grm_core.types import Example, Method, Run, Sample, Session
from grm_core.voting import vote
from reports.words import settings, verdict_line
from storage.store import Store
from ui import render
from ui.view import View, calls, served
from ui.wire.compare import Pair, Setting, Side, Stated
from ui.wire.shared import Failed

_PRINCIPLES_MOST = 40


class ComparePage:
    """A view that asks the server for the two sessions that its address names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        View("compare", calls(self)).place({})

    @served()
    def pair(self, first: str, second: str) -> Pair | Failed:
        """The two sessions side by side."""
        return compare(self.store, first, second)


def compare(store: Store, first: str, second: str) -> Pair | Failed:
    """Both sessions, the settings in which they differ, and warnings; `error` where one does not exist."""
    sides = []
    for session_id in (first, second):
        stored = store.session_and_run(session_id)
        if stored is None:
            return Failed(error=f"There is no session {session_id}.")
        sides.append((*stored, store.samples(session_id)))
    (one, a, _), (other, b, _) = sides
    rows = _settings(a, b)
    differing = [name for name, left, right in rows if left != right]
    return Pair(
        sides=[_side(*side) for side in sides],
        settings=[Setting(name=name, values=[left, right], differs=left != right) for name, left, right in rows],
        warnings=_warnings(one.example, other.example, differing),
    )


def _settings(a: Run, b: Run) -> list[tuple[str, str, str]]:
    return [(name, left, right) for (name, left), (_, right) in zip(settings(a), settings(b), strict=True)]


def _warnings(one: Example, other: Example, differing: list[str]) -> list[str]:
    warnings = []
    if one.query != other.query:
        warnings.append("The two sessions judge different queries: nothing here can be compared number by number.")
    elif one.responses != other.responses:
        same = sorted(one.responses) == sorted(other.responses)
        warnings.append(
            "The responses are the same in another order; letters do not match."
            if same
            else "The two sessions judge different responses to the same query."
        )
    elif one.reference != other.reference:
        warnings.append("Only one of the sessions, or each another one, was given a reference answer.")
    # Another seed alone is a repetition; it is no second cause.
    causes = [name for name in differing if name != "seed"]
    if len(causes) > 1:
        warnings.append(
            f"More than one setting differs ({', '.join(causes)}): a change cannot be put down to one of them."
        )
    return warnings


def _side(session: Session, run: Run, samples: list[Sample]) -> Side:
    n = len(session.example.responses)
    verdicts = []
    for method in Method:
        try:
            verdicts.append(verdict_line(vote(samples, method), n))
        except UsageError:
            continue  # no meta RM has read these samples
    scores = np.array([sample.scores for sample in samples if sample.scores is not None], dtype=float)
    return Side(
        id=session.id,
        title=session.title,
        n=n,
        model=run.model,
        responses=list(session.example.responses),
        query=session.example.query[-1].content,
        verdicts=verdicts,
        winner=vote(samples).winner,
        means=[] if not len(scores) else [float(mean) for mean in scores.mean(axis=0)],
        spread=[] if not len(scores) else [float(each) for each in scores.std(axis=0)],
        rows=render.rows(samples),
        principles=_principles(samples),
    )


def _principles(samples: list[Sample]) -> list[Stated]:
    """Principles by how many samples state them in these words, case and space aside; with their mean weight."""
    count: Counter[str] = Counter()
    texts: dict[str, str] = {}
    weights: dict[str, list[float]] = {}
    for sample in samples:
        for key, principle in {" ".join(p.text.casefold().split()): p for p in sample.parsed.principles}.items():
            count[key] += 1
            texts.setdefault(key, principle.text)
            if principle.weight is not None:
                weights.setdefault(key, []).append(principle.weight)
    return [
        Stated(text=texts[key], samples=times, weight=float(np.mean(weights[key])) if key in weights else None)
        for key, times in count.most_common(_PRINCIPLES_MOST)
    ]
