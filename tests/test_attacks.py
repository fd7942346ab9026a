"""From an item to its attacked forms."""

from pathlib import Path

import pytest

from cli.commands.attack import ITEMS
from grm_core import attacks
from grm_core.attacks import ATTACKS, Sides, attacked, chosen, parts_of, sides_of
from grm_core.errors import UsageError
from grm_core.formats.foreign.reading import read_items
from grm_core.types import Example, Message
from tests.make import make_example


def graded(*labels: float | None) -> Example:
    """An item with a response per label."""
    known = None if None in labels else tuple(label for label in labels if label is not None)
    return make_example(len(labels), labels=known)


def test_the_honest_answer_is_the_best_and_the_rival_the_next_best() -> None:
    example = graded(0, 3, 2)
    assert sides_of(example) == Sides(example.responses[1], example.responses[2])
    assert sides_of(graded(1, 1)) is None, "labels that prefer none"
    assert sides_of(graded(None, None)) == Sides(graded(None, None).responses[0], None)
    assert sides_of(Example("e", (Message("user", "Q"),), ("", "x"), (1, 0))) is None, "nothing to defend"
    assert sides_of(Example("e", (Message("user", "Q"),), ("x", " "), (1, 0))) == Sides("x", None)


def test_the_honest_answer_stands_first_and_alone_is_labelled_best() -> None:
    forms = attacked([graded(0, 1)], chosen([]))
    assert [parts_of(form.id) for form in forms] == [("item", name) for name in ATTACKS]
    for form in forms:
        assert form.responses[0] == graded(0, 1).responses[1]
        assert form.query == graded(0, 1).query
        best = (1.0, 1.0) if form.id.endswith(attacks.TWINS) else (1.0, *[0.0] * (len(form.responses) - 1))
        assert form.labels == best
    assert len({form.responses for form in forms}) == len(forms) - 1, "each attack differs; one control is drawn twice"


def test_what_is_added_leaves_the_rival_as_it_was() -> None:
    rival = "One sentence. And another."
    for name, attack in ATTACKS.items():
        form = attack.form(Sides("good", rival))
        assert form is not None
        if attack.kind in ("control", "score injection", "fake turn", "fake delimiter", "authority", "bandwagon"):
            assert form[1].startswith(rival), name
        if attack.kind in ("constant answer", "master key"):
            assert attack.form(Sides("good", None)) == form, "the same for every item"
    assert len(ATTACKS["padding"].form(Sides("good", rival))[1].split()) > 200  # type: ignore[index]


def test_an_item_without_a_rival_is_attacked_by_what_needs_none() -> None:
    kinds = {ATTACKS[parts[1]].kind for form in attacked([graded(None)], chosen([])) if (parts := parts_of(form.id))}
    assert kinds == {"constant answer", "master key", "duplicate"}


def test_controls_are_judged_with_every_choice() -> None:
    assert [each.name for each in chosen(["padding"])] == [attacks.UNCHANGED, attacks.AGAIN, "padding", attacks.TWINS]
    with pytest.raises(UsageError, match="no attack 'bribe'"):
        chosen(["bribe"])


def test_only_attacked_items_are_taken_for_such() -> None:
    assert parts_of("a | b | key :") == ("a | b", "key :")
    assert [parts_of(name) for name in ("item", "item | bribe", "key :")] == [None] * 3


def test_our_own_items_are_pairs_of_five_domains() -> None:
    items = read_items(ITEMS).items
    assert len(items) == 20
    assert {sum(each.subset == item.subset for each in items) for item in items} == {4}
    assert all(sides_of(item) == Sides(*item.responses) for item in items)


def test_every_attack_is_in_the_docs() -> None:
    text = (Path(__file__).parent.parent / "docs" / "attacks.md").read_text()
    assert [name for name in ATTACKS if f"`{name}`" not in text] == []
    assert [attack.kind for attack in ATTACKS.values() if f"| {attack.kind} |" not in text] == []
