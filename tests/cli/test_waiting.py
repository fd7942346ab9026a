"""What a person who waits sees."""

import os
import re
import sys
import termios
import time

import pytest

from cli import waiting
from cli.common import say


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.4, "3 s"), (89, "89 s"), (91, "2 min"), (5_340, "89 min"), (5_460, "1 h 31 min")]
)
def test_a_duration_has_one_unit_or_two(seconds: float, words: str) -> None:
    assert waiting.left(seconds) == words


def test_without_a_terminal_lines_tell_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SAY_EVERY_S", 0.05)
    done = 0
    with waiting.shown(1000, lambda: done, lambda: "3/4 items"):
        time.sleep(0.12)
        assert capsys.readouterr().err == ""  # nothing has been done yet, so nothing is known of the rate
        done = 600
        time.sleep(0.3)
    line, *more = capsys.readouterr().err.splitlines()
    assert more == []  # nothing new to tell
    match = re.fullmatch(r"600 of 1,000 samples, ([\d.]+) a second, 3/4 items, (\d+) s left", line)
    assert match
    assert float(match[1]) > 1000
    assert match[2] == "0"


def test_a_terminal_shows_a_bar_and_lines_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_DRAW_EVERY_S", 0.02)
    far, near = os.openpty()
    with os.fdopen(near, "w", buffering=1) as terminal:
        termios.tcsetwinsize(near, (24, 90))
        monkeypatch.setattr(sys, "stderr", terminal)
        with waiting.shown(200, lambda: 50, lambda: "3/4 items"):
            before = _read_until(far, "3/4 items]")
            say("item 'a': too long")
            after = _read_until(far, "3/4 items]")
    os.close(far)
    assert re.search(r"25%\|.+\| 50/200 \[\d\d:\d\d<.+ samples/s, 3/4 items\]", before)
    assert re.search(r"\r *\ritem 'a': too long\r\n", after)  # the bar was wiped first, and is drawn again below


def _read_until(terminal: int, words: str) -> str:
    """The text sent to a terminal, up to these words; the test's own timeout ends a wait for what never comes."""
    output = ""
    while words not in output:
        output += os.read(terminal, 1).decode("utf-8", "replace")
    return output
