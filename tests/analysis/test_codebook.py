"""Code books: what changes add up to, labels that follow, counts by hand."""

from dataclasses import replace

import pytest

from grm_core.analysis import codebook
from grm_core.errors import UsageError
from grm_core.types import Annotation, CodeEvent

NOW = "2026-01-01T00:00:00+00:00"


def event(what: str, code: str = "", name: str = "", **more: object) -> CodeEvent:
    made = CodeEvent(f"{what}-{code}-{name}", "b", what, "ann", NOW, code, name)
    return replace(made, **more)


BEGUN = [
    event("book", name="ours"),
    event("code", "x", "vague"),
    event("code", "y", "wrong fact"),
    event("code", "z", "rude"),
]


def label(
    number: int, code: str, sample: int, author: str = "ann", session: str = "s", kind: str = "code"
) -> Annotation:
    return Annotation(f"l{number}", session, kind, code, author, NOW, sample=sample)


def names(events: list[CodeEvent], *labels: Annotation) -> list[str | None]:
    book = codebook.books(events)["b"]
    return [code.name if (code := book.now(each)) else None for each in labels]


def test_the_papers_classes_are_the_first_book_and_class_labels_are_its_codes() -> None:
    book = codebook.books([])["paper"]
    assert [code.name for code in book.codes.values()] == [
        "incorrect critique", "imbalanced weights", "improper principles", "wrong ground truth",
    ]  # fmt: skip
    made = [label(1, "incorrect critique", 0, kind="class"), label(2, "good", 1, kind="class")]
    counts = codebook.counts(book, made).set_index("name")
    assert (counts.loc["incorrect critique", "samples"], counts.loc["incorrect critique", "n"]) == (1, 2)


def test_labels_follow_a_rename_a_merge_and_a_split() -> None:
    labels = [label(1, "x", 0), label(2, "x", 1), label(3, "y", 0), label(4, "z", 2)]
    renamed = [*BEGUN, event("rename", "x", "unclear")]
    assert names(renamed, *labels) == ["unclear", "unclear", "wrong fact", "rude"]
    merged = [*renamed, event("merge", "y", targets=("x",))]
    assert names(merged, *labels) == ["unclear", "unclear", "unclear", "rude"]
    parts = [event("code", "p", "no numbers"), event("code", "q", "no names")]
    split = [*merged, *parts, event("split", "x", targets=("p", "q"), moves=(("l2", "q"), ("l3", "q")))]
    assert names(split, *labels) == ["no numbers", "no names", "no names", "rude"]
    assert names([*split, event("remove", "z")], *labels)[3] is None
    assert names(BEGUN, label(5, "nobody's", 0)) == [None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (event("code", "x", "again"), "there is a code x already"),
        (event("code", "w", "Vague"), "merge the two instead"),
        (event("rename", "x", "rude"), "merge the two instead"),
        (event("rename", "w", "new"), "no code w any more"),
        (event("merge", "x", targets=("x",)), "name others of the same book"),
        (event("merge", "x"), "needs 1 others"),
        (event("split", "x", targets=("y",)), "needs 2 others"),
        (event("split", "x", targets=("y", "z"), moves=(("l", "x"),)), "only move to a part"),
        (event("book", name="ours"), "a name that no other one has"),
        (event("burn", "x"), "not by 'burn'"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_words(change: CodeEvent, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        codebook.books([*BEGUN, change])


def test_counts_by_hand_a_sample_counts_once_whoever_coded_it() -> None:
    made = [
        label(1, "x", 0),
        label(2, "x", 0, "bob"),
        label(3, "y", 0),
        label(4, "x", 1),
        label(5, "x", 0, session="t"),
    ]
    made.append(Annotation("n", "t", "span", "span", "bob", NOW, sample=1, span=(0, 3), note="odd"))
    counts = codebook.counts(codebook.books(BEGUN)["b"], made).set_index("code")
    assert counts.loc["x", ["samples", "items", "annotators", "n"]].tolist() == [3, 2, 2, 4]
    # Wilson by hand: p = 3/4, n = 4, z = 1.96: (p + z2/2n -+ z sqrt(p q / n + z2 / 4n2)) / (1 + z2/n).
    assert counts.loc["x", ["share", "low", "high"]].tolist() == pytest.approx([0.75, 0.300642, 0.954413], abs=1e-5)
    assert counts.loc["z", ["samples", "share"]].tolist() == [0, 0.0]


def test_codes_that_stand_together_are_counted_by_sample() -> None:
    made = [label(1, "x", 0), label(2, "y", 0, "bob"), label(3, "x", 1), label(4, "y", 2)]
    table = codebook.together(codebook.books(BEGUN)["b"], made).set_index("code")
    assert table.loc["vague"].tolist() == [2, 1, 0]
    assert table.loc["wrong fact"].tolist() == [1, 2, 0]


def test_a_note_knows_the_codes_that_were_made_of_it() -> None:
    note = Annotation("n", "s", "span", "span", "bob", NOW, sample=0, span=(2, 9), note="too vague")
    other = replace(note, id="m", note="too long")
    coded = replace(label(1, "x", 0), span=(2, 9), note="too vague")
    shown = codebook.open_notes(codebook.books(BEGUN)["b"], [note, other, coded])
    assert [(each.id, [code.name for code in codes]) for each, codes in shown] == [("n", ["vague"]), ("m", [])]
