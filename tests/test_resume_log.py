"""JSON lines that grow: what was written stays whole, whatever ended the process."""

from pathlib import Path

import pytest

from grm_core.errors import UsageError
from grm_core.resume_log import Log, whole_lines


def test_lines_are_in_the_file_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with Log.begin(path) as lines:
        assert [lines.append("one"), lines.append("two")] == [0, 1]
        assert path.read_bytes() == b"one\ntwo\n"
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_torn_last_line_is_cut_before_more_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"one\r\ntwo\nthr")
    assert whole_lines(path) == b"one\r\ntwo\n"
    with Log.resume(path) as lines:
        assert len(lines) == 2
        assert lines.append("three") == 2
    assert path.read_bytes() == b"one\r\ntwo\nthree\n"


def test_a_file_of_one_torn_line_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"on")
    with Log.resume(path) as lines:
        assert len(lines) == 0
    assert path.read_bytes() == b""
    assert whole_lines(tmp_path / "nowhere") == b""


def test_an_existing_file_is_not_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"precious\n")
    with pytest.raises(UsageError, match="exists already"):
        Log.begin(path)
    with pytest.raises(UsageError, match="No such file"):
        Log.begin(tmp_path / "no" / "folder")
    assert path.read_bytes() == b"precious\n"


@pytest.mark.parametrize("stop", range(4))
def test_a_stopped_and_resumed_log_ends_with_the_same_bytes(tmp_path: Path, stop: int) -> None:
    uninterrupted, part = tmp_path / "whole", tmp_path / "part"
    for path, first in ((uninterrupted, 3), (part, stop)):
        texts = ["a", "ä", "c"]
        with Log.begin(path) as lines:
            for text in texts[:first]:
                lines.append(text)
        with path.open("ab") as torn:
            torn.write(b"tor")
        with Log.resume(path) as lines:
            for text in texts[first:]:
                lines.append(text)
            lines.arrange([2, 0, 1])
    assert part.read_bytes() == uninterrupted.read_bytes() == "c\na\nä\n".encode()
    assert sorted(tmp_path.iterdir()) == [part, uninterrupted], "nothing lies beside them"


def test_arranging_drops_the_lines_that_are_not_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = Log.begin(path)
    for text in ("old", "kept", "new"):
        lines.append(text)
    lines.arrange([2, 1])
    lines.close()
    assert path.read_bytes() == b"new\nkept\n"


def test_a_log_takes_the_place_of_a_file_and_goes_on_there(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"before\n")
    with Log.begin(tmp_path / "x.part") as lines:
        lines.append("now")
        lines.move(path)
        lines.append("then")
    assert path.read_bytes() == b"now\nthen\n"
    assert list(tmp_path.iterdir()) == [path]
