"""`python -m build` makes a wheel that works in an environment of its own, far from this checkout."""

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("app.py", "assets", "cli", "grm_core", "reports", "runs", "service", "storage", "ui")
BUILDING = ("PYTHONPATH", "PYTHONHOME")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as `python -m build` does, by the locked tools: no index is asked."""
    folder = tmp_path_factory.mktemp("dist")
    call = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("grm_lens-*-py3-none-any.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`grm-lens` of an empty environment that holds the wheel; its dependencies are looked up in ours."""
    folder = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    install += ["--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, timeout=300)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "grm-lens"


def environment(folder: Path) -> dict[str, str]:
    """Ours, without what could lead back to this checkout, and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in BUILDING}
    return kept | {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}


def test_wheel_holds_every_file_of_the_code_and_its_assets(wheel: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout to compare with")
    call = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS]
    listed = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {name for name in listed if (ROOT / name).exists()}
    assert "grm_core/py.typed" in inside


def test_installed_command_parses_a_completion(command: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [command, "parse", "-", "--n", "2"],
        cwd=tmp_path, env=environment(tmp_path), input="Scores: \\boxed{3, 7}",
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scores"] == [3, 7]


@pytest.fixture
def page(command: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the page that the installed command serves from recorded samples."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (recorded,) = command.parents[1].glob("lib/python*/site-packages/assets/demo/recorded.jsonl")
    call = [command, "--engine", f"replay:{recorded}", "--meta", "none", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(call, cwd=tmp_path, env=environment(tmp_path), stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_installed_command_serves_the_page(page: str, tmp_path: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        try:
            with opener.open(page, timeout=20) as answer:
                assert b"GRM Lens" in answer.read()
                break
        except OSError:
            time.sleep(0.2)
    else:
        pytest.fail((tmp_path / "log").read_text())
    assert (tmp_path / "grm-lens" / "grm-lens.db").is_file()
