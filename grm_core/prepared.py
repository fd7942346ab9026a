"""Model folders in the user's cache: each is built once, beside its final place, renamed when whole, and checked."""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grm_core.errors import EngineError

_MANIFEST = "manifest.json"


def cache_folder() -> Path:
    """Where prepared models lie: $XDG_CACHE_HOME or ~/.cache, then grm-lens/models."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "grm-lens" / "models"


def ensure(name: str, build: Callable[[Path], None], room: str = "1 GB") -> Path:
    """The folder of this name in the cache; `build` writes it where it is missing or a file has lost its size.

    `room` is what it needs on the disk, for who has to make some. Raises EngineError when the cache cannot be written;
    what `build` raises passes through, an OSError as EngineError.
    """
    folder = cache_folder() / name
    if problem(folder) is not None:
        try:
            with locked(folder.with_name(folder.name + ".lock")):
                if problem(folder) is not None:  # another process may have built it meanwhile
                    _build(folder, build)
        except OSError as error:
            raise EngineError(
                f"could not prepare {name} in {folder.parent}: {error}",
                hint=f"make that folder writable, with {room} free, or name another in XDG_CACHE_HOME",
            ) from error
    return folder


def problem(folder: Path, *, full: bool = False) -> str | None:
    """The fault of a prepared folder, or None; `full` compares SHA-256 sums, otherwise only sizes."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        files = [(str(name), int(size), str(digest)) for name, (size, digest) in manifest.items()]
    except (OSError, ValueError, TypeError, AttributeError):
        return f"{folder} is not prepared"
    if not files:
        return f"{folder} is empty"
    for name, size, digest in files:
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            return f"{path} is missing or has another size"
        if full and sha256(path) != digest:
            return f"{path} has changed since it was prepared"
    return None


def forget(folder: Path) -> None:
    """Have the folder built anew when it is next asked for."""
    (folder / _MANIFEST).unlink(missing_ok=True)


def digest(*parts: str) -> str:
    """Everything that a folder depends on as 12 hexadecimal digits for its name."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]


def sha256(path: Path, read: Callable[[int], None] = lambda _: None) -> str:
    """The file's SHA-256 in hexadecimal; `read` is told how many bytes of it have been read."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
            read(handle.tell())
    return digest.hexdigest()


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock that this file stands for, alone among all processes; the system frees it with its holder.

    `waiting` is called twice a second while another holds it, and may end the waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        while waiting is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(0.5)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(folder: Path, build: Callable[[Path], None]) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        build(partial)
        manifest = {path.name: (path.stat().st_size, sha256(path)) for path in sorted(partial.iterdir())}
        (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
