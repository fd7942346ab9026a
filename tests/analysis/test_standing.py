"""Each item of a run in one line, set against the vote, the curve at k = 1 and the label."""

from dataclasses import replace

import pytest

from grm_core.analysis import accuracy, run_curves
from grm_core.analysis.standing import crossed, standings
from grm_core.voting import vote
from tests.analysis.test_run_curves import items
from tests.make import make_judged as judged


def test_a_line_says_what_the_vote_and_the_curves_say_of_the_item() -> None:
    run = items(6, 8)
    settled = run_curves.settled(run)["settles"].tolist()
    for item, line, stays in zip(run, standings(run), settled, strict=True):
        verdict = vote(item.samples)
        assert (line.item_id, line.subset, line.best) == (item.item_id, item.subset, (0,))
        assert (line.winner, line.margin) == (verdict.winner, verdict.margin)
        assert line.alone == pytest.approx(float(accuracy.at_k([item], 1)[0]))
        assert line.right == {0: "right", 1: "wrong", None: "tie"}[verdict.winner]
        assert line.settles == (None if stays != stays else stays)
        assert (line.samples, line.unread) == (8, 0)


def test_agreement_is_the_share_of_readable_samples_that_put_the_winner_first() -> None:
    (line,) = standings([judged((9, 1), (5, 5), (2, 4), None)])
    assert line.winner == 0
    assert line.agreement == pytest.approx((1 + 0.5 + 0) / 3)
    assert (line.samples, line.unread) == (4, 1)
    assert line.alone == pytest.approx((1 + 0.5 + 0 + 0) / 4)


def test_ties_unreadable_items_and_items_without_a_preference_are_told_as_such() -> None:
    tie, unread = standings([judged((5, 5), (4, 4)), judged(None, None)])
    assert (tie.winner, tie.right, tie.agreement, tie.settles) == (None, "tie", None, None)
    assert (unread.winner, unread.right, unread.unread, unread.margin) == (None, "wrong", 2, None)
    bare, equal = standings([judged((9, 1), labels=()), judged((9, 1), labels=(1.0, 1.0))])
    for line in (bare, equal):
        assert (line.winner, line.right, line.alone, line.best) == (0, None, None, ())
    (empty,) = standings([judged()])
    assert (empty.samples, empty.right, empty.alone) == (0, None, None)


def test_items_are_crossed_by_what_two_runs_made_of_them() -> None:
    right, wrong, tie = judged((9, 1)), judged((1, 9)), judged((5, 5))
    ones = standings([right, right, wrong, tie, replace(right, labels=())])
    others = standings([right, wrong, wrong, right, right])
    assert crossed(list(zip(ones, others, strict=True))) == {
        ("right", "right"): 1,
        ("right", "wrong"): 1,
        ("wrong", "wrong"): 1,
        ("tie", "right"): 1,
    }
