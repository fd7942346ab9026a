"""The Models page: who wins when a run judges answers of several models, and the sessions behind every number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from grm_core.analysis import leaderboard
from grm_core.analysis.accuracy import Judged
from grm_core.analysis.frames import letter
from grm_core.analysis.leaderboard import Board, Voted
from grm_core.errors import UsageError
from grm_core.sampling import K_MAX
from grm_core.types import Method, Run
from grm_core.voting import as_method
from reports.table import Table
from reports.words import METHODS
from storage.listing import Wanted
from storage.store import Store
from ui import render, script
from ui.panels import Json, only_first
from ui.run_page import called

_ITEMS_MOST = 2000
_LISTED_MOST = 300
_KEPT = 8
"""Votes over a run that are kept, with the leaderboards made of them."""
_OUTCOMES = ("met", "won", "tied", "lost", "unscored")
_CHOOSE = "Choose a run, a method, and k from 1 to 1024 or none."


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at."""

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
        self._boards: dict[str | None, Board] = {}

    def of(self, subset: str | None) -> list[Voted]:
        return [each for each in self.voted if subset is None or each.subset == subset]

    def board(self, subset: str | None) -> Board:
        if subset not in self._boards:
            self._boards[subset] = leaderboard.board(self.of(subset))
        return self._boards[subset]


class ModelsPage:
    """A view that asks the server for the run that its address names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: dict[tuple[str, Method, int | None], _Votes] = {}
        gr.HTML(
            {"methods": list(map(str, Method))},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=script("dom.js", "plot.js", "models_page.js"),
            server_functions=self._functions(),
            elem_id="models-page",
        )

    def _functions(self) -> list[Callable[..., Any]]:
        # Public endpoints: whatever arrives is read by `scope` and `cell`.
        def choices(_: Any) -> Any:
            known = self.store.runs(models=True)
            return render.sendable([{"id": run.id, "title": f"{called(run)} ({n} sessions)"} for run, n in known])

        def board(given: Any) -> Any:
            return render.sendable(self._answered(given, lambda asked, _: self.found(asked)))

        def sessions(given: Any) -> Any:
            return render.sendable(self._answered(given, lambda asked, rest: self.sessions(asked, cell(rest))))

        def table(given: Any) -> Any:
            return render.sendable(self._answered(given, lambda asked, rest: self.table(asked, rest)))

        return [choices, board, sessions, table]

    def _answered(self, given: Any, answer: Callable[[Scope, list[Any]], Json]) -> Json:
        try:
            return {"error": ""} | answer(*scope(given))
        except UsageError as error:
            text = str(error)
            return {"error": text if text.endswith(".") else f"{text[0].upper()}{text[1:]}."}

    def found(self, asked: Scope) -> Json:
        """The leaderboard, the win matrix and, over all items, the models by subset."""
        run, votes = self._votes(asked)
        board = votes.board(asked.subset)
        names = leaderboard.subsets(votes.voted)
        by = leaderboard.by_subset(votes.voted) if asked.subset is None and names else None
        return {
            "title": called(run),
            "told": _told(board, votes.of(asked.subset), asked, sum(votes.mark[:1])),
            "unscored": len(board.unscored),
            "models": board.table.to_dict("records"),
            "wins": board.wins.astype(int).tolist(),
            "ties": board.ties.astype(int).tolist(),
            "subsets": names,
            "by_subset": [] if by is None else by.to_dict("records"),
        }

    def sessions(self, asked: Scope, wanted: Cell) -> Json:
        """The sessions behind a cell, the first _LISTED_MOST of them, each with its vote."""
        _, votes = self._votes(asked)
        rows = []
        for each in votes.of(asked.subset):
            points = _points(each, wanted)
            if points is not None:
                rows.append(_row(each, votes.titles[each.item_id], points))
        return {"count": len(rows), "rows": rows[:_LISTED_MOST]}

    def table(self, asked: Scope, rest: list[Any]) -> Json:
        """A table as CSV: models, pairs or subsets."""
        _, votes = self._votes(asked)
        made = {
            "models": lambda: votes.board(asked.subset).table,
            "pairs": lambda: leaderboard.pairs(votes.board(asked.subset)),
            "subsets": lambda: leaderboard.by_subset(votes.voted),
        }
        if len(rest) != 1 or not isinstance(rest[0], str) or rest[0] not in made:
            raise UsageError(f"there are tables of {', '.join(made)}")
        return {"csv": Table.of(made[rest[0]]()).csv()}

    def _votes(self, asked: Scope) -> tuple[Run, _Votes]:
        run = self.store.run(asked.run)
        if run is None:
            raise UsageError(f"there is no run {asked.run}")
        wanted = Wanted(run=asked.run, models=True, sort="oldest")
        rows = self.store.sessions(wanted, limit=_ITEMS_MOST)
        count = self.store.count_sessions(wanted)
        mark = (count, len(rows), sum(row.samples for row in rows), sum(row.valid for row in rows))
        key = (asked.run, asked.method, asked.k)
        kept = self._kept.get(key)
        if kept is None or kept.mark != mark:
            items = [
                Judged(row.session.id, row.session.example.subset or "", (), samples, row.session.example)
                for row in rows
                for samples in (tuple(self.store.samples(row.session.id)),)
            ]
            _check_logits(items, asked.method)
            titles = {row.session.id: row.session.title for row in rows}
            kept = _Votes(leaderboard.votes(items, asked.method, asked.k), titles, mark)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = kept
        if asked.subset is not None and not kept.of(asked.subset):
            raise UsageError(f"this run has no subset {asked.subset!r}")
        return run, kept


def scope(given: Any) -> tuple[Scope, list[Any]]:
    """[run, method, k or null, subset or null, ...] as the page sends it, and what follows. Raises UsageError."""
    if not isinstance(given, list) or len(given) < 4:
        raise UsageError(_CHOOSE)
    run, method, k, subset = given[:4]
    if not isinstance(run, str) or not isinstance(method, str) or not isinstance(subset, str | None):
        raise UsageError(_CHOOSE)
    if k is not None and (not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= K_MAX):
        raise UsageError(_CHOOSE)
    return Scope(run, as_method(method), k, subset), given[4:]


def cell(given: Sequence[Any]) -> Cell:
    """[outcome, model, other] as the page sends it. Raises UsageError for anything else."""
    if len(given) != 3 or not all(isinstance(each, str) for each in given) or given[0] not in _OUTCOMES:
        raise UsageError(f"sessions are asked for by one of {', '.join(_OUTCOMES)} and the names of two models")
    return Cell(*given)


def _check_logits(items: list[Judged], method: Method) -> None:
    samples = [sample for item in items for sample in item.samples if sample.scores is not None]
    if method is not Method.NAIVE and any(sample.meta_logit is None for sample in samples):
        raise UsageError(f"{method} voting needs a meta logit of every sample; vote naive, or score with a meta RM")


def _told(board: Board, voted: list[Voted], asked: Scope, stored: int) -> str:
    games = int((board.wins.sum() + board.ties.sum() / 2).item())
    level = int(board.ties.sum().item() / 2)
    k = max(each.k for each in voted)
    words = f"{board.items} items, {games:,} comparisons, {level:,} of them ties. {METHODS[asked.method]} vote"
    words += f" over k = {k} samples"
    words += f", {board.k_effective:.1f} readable on average." if board.k_effective is not None else "."
    return " ".join([words, *(only_first(_ITEMS_MOST, stored) if asked.subset is None else [])])


def _points(each: Voted, wanted: Cell) -> list[float] | None:
    """What the wanted model got off the wanted others in this item; None when the item is none of the cell's."""
    if wanted.outcome == "unscored":
        return [] if each.totals is None else None
    if each.totals is None or wanted.model not in each.models:
        return None
    mine = each.models.index(wanted.model)
    found = [each.points(mine, i) for i, name in enumerate(each.models) if i != mine and wanted.other in ("", name)]
    points = [point for point in found if point is not None]
    value = {"won": 1.0, "tied": 0.5, "lost": 0.0}.get(wanted.outcome)
    return points if points and (value is None or value in points) else None


def _row(each: Voted, title: str, points: list[float]) -> Json:
    totals = each.totals or [None] * len(each.models)
    ranked = sorted(range(len(each.models)), key=lambda i: -(totals[i] or 0))
    return {
        "id": each.item_id,
        "title": title,
        "subset": each.subset,
        "won": points.count(1.0),
        "tied": points.count(0.5),
        "lost": points.count(0.0),
        "k": f"{each.k_effective} of {each.k}",
        "models": [{"place": i, "letter": letter(i), "name": each.models[i], "total": totals[i]} for i in ranked],
    }
