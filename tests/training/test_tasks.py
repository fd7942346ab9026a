"""Program-made tasks: labels, critiques and scores agree with what is in the texts, and seen and unseen stay apart."""

import random
import re
from pathlib import Path

import pytest

from grm_core import outcome
from grm_core.reading.parsing import parse
from grm_core.training import tasks
from grm_core.training.families import SEEN, UNSEEN, Family, conduct
from grm_core.training.families.base import sentences
from grm_core.types import ParseStatus

EVERY = [*SEEN, *UNSEEN]
each_family = pytest.mark.parametrize("family", EVERY, ids=lambda family: family.name)


def test_there_are_enough_families_and_a_third_of_them_is_held_out() -> None:
    assert len(SEEN) >= 30
    assert len(UNSEEN) * 3 >= len(EVERY)
    assert len({family.name for family in EVERY}) == len(EVERY)
    assert {family.kind for family in SEEN} == {family.kind for family in UNSEEN}


@each_family
def test_the_same_seed_draws_the_same_item_and_another_seed_another(family: Family) -> None:
    assert tasks.draw(family, 3).example == tasks.draw(family, 3).example
    assert len({tasks.draw(family, seed).example.responses for seed in range(30)}) > 20


@each_family
def test_a_demonstration_reads_well_and_agrees_with_the_labels(family: Family) -> None:
    for seed in range(40):
        task, rng = tasks.draw(family, seed), random.Random(seed)
        n = len(task.example.responses)
        order = tuple(rng.sample(range(n), n))
        text = "".join(piece.text for piece in tasks.demonstrate(task, order, rng))
        parsed = parse(text, n)
        assert parsed.status is ParseStatus.OK, text
        assert 2 <= len(parsed.principles) <= 4
        assert sum(principle.weight or 0 for principle in parsed.principles) == 100
        assert parsed.critique_span is not None
        assert parsed.shown_scores is not None
        own = [parsed.shown_scores[order.index(i)] for i in range(n)]
        assert n == 1 or outcome.correct(own, task.example.labels or ()), text


@each_family
def test_every_critique_quotes_the_beginning_of_its_response(family: Family) -> None:
    for seed in range(40):
        task = tasks.draw(family, seed)
        text = "".join(
            piece.text for piece in tasks.demonstrate(task, (*range(len(task.example.responses)),), random.Random(1))
        )
        for place, response in enumerate(task.example.responses, 1):
            (line,) = re.findall(rf'^Response {place}: "(.*?)": ', text, re.MULTILINE)
            assert response.replace('"', "").split()[: len(line.split())] == line.split()


@each_family
def test_marks_are_seen_in_the_text_not_drawn(family: Family) -> None:
    """The same text gets the same mark, and a family's texts do not all get one mark."""
    grades = set()
    for seed in range(20):
        draft = family.make(random.Random(seed))
        for text in draft.pool:
            mark = draft.aspects[0].check(text)
            assert mark == draft.aspects[0].check(text)
            assert 0 <= mark.grade <= 1
            grades.add(mark.grade)
    assert len(grades) > 1


def test_seen_and_unseen_families_share_no_sentence_and_no_checker() -> None:
    def sentences_of(families: tuple[Family, ...]) -> set[str]:
        strings = set()
        for family in families:
            for seed in range(60):
                draft = family.make(random.Random(seed))
                strings |= {
                    part for text in (draft.query, *draft.pool) for part in sentences(text) if len(part.split()) > 3
                }
        return strings

    assert not sentences_of(SEEN) & sentences_of(UNSEEN)
    makers = [{family.make.__module__ for family in families} for families in (SEEN, UNSEEN)]
    assert not makers[0] & makers[1], "checking functions live beside what they check"


def test_items_have_one_to_six_responses_and_one_best() -> None:
    sizes = [len(tasks.draw(family, seed).example.responses) for family in SEEN for seed in range(40)]
    assert set(sizes) == {1, 2, 3, 4, 5, 6}
    for family in EVERY:
        labels = tasks.draw(family, 5, 3).example.labels or ()
        ranked = sorted(labels, reverse=True)
        assert ranked[0] - ranked[1] >= 0.15


def test_single_responses_are_rated_zero_or_one() -> None:
    seen = set()
    for family in SEEN:
        for seed in range(20):
            task = tasks.draw(family, seed, 1)
            text = "".join(piece.text for piece in tasks.demonstrate(task, (0,), random.Random(0), binary=True))
            scores = parse(text, 1, scale=(0, 1)).shown_scores
            assert scores == (int(tasks.label_right(task.example, 0)),)
            seen.add(scores)
    assert seen == {(0,), (1,)}


def test_scores_are_spread_over_the_scale() -> None:
    scores: set[int] = set()
    for family in SEEN:
        for seed in range(20):
            task = tasks.draw(family, seed)
            order = (*range(len(task.example.responses)),)
            text = "".join(piece.text for piece in tasks.demonstrate(task, order, random.Random(seed)))
            scores |= set(parse(text, len(order)).shown_scores or ())
    assert scores == set(range(1, 11))


def test_code_is_judged_by_running_it() -> None:
    assert conduct.run("def f(a, b): return a + b") == (10, 11, 8)
    assert conduct.run("def f(a, b)\n    return a") == "SyntaxError"
    assert conduct.run("def f(a, b): return open(a)") == "NameError", "nothing but max and min is within reach"
    assert conduct.run("def f(a, b):\n    x = a") == (None, None, None)


def test_an_item_that_a_family_cannot_offer_is_an_error() -> None:
    repetition = next(family for family in SEEN if family.name == "repetition")
    with pytest.raises(RuntimeError, match="no item with 6 responses"):
        tasks.draw(repetition, 0, 6)


def test_the_matrix_of_families_in_the_docs_is_the_one_in_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    for kind in sorted({family.kind for family in EVERY}):
        row = next(line for line in page.splitlines() if line.startswith(f"| {kind} |"))
        cells = [[name.strip() for name in cell.split(",")] for cell in row.strip("|").split("|")[1:]]
        for cell, families in zip(cells, (SEEN, UNSEEN), strict=True):
            assert cell == [family.name for family in families if family.kind == kind]
