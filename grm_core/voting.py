"""From k samples to a verdict: naive, guided and guided-weighted voting.

* naive: the sum of all valid samples' scores (arXiv 2504.02495, Eq. 14).
* guided: the same sum over the k_meta samples that the meta RM ranks highest (the paper's meta RM guided voting).
* guided-weighted: over those samples, the sum of score x q with q = sigmoid(meta logit) (the reading of a review of
  the paper; its mean is this total divided by the number voted).

A sample that could not be read casts no vote: it counts in k, not in k_effective. Nothing here draws or rounds.
"""

import math
from collections.abc import Iterable, Sequence

from grm_core.errors import UsageError
from grm_core.outcome import TIE
from grm_core.types import Method, Sample, Verdict


def vote(
    samples: Iterable[Sample], method: Method | str = Method.NAIVE, k: int | None = None, k_meta: int | None = None
) -> Verdict:
    """Vote over the first k samples by index; all of them when k is None or larger than their number.

    `k_meta` defaults to half of the valid samples, at least 1; a larger one than there are valid samples keeps all.
    Among equal logits the lower index is kept. Raises UsageError for k or k_meta below 1, for an unknown method, for
    samples with unequal numbers of responses, and for a guided method when a valid sample has no meta logit or NaN.
    """
    method = as_method(method)
    check_counts(k, k_meta)
    looked_at = sorted(samples, key=lambda s: s.index)[:k]
    valid = [s for s in looked_at if s.scores is not None]
    kept = valid if method is Method.NAIVE else keep(valid, keep_count(len(valid), k_meta))
    totals = _totals(kept, method)
    winner, margin = leader(totals)
    return Verdict(
        method=method,
        k=len(looked_at),
        k_effective=len(valid),
        k_meta=None if method is Method.NAIVE else len(kept),
        voted=tuple(sorted(s.index for s in kept)),
        totals=totals,
        winner=winner,
        margin=margin,
        margin_mean=None if margin is None else margin / len(kept),
    )


def as_method(method: Method | str) -> Method:
    """The voting method of that name; UsageError names those that exist."""
    try:
        return Method(method)
    except ValueError:
        raise UsageError(f"method is {method!r}; it must be one of {', '.join(Method)}") from None


def check_counts(k: int | None, k_meta: int | None) -> None:
    """Raise UsageError for a k or k_meta below 1."""
    for name, value in (("k", k), ("k_meta", k_meta)):
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}; it must be at least 1")


def keep_count(valid: int, k_meta: int | None) -> int:
    """How many of the valid samples a guided vote keeps: k_meta, else half of them, never fewer than one."""
    return min(valid, k_meta if k_meta is not None else max(1, valid // 2))


def keep(valid: Sequence[Sample], count: int) -> list[Sample]:
    """The `count` samples with the highest meta logit, equal logits by lower index; UsageError without logits."""
    return sorted(valid, key=lambda s: (-logit(s), s.index))[:count]


def read_by_meta(samples: Iterable[Sample]) -> bool:
    """Whether the meta RM has read every valid sample, as guided votes need; true where none is valid."""
    return all(_has_logit(sample) for sample in samples if sample.scores is not None)


def _has_logit(sample: Sample) -> bool:
    return sample.meta_logit is not None and not math.isnan(sample.meta_logit)


def logit(sample: Sample) -> float:
    """The sample's meta logit; UsageError when the meta RM did not score it or gave NaN."""
    if sample.meta_logit is None or not _has_logit(sample):
        raise UsageError(no_logit(sample.index))
    return sample.meta_logit


def no_logit(index: int) -> str:
    """What is said of a valid sample that a guided vote cannot rank."""
    return (
        f"sample {index} has no meta logit: guided voting needs one for every valid sample; "
        "use naive voting, or score the samples with a meta RM first"
    )


def quality(meta_logit: float) -> float:
    """sigmoid(meta logit), in 0..1, without overflow."""
    if meta_logit >= 0:
        return 1.0 / (1.0 + math.exp(-meta_logit))
    return math.exp(meta_logit) / (1.0 + math.exp(meta_logit))


def leader(totals: Sequence[float] | None) -> tuple[int | None, float | None]:
    """(own index of the best response or None for a tie, best total minus second best or None for fewer than two)."""
    if not totals:
        return None, None
    if len(totals) == 1:
        return 0, None
    ranked = sorted(range(len(totals)), key=lambda i: -totals[i])
    margin = totals[ranked[0]] - totals[ranked[1]]
    return (None, 0) if margin < TIE else (ranked[0], margin)


def _totals(kept: Sequence[Sample], method: Method) -> tuple[float, ...] | None:
    rows = [s.scores for s in kept if s.scores is not None]
    if not rows:
        return None
    if len({len(row) for row in rows}) > 1:
        raise UsageError("the samples of one item score different numbers of responses")
    if method is not Method.GUIDED_WEIGHTED:
        return tuple(sum(column) for column in zip(*rows, strict=True))
    weights = [quality(logit(s)) for s in kept]
    # fsum: the total must not depend on the order in which samples arrived.
    return tuple(
        math.fsum(score * q for score, q in zip(column, weights, strict=True)) for column in zip(*rows, strict=True)
    )
