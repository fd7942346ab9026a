"""Behind one session's verdict: replay, k_meta, the meta RM's filter, cost, value space and position.

Pure functions of stored samples; each returns a pandas table, one row per thing that a plot draws.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from grm_core import outcome
from grm_core.analysis.frames import letter
from grm_core.types import CurvePoint, Method, Sample
from grm_core.voting import keep, keep_count, quality, vote

_Z = 1.96
"""Of a 95% interval."""


def replay(samples: Sequence[Sample], method: Method = Method.NAIVE, k_meta: int | None = None) -> pd.DataFrame:
    """The vote over the first k samples for k = 1..all: k, winner ('A'.., None = tie), margin for the final winner.

    The margin is (final winner's total - best other total) / samples voted, so it is negative where another leads. No
    rows where the final vote has no winner. Raises UsageError for a guided method without meta logits.
    """
    final = vote(samples, method, k_meta=k_meta).winner
    rows = []
    for k in range(1, len(samples) + 1 if final is not None else 1):
        verdict = vote(samples, method, k, k_meta)
        if verdict.totals is None or final is None or len(verdict.totals) < 2:
            continue
        others = [total for own, total in enumerate(verdict.totals) if own != final]
        winner = None if verdict.winner is None else letter(verdict.winner)
        rows.append((k, winner, (verdict.totals[final] - max(others)) / len(verdict.voted)))
    return pd.DataFrame(rows, columns=["k", "winner", "margin"])


def sweep(samples: Sequence[Sample], method: Method = Method.GUIDED) -> pd.DataFrame:
    """The guided vote for every k_meta = 1..valid samples: k_meta, winner, margin per sample voted.

    Raises UsageError where a valid sample has no meta logit.
    """
    valid = sum(sample.scores is not None for sample in samples)
    rows = []
    for k_meta in range(1, valid + 1):
        verdict = vote(samples, method, k_meta=k_meta)
        rows.append((k_meta, None if verdict.winner is None else letter(verdict.winner), verdict.margin_mean))
    return pd.DataFrame(rows, columns=["k_meta", "winner", "margin"])


def filtered(samples: Sequence[Sample], labels: Sequence[float] | None, k_meta: int | None = None) -> pd.DataFrame:
    """One row per valid sample: index, meta_logit, margin, kept, dissents, right.

    margin: the naive winner's score minus the best other; dissents: whether it is below 0; right: by outcome.correct,
    None without labels that have one best. Raises UsageError where a valid sample has no meta logit.
    """
    valid = [sample for sample in samples if sample.scores is not None]
    kept = {sample.index for sample in keep(valid, keep_count(len(valid), k_meta))}
    winner = vote(samples).winner
    judged = labels is not None and (len(labels) == 1 or len(outcome.best_labels(labels)) == 1)
    rows = []
    for sample in valid:
        scores = sample.scores or ()
        margin = None
        if winner is not None and len(scores) > 1:
            margin = scores[winner] - max(score for own, score in enumerate(scores) if own != winner)
        right = outcome.correct(scores, labels) if judged and labels is not None else None
        dissents = margin is not None and margin < 0
        rows.append((sample.index, sample.meta_logit, margin, sample.index in kept, dissents, right))
    return pd.DataFrame(rows, columns=["index", "meta_logit", "margin", "kept", "dissents", "right"])


def removed(table: pd.DataFrame) -> dict[str, int]:
    """Samples that the filter dropped: counts by dissent, and by error and dissent where labels are."""
    out = table[~table["kept"].astype(bool)]
    labelled = out[out["right"].notna()]
    wrong = ~labelled["right"].astype(bool)
    dissent = labelled["dissents"].astype(bool)
    return {
        "dropped": len(out),
        "dissenting": int(out["dissents"].sum()),
        "wrong": int(wrong.sum()),
        "right": int((~wrong).sum()),
        "right and dissenting": int((~wrong & dissent).sum()),
    }


def told_apart(table: pd.DataFrame) -> float | None:
    """AUC of the meta logit, right against wrong samples of a `filtered` table; None without both kinds."""
    labelled = table[table["right"].notna()]
    if labelled["right"].nunique() < 2:
        return None
    return float(roc_auc_score(labelled["right"].astype(bool), labelled["meta_logit"]))


def calibration(table: pd.DataFrame, bins: int = 5) -> pd.DataFrame:
    """By equal ranges of q = sigmoid(meta logit): said (mean q), was (share right), n; empty without labels."""
    labelled = table[table["right"].notna()]
    qualities = labelled["meta_logit"].map(quality)
    places = (qualities * bins).astype(int).clip(upper=bins - 1)
    rows = [
        (
            float(qualities[places == place].mean()),
            float(labelled["right"][places == place].astype(float).mean()),
            int(count),
        )
        for place, count in places.value_counts().sort_index().items()
    ]
    return pd.DataFrame(rows, columns=["said", "was", "n"])


def cost(samples: Sequence[Sample], points: Sequence[CurvePoint]) -> pd.DataFrame:
    """Cost and use of k samples: k, tokens (completion), seconds (one after the other), win, accuracy.

    Tokens and seconds are the means over the samples times k. Samples without a completion cost nothing.
    """
    done = [sample.completion for sample in samples if sample.completion is not None]
    tokens = float(np.mean([each.completion_tokens for each in done])) if done else 0.0
    seconds = float(np.mean([each.seconds for each in done])) if done else 0.0
    rows = [(p.k, p.k * tokens, p.k * seconds, p.win, p.accuracy) for p in points]
    return pd.DataFrame(rows, columns=["k", "tokens", "seconds", "win", "accuracy"])


def settled(replayed: pd.DataFrame) -> int | None:
    """The smallest k from which on the winner of the first k samples is the final one; None without a final winner."""
    if not len(replayed):
        return None
    last = replayed["winner"].iloc[-1]
    other = replayed[replayed["winner"] != last]
    return int(replayed["k"].iloc[0] if not len(other) else other["k"].iloc[-1] + 1)


def positions(samples: Sequence[Sample]) -> pd.DataFrame:
    """Mean score by response and shown position: response, position (1-based), mean, low, high (95%, normal), n."""
    by_place: dict[tuple[int, int], list[int]] = {}
    for sample in samples:
        for place, own in enumerate(sample.order):
            if sample.scores is not None:
                by_place.setdefault((own, place), []).append(sample.scores[own])
    rows = []
    for (own, place), scores in sorted(by_place.items()):
        mean, count = float(np.mean(scores)), len(scores)
        # One score alone says nothing of the spread.
        half = _Z * float(np.std(scores, ddof=1)) / count**0.5 if count > 1 else float("nan")
        rows.append((letter(own), place + 1, mean, mean - half, mean + half, count))
    return pd.DataFrame(rows, columns=["response", "position", "mean", "low", "high", "n"])
