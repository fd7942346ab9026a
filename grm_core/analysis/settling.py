"""When more samples would no longer change the verdict: how sure the vote is before all k are drawn."""

from collections.abc import Sequence

import numpy as np

from grm_core.errors import UsageError
from grm_core.types import Method, Sample
from grm_core.voting import as_method, keep_count, logit, quality

LEAST = 4
"""Below so many valid samples nothing is said: every guess would be too sure."""
_PRIOR = 1.0
"""Weight of one made-up sample per response that likes it best by the mean lead: keeps unanimous beginnings humble."""


def chance_of_change(
    samples: Sequence[Sample], k: int, method: Method | str = Method.NAIVE, draws: int = 2000, seed: int = 0
) -> float | None:
    """The probability 0..1 that the verdict of k samples differs from the verdict of those that are there.

    The samples still to come are drawn from those that came, weighted as a Bayesian bootstrap does (Rubin 1981),
    with a dissenting sample per response added. None below LEAST valid samples or for n = 1; 0 when none is missing.
    Raises UsageError for a guided method when a valid sample has no meta logit.
    """
    method = as_method(method)
    valid = [sample for sample in samples if sample.scores is not None]
    if len(valid) < LEAST or len(valid[0].order) < 2:
        return None
    missing = k - len(samples)
    if missing <= 0:
        return 0.0
    scores = np.array([sample.scores for sample in valid], dtype=float)
    ranks = np.zeros(len(valid)) if method is Method.NAIVE else np.array([logit(sample) for sample in valid])
    now = _winners(scores[None], ranks[None], method)[0]
    pool, pool_ranks, prior = _with_dissent(scores, ranks)
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(prior, size=draws)
    picks = np.array([rng.choice(len(pool), size=missing, p=chance) for chance in chances])
    held = np.broadcast_to(scores, (draws, *scores.shape)), np.broadcast_to(ranks, (draws, len(ranks)))
    later = _winners(
        np.concatenate([held[0], pool[picks]], axis=1), np.concatenate([held[1], pool_ranks[picks]], axis=1), method
    )
    return float(np.mean(later != now))


def check_level(level: float) -> float:
    """The level at which a run may stop; UsageError unless it is a probability above 0 and below 1."""
    if not 0 < level < 1:
        raise UsageError(f"the level is {level}; it must lie between 0 and 1, such as 0.05")
    return level


def _with_dissent(scores: np.ndarray, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The samples and one more per response that puts it first, with the Dirichlet weights of all."""
    n = scores.shape[1]
    lead = max(1.0, float(np.mean(scores.max(axis=1) - scores.min(axis=1))))
    centre = scores.mean()
    dissent = np.clip(np.full((n, n), centre - lead / 2) + np.eye(n) * lead, 1, 10)
    prior = np.concatenate([np.ones(len(scores)), np.full(n, _PRIOR / n)])
    return np.concatenate([scores, dissent]), np.concatenate([ranks, np.full(n, np.median(ranks))]), prior


def _winners(scores: np.ndarray, ranks: np.ndarray, method: Method) -> np.ndarray:
    """(draws,) own index of each vote's winner, -1 for a tie; scores (draws, k, n), ranks (draws, k)."""
    if method is not Method.NAIVE:
        count = keep_count(scores.shape[1], None)
        kept = np.argsort(-ranks, axis=1, kind="stable")[:, :count]
        scores = np.take_along_axis(scores, kept[:, :, None], axis=1)
        if method is Method.GUIDED_WEIGHTED:
            weights = np.vectorize(quality, otypes=[float])(np.take_along_axis(ranks, kept, axis=1))
            scores = scores * weights[:, :, None]
    totals = scores.sum(axis=1)
    best = totals.max(axis=1, keepdims=True)
    tied = (totals >= best - 1e-9).sum(axis=1) > 1
    return np.where(tied, -1, totals.argmax(axis=1))
