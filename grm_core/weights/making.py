"""A judge's folder in the cache, made once: its base fetched, converted and merged, and what is left over removed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE

from grm_core import prepared
from grm_core.errors import EngineError
from grm_core.weights import adapter as adapters
from grm_core.weights import convert, room, sources
from grm_core.weights.base import CODER, Base
from grm_core.weights.progress import CONVERTING, WAITING, Meter, OnProgress, Progress, shown, silent

_ROOT = Path(__file__).resolve().parent.parent.parent
_HINT = "make room there, 5 GB in all, or name another folder in XDG_CACHE_HOME; --model small needs neither"


def judge(
    name: str, form: str, adapter: Path | None, template: str, tell: OnProgress = silent, base: Base = CODER
) -> Path:
    """The folder of the base with an adapter merged in, called `name-form-...`; without an adapter the base itself.

    `form` is int8 (for vLLM on CPUs) or bf16. The adapter's card goes with it. The first call downloads and converts,
    of which `tell` and standard error are told; one that was stopped goes on where it was. Raises EngineError where
    the base cannot be had or kept.
    """
    name = name_of(name, form, adapter, template, base)
    folder, downloads = prepared.cache_folder() / name, _downloads()
    if prepared.problem(folder) is None:
        _tidy(downloads, base)
        return folder
    with shown(tell) as report, _alone(downloads, lambda: report(Progress(WAITING))):

        def build(out: Path) -> None:
            weights = sources.fetch(base, downloads, report)
            _convert(form, weights, out, template, adapter, report)
            if adapter is not None and (adapter / adapters.CARD).is_file():
                shutil.copyfile(adapter / adapters.CARD, out / adapters.CARD)

        built = prepared.ensure(name, build, room="5 GB")
        (downloads / base.file).unlink(missing_ok=True)
    return built


def name_of(name: str, form: str, adapter: Path | None, template: str, base: Base = CODER) -> str:
    """The folder's name: another base, adapter or way of converting is another folder."""
    merged = "" if adapter is None else adapters.digest(adapter)
    return f"{name}-{form}-{prepared.digest(base.sha256, str(convert.VERSION), template, merged)}"


def lacking(folder: str, base: Base = CODER) -> str | None:
    """Why this machine cannot make and run the judge's folder of this name, in one clause; None: it can."""
    cache = prepared.cache_folder()
    if (has := room.memory()) < room.MEMORY:
        return f"there are {has / 1e9:.1f} GB of memory, and the 1.5B judge needs {room.MEMORY / 1e9:.0f} GB"
    if prepared.problem(cache / folder) is None:
        return None
    if (has := room.free(cache) + sources.bytes_held(base, _downloads())) < room.DISK:
        return f"{has / 1e9:.1f} GB are free in {cache}, and the 1.5B judge needs {room.DISK / 1e9:.0f} GB"
    return None


def _downloads() -> Path:
    return prepared.cache_folder() / "downloads"


@contextmanager
def _alone(downloads: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Keep other processes from downloading the same file at the same time."""
    with ExitStack() as stack:
        try:
            stack.enter_context(prepared.locked(downloads / "lock", waiting))
        except OSError as error:
            raise EngineError(f"the model cannot be kept in {downloads}: {error}", hint=_HINT) from error
        yield


def _convert(form: str, weights: Path, out: Path, template: str, adapter: Path | None, tell: OnProgress) -> None:
    """Convert in a process of its own, which ends with this one; EngineError with its last word where it fails."""
    line = [sys.executable, "-m", "grm_core.weights.convert", form, str(weights.resolve()), str(out.resolve())]
    line += [template, *([] if adapter is None else [str(adapter.resolve())])]
    quiet = {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(
            line, stdin=PIPE, stdout=PIPE, stderr=log, text=True, cwd=_ROOT, env=dict(os.environ) | quiet
        ) as process,
    ):
        try:
            _follow(process.stdout or (), tell)
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        log.seek(0)
        lines = [text.strip() for text in log if text.strip()]
    if code:
        why = lines[-1][:300] if lines else f"it was ended (code {code}), as happens where memory runs out"
        raise EngineError(f"the model could not be converted: {why}", hint=_HINT)


def _follow(lines: Iterable[str], tell: OnProgress) -> None:
    """Pass on what the converting process says of itself: `done total` in bytes, some times a second."""
    meter = None
    for line in lines:
        done, total = map(int, line.split())
        if total and meter is None:
            meter = Meter(CONVERTING, total, tell)
        if meter is None:
            tell(Progress(CONVERTING))
        else:
            meter.at(done)


def _tidy(downloads: Path, base: Base) -> None:
    """Remove the downloaded file, which a start has left that was killed at its very end."""
    if not (downloads / base.file).exists():
        return
    try:
        with prepared.locked(downloads / "lock", _give_up):
            (downloads / base.file).unlink(missing_ok=True)
    except (_Busy, OSError):
        return  # another form is being made of it, or the cache is for reading only


class _Busy(Exception):
    """Somebody else holds the lock."""


def _give_up() -> None:
    raise _Busy
