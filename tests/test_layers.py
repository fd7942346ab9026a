"""The checks of `make check` find what they are for: an import that points the wrong way, a function too long."""

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("grm_core", "storage", "runs", "service", "reports", "ui", "cli")
LINT = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and of their contracts that a test may break."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", LINT], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_import_points_the_way_the_data_flows(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("grm_core/voting.py", "import storage.store", "The method knows neither store nor page"),
        ("storage/schema.py", "import ui", "the store knows no page"),
        ("reports/table.py", "import ui", "a report neither page nor command"),
        ("cli/commands/export.py", "import ui.render", "Pages and commands never see each other"),
        ("ui/render.py", "import cli.commands.export", "Pages and commands never see each other"),
        ("cli/commands/vote.py", "import cli.commands.curve", "A command knows no other command"),
        ("runs/run.py", "import gradio", "A run knows no page and no command line"),
        ("service/wire.py", "import ui.render", "The endpoint sees runs"),
        ("service/keys.py", "import storage.paths", "The endpoint sees runs"),
        ("ui/render.py", "import argparse", "Arguments become settings in the commands"),
        ("storage/schema.py", "import grm_core.voting", "Storage sees the formats, types and errors only"),
        ("grm_core/types.py", "import grm_core.voting", "a file sees only what stands below it"),
        ("grm_core/no_place_yet.py", "", "a file sees only what stands below it"),
    ],
)
def test_a_wrong_import_or_a_file_without_a_place_is_found(copy: Path, file: str, line: str, contract: str) -> None:
    with (copy / file).open("a") as handle:
        handle.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout
    assert contract in " ".join(done.stdout.split())


def test_only_app_stands_above_the_commands() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert "app" not in {name.split(".")[0] for name in names}, path


def test_a_file_or_function_that_is_too_long_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("check_length", ROOT / "tools" / "check_length.py")
    assert spec is not None
    assert spec.loader is not None
    check_length = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check_length)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    body = "    x = 1\n"
    for name, source, message in [
        ("a.py", "def f():\n" + body * 39, 0),
        ("b.py", "def f():\n" + body * 40, 1),
        ("c.py", "x = 1\n" * 500, 0),
        ("d.py", "x = 1\n" * 501, 1),
        ("tests/e.py", "def f():\n" + body * 200, 0),
        ("tests/f.py", "x = 1\n" * 501, 1),
    ]:
        Path(name).write_text(source)
        assert len(check_length.problems(Path(name))) == message, name
