"""tools/choose_demos.py: which recorded sessions the Demo shows."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from grm_core.formats import sessions

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "assets" / "demo" / "recorded.jsonl"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("choose_demos", ROOT / "tools" / "choose_demos.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sessions_that_are_there_stay_as_they_are(tool: ModuleType, tmp_path: Path) -> None:
    nothing, out = tmp_path / "nothing.jsonl", tmp_path / "out.jsonl"
    nothing.touch()
    shutil.copy(RECORDED, out)
    assert tool.main(nothing, out) == 0
    assert out.read_bytes() == RECORDED.read_bytes()


@pytest.mark.parametrize("kind", ["meta RM rescue", "meta RM harm", "six responses"])
def test_a_kind_that_is_missing_is_found_again(tool: ModuleType, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out.jsonl"
    before = tool.chosen_before(RECORDED)
    with out.open("w", encoding="utf-8") as lines:
        sessions.dump([chosen for name, chosen in before.items() if name != kind], lines)
    tool.main(RECORDED, out)
    assert tool.chosen_before(out) == before


def test_labelled_pairs_of_others_are_not_shown(tool: ModuleType, tmp_path: Path) -> None:
    foreign, out = tmp_path / "foreign.jsonl", tmp_path / "out.jsonl"
    with foreign.open("w", encoding="utf-8") as lines:
        for run, session, samples in tool.chosen_before(RECORDED).values():
            example = replace(session.example, source="pairs")
            sessions.dump([(run, replace(session, example=example), samples)], lines)
    tool.main(foreign, out)
    assert tool.chosen_before(out) == {}
