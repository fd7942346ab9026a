"""The meta RM's head on features of the frozen GRM: a logistic regression, before any adapter is trained."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grm_core.meta_rm import last_states
from grm_core.training.meta import Labelled, Row, looked_at, row
from grm_core.training.policy import Policy

_STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0, 10.0)
"""Inverse regularisation strengths that are tried."""
_SLACK = 0.01
"""Nats: so much worse than the best the cross-validated loss of a stronger regularisation may be."""
_FOLDS = 5
_PIECE = 64
"""Judgments that are read between two saves of the file."""


def fit(
    policy: Policy,
    judgments: Sequence[Labelled],
    cache: Path,
    log: Callable[[str], None],
    minutes: float | None = None,
) -> float:
    """Give a fresh policy's head the weights of a logistic regression on the frozen model's last states.

    The regularisation is the strongest whose cross-validated log loss (items stay together) is nearly the lowest: a
    head that knows the judgments by heart would leave an adapter nothing to learn from them. Returns its AUC.
    `cache` keeps the states; stopped and called again, it reads only what is missing. After `minutes` it makes do with
    what was read.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    rows = [row(policy.tokenizer, judgment) for judgment in judgments]
    by_name = features(policy, rows, cache, log, minutes)
    there = [(one, judgment) for one, judgment in zip(rows, judgments, strict=True) if _name(one) in by_name]
    states = np.stack([by_name[_name(one)] for one, _ in there]).astype(np.float32)
    labels = np.array([one.label for one, _ in there])
    items = [judgment.reading.example.id for _, judgment in there]
    # Scaled but not centred: the head has no bias, and the states' common part stands in for one.
    scale = np.sqrt((states**2).mean(0)) + 1e-6
    scaled, folds = states / scale, StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    by_strength: dict[float, tuple[float, float]] = {}
    for strength in _STRENGTHS:
        model = LogisticRegression(C=strength, fit_intercept=False, max_iter=1000)
        predicted = cross_val_predict(model, scaled, labels, groups=items, cv=folds, method="decision_function")
        lost = log_loss(labels, 1 / (1 + np.exp(-predicted)))
        by_strength[strength] = float(lost), float(roc_auc_score(labels, predicted))
    lowest = min(lost for lost, _ in by_strength.values())
    best = min(strength for strength, (lost, _) in by_strength.items() if lost <= lowest + _SLACK)
    model = LogisticRegression(C=best, fit_intercept=False, max_iter=1000).fit(scaled, labels)
    head = policy.model.get_base_model().score.modules_to_save["default"]
    head.weight.data.copy_(torch.tensor(model.coef_ / scale))
    log(f"head on {len(there)} judgments: cross-validated AUC {by_strength[best][1]:.3f} (C = {best:g})")
    return by_strength[best][1]


def features(
    policy: Policy, rows: Sequence[Row], cache: Path, log: Callable[[str], None], minutes: float | None = None
) -> dict[str, Any]:
    """Name of a row -> its last state, 16 bits [hidden size]; of all rows, or of those that `minutes` reached."""
    until = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    states: dict[str, Any] = {}
    if cache.exists():
        with np.load(cache) as saved:
            states = dict(zip(saved["names"].tolist(), saved["states"], strict=True))
    names = [_name(each) for each in rows]
    missing = [index for index, name in enumerate(names) if name not in states]
    if minutes is None:
        missing.sort(key=lambda index: len(rows[index].ids))  # rows of nearly one length: little padding
    else:
        random.Random(0).shuffle(missing)  # what is left out is a draw of all, not the long ones
    for start in range(0, len(missing), _PIECE):
        piece = missing[start : start + _PIECE]
        fresh = looked_at(policy, [rows[index] for index in piece], last_states)
        states |= zip((names[index] for index in piece), fresh.half().cpu().numpy(), strict=True)
        _save(cache, states)
        log(f"{start + len(piece)} of {len(missing)} judgments read")
        if time.monotonic() > until:
            break
    return states


def _save(cache: Path, states: dict[str, Any]) -> None:
    """A file that is whole: written beside it and put in its place."""
    partial = cache.with_name("partial.npz")
    np.savez(partial, names=np.array(list(states)), states=np.stack(list(states.values())))
    partial.replace(cache)


def _name(one: Row) -> str:
    return hashlib.sha256(np.array(one.ids, dtype=np.int32).tobytes()).hexdigest()[:16]
