"""Tables for notebooks."""

from dataclasses import replace

import pandas as pd

from grm_core.analysis.frames import letter, principles_frame, samples_frame, verdicts_frame
from grm_core.types import Principle
from grm_core.voting import vote
from tests.make import make_sample


def test_responses_are_lettered_like_columns_of_a_sheet() -> None:
    assert [letter(i) for i in (0, 7, 25, 26, 31)] == ["A", "H", "Z", "AA", "AF"]


def test_samples_come_by_index_with_scores_in_own_order_and_gaps_for_failures() -> None:
    frame = samples_frame([make_sample(1, None), make_sample(0, (3, 9), 0.5, order=(1, 0))])
    assert list(frame["index"]) == [0, 1]
    assert (frame.loc[0, "score_A"], frame.loc[0, "score_B"], frame.loc[0, "order"]) == (3, 9, "BA")
    assert frame.loc[1, ["score_A", "score_B"]].isna().all()
    assert frame["score_A"].dtype == pd.Int64Dtype()


def test_principles_are_one_row_each() -> None:
    sample = make_sample(0, (3, 9))
    parsed = replace(sample.parsed, principles=(Principle("clarity", 60.0), Principle("accuracy", None)))
    frame = principles_frame([replace(sample, parsed=parsed), make_sample(1, None)])
    assert list(frame["principle"]) == ["clarity", "accuracy"]
    assert frame["weight"].isna().tolist() == [False, True]
    assert principles_frame([]).empty


def test_verdicts_name_the_winner_by_letter() -> None:
    samples = [make_sample(0, (3, 9), 1.0), make_sample(1, (8, 2), 2.0), make_sample(2, (1, 1), 0.0)]
    frame = verdicts_frame([vote(samples, method) for method in ("naive", "guided")])
    assert frame["winner"].isna().tolist() == [True, False]
    assert frame.loc[1, "winner"] == "A"
    assert list(frame["total_B"]) == [12, 2]
