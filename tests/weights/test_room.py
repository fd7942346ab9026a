"""Which model serves is decided by memory, disk and the user, and the reason is one clause."""

from pathlib import Path

import pytest

from grm_core import models, prepared
from grm_core.engines.bundled import Bundled
from grm_core.errors import EngineError
from grm_core.weights import making, room
from grm_core.weights.base import CODER
from grm_core.weights.progress import Progress


def limited(root: Path, line: str, file: str, text: str) -> Path:
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(line + "\n")
    path = root / "sys" / "fs" / "cgroup" / file
    path.parent.mkdir(parents=True)
    path.write_text(text + "\n")
    return root


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/user.slice/app", "user.slice/app/memory.max"),
        ("0::/user.slice/app", "user.slice/memory.max"),
        ("0::/docker/of-the-host", "memory.max"),
        ("9:cpu:/x\n4:memory:/docker/a", "memory/docker/a/memory.limit_in_bytes"),
        ("4:cpu,memory:/docker/of-the-host", "memory/memory.limit_in_bytes"),
    ],
)
def test_a_control_groups_limit_counts(tmp_path: Path, line: str, file: str) -> None:
    assert room.memory(limited(tmp_path, line, file, "1000000")) == 1_000_000


@pytest.mark.parametrize("text", ["max", "9223372036854771712"])
def test_no_limit_leaves_the_machines_memory(tmp_path: Path, text: str) -> None:
    machine = room.memory(tmp_path / "nothing")
    assert machine > 500_000_000
    assert room.memory(limited(tmp_path, "0::/", "memory.max", text)) == machine


@pytest.fixture
def plenty(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with room, whose user has asked for nothing, in a checkout that has a judge."""
    monkeypatch.setattr(room, "memory", lambda: 8_000_000_000)
    monkeypatch.setattr(room, "free", lambda _: 9_000_000_000)
    monkeypatch.setattr(models, "has_judge", lambda: True)
    monkeypatch.setattr(making, "name_of", lambda *_: "judge-folder")
    monkeypatch.delenv(models.CHOICE)
    return monkeypatch


def test_the_judge_serves_where_there_is_room(plenty: pytest.MonkeyPatch) -> None:
    assert models.why_small() is None
    assert models.style_and_training(None) == ("compact", False)


def test_below_six_gigabytes_of_memory_the_small_model_serves(plenty: pytest.MonkeyPatch) -> None:
    plenty.setattr(room, "memory", lambda: 5_900_000_000)
    assert models.why_small() == "there are 5.9 GB of memory, and the 1.5B judge needs 6 GB"


def test_below_five_gigabytes_of_disk_the_small_model_serves(plenty: pytest.MonkeyPatch) -> None:
    plenty.setattr(room, "free", lambda _: 4_900_000_000)
    assert "4.9 GB are free in" in str(models.why_small())


def test_what_has_been_downloaded_already_counts_as_room(plenty: pytest.MonkeyPatch) -> None:
    plenty.setattr(room, "free", lambda _: 4_500_000_000)
    begun = prepared.cache_folder() / "downloads" / f"{CODER.file}.partial"
    begun.parent.mkdir(parents=True)
    with begun.open("wb") as file:
        file.truncate(600_000_000)  # takes no room itself
    assert models.why_small() is None


def test_a_judge_that_is_there_needs_no_more_disk(plenty: pytest.MonkeyPatch) -> None:
    plenty.setattr(room, "free", lambda _: 1)
    prepared.ensure("judge-folder", lambda out: (out / "weights").touch())
    assert models.why_small() is None


def test_the_user_can_ask_for_the_small_one(plenty: pytest.MonkeyPatch) -> None:
    plenty.setenv(models.CHOICE, "small")
    assert models.why_small() == "GRM_LENS_MODEL=small asks for it"


def test_an_engine_says_which_model_it_took_and_why(plenty: pytest.MonkeyPatch) -> None:
    plenty.setattr(models, "small_model", lambda: "small")
    plenty.setattr(models, "judge_model", lambda form, tell: f"judge in {form}")
    judge, small, chosen = Bundled("hf", False), Bundled("hf", False), Bundled("hf", True)
    assert (judge.prepare(), judge.why) == ("judge in bf16", "")
    assert chosen.prepare() == "small"
    assert chosen.why == "The small model (135M) judges: --model small asks for it."
    plenty.setattr(room, "memory", lambda: 2_000_000_000)
    assert small.prepare() == "small"
    assert "2.0 GB of memory" in small.why


def test_an_engine_passes_progress_on_until_it_is_closed(plenty: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    bundled = Bundled("hf", False, messages.append)

    def prepare(_: str, tell: object) -> str:
        assert callable(tell)
        tell(Progress("downloading the model", 1_000_000, 2_000_000))
        bundled.stop()
        tell(Progress("downloading the model", 2_000_000, 2_000_000))
        return "never"

    plenty.setattr(models, "judge_model", prepare)
    with pytest.raises(EngineError, match="closed"):
        bundled.prepare()
    assert messages == ["downloading the model, 1 of 2 MB"]
