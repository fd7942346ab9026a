"""Leaderboards of all items and of each subset, as JSON, CSV and Markdown."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from grm_core.analysis.leaderboard import DRAWS, Board, Voted, pairs
from reports.escape import encodable, plain
from reports.table import Table

Boards = Sequence[tuple[str | None, Board]]
"""(subset, its board): None for all items, '' for the items of no subset."""
_FORMATS = {"rating": ".0f", "low": ".0f", "high": ".0f", "position": ".2f", "position_fair": ".2f"}


def record(votes: Sequence[Voted], board: Board) -> dict[str, Any]:
    """A board as JSON: see Board and leaderboard.pairs for the fields of models and pairs."""
    return {
        "k": max(vote.k for vote in votes),
        "k_effective": board.k_effective,
        "items": board.items,
        "unscored": list(board.unscored),
        "draws": DRAWS,
        "models": Table.of(board.table).records(),
        "pairs": Table.of(pairs(board)).records(),
    }


def csv(boards: Boards) -> str:
    """One table: a row per subset and model."""
    frames = []
    for subset, board in boards:
        frame = board.table.copy()
        frame.insert(0, "subset", "" if subset is None else subset or "(none)")
        frames.append(frame)
    return Table.of(pd.concat(frames, ignore_index=True)).csv()


def markdown(boards: Boards) -> str:
    """Two tables each: the models from best to worst, and who beat whom."""
    parts = []
    for subset, board in boards:
        parts += [
            f"## {'All items' if subset is None else plain(subset) or '(none)'}",
            f"{board.items} items, {len(board.unscored)} more without a verdict.",
            Table.of(board.table.drop(columns="note"), _FORMATS).markdown(),
            _wins(board).markdown(),
        ]
    return encodable("\n\n".join(parts)) + "\n"


def _wins(board: Board) -> Table:
    """Wins of each model against each other one: a share of so many comparisons."""
    places = range(len(board.models))
    rows = [(model, *(_share(board, i, j) for j in places)) for i, model in enumerate(board.models)]
    return Table(("won against", *board.models), tuple(rows))


def _share(board: Board, i: int, j: int) -> str | None:
    count = board.wins[i, j] + board.ties[i, j] + board.wins[j, i]
    return f"{(board.wins[i, j] + board.ties[i, j] / 2) / count:.3f} of {count:.0f}" if count else None
