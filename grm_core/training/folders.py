"""A training folder: from which weights each stage began, and merged models beside their adapters.

A stage that was trained on top of other weights than those that stand there now says nothing about them; it begins
anew, and what it had is kept beside.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from grm_core import models
from grm_core.errors import UsageError

ADAPTER = "adapter_model.safetensors"
_MARK = "from.sha256"


def needed(checkpoint: Path, stage: str) -> None:
    """Raise UsageError unless the stage has left its checkpoint."""
    if not checkpoint.exists():
        raise UsageError(f"there is no {checkpoint}: run the stage {stage} first")


def begin(stage: Path, source: Path, log: Callable[[str], None]) -> None:
    """Make a stage's folder and note the weights in `source` as what it begins from.

    A stage that began from others is renamed to <stage>.1, .2, ... One without a note is taken to fit.
    """
    now, before = digest(source), began_from(stage)
    if before not in (None, now):
        old = next(path for i in range(1, 10_000) if not (path := stage.with_name(f"{stage.name}.{i}")).exists())
        stage.rename(old)
        log(f"{stage.name} begins anew, because {source} has changed since; what it had is in {old}")
    stage.mkdir(parents=True, exist_ok=True)
    (stage / _MARK).write_text(now, encoding="ascii")


def began_from(stage: Path) -> str | None:
    """Digest of the weights that the stage began from; None where it does not say."""
    mark = stage / _MARK
    return mark.read_text(encoding="ascii").strip() if mark.is_file() else None


def digest(checkpoint: Path) -> str:
    """SHA-256 of a checkpoint's weights, an adapter's or a whole model's in one file or many, in hexadecimal."""
    total = hashlib.sha256()
    for path in sorted(checkpoint.glob("*.safetensors")):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def merged(base: Path, adapter: Path) -> Path:
    """The base with the adapter merged in, as a folder beside the adapter; made once per adapter."""
    needed(adapter, adapter.parent.name)
    out, now = adapter.parent / f"merged-{adapter.name}", digest(adapter)
    if began_from(out) != now:
        partial = out.with_name(f"{out.name}.partial")  # a merge that is cut off leaves no half of a model
        for each in (partial, out):
            shutil.rmtree(each, ignore_errors=True)
        models.merge(base, adapter, partial)
        (partial / _MARK).write_text(now, encoding="ascii")
        partial.rename(out)
    return out
