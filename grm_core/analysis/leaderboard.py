"""A leaderboard of models from judged items: who beat whom in each item's vote, strengths, ranks, intervals, subsets.

An item whose responses come from named models is a game of every two of them: the higher total of the vote wins, equal
totals are a tie. Strengths are Bradley-Terry's (see strengths), intervals 95% bootstraps over items, because the pairs
of one item are not independent. An item without a readable sample is counted and takes no part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grm_core.analysis import strengths
from grm_core.analysis.accuracy import Judged
from grm_core.errors import UsageError
from grm_core.outcome import TIE
from grm_core.types import Method, Sample
from grm_core.voting import vote

DRAWS = 1000
_ELO = 400 / np.log(10)
COLUMNS = (
    *("rank", "rank_low", "rank_high", "model", "rating", "low", "high", "win_rate", "comparisons"),
    *("wins", "ties", "losses", "position", "position_fair", "note"),
)
_NOTES = {
    np.inf: "no finite rating: it lost nothing to those below it",
    -np.inf: "no finite rating: it won nothing from those above it",
}
_NO_PLACE = "no finite rating: too few upsets to tell how far it is from the others"


@dataclass(frozen=True, slots=True)
class Voted:
    """The vote on one item."""

    item_id: str
    subset: str
    models: tuple[str, ...]
    """Of the responses, in own order; lone surrogates stand there as escapes, in `subset` too."""
    totals: tuple[float, ...] | None
    """In own order; None when no sample could be read."""
    k: int
    """Samples looked at."""
    k_effective: int
    """Readable ones among them."""
    positions: tuple[float, ...]
    """Mean position, from 1, at which the samples that voted were shown each response, in own order; () for none."""

    def points(self, model: int, other: int) -> float | None:
        """1, 0.5 or 0 that one response got off another one (own indices); None when the item has no vote."""
        if self.totals is None:
            return None
        margin = self.totals[model] - self.totals[other]
        return 0.5 if abs(margin) < TIE else float(margin > 0)


@dataclass(frozen=True, slots=True)
class Board:
    """Models from best to worst, and all that they were ranked by."""

    models: tuple[str, ...]
    table: pd.DataFrame
    """COLUMNS, a row per model. `rating` is 1000 + 400 log10 s with mean 1000 over the finite ones: 400 more are odds
    of 10 to 1. None stands for a rating that is not finite and for an end of an interval that is not bounded."""
    wins: NDArray[np.float64]
    """(m, m) items in which the row's model beat the column's."""
    ties: NDArray[np.float64]
    """(m, m), symmetric."""
    items: int
    """Items with a vote."""
    unscored: tuple[str, ...]
    """Ids of the items without one."""
    k_effective: float | None
    """Mean of readable samples per item with a vote; None where there is none."""


def votes(items: Iterable[Judged], method: Method | str = Method.NAIVE, k: int | None = None) -> list[Voted]:
    """Vote on every item that names its models, with the first k samples; others are left out.

    Raises UsageError as `vote` does, with the item's id, and when no item names its models.
    """
    voted = []
    for item in items:
        if item.example.models is None:
            continue
        try:
            verdict = vote(item.samples, method, k)
        except UsageError as error:
            raise UsageError(f"item {item.item_id!r}: {error}") from None
        if verdict.totals is not None and len(verdict.totals) != len(item.example.models):
            raise UsageError(
                f"item {item.item_id!r}: {len(verdict.totals)} scores for {len(item.example.models)} models"
            )
        voting = set(verdict.voted)
        places = _positions([sample for sample in item.samples if sample.index in voting])
        counts = (verdict.totals, verdict.k, verdict.k_effective, places)
        voted.append(
            Voted(item.item_id, _printable(item.subset), tuple(map(_printable, item.example.models)), *counts)
        )
    if not voted:
        raise UsageError(
            'none of these items names the models that answered; score a file whose lines have "answers": '
            '{"model-a": "...", "model-b": "..."}'
        )
    return voted


def subsets(voted: Iterable[Voted]) -> list[str]:
    """The names of the subsets, '' for items of none; [] where there is nothing to tell apart."""
    names = sorted({each.subset for each in voted})
    return names if len(names) > 1 else []


def board(voted: Sequence[Voted], draws: int = DRAWS, seed: int = 0) -> Board:
    """Rank the models of these items; `draws` resamples of items give the intervals, the same for the same seed."""
    scored = [each for each in voted if each.totals is not None]
    names = sorted({model for each in voted for model in each.models})
    games = _games(scored, names)
    wins, ties = (_total(games == value, len(names)) for value in (1.0, 0.5))
    table = _standing(names, games, wins, ties, draws, seed)
    table["position"], table["position_fair"] = _mean_positions(scored, names)
    order = _order(table)
    table = table.loc[order, list(COLUMNS)].reset_index(drop=True)
    return Board(
        models=tuple(table["model"]),
        table=table.astype(object).where(table.notna(), None),
        wins=wins[np.ix_(order, order)],
        ties=ties[np.ix_(order, order)],
        items=len(scored),
        unscored=tuple(each.item_id for each in voted if each.totals is None),
        k_effective=float(np.mean([each.k_effective for each in scored])) if scored else None,
    )


def pairs(board: Board) -> pd.DataFrame:
    """One row per two models that met, both ways: model, other, comparisons, wins, ties, losses, win_rate."""
    rows = []
    for i, model in enumerate(board.models):
        for j, other in enumerate(board.models):
            if i != j and (count := board.wins[i, j] + board.ties[i, j] + board.wins[j, i]):
                numbers = (board.wins[i, j], board.ties[i, j], board.wins[j, i])
                rows.append((model, other, int(count), *map(int, numbers), (numbers[0] + numbers[1] / 2) / count))
    return pd.DataFrame(rows, columns=["model", "other", "comparisons", "wins", "ties", "losses", "win_rate"])


def by_subset(voted: Sequence[Voted]) -> pd.DataFrame:
    """One row per model and subset: subset, model, comparisons, wins, ties, losses, win_rate (against all others)."""
    rows = []
    for name in subsets(voted):
        table = board([each for each in voted if each.subset == name], draws=0).table
        columns = ["model", "comparisons", "wins", "ties", "losses", "win_rate"]
        rows += [(name, *row) for row in table[columns].itertuples(index=False)]
    return pd.DataFrame(rows, columns=["subset", "model", "comparisons", "wins", "ties", "losses", "win_rate"])


def _games(scored: Sequence[Voted], names: Sequence[str]) -> csr_array:
    """(items, m * m) what the row's model got off the column's in each item: 1 or 0.5, nothing stored for 0."""
    place = {name: i for i, name in enumerate(names)}
    rows, columns, values = [], [], []
    for at, each in enumerate(scored):
        for i, j in combinations(range(len(each.models)), 2):
            for one, other in ((i, j), (j, i)):
                if points := each.points(one, other):
                    rows.append(at)
                    columns.append(place[each.models[one]] * len(names) + place[each.models[other]])
                    values.append(points)
    shape = (len(scored), len(names) ** 2)
    return csr_array((np.array(values, dtype=np.float64), (rows, columns)), shape=shape)


def _total(games: csr_array, size: int) -> NDArray[np.float64]:
    return np.asarray(games.sum(axis=0), dtype=np.float64).reshape(size, size)


def _standing(
    names: Sequence[str], games: csr_array, wins: NDArray[np.float64], ties: NDArray[np.float64], draws: int, seed: int
) -> pd.DataFrame:
    fitted = strengths.fit(wins + ties / 2)
    fits = list(strengths.resampled(games, draws, seed)) if games.shape[0] else []
    comparisons = wins.sum(axis=1) + ties.sum(axis=1) + wins.sum(axis=0)
    rows = []
    for i, name in enumerate(names):
        strength, rank = float(fitted.strength[i]), fitted.rank[i]
        low, high = strengths.interval(np.array([each.strength[i] for each in fits]))
        rank_low, rank_high = strengths.interval(np.array([each.rank[i] for each in fits]))
        count, won, level = comparisons[i], wins[i].sum(), ties[i].sum()
        numbers = {"comparisons": int(count), "wins": int(won), "ties": int(level), "losses": int(wins[:, i].sum())}
        finite = np.isfinite(strength)
        rows.append(
            {"model": name, "rank": _rank(rank), "rank_low": _rank(rank_low), "rank_high": _rank(rank_high)}
            | {"rating": _rating(strength), "low": _rating(low) if finite else None}
            | {"high": _rating(high) if finite else None, "win_rate": (won + level / 2) / count if count else None}
            | numbers
            | {"note": "" if finite else _NOTES.get(strength, _NO_PLACE)}
        )
    return pd.DataFrame(rows).astype({"rank": "Int64", "rank_low": "Int64", "rank_high": "Int64"})


def _rating(strength: float) -> float | None:
    return 1000 + _ELO * strength if np.isfinite(strength) else None


def _rank(rank: float) -> int | None:
    return int(rank) if np.isfinite(rank) else None


def _order(table: pd.DataFrame) -> list[int]:
    """Rows from best to worst; what has no rank comes last, by its share of wins."""
    ranks = table["rank"].fillna(len(table) + 1).tolist()
    rates = table["win_rate"].astype(float).fillna(0.0).tolist()
    return sorted(range(len(table)), key=lambda i: (ranks[i], -rates[i], table["model"][i]))


def _printable(name: str) -> str:
    """The name with lone surrogates, which neither a table nor a terminal can hold, as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _positions(voting: Sequence[Sample]) -> tuple[float, ...]:
    if not voting:
        return ()
    shown = np.array([np.argsort(sample.order) for sample in voting]) + 1.0
    return tuple(shown.mean(axis=0).tolist())


def _mean_positions(scored: Sequence[Voted], names: Sequence[str]) -> tuple[list[float | None], list[float | None]]:
    """Per model the mean position over its items, and the mean that even shuffling would give: (n + 1) / 2."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for each in scored:
        for model, position in zip(each.models, each.positions, strict=True):
            seen[model].append((position, (len(each.models) + 1) / 2))
    means = [np.mean(seen[name], axis=0).tolist() if seen[name] else [None, None] for name in names]
    return [mean[0] for mean in means], [mean[1] for mean in means]
