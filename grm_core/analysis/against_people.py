"""The GRM as a judge against people: how often it chooses as they do blind, and what its errors do to a share.

People's choice of an item is the gold label where annotators were settled, else what they agree on. A choice is a
response's letter or a tie; who cannot say made none. For every choice c, the true positive rate is the share of the
items where people chose c that the GRM gives c, and the true negative rate the share of the others that it does not.

The share of c among the GRM's verdicts on all items of a run is off by these errors. The corrected share is the
estimator of Rogan and Gladen (1978, Am. J. Epidemiology 107, 71-76), (share + TNR - 1) / (TPR + TNR - 1), with the
interval of Lang and Reiczigel (2014, Preventive Veterinary Medicine 113, 13-22), which counts both the run's items and
the labelled ones as samples. It is not defined where the GRM does no better than a coin (TPR + TNR <= 1).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from grm_core.analysis.agreement import kappa
from grm_core.analysis.frames import letter
from grm_core.analysis.gold import Gold
from grm_core.analysis.labels import TIE, UNSURE
from grm_core.analysis.shares import Z, wilson
from grm_core.types import Example

ALL = "all"
"""The name of the row over all subsets."""
RIGHT = "as labelled"
"""The choice of a response that the data's label calls best."""
_DRAWS = 2000


class Corrected(NamedTuple):
    """A share corrected for the judge's errors."""

    share: float
    low: float
    high: float


def choices(gold: Sequence[Gold], examples: Mapping[str, Example], winners: Mapping[str, str]) -> pd.DataFrame:
    """One row per item that people chose in and the GRM judged: session, subset, people, judge, how, people_right,
    judge_right (None without labels); `winners` is session -> the GRM's letter or tie."""
    rows = []
    for one in gold:
        if one.kind != "best" or one.label == UNSURE or one.session not in winners or one.session not in examples:
            continue
        example, judge = examples[one.session], winners[one.session]
        right = [right_choice(example, choice) for choice in (one.label, judge)]
        rows.append((one.session, example.subset or "", one.label, judge, one.how, *right))
    columns = ["session", "subset", "people", "judge", "how", "people_right", "judge_right"]
    return pd.DataFrame(rows, columns=columns)


def right_choice(example: Example, choice: str) -> bool | None:
    """Whether a choice is a response that the data's labels call best; None without labels."""
    labels = example.labels
    if labels is None or len(labels) < 2:
        return None
    return choice in {letter(own) for own, label in enumerate(labels) if label == max(labels)}


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """One row for all items and one per subset: subset, n, agreed, low, high (Wilson), kappa, kappa_low, kappa_high
    (95%, bootstrap over items)."""
    rows = []
    for name, mine in _subsets(table):
        people, judge = mine["people"].tolist(), mine["judge"].tolist()
        same = sum(one == other for one, other in zip(people, judge, strict=True))
        rows.append((name, len(mine), *wilson(same, len(mine)), kappa(people, judge), *_kappa_interval(people, judge)))
    columns = ["subset", "n", "agreed", "low", "high", "kappa", "kappa_low", "kappa_high"]
    return pd.DataFrame(rows, columns=columns)


def by_choice(table: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """One row per subset and choice: subset, choice, positives, tpr, tpr_low, tpr_high, negatives, tnr, tnr_low,
    tnr_high, items, share, corrected, corrected_low, corrected_high.

    `judged` has a row per item of the whole run: subset, judge, judge_right. `share` is the GRM's among those items.
    """
    rows = []
    for name, mine in _subsets(table):
        run = judged if name == ALL else judged[judged["subset"] == name]
        for choice in sorted({*mine["people"], *mine["judge"]}, key=lambda each: (each == TIE, each)):
            positive, says = mine["people"] == choice, mine["judge"] == choice
            rows.append((name, choice, *_rates(positive, says, run["judge"] == choice)))
        labelled = mine.dropna(subset=["people_right", "judge_right"])
        if len(labelled):
            people, judge = (labelled[column].astype(bool) for column in ("people_right", "judge_right"))
            rows.append((name, RIGHT, *_rates(people, judge, run["judge_right"].dropna().astype(bool))))
    rates = [f"{rate}{end}" for rate in ("tpr", "tnr") for end in ("", "_low", "_high")]
    columns = ["subset", "choice", "positives", *rates[:3], "negatives", *rates[3:], "items", "share"]
    return pd.DataFrame(rows, columns=[*columns, "corrected", "corrected_low", "corrected_high"])


def corrected(count: int, n: int, tp: int, positives: int, tn: int, negatives: int) -> Corrected | None:
    """The share count / n of a judge, corrected; `tp` of `positives` labelled items it found, `tn` of `negatives`.

    None where it is not defined. Cut to 0..1, as are the ends of its interval.
    """
    if not (n and positives and negatives):
        return None
    share, sensitivity, specificity = count / n, tp / positives, tn / negatives
    if sensitivity + specificity <= 1:
        return None
    point = (share + specificity - 1) / (sensitivity + specificity - 1)
    low, high = _interval(count, n, tp, positives, tn, negatives)
    return Corrected(*(float(np.clip(each, 0, 1)) for each in (point, low, high)))


def _interval(count: int, n: int, tp: int, positives: int, tn: int, negatives: int) -> tuple[float, float]:
    """Lang and Reiczigel's interval, before it is cut to 0..1."""
    square = Z**2
    items, ones, zeros = n + square, positives + 2, negatives + 2
    share, sensitivity, specificity = (count + square / 2) / items, (tp + 1) / ones, (tn + 1) / zeros
    gain = sensitivity + specificity - 1
    if gain <= 0:
        return 0.0, 1.0
    point = (share + specificity - 1) / gain
    of_sensitivity = sensitivity * (1 - sensitivity) / ones
    of_specificity = specificity * (1 - specificity) / zeros
    shift = 2 * square * (point * of_sensitivity - (1 - point) * of_specificity)
    spread = share * (1 - share) / items + point**2 * of_sensitivity + (1 - point) ** 2 * of_specificity
    half = Z * float(np.sqrt(spread)) / gain
    return point + shift - half, point + shift + half


def _rates(positive: "pd.Series[bool]", says: "pd.Series[bool]", run: "pd.Series[bool]") -> tuple[object, ...]:
    tp, positives = int((positive & says).sum()), int(positive.sum())
    tn, negatives = int((~positive & ~says).sum()), int((~positive).sum())
    share = float(run.mean()) if len(run) else None
    fair = corrected(int(run.sum()), len(run), tp, positives, tn, negatives) or (None, None, None)
    return positives, *wilson(tp, positives), negatives, *wilson(tn, negatives), len(run), share, *fair


def _subsets(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    names = sorted(set(table["subset"]) - {""})
    return [(ALL, table), *((name, table[table["subset"] == name]) for name in names if len(names) > 1)]


def _kappa_interval(people: Sequence[str], judge: Sequence[str]) -> tuple[float | None, float | None]:
    """2.5th and 97.5th percentile of kappa over items drawn again; draws where it is not defined are left out."""
    names = sorted({*people, *judge})
    if len(names) < 2:
        return None, None
    cells = np.zeros((len(names), len(names)))
    for one, other in zip(people, judge, strict=True):
        cells[names.index(one), names.index(other)] += 1
    counts = np.random.default_rng(0).multinomial(len(people), cells.ravel() / len(people), size=_DRAWS)
    shares = counts.reshape(_DRAWS, *cells.shape) / len(people)
    same = np.trace(shares, axis1=1, axis2=2)
    chance = (shares.sum(axis=1) * shares.sum(axis=2)).sum(axis=1)
    defined = chance < 1 - 1e-12
    if not defined.any():
        return None, None
    low, high = np.percentile((same[defined] - chance[defined]) / (1 - chance[defined]), [2.5, 97.5])
    return float(low), float(high)
