"""What README, docs and cards name is there: modules, files, commands with their options, make's targets, formats."""

import ast
import importlib
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/*.md"))]
PAGES += sorted(ROOT.glob("assets/*/*/README.md"))
PACKAGES = "grm_core|storage|runs|service|reports|ui|cli"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
DEMO = ROOT / "assets" / "demo"

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of this language; '' for those that name none."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text_of(page), re.MULTILINE | re.DOTALL)


def resolve(name: str) -> object:
    """The module, class or function of a dotted name; raises AttributeError where there is none."""
    parts = name.split(".")
    value: object = importlib.import_module(parts[0])
    for end, part in enumerate(parts[1:], 2):
        if not hasattr(value, part):
            try:
                importlib.import_module(".".join(parts[:end]))
            except ModuleNotFoundError:
                raise AttributeError(f"there is no {name}") from None
        value = getattr(value, part)
    return value


@pytest.mark.slow
@pages
def test_every_dotted_name_can_be_imported(page: Path) -> None:
    for name in re.findall(rf"(?<![\w./])(?:{PACKAGES})(?:\.[A-Za-z_]\w*)+", text_of(page)):
        if not name.endswith((".py", ".md")):
            resolve(name)


@pages
def test_every_import_of_ours_in_an_example_works(page: Path) -> None:
    for source in blocks(page, "python"):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and re.match(rf"({PACKAGES}|examples)\b", node.module or ""):
                for alias in node.names:
                    resolve(f"{node.module}.{alias.name}")


@pages
def test_every_file_that_is_named_is_there(page: Path) -> None:
    text = text_of(page)
    folders = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ("build", ".venv"))
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name
    for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (page.parent / link).exists(), link


@pages
def test_every_target_of_make_is_there(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    code = re.findall(r"`make (\w+)", text_of(page)) + re.findall(r"^make (\w+)", "\n".join(blocks(page, "")), re.M)
    for target in code:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def calls(page: Path) -> Iterator[str]:
    """Every command line of the page that calls app.py, without its comment."""
    for block in blocks(page, ""):
        joined = re.sub(r" *(#[^\n]*)?\\?\n +", " ", block)
        for line in joined.splitlines():
            if "app.py" in line:
                yield line.split(" #")[0]
    fenced = re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`((?:[\w./-]* )?app\.py[^`\n]*)`", fenced)


def commands(call: str) -> Iterator[list[str]]:
    """The words up to the first option or placeholder of each command: `train demos|rft ...` are two, `a | b` too."""
    for one in call.split("app.py", 1)[1].split(" | "):
        parts: list[list[str]] = []
        for word in one.split():
            if not re.fullmatch(r"[a-z][a-z0-9-]*(\|[a-z][a-z0-9-]*)*", word):
                break
            parts.append(word.split("|"))
        yield from map(list, product(*parts))


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        app.main([*words, "--help"])
    out, error = capsys.readouterr()
    assert left.value.code == 0, (words, error)
    return out


@pages
def test_every_command_line_names_a_command_and_its_options(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for call in calls(page):
        listed = [help_of(words, capsys) for words in commands(call)]
        for option in OPTION.findall(call.split("app.py", 1)[1]):
            assert any(re.search(rf"{option}\b(?!-)", text) for text in listed), (call, option)


def test_every_command_is_in_the_readme() -> None:
    named = {words[0] for call in calls(ROOT / "README.md") for words in commands(call) if words}
    assert named >= set(app.COMMANDS)


@pytest.mark.parametrize(
    "name", ["examples.best_of_n", "examples.co_scaling", "examples.grpo_with_grm", "perf.overhead"]
)
def test_every_program_that_is_named_has_its_options(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module(name, run_name="__main__")
    assert left.value.code == 0
    options = capsys.readouterr().out
    for call in re.findall(rf"{name} ([^\n`]*)", "\n".join(map(text_of, PAGES))):
        for option in OPTION.findall(call):
            assert option in options, (call, option)


def section(title: str) -> str:
    """The section of docs/schema.md under this heading."""
    return text_of(ROOT / "docs" / "schema.md").split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def fields(shape: str) -> tuple[set[str], set[str]]:
    """The names of a shape such as {"id", "note"?}, and those of them that are optional."""
    return set(re.findall(r'"(\w+)"', shape)), set(re.findall(r'"(\w+)"\?', shape))


def lines_of(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text_of(DEMO / name).splitlines()]


def test_the_shape_of_samples_in_the_docs_is_that_of_the_recorded_ones() -> None:
    (block,) = re.findall(r"```\n(.*?)```", section("SAMPLES.jsonl"), re.DOTALL)
    _, items, samples = re.split(r"\n(?=\{)", block)
    item, session = (fields(part) for part in items.split('"session"?'))
    lines = lines_of("recorded.jsonl")
    assert [set(line) for line in lines if "run" in line] == [{"run"}] * sum("run" in line for line in lines)
    for line in lines:
        if "item" in line:
            assert {"item", *line["item"]} <= item[0]  # type: ignore[misc]
            assert {"item", *line["item"]} >= item[0] - item[1]  # type: ignore[misc]
            assert set(line["session"]) == session[0]  # type: ignore[call-overload]
        elif "run" not in line:
            names, optional = fields(samples)
            assert names - optional <= set(line) <= names


def test_the_shape_of_annotations_in_the_docs_is_that_of_the_recorded_ones() -> None:
    (shape,) = re.findall(r'`(\{"id", "session_id".*?\})`', section("Annotations"), re.DOTALL)
    names, optional = fields(shape)
    for line in lines_of("labels.jsonl"):
        assert names - optional <= set(line) <= names


def test_what_vote_prints_is_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["vote", str(DEMO / "recorded.jsonl"), "--method", "naive"]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[0])
    assert set(printed) == set(re.findall(r"`(\w+)`", section("What `vote` prints")))


def test_items_of_the_docs_are_read(tmp_path: Path) -> None:
    codes = [code for page in PAGES for code in re.findall(r"`(\{[^`]*\})`", text_of(page))]
    items = [code for code in codes if '"query": "' in code and "{..." not in code]
    assert items
    for number, code in enumerate(items):
        (file := tmp_path / f"{number}.jsonl").write_text(code)
        out = tmp_path / f"{number}.out"
        engine = f"replay:{DEMO / 'recorded.jsonl'}"  # it has no sample of them: reading is what is tried
        app.main(["score", str(file), "--k", "1", "--engine", engine, "--meta", "none", "--out", str(out)])
        assert any("item" in json.loads(line) for line in out.read_text().splitlines()), code


@pytest.mark.slow
def test_the_documentation_of_the_api_is_written_without_a_warning(tmp_path: Path) -> None:
    call = [sys.executable, "tools/docs.py", str(tmp_path)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=590, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "grm_core" / "voting.html").is_file()
