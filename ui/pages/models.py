"""The Models page: who wins when a run judges answers of several models, and the sessions behind every number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd

from grm_core.analysis import leaderboard
from grm_core.analysis.accuracy import Judged
from grm_core.analysis.frames import letter
from grm_core.analysis.leaderboard import Voted
from grm_core.errors import UsageError
from grm_core.sampling import K_MAX
from grm_core.types import Method, Run
from grm_core.voting import as_method, read_by_meta
from reports.table import Table
from reports.words import METHODS, run_title
from storage.listing import SessionRow, Wanted
from storage.store import Store
from ui.view import View, calls, served
from ui.wire.models import Board, Csv, Game, Games, ModelsSettings, Voter
from ui.wire.shared import Choice, Failed

_LISTED_MOST = 300
_AT_ONCE = 500
"""Sessions whose texts are in memory together."""
_KEPT = 8
"""Votes over a run that are kept, with the leaderboards made of them."""
_OUTCOMES = ("met", "won", "tied", "lost", "unscored")
_CHOOSE = "Choose a run, a method, and k from 1 to 1024 or none."
_SESSIONS = f"Sessions are asked for by one of {', '.join(_OUTCOMES)} and the names of two models."
_GONE = "This run is not here any more. Choose another one."
_TABLES = "There are tables of models, pairs, subsets."

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class Scope:
    """The votes that are looked at."""

    run: str
    method: Method
    k: int | None
    subset: str | None
    """'' for items of no subset, None for all items."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Which sessions are wanted: those in which the model met, beat, ... the other one; '' for any."""

    outcome: str
    model: str
    other: str


class _Votes:
    """A run as one method and k leave it; its items are named by their sessions."""

    def __init__(self, voted: list[Voted], titles: dict[str, str], mark: tuple[int, ...]) -> None:
        self.voted, self.titles, self.mark = voted, titles, mark
        self._boards: dict[str | None, leaderboard.Board] = {}

    def of(self, subset: str | None) -> list[Voted]:
        return [each for each in self.voted if subset is None or each.subset == subset]

    def board(self, subset: str | None) -> leaderboard.Board:
        if subset not in self._boards:
            self._boards[subset] = leaderboard.board(self.of(subset))
        return self._boards[subset]


class ModelsPage:
    """A view that asks the server for the run that its address names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: dict[tuple[str, Method, int | None], _Votes] = {}
        View("models", calls(self)).place(ModelsSettings(methods=list(map(str, Method))), elem_id="models-page")

    @served(wrong=[])
    def choices(self) -> list[Choice]:
        """The runs whose items name the models that answered."""
        stored = self.store.runs(models=True)
        return [Choice(id=run.id, title=f"{run_title(run)} ({n} sessions)") for run, n in stored]

    @served(wrong=Failed(error=_CHOOSE))
    def board(self, run: str, method: str, k: int | None, subset: str | None) -> Board | Failed:
        """The leaderboard, the win matrix and, over all items, the models by subset."""
        return _answered(lambda: self._board(scope(run, method, k, subset)))

    @served(wrong=Failed(error=_SESSIONS))
    def sessions(
        self, run: str, method: str, k: int | None, subset: str | None, outcome: str, model: str, other: str
    ) -> Games | Failed:
        """The sessions behind a number, the first _LISTED_MOST of them, each with its vote."""
        return _answered(lambda: self.games(scope(run, method, k, subset), cell(outcome, model, other)))

    @served(wrong=Failed(error=_TABLES))
    def table(self, run: str, method: str, k: int | None, subset: str | None, name: str) -> Csv | Failed:
        """A table as CSV: models, pairs or subsets."""
        return _answered(lambda: self._table(scope(run, method, k, subset), name))

    def _board(self, scope: Scope) -> Board:
        run, votes = self._votes(scope)
        board = votes.board(scope.subset)
        names = leaderboard.subsets(votes.voted)
        by = leaderboard.by_subset(votes.voted) if scope.subset is None and names else None
        return Board(
            title=run_title(run),
            summary=_summary(board, votes.of(scope.subset), scope),
            unscored=len(board.unscored),
            models=_records(board.table),
            wins=board.wins.astype(int).tolist(),
            ties=board.ties.astype(int).tolist(),
            subsets=names,
            by_subset=[] if by is None else _records(by),
        )

    def games(self, scope: Scope, wanted: Cell) -> Games:
        """The sessions of a cell."""
        _, votes = self._votes(scope)
        rows = []
        for each in votes.of(scope.subset):
            points = _points(each, wanted)
            if points is not None:
                rows.append(_row(each, votes.titles[each.item_id], points))
        return Games(count=len(rows), rows=rows[:_LISTED_MOST])

    def _table(self, scope: Scope, name: str) -> Csv:
        _, votes = self._votes(scope)
        tables = {
            "models": lambda: votes.board(scope.subset).table,
            "pairs": lambda: leaderboard.pairs(votes.board(scope.subset)),
            "subsets": lambda: leaderboard.by_subset(votes.voted),
        }
        if name not in tables:
            raise UsageError(_TABLES)
        return Csv(csv=Table.of(tables[name]()).csv())

    def _votes(self, scope: Scope) -> tuple[Run, _Votes]:
        run = self.store.run(scope.run)
        if run is None:
            raise UsageError(_GONE)
        wanted = Wanted(run=scope.run, models=True, sort="oldest")
        rows = self.store.sessions(wanted, limit=None)
        mark = (len(rows), sum(row.samples for row in rows), sum(row.valid for row in rows))
        key = (scope.run, scope.method, scope.k)
        kept = self._kept.get(key)
        if kept is None or kept.mark != mark:
            titles = {row.session.id: row.session.title for row in rows}
            try:
                voted = leaderboard.votes(self._judged(rows, scope.method), scope.method, scope.k)
            except UsageError as error:
                raise UsageError(_by_title(str(error), titles)) from None
            kept = _Votes(voted, titles, mark)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = kept
        if scope.subset is not None and not kept.of(scope.subset):
            raise UsageError(f"this run has no subset {scope.subset!r}")
        return run, kept

    def _judged(self, rows: Sequence[SessionRow], method: Method) -> Iterator[Judged]:
        """The items of these sessions, named by them; UsageError where the method lacks a meta logit."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            samples = self.store.samples_by_session(row.session.id for row in some)
            for row in some:
                mine = samples[row.session.id]
                if method is not Method.NAIVE and not read_by_meta(mine):
                    raise UsageError(
                        f"{method} voting needs a meta logit of every sample; vote naive, or score with a meta RM"
                    )
                yield replace(Judged.of(row.session.example, mine), item_id=row.session.id)


def scope(run: str, method: str, k: int | None, subset: str | None) -> Scope:
    """The scope of what the page sends. Raises UsageError."""
    if k is not None and not 1 <= k <= K_MAX:
        raise UsageError(_CHOOSE)
    return Scope(run, as_method(method), k, subset)


def cell(outcome: str, model: str, other: str) -> Cell:
    """Which sessions, as the page sends it. Raises UsageError."""
    if outcome not in _OUTCOMES:
        raise UsageError(_SESSIONS)
    return Cell(outcome, model, other)


def _answered(answer: Callable[[], Reply]) -> Reply | Failed:
    """The answer, or in a sentence why there is none."""
    try:
        return answer()
    except UsageError as error:
        text = str(error)
        return Failed(error=text if text.endswith(".") else f"{text[0].upper()}{text[1:]}.")


def _by_title(text: str, titles: Mapping[str, str]) -> str:
    """An error that names a session by its id, with the title in its place."""
    for session_id, title in titles.items():
        text = text.replace(f"item {session_id!r}", f'"{title}"')
    return text


def _records(table: pd.DataFrame) -> list[Any]:
    return list(table.to_dict("records"))


def _summary(board: leaderboard.Board, voted: list[Voted], scope: Scope) -> str:
    games = int((board.wins.sum() + board.ties.sum() / 2).item())
    level = int(board.ties.sum().item() / 2)
    k = max(each.k for each in voted)
    words = f"{board.items} items, {games:,} comparisons, {level:,} of them ties. {METHODS[scope.method]} vote"
    words += f" over k = {k} samples"
    return words + (f", {board.k_effective:.1f} readable on average." if board.k_effective is not None else ".")


def _points(each: Voted, wanted: Cell) -> list[float] | None:
    """Points of the wanted model against the wanted others in this item; None when the item is none of the cell's."""
    if wanted.outcome == "unscored":
        return [] if each.totals is None else None
    if each.totals is None or wanted.model not in each.models:
        return None
    mine = each.models.index(wanted.model)
    others = [i for i, name in enumerate(each.models) if i != mine and wanted.other in ("", name)]
    points = [point for point in (each.points(mine, i) for i in others) if point is not None]
    value = {"won": 1.0, "tied": 0.5, "lost": 0.0}.get(wanted.outcome)
    return points if points and (value is None or value in points) else None


def _row(each: Voted, title: str, points: list[float]) -> Game:
    totals = each.totals or [None] * len(each.models)
    ranked = sorted(range(len(each.models)), key=lambda i: -(totals[i] or 0))
    return Game(
        id=each.item_id,
        title=title,
        subset=each.subset,
        won=points.count(1.0),
        tied=points.count(0.5),
        lost=points.count(0.0),
        k=f"{each.k_effective} of {each.k}",
        models=[Voter(place=i, letter=letter(i), name=each.models[i], total=totals[i]) for i in ranked],
    )
