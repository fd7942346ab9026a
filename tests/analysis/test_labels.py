"""What annotators say: what stands, whether they agree, which failures they found, and what they look at."""

from dataclasses import replace
from itertools import combinations

import pytest
from sklearn.metrics import cohen_kappa_score

from grm_core.analysis import agreement, failures, labels, queues
from grm_core.analysis.queues import Case
from grm_core.errors import UsageError
from grm_core.reading.parsing import parse
from grm_core.types import Annotation, Example, Message, Sample
from tests.make import make_sample

NOW = "2026-01-01T00:00:00+00:00"
EXAMPLE = Example("x", (Message("user", "?"),), ("short", "a " * 80), (1.0, 0.0), source="bench", subset="maths")
TEXT = (
    "Principles:\n1. Right (weight: 60%)\n2. Kind (weight: 40%)\n"
    "Critique:\nResponse 1: a.\nResponse 2: b.\nScores: \\boxed{8, 3}"
)


def annotation(
    index: int, label: str, author: str = "ann", kind: str = "class", session: str = "s", **more: object
) -> Annotation:
    name = f"{session}-{kind}-{index}-{author}-{label}-{len(more)}"
    made = Annotation(name, session, kind, label, author, NOW, sample=index)
    return replace(made, **more)  # type: ignore[arg-type]


def sample(index: int = 0, scores: tuple[int, int] = (8, 3), order: tuple[int, ...] = (0, 1)) -> Sample:
    return replace(make_sample(index, scores, order=order, text=TEXT), parsed=parse(TEXT, 2))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "praise"}, "not 'praise'"),
        ({"author": " "}, "who you are"),
        ({"label": "bad"}, "'bad' is not a label"),
        ({"sample": None}, "names a sample"),
        ({"note": "x" * 4001}, "4,000"),
        ({"kind": "principle", "label": "fit", "place": 2}, "2 principles"),
        ({"kind": "span", "label": "span", "span": (5, 5)}, "span is not inside"),
        ({"kind": "span", "label": "span", "span": (0, 10_000)}, "span is not inside"),
        ({"kind": "best", "label": "C", "sample": None}, "'C' is not a label"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        labels.check(replace(annotation(0, "good"), **wrong), EXAMPLE, sample())  # type: ignore[arg-type]


def test_what_fits_is_taken() -> None:
    for each in (annotation(0, "good"), annotation(0, ""), annotation(0, "unfit", kind="principle", place=1)):
        labels.check(each, EXAMPLE, sample())
    labels.check(replace(annotation(0, "B", kind="best"), sample=None), EXAMPLE, None)


def test_the_latest_stands_and_what_is_taken_back_does_not() -> None:
    first = annotation(0, "good")
    second = annotation(0, "improper principles", replaces=first.id)
    assert labels.standing([first, second]) == [second]
    back = annotation(0, "", replaces=second.id)
    assert labels.standing([first, second, back]) == []


def test_agreement_is_what_the_library_says_of_what_both_labelled() -> None:
    ann = ["good", "good", "incorrect critique", "good", "improper principles", "good"]
    bob = ["good", "incorrect critique", "incorrect critique", "good", "good"]
    made = [annotation(i, label) for i, label in enumerate(ann)] + [
        annotation(i, label, "bob") for i, label in enumerate(bob)
    ]
    (row,) = agreement.kappas(made).to_dict("records")
    assert (row["first"], row["second"], row["n"]) == ("ann", "bob", 5)
    assert row["agreed"] == pytest.approx(3 / 5)
    assert row["kappa"] == pytest.approx(cohen_kappa_score(ann[:5], bob))
    (alpha,) = agreement.alphas(made).to_dict("records")
    assert (alpha["n"], alpha["annotators"]) == (5, 2)
    assert alpha["alpha"] == pytest.approx(by_hand(list(zip(ann, bob, strict=False))))
    differ = agreement.disagreements(made)
    assert list(differ["sample"]) == [1, 4]
    assert differ["labels"][0] == {"ann": "good", "bob": "incorrect critique"}


def by_hand(pairs: list[tuple[str, str]]) -> float:
    """Krippendorff's nominal alpha for two annotators without gaps: 1 - observed / expected disagreement."""
    values = [label for pair in pairs for label in pair]
    observed = sum(a != b for a, b in pairs) / len(pairs)
    expected = sum(a != b for a, b in combinations(values, 2)) / (len(values) * (len(values) - 1) / 2)
    return 1 - observed / expected


def test_agreement_without_anything_in_common_is_empty() -> None:
    assert len(agreement.kappas([annotation(0, "good")])) == 0
    assert len(agreement.alphas([annotation(0, "good"), annotation(1, "good", "bob")])) == 0
    same = [annotation(i, "good", who) for i in range(3) for who in ("ann", "bob")]
    assert agreement.kappas(same)["kappa"][0] is None, "one label throughout: not defined"


def test_failures_are_counted_by_class_and_group_with_intervals() -> None:
    judged = {"s": (EXAMPLE, [sample(0), sample(1, (8, 3), (1, 0)), sample(2)])}
    made = [
        annotation(0, "good"),
        annotation(1, "incorrect critique"),
        annotation(2, "incorrect critique"),
        annotation(7, "good"),
    ]
    table = failures.labelled(made, judged, {"Right": "rightness"})
    assert len(table) == 3, "sample 7 is not there"
    by_class = failures.by_class(table).set_index("class")
    assert by_class["count"]["incorrect critique"] == 2
    assert by_class["share"]["incorrect critique"] == 1
    assert by_class["low"]["incorrect critique"] == pytest.approx(2 / (2 + 1.959964**2), abs=1e-4), "Wilson"
    assert list(by_class["paper"]) == [21, 13, 2, 4]
    domain = failures.by_group(table, "domain").iloc[0]
    assert (domain["domain"], domain["n"], domain["failures"]) == ("maths", 3, 2)
    assert set(table["length"]) == {"51 to 200 words"}
    assert list(table["position"]) == ["shown 1 of 2", "shown 1 of 2", "shown 1 of 2"]
    assert set(table["cluster"]) == {"rightness"}


CASES = [
    Case("right", EXAMPLE, tuple(make_sample(i, (9, 2), 1.0) for i in range(4))),
    Case("wrong", EXAMPLE, tuple(make_sample(i, (2, 9), 1.0) for i in range(4))),
    Case("tie", EXAMPLE, tuple(make_sample(i, (5, 5), 1.0) for i in range(4))),
    Case("close", EXAMPLE, tuple(make_sample(i, (5, 7) if i == 3 else (6, 5), 1.0) for i in range(4))),
    Case("flip", EXAMPLE, tuple(make_sample(i, (3, 9) if i < 2 else (10, 1), -float(i)) for i in range(4))),
]


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        ("verdict against label", ["wrong"]),
        ("naive/guided flip", ["flip"]),
        ("tie", ["tie"]),
        ("small margin", ["close"]),
        ("split samples", ["flip"]),
    ],
)
def test_a_rule_finds_its_sessions(rule: str, ids: list[str]) -> None:
    items = queues.build(CASES, [rule], overlap=0, control=0)
    assert [item.session_id for item in items] == ids
    assert all(item.reason.startswith(f"{rule}: ") for item in items)


def test_a_queue_holds_each_session_once_with_controls_and_overlap() -> None:
    rules = ["tie", "verdict against label", "small margin"]
    items = queues.build(CASES, rules, overlap=0.5, control=0.4, seed=3)
    names = [item.session_id for item in items]
    assert len(names) == len(set(names)) == 4
    assert [n for n, item in zip(names, items, strict=True) if item.reason != queues.CONTROL] == [
        "tie",
        "wrong",
        "close",
    ]
    assert sum(item.need == 2 for item in items) == 2
    assert items == queues.build(CASES, rules, overlap=0.5, control=0.4, seed=3)
    assert len(queues.build(CASES, [], overlap=0)) == len(CASES), "without rules everything, in random order"
    with pytest.raises(UsageError, match="no rule 'mood'"):
        queues.build(CASES, ["mood"])
