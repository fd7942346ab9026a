"""The Benchmarks page: runs of `bench` under their official metric, two side by side, and of `attack`.

Every item's session is at hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy
from grm_core.analysis.frames import letter
from grm_core.attacks import SOURCE
from grm_core.benchmarks import NAMES, base, headline, named
from grm_core.benchmarks.breakdown import study
from grm_core.benchmarks.headline import Report
from grm_core.benchmarks.scoring import Voting
from grm_core.errors import UsageError
from grm_core.outcome import Invalid, Tie
from grm_core.types import Example, Method, Sample
from reports import benchmark as documents
from reports.words import run_title
from storage.listing import Wanted
from storage.store import Store
from ui.attacks import attacks_of
from ui.panels import panel
from ui.view import View, calls, served
from ui.wire.benchmarks import Attacks, Benchmark, BenchmarkItem, BenchmarkRun, BenchmarkSettings, Brief
from ui.wire.shared import Failed, Panel


@dataclass(frozen=True, slots=True)
class Kept:
    """A benchmark's run as the store holds it."""

    benchmark: base.Benchmark
    examples: list[Example]
    samples: dict[str, list[Sample]]
    sessions: dict[str, str]
    """Item id -> session id."""
    alone: bool
    """Whether each response was judged alone, see Voting."""


class BenchPage:
    """A view that asks the server for the run that its address names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        methods, ties, invalid = (list(map(str, kind)) for kind in (Method, Tie, Invalid))
        settings = BenchmarkSettings(methods=methods, ties=ties, invalid=invalid)
        View("benchmarks", calls(self)).place(settings, elem_id="bench")

    @served(wrong=[])
    def choices(self) -> list[BenchmarkRun]:
        """The runs of `bench` and of `attack`, by the tags of their sessions, newest first."""
        tags = self.store.newest_tags()
        stored = ((run, count, _kind(tags[run.id])) for run, count in self.store.runs())
        return [
            BenchmarkRun(id=run.id, benchmark=name, title=f"{name}: {run_title(run)} ({count} items)")
            for run, count, name in stored
            if name
        ]

    @served()
    def attacks(self, name: str) -> Attacks | Failed:
        """The report of a run of `attack`."""
        return attacks_of(self.store, name)

    @served()
    def brief(self, name: str) -> Brief | None:
        """Headline and chance, 0..1, by naive voting under the benchmark's own policy; None where there is neither."""
        try:
            made = _made(self._kept(name), str(Method.NAIVE), "", "")
        except UsageError:
            return None  # Items without labels, or from elsewhere: opened, the page says so.
        return Brief(headline=made.result.headline, chance=made.chance)

    @served()
    def run(self, name: str, beside: str, method: str, tie: str, invalid: str) -> Benchmark | Failed:
        """Headline, panels and items of a run; `beside` names another run of the same benchmark, '' none."""
        mine = self._kept(name)
        made = _made(mine, method, tie, invalid)
        other = self._kept(beside) if beside else None
        if other is not None and other.benchmark is not mine.benchmark:
            raise UsageError(f"the other run is of {other.benchmark.name}, not of {mine.benchmark.name}")
        against = None if other is None else _made(other, method, tie, invalid)
        parts = documents.parts(made, study(made, mine.examples, mine.samples))
        panels = [panel(part.name, part.title, part.frame, part.figure, part.note) for part in parts]
        if against is not None:
            panels = [_compared(made, against), *panels[1:]]
        return Benchmark(
            benchmark=mine.benchmark.name,
            headline=made.result.headline,
            beside=None if against is None else against.result.headline,
            said=[
                f"Headline: {mine.benchmark.headline}.",
                *documents.at_random(made),
                *documents.notes(made),
            ],
            panels=panels,
            items=_items(made, mine.sessions, against),
        )

    def _kept(self, run: str) -> Kept:
        name = _benchmark(self.store.newest_tags(run).get(run, ())) if run else ""
        if not name:
            raise UsageError("there is no such run of a benchmark; choose one of the list")
        rows = self.store.sessions(Wanted(run=run, sort="oldest"), limit=None)
        sessions = {row.session.example.id: row.session.id for row in rows}
        by_session = self.store.samples_by_session(sessions.values())
        samples = {item: list(accuracy.completed(by_session[session])) for item, session in sessions.items()}
        examples = [row.session.example for row in rows]
        there = {item: arrived for item, arrived in samples.items() if arrived}
        judged = self.store.run(run)
        return Kept(named(name), examples, there, sessions, judged is not None and judged.single)


def _kind(tags: Sequence[str]) -> str:
    """What the page shows a run with these tags as: a benchmark's name, `attack`, or ''."""
    return SOURCE if SOURCE in tags else _benchmark(tags)


def _benchmark(tags: Sequence[str]) -> str:
    """The benchmark that a session is tagged with, or ''."""
    return next((tag for tag in tags if tag in NAMES), "")


def _made(kept: Kept, method: str, tie: str, invalid: str) -> Report:
    """The report under these settings; '' leaves the benchmark's own."""
    for value, values in ((method, list(Method)), (tie, ["", *Tie]), (invalid, ["", *Invalid])):
        if value not in values:
            raise UsageError(f"{value[:40]!r} is none of {', '.join(filter(None, values))}")
    voting = Voting(Method(method), alone=kept.alone)
    return headline.make(kept.benchmark, kept.examples, kept.samples, voting, kept.benchmark.policy(tie, invalid))


def _compared(made: Report, against: Report) -> Panel:
    """Every line of the table in both runs, and the paired difference over the items that both judged."""
    other = {(line.kind, line.name, line.metric): line.value for line in against.result.table}
    rows = []
    for line in made.result.table:
        value = other.get((line.kind, line.name, line.metric))
        change = None if line.value is None or value is None else line.value - value
        rows.append((line.kind, line.name, line.metric, line.items, line.value, value, change))
    columns = ["part", "name", "metric", "items", "value", "other run", "difference"]
    credits = [{item.example.id: item.credit(each.policy) for item in each.items} for each in (made, against)]
    pairs = [(value, credits[1][name]) for name, value in credits[0].items() if name in credits[1]]
    differences = np.array([mine - theirs for mine, theirs in pairs if mine is not None and theirs is not None])
    n = len(differences)
    said = f"Difference of the votes' credit over {n} items in both: {accuracy.estimate(differences)} points (95%)."
    return panel("compared", "Table, two runs", pd.DataFrame(rows, columns=columns), None, said if n else "")


def _items(made: Report, sessions: dict[str, str], against: Report | None) -> list[BenchmarkItem]:
    """Every item that the metric saw: its vote, what it is worth, its session."""
    other = {} if against is None else {item.example.id: item.credit(against.policy) for item in against.items}
    items = []
    for item in made.items:
        winner = None if item.verdict is None else item.verdict.winner
        items.append(
            BenchmarkItem(
                id=item.example.id,
                subset=item.example.subset or "",
                read=item.totals is not None,
                winner=None if winner is None else letter(winner),
                credit=item.credit(made.policy),
                other=other.get(item.example.id),
                session=sessions[item.example.id],
            )
        )
    return items
