"""A meta RM from people's labels: the one there is, or a fresh head, trained on and compared on held-out items."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from grm_core import models
from grm_core.errors import UsageError
from grm_core.training import fit, folders, head, meta
from grm_core.training.meta import Told

HELD_OUT = 0.3
"""Share of the items that only compare the old meta RM with the new one."""
_LEAST = 5
"""Judgments of each kind, good and not, on either side of the split."""


def train(
    grm: Path,
    start: Path | None,
    labelled: Sequence[Told],
    settings: fit.Settings,
    folder: Path,
    rank: int,
    device: str = "cpu",
    seed: int = 0,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on labelled judgments of `grm`, from the adapter and head in `start` or fresh ones; returns both results.

    Leaves <folder>/checkpoint, <folder>/train.jsonl, <folder>/summary.json ({"old", "new"}: AUC, Brier score and
    calibration on held-out items) and <folder>/meta-rm, a model for `--meta`. Called again with the same labels it
    goes on; with others it begins anew, because items may have changed sides. Raises UsageError for too few labels.
    """
    learn, held_out = meta.split(labelled, HELD_OUT, seed)
    for side, name in ((learn, "training"), (held_out, "comparing")):
        counts = [sum(one.right == right for one in side) for right in (True, False)]
        if min(counts) < _LEAST:
            raise UsageError(
                f"for {name} there are {counts[0]} good and {counts[1]} other judgments after the split by item; "
                f"each has to be {_LEAST} or more: label more sessions"
            )
    checkpoint = _begin(folder, _digest(labelled, grm, start, seed), log)
    learner = meta.load(grm, checkpoint if checkpoint.exists() else start, rank, device)
    if start is None and not checkpoint.exists():
        head.fit(learner, learn, folder / "states.npz", log)
    old = None if start is None else meta.evaluate(meta.load(grm, start, rank, device), held_out, log)

    def source(step: int) -> Iterator[meta.Row]:
        return meta.endless(learner.tokenizer, learn, seed, step * settings.rows)

    fit.fit(learner, source, settings, checkpoint, log, meta.loss)
    new = meta.evaluate(learner, held_out, log)
    compared = {"learned": len(learn), "held_out": len(held_out), "old": old, "new": new}
    (folder / "summary.json").write_text(json.dumps(compared, indent=1), encoding="utf-8")
    models.merge_head(grm, checkpoint, folder / "meta-rm")
    return compared


def _begin(folder: Path, labels: str, log: Callable[[str], None]) -> Path:
    """Make the folder, without what was trained on other labels or from another start; returns its checkpoint."""
    mark = folder / "labels.sha256"
    if (folder / "checkpoint").exists() and not (mark.is_file() and mark.read_text(encoding="ascii") == labels):
        log("the labels have changed: the meta RM is trained anew")
        for name in ("checkpoint", "meta-rm"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "train.jsonl").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(labels, encoding="ascii")
    return folder / "checkpoint"


def _digest(labelled: Sequence[Told], grm: Path, start: Path | None, seed: int) -> str:
    """A digest of all that decides who learns from what: the labels, the models and the seed of the split."""
    judgments = sorted((one.reading.example.id, one.reading.order, one.reading.text, one.right) for one in labelled)
    weights = [folders.digest(each) for each in (grm, start) if each is not None]
    return hashlib.sha256(json.dumps([judgments, weights, seed]).encode()).hexdigest()
