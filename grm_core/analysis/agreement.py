"""How far annotators agree: Cohen's kappa of every two, Krippendorff's alpha of all, each with its n.

Both come from libraries (scikit-learn, evalica). What nobody else labelled does not count.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

import evalica
import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from grm_core.analysis.labels import SETTLED, standing, target
from grm_core.types import Annotation


def units(annotations: Iterable[Annotation], kind: str) -> pd.DataFrame:
    """One row per thing labelled, one column per author: the label that stands, None where there is none."""
    labels = [each for each in standing(annotations) if each.kind == kind]
    frame = pd.DataFrame(
        [(target(each), each.author, each.label) for each in labels], columns=["unit", "author", "label"]
    )
    if not len(labels):
        return pd.DataFrame()
    return frame.drop_duplicates(["unit", "author"], keep="last").pivot(index="unit", columns="author", values="label")


def kappa(one: Sequence[object], other: Sequence[object]) -> float | None:
    """Cohen's kappa of two lists of labels of the same things; None where it is not defined.

    It is not where nothing was labelled, or both used one and the same label throughout.
    """
    return None if len({*one, *other}) < 2 else float(cohen_kappa_score(one, other))


def kappas(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """One row per kind and two authors with something in common: kind, first, second, n, agreed (share), kappa.

    kappa is None where both used one and the same label throughout: it is not defined there.
    """
    made, rows = list(annotations), []
    for kind in SETTLED:
        table = units(made, kind)
        for first, second in combinations(table.columns, 2):
            both = table[[first, second]].dropna()
            if len(both):
                one, other = both[first].tolist(), both[second].tolist()
                agreed = float(np.mean(both[first] == both[second]))
                rows.append((kind, first, second, len(both), agreed, kappa(one, other)))
    return pd.DataFrame(rows, columns=["kind", "first", "second", "n", "agreed", "kappa"])


def alphas(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """One row per kind with units that two or more labelled: kind, n (units), annotators, alpha (nominal)."""
    made, rows = list(annotations), []
    for kind in SETTLED:
        table = units(made, kind)
        shared = table[table.notna().sum(axis=1) > 1] if len(table) else table
        if len(shared):
            names = sorted({label for label in shared.to_numpy().ravel() if isinstance(label, str)})
            coded = shared.map(lambda label, names=names: names.index(label) if isinstance(label, str) else np.nan)
            alpha = evalica.alpha(coded.astype(float).T, "nominal").alpha if len(names) > 1 else None
            rows.append((kind, len(shared), int((shared.notna().any()).sum()), alpha))
    return pd.DataFrame(rows, columns=["kind", "n", "annotators", "alpha"])


def disagreements(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """One row per thing that authors labelled differently: session, kind, sample, place, labels ({author: label})."""
    made, rows = list(annotations), []
    for kind in SETTLED:
        table = units(made, kind)
        for unit, labels in zip(table.index, table.to_dict("records"), strict=True):
            texts = {author: label for author, label in labels.items() if isinstance(label, str)}
            if len(set(texts.values())) > 1:
                session, _, sample, place = unit
                rows.append((session, kind, sample, place, texts))
    return pd.DataFrame(rows, columns=["session", "kind", "sample", "place", "labels"])
