"""The judge against people: numbers by hand, scikit-learn's, and intervals that hold what they promise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, recall_score

from grm_core.analysis import against_people as against
from grm_core.analysis.gold import ADJUDICATED, AGREED, SINGLE, gold
from grm_core.types import Annotation
from tests.make import make_example

NOW = "2026-01-01T00:00:00+00:00"


def best(session: str, author: str, label: str, kind: str = "best") -> Annotation:
    return Annotation(f"{session}-{author}-{kind}", session, kind, label, author, NOW)


def test_gold_is_what_all_say_or_the_adjudicator_and_the_rest_is_counted() -> None:
    made = [
        best("agreed", "ann", "A"), best("agreed", "bob", "A"), best("one", "ann", "B"),
        best("settled", "ann", "A"), best("settled", "bob", "B"), best("settled", "eve", "tie", "gold-best"),
        best("open", "ann", "A"), best("open", "bob", "tie"), best("unsure", "ann", "cannot say"),
        best("unsure", "bob", "B"),
    ]  # fmt: skip
    settled, unsettled = gold(made)
    assert {one.session: (one.label, one.how) for one in settled} == {
        "agreed": ("A", AGREED), "one": ("B", SINGLE), "settled": ("tie", ADJUDICATED), "unsure": ("B", AGREED),
    }  # fmt: skip
    assert unsettled == 1
    (last,) = [one for one in settled if one.how == ADJUDICATED]
    assert (last.adjudicator, last.labels) == ("eve", {"ann": "A", "bob": "B"})


def table(people: str, judge: str, subsets: str = "") -> pd.DataFrame:
    """One letter an item; T stands for a tie."""
    names = {"A": "A", "B": "B", "T": "tie"}
    rows = [
        (f"s{i}", subsets[i] if subsets else "", names[p], names[j], AGREED, p == "A", j == "A")
        for i, (p, j) in enumerate(zip(people, judge, strict=True))
    ]
    columns = ["session", "subset", "people", "judge", "how", "people_right", "judge_right"]
    return pd.DataFrame(rows, columns=columns)


def test_rates_by_hand() -> None:
    #                people: A 5, B 3, tie 2
    items = table("AAAAABBBTT", "AAAABBBATA")
    rates = against.by_choice(items, items[["subset", "judge", "judge_right"]]).set_index("choice")
    a = rates.loc["A"]
    assert (a["positives"], a["tpr"], a["negatives"], a["tnr"]) == (5, 4 / 5, 5, 3 / 5)
    assert (rates.loc["B", "tpr"], rates.loc["B", "tnr"]) == (2 / 3, 6 / 7)
    assert (rates.loc["tie", "tpr"], rates.loc["tie", "tnr"]) == (1 / 2, 1.0)
    # share of A by the judge 6/10: (0.6 + 0.6 - 1) / (0.8 + 0.6 - 1) = 0.5, which is what people chose.
    assert (a["share"], a["corrected"]) == (0.6, pytest.approx(0.5))
    assert rates.loc[against.RIGHT, "corrected"] == pytest.approx(0.5)


def test_rates_and_kappa_are_those_of_scikit_learn_in_every_subset() -> None:
    rng = np.random.default_rng(3)
    people = rng.choice(list("ABT"), 200, p=[0.5, 0.4, 0.1])
    judge = np.where(rng.random(200) < 0.7, people, rng.choice(list("ABT"), 200))
    items = table("".join(people), "".join(judge), "".join(rng.choice(list("xy"), 200)))
    rates = against.by_choice(items, items[["subset", "judge", "judge_right"]])
    agreement = against.agreement(items).set_index("subset")
    for subset, mine in [("all", items), *items.groupby("subset")]:
        assert agreement.loc[subset, "kappa"] == pytest.approx(cohen_kappa_score(mine["people"], mine["judge"]))
        assert (
            agreement.loc[subset, "kappa_low"] < agreement.loc[subset, "kappa"] < agreement.loc[subset, "kappa_high"]
        )
        for choice in ("A", "B", "tie"):
            row = rates[(rates["subset"] == subset) & (rates["choice"] == choice)].iloc[0]
            truth, said = mine["people"] == choice, mine["judge"] == choice
            assert row["tpr"] == pytest.approx(recall_score(truth, said))
            assert row["tnr"] == pytest.approx(recall_score(~truth, ~said))


def test_a_judge_no_better_than_a_coin_corrects_nothing() -> None:
    assert against.corrected(50, 100, 10, 20, 10, 20) is None
    assert against.corrected(50, 100, 0, 0, 10, 20) is None
    perfect = against.corrected(30, 100, 40, 40, 40, 40)
    assert perfect is not None
    assert perfect.share == pytest.approx(0.3)


def test_the_corrected_share_is_right_on_average_and_its_interval_holds_the_truth_95_times_in_100() -> None:
    rng, truth, tpr, tnr = np.random.default_rng(0), 0.35, 0.85, 0.75
    shares, held, runs = [], 0, 3000
    for _ in range(runs):
        says = rng.random(400) < truth * tpr + (1 - truth) * (1 - tnr)
        one = against.corrected(int(says.sum()), 400, rng.binomial(80, tpr), 80, rng.binomial(80, tnr), 80)
        assert one is not None
        shares.append(one.share)
        held += one.low <= truth <= one.high
    assert np.mean(shares) == pytest.approx(truth, abs=0.01)
    assert 0.94 <= held / runs <= 0.97


def test_items_without_labels_or_verdict_are_left_out() -> None:
    labelled = replace(make_example(2), labels=(0.0, 1.0))
    examples = {"a": labelled, "b": replace(make_example(2), labels=None), "c": labelled}
    settled, _ = gold(
        [best("a", "ann", "B"), best("b", "ann", "A"), best("c", "ann", "cannot say"), best("d", "ann", "A")]
    )
    items = against.choices(settled, examples, {"a": "A", "b": "A", "c": "B"})
    assert items[["session", "people_right", "judge_right"]].to_numpy().tolist() == [
        ["a", True, False],
        ["b", None, None],
    ]
