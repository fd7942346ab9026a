"""Bradley-Terry strengths of models from a matrix of points, with the cases in which no finite ones exist.

P(i beats j) = s_i / (s_i + s_j) (Bradley and Terry, Biometrika 39, 1952); a tie is half a win for each. evalica fits
them. Finite ones exist only among models each of which got points off every other, directly or through others (Ford,
1957): elsewhere the fit would run off to infinity, and what a solver returns then depends on where it stops.
"""

from collections.abc import Iterator
from typing import NamedTuple

import evalica
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
_STEPS_MOST, _PRECISION = 100_000, 1e-9
_NOISE = 1e-6
"""Strengths that lie closer are equal: a solver that stops at its precision tells no more."""


class Fit(NamedTuple):
    """Where m models stand."""

    strength: Vector
    """(m,) log s, mean 0 over the finite ones. inf and -inf: above and below all models with a finite strength; nan:
    nothing can be said."""
    rank: Vector
    """(m,) from 1, the best; nan for a model that cannot be compared with every other one."""


def fit(points: Vector, among: Flags | None = None) -> Fit:
    """Strengths and ranks from `points`, (m, m): what the row's model got off the column's, a tie counting 0.5.

    The finite strengths are those of the largest group in which finite ones exist, inside `among` where it is given.
    """
    count = len(points)
    among = np.ones(count, dtype=bool) if among is None else among
    groups, group = _groups(points > 0)
    inside = np.zeros(count)
    for each in range(groups):
        mine = np.flatnonzero(group == each)
        if len(mine) > 1:
            inside[mine] = _solve(points[np.ix_(mine, mine)])
    above = np.zeros((count, count), dtype=bool) if groups == 1 else _above(points, group)
    level = np.zeros(count)
    for each in range(groups):
        mine = np.flatnonzero(group == each)
        level[mine] = _levels(inside[mine])
    better = above | ((group[:, None] == group) & (level[:, None] > level))
    comparable = (above | above.T | (group[:, None] == group)).all(axis=0)
    rank = np.where(comparable, 1.0 + better.sum(axis=0), np.nan)
    return Fit(_finite(inside, group, above, among, points.sum(axis=1)), rank)


def _levels(strength: Vector) -> Vector:
    """Places from the lowest strength, 0, upwards; strengths with no gap between them share one."""
    order = np.argsort(strength)
    steps = np.diff(strength[order], prepend=strength[order[0]]) > _NOISE
    places = np.empty(len(strength))
    places[order] = np.cumsum(steps)
    return places


def _finite(inside: Vector, group: NDArray[np.int32], above: Flags, among: Flags, score: Vector) -> Vector:
    # The largest group, among equal ones that with the most points.
    sizes = np.bincount(group[among], weights=1 + score[among] / (1 + len(score) * score.sum()))
    core = (group == sizes.argmax()) & among
    strengths = np.full(len(inside), np.nan)
    if core.sum() > 1:
        strengths[above[:, core].all(axis=1)] = np.inf
        strengths[above[core].all(axis=0)] = -np.inf
        strengths[core] = inside[core]
        return strengths
    others = among & ~np.eye(len(inside), dtype=bool)
    strengths[(above | ~others).all(axis=1)] = np.inf
    strengths[(above.T | ~others).all(axis=1)] = -np.inf
    return strengths


def resampled(items: csr_array, draws: int, seed: int) -> Iterator[Fit]:
    """Fits to items drawn again with replacement; row i of `items`, (items, m * m), holds the points of item i.

    Strengths are laid beside those of all items: over the models that have finite ones in both, the means are equal.
    """
    rng = np.random.default_rng(seed)
    count, size = items.shape[0], round(items.shape[1] ** 0.5)
    fitted = fit(np.asarray(items.sum(axis=0)).reshape(size, size))
    finite = np.isfinite(fitted.strength)
    fits: dict[bytes, Fit] = {}  # resamples of few items repeat
    for _ in range(draws):
        points = (rng.multinomial(count, np.full(count, 1 / count)) @ items).reshape(size, size)
        name = points.tobytes()
        resample = fits[name] = fits.get(name) or fit(points, finite if finite.any() else None)
        both = np.isfinite(resample.strength) & finite
        shift = fitted.strength[both].mean() - resample.strength[both].mean() if both.any() else 0.0
        yield Fit(resample.strength + shift, resample.rank)


def interval(values: Vector, share: float = 0.95) -> tuple[float, float]:
    """The middle `share` of (draws,) values that may be infinite, by inverse CDF; nan ones are left out.

    Two nan where nothing else is given.
    """
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        return np.nan, np.nan
    low, high = np.quantile(numbers, ((1 - share) / 2, (1 + share) / 2), method="inverted_cdf")
    return float(low), float(high)


def _groups(leads: Flags) -> tuple[int, NDArray[np.int32]]:
    """How many groups there are in which points lead from everybody to everybody, and each model's."""
    if (leads | np.eye(len(leads), dtype=bool)).all():  # the usual case, at a tenth of the time
        return 1, np.zeros(len(leads), dtype=np.int32)
    components: tuple[int, NDArray[np.int32]] = csgraph.connected_components(leads, directed=True, connection="strong")
    return components


def _solve(points: Vector) -> Vector:
    x, y = np.nonzero(points)
    index = pd.Index(range(len(points)))
    solution = evalica.bradley_terry(
        x.tolist(),
        y.tolist(),
        [evalica.Winner.X] * len(x),
        index=index,
        weights=points[x, y].tolist(),
        tolerance=_PRECISION,
        limit=_STEPS_MOST,
    )
    strength = np.log(solution.scores.reindex(index).to_numpy())
    return np.asarray(strength - strength.mean())


def _above(points: Vector, group: NDArray[np.int32]) -> Flags:
    """above[i, j]: points lead from i to j, over others if need be, and none back."""
    leads = points > 0
    for each in range(len(points)):
        leads |= leads[:, each, None] & leads[each]
    return np.asarray(leads & ~leads.T & (group[:, None] != group))
