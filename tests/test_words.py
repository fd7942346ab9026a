"""The words of the page are those of docs/glossary.md, and each page says a sentence in one place."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WEB, PYTHON = ROOT / "assets/web", ROOT / "ui/pages"
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$|\s//\s.*?$", re.DOTALL | re.MULTILINE)
SENTENCE = re.compile(r"[A-Z][^<>{}]*? [^<>{}]*? [^<>{}]* [^<>{}]*")
"""Four words or more, with a capital: what a person reads, not a class or a path."""
RETIRED = (
    "what to judge", "or read a session", "different ones", "in other words", "i am", "make it", "that was it",
    "leave to the session", "beside (such as", "items are finished by all", "how fine is the scale",
    "candidate answer", "judgement", "completions judged", "preference score", "reward score", "rater",
    "evaluator", "rationale", "guideline", "vote share",
)  # fmt: skip
"""Words that the glossary has others for, and strings that were met and replaced."""
PAGES = sorted(path.stem for path in (WEB / "pages").glob("*.js"))


def of_script(path: Path) -> Iterator[str]:
    for plain, template in TEXT.findall(COMMENT.sub("", path.read_text(encoding="utf-8"))):
        yield plain or template


def of_python(path: Path) -> Iterator[str]:
    """Strings but for docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def texts(page: str) -> list[str]:
    """All strings of a page's modules, in the browser and on the server."""
    scripts = [WEB / f"pages/{page}.js", *sorted((WEB / "pages" / page).glob("*.js"))]
    modules = [PYTHON / f"{page}.py", *sorted((PYTHON / page).glob("*.py"))]
    found = [text for path in scripts for text in of_script(path)]
    return found + [text for path in modules if path.is_file() for text in of_python(path)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_a_sentence_in_one_place(page: str) -> None:
    counts = Counter(text for text in texts(page) if SENTENCE.fullmatch(text))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_page_uses_a_word_that_the_glossary_has_another_for() -> None:
    shared = [path for name in ("views", "lib", "shell") for path in sorted((WEB / name).glob("*.js"))]
    every = {page: texts(page) for page in PAGES} | {path.name: list(of_script(path)) for path in shared}
    found = [
        f"{name}: {text}"
        for name, said in every.items()
        for text in said
        for word in RETIRED
        if re.search(rf"\b{re.escape(word)}\b", text.lower())
    ]
    assert found == []


def test_strings_are_found_at_all() -> None:
    assert "Which response is best?" in texts("queue")
    assert sum(bool(SENTENCE.fullmatch(text)) for page in PAGES for text in texts(page)) > 100
