"""Code books as the Queue page asks for them: open coding of notes, axial coding of codes, history, files, people."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.errors import UsageError
from grm_core.types import Annotation
from storage.desk import Queue
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from ui.codes import Codes
from ui.wire.codes import Change

NOW = "2026-01-01T00:00:00+00:00"
NOTES = ("no numbers", "no names", "rude")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "x.db")
    opened.add_run(RUN)
    example = replace(make_example(2), labels=(1.0, 0.0))
    for i in range(3):
        opened.add_session(replace(SESSION, id=f"s{i}", example=example))
        opened.add_sample(make_sample(0, (3, 8) if i else (8, 3), session_id=f"s{i}", text="Some words."))
        for author in ("ann", "bob"):
            opened.desk.add(Annotation(f"{author}-{i}", f"s{i}", "best", "A", author, NOW))
        note = Annotation(f"n{i}", f"s{i}", "span", "span", "ann", NOW, sample=0, span=(0, 4), note=NOTES[i])
        opened.desk.add(note)
    yield opened
    opened.close()


@pytest.fixture
def codes(store: Store) -> Codes:
    return Codes(store)


def change(what: str, book: str = "", **more: object) -> Change:
    nothing: Change = {"book": book, "what": what, "code": "", "name": "", "meaning": "", "targets": [], "moves": [],
                       "author": "ann"}  # fmt: skip
    return nothing | more  # type: ignore[return-value]


def begun(codes: Codes) -> tuple[str, str]:
    """A book with a code that the first two notes have."""
    book = codes.change(change("book", name="Ours"))["id"]
    code = codes.change(change("code", book, name="vague"))["id"]
    assert codes.code_notes({"code": code, "notes": ["n0", "n1"], "author": "ann"})["added"] == 2
    assert codes.code_notes({"code": code, "notes": ["n0"], "author": "ann"})["added"] == 0, "once is enough"
    return book, code


def counts(codes: Codes, book: str) -> dict[str, int]:
    return {code["name"]: code["samples"] for code in codes.book(book, "", "ann")["codes"]}


def test_notes_become_codes_and_codes_are_renamed_split_and_merged(codes: Codes) -> None:
    book, code = begun(codes)
    shown = codes.book(book, "", "ann")
    assert [(note["note"], note["quoted"], note["codes"]) for note in shown["notes"]] == [
        ("no numbers", "Some", ["vague"]), ("no names", "Some", ["vague"]), ("rude", "Some", []),
    ]  # fmt: skip
    codes.change(change("rename", book, code=code, name="unclear", meaning="says nothing"))
    assert counts(codes, book) == {"unclear": 2}
    cases = codes.cases(book, code, "", "ann")
    moves = [{"label": case["id"], "part": 1} for case in cases if case["note"] == "no names"]
    codes.change(change("split", book, code=code, targets=["without numbers", "without names"], moves=moves))
    assert counts(codes, book) == {"without numbers": 1, "without names": 1}
    one, other = (each["id"] for each in codes.book(book, "", "ann")["codes"])
    codes.change(change("merge", book, code=other, targets=[one]))
    assert counts(codes, book) == {"without numbers": 2}
    assert [line["what"] for line in codes.book(book, "", "ann")["history"]][:2] == [
        "merged “without names” into “without numbers”",
        "split “unclear” into “without numbers”, “without names”",
    ]
    assert {line["who"] for line in codes.book(book, "", "ann")["history"]} == {"ann"}
    with pytest.raises(UsageError, match="merge it into another"):
        codes.change(change("remove", book, code=one))


def test_a_file_of_labels_carries_code_books_into_another_database(codes: Codes, tmp_path: Path) -> None:
    book, code = begun(codes)
    codes.change(change("rename", book, code=code, name="unclear"))
    text = codes.exported("jsonl", "", "ann")["text"]
    other = Store(tmp_path / "other.db")
    other.add_run(RUN)
    for i in range(3):
        other.add_session(replace(SESSION, id=f"s{i}", example=make_example(2)))
        other.add_sample(make_sample(0, (3, 8), session_id=f"s{i}", text="Some words."))
    there = Codes(other)
    assert there.imported(text)["said"] == "11 labels added, 0 were there."
    assert there.imported(text)["said"] == "0 labels added, 11 were there."
    assert counts(there, book) == {"unclear": 2}
    assert there.exported("jsonl", "", "ann")["text"] == text
    without = "".join(line for line in text.splitlines(keepends=True) if '"what"' not in line)
    with pytest.raises(UsageError, match="import its code book first"):
        there.imported(without.replace(code, "c-other"))
    other.close()
    coded = [json.loads(line) for line in codes.exported("codes", "", "ann")["text"].splitlines()]
    assert [(line["book"], line["code"], line["session"]) for line in coded] == [
        ("Ours", "unclear", "s0"), ("Ours", "unclear", "s1"),
    ]  # fmt: skip


def test_another_annotators_notes_and_codes_are_not_sent_while_the_item_is_ones_own(
    codes: Codes, store: Store
) -> None:
    book, code = begun(codes)
    store.desk.add_queue(Queue("q", "q", (), 1.0, 0, NOW), [("s0", "", 2)])
    store.desk.assign("q", 0, "bob")
    sent = json.dumps([codes.book(book, "", "bob"), codes.cases(book, code, "", "bob"), codes.people("", "bob"),
                       codes.exported("jsonl", "", "bob"), codes.exported("gold", "", "bob")])  # fmt: skip
    assert "no names" in sent
    assert "no numbers" not in sent
    assert '"ann-0"' not in sent
    assert "no numbers" in json.dumps(codes.book(book, "", "ann")), "one's own are"


def test_the_grm_against_people_of_a_run(codes: Codes) -> None:
    shown = codes.people("", "eve")
    assert shown["said"].startswith("People chose in 3 items of 3 with a verdict (3 agreed).")
    agreement, choices = shown["panels"]
    assert agreement["rows"][0][:3] == ["all", 3, "33.3% (6.1–79.2)"]
    rows = {row[1]: dict(zip(choices["columns"], row, strict=True)) for row in choices["rows"]}
    assert (rows["A"]["people"], rows["A"]["true positives"]) == (3, "33.3% (6.1–79.2)")
    assert (rows["A"]["true negatives"], rows["A"]["corrected"]) == ("–", "–")
    assert shown["csv"].splitlines()[0].startswith("subset,n,agreed")
