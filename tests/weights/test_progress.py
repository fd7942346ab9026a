"""What a person who waits for a model reads."""

import pytest

from grm_core.weights import progress
from grm_core.weights.progress import Meter, Progress


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Progress("downloading the model", 340_000_000, 1_117_320_768, 118.0), "340 of 1,117 MB, 2 min left"),
        (Progress("downloading the model", 0, 1_117_320_768), "0 of 1,117 MB"),
        (Progress("converting the model", 900_000_000, 980_000_000, 4.4), "900 of 980 MB, 4 s left"),
    ],
)
def test_bytes_and_time_left_are_told(moment: Progress, words: str) -> None:
    assert moment.words() == f"{moment.phase}, {words}"


def test_without_bytes_there_is_only_the_phase() -> None:
    assert Progress("checking the model").words() == "checking the model"


def test_the_rate_counts_what_this_start_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    moments: list[Progress] = []
    meter = Meter("downloading the model", 1000, moments.append, done=400)
    for done in (500, 600, 700):
        clock[0] += 5.0
        meter.at(done)
    assert [(each.done, each.seconds_left) for each in moments] == [(400, None), (500, 25.0), (600, 20.0), (700, 15.0)]
    clock[0] += 0.1
    meter.at(701)
    assert len(moments) == 4, "a tenth of a second later nobody has read the last one"
    meter.at(1000)
    assert moments[-1].done == 1000


def test_a_file_begun_anew_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    moments: list[Progress] = []
    meter = Meter("downloading the model", 1000, moments.append, done=900)
    for done in (0, 500):
        clock[0] += 5.0
        meter.at(done)
    assert moments[-1].seconds_left == 5.0
