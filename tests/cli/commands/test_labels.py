"""`labels` on a database with annotations: every format, and back."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.types import Annotation, CodeEvent
from storage.store import Store
from tests.browser import four
from tests.cli.conftest import Command
from tests.make import write_lines

NOW = "2026-01-01T00:00:00+00:00"
MADE = [
    Annotation("a-1", "four", "best", "A", "ann", NOW, queue="q"),
    Annotation("a-2", "four", "class", "good", "ann", NOW, sample=0, queue="q"),
    Annotation("a-3", "four", "class", "incorrect critique", "ann", NOW, sample=0, replaces="a-2", queue="q"),
    Annotation("a-4", "four", "class", "good", "=bob", NOW, sample=1, queue="q"),
    Annotation("a-5", "four", "span", "span", "ann", NOW, sample=1, span=(3, 9), note="\ud800 here", queue="q"),
    Annotation("a-6", "four", "best", "tie", "bob", NOW, queue="q"),
]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    four.make(tmp_path / "x.db")
    store = Store(tmp_path / "x.db")
    store.desk.add_all(MADE)
    store.close()
    return tmp_path / "x.db"


def test_annotations_travel_to_another_database_and_back_byte_by_byte(
    command: Command, db: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert command("labels", "export", "--db", db, "--out", first).code == 0
    four.make(tmp_path / "y.db")
    done = command("labels", "import", first, "--db", tmp_path / "y.db")
    assert done.code == 0, done.words
    assert "6 annotations added, 0 were there" in done.words
    assert "0 annotations added, 6 were there" in command("labels", "import", first, "--db", tmp_path / "y.db").words
    assert command("labels", "export", "--db", tmp_path / "y.db", "--out", second).code == 0
    assert first.read_bytes() == second.read_bytes()
    store = Store(tmp_path / "y.db", read_only=True)
    assert store.desk.annotations() == MADE
    store.close()


def test_labels_come_from_standard_input_too(
    command: Command, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first.jsonl"
    command("labels", "export", "--db", db, "--out", first)
    four.make(tmp_path / "y.db")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(first.read_bytes())))
    assert "6 annotations added" in command("labels", "import", "-", "--db", tmp_path / "y.db").words


def test_training_data_are_what_stands(command: Command, db: Path) -> None:
    lines = command("labels", "export", "--format", "training", "--db", db).lines
    assert [(line["index"], line["class"], line["accept"]) for line in lines] == [
        (0, "incorrect critique", False),
        (1, "good", True),
    ]
    assert lines[0]["text"] == four.judged(0).completion.text  # type: ignore[union-attr]
    assert lines[1]["order"] == list(four.ORDERS[1])


def test_preference_pairs_are_trls(command: Command, db: Path) -> None:
    lines = command("labels", "export", "--format", "pairs", "--db", db).lines
    assert len(lines) == 3, "A against three others; a tie gives none"
    assert lines[0]["prompt"] == [{"role": "user", "content": "How do I keep basil alive?"}]
    assert lines[0]["chosen"] == [{"role": "assistant", "content": four.RESPONSES[0]}]
    assert [line["rejected"][0]["content"] for line in lines] == list(four.RESPONSES[1:])


def test_the_shapes_of_other_tools(command: Command, db: Path) -> None:
    argilla = command("labels", "export", "--format", "argilla", "--db", db).lines
    assert argilla[0]["responses"] == [{"question_name": "class", "value": "incorrect critique", "user": "ann"}]
    studio = command("labels", "export", "--format", "label-studio", "--db", db).lines
    assert studio[1]["annotations"][0]["result"][0]["value"] == {"choices": ["good"]}
    assert studio[0]["data"]["judgment"] == argilla[0]["fields"]["judgment"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"session_id": "nobody"}, "no session nobody"),
        ({"label": "bad"}, "'bad' is not a label"),
        ({"sample": 99}, "names a sample"),
        ({"sample": "0"}, "whole number"),
        ({"span": [1]}, "two whole numbers"),
        ({"author": None}, '"author" is missing'),
    ],
)
def test_a_file_that_does_not_fit_is_refused_whole(
    command: Command, db: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    good = {"id": "n-1", "session_id": "four", "kind": "class", "label": "good", "author": "eve", "created_at": NOW}
    lines = [good | {"sample": 2}, good | {"id": "n-2", "sample": 3} | change]
    path = tmp_path / "bad.jsonl"
    write_lines(path, lines)
    done = command("labels", "import", path, "--db", db)
    assert done.code == 2
    assert words in done.words
    store = Store(db, read_only=True)
    assert len(store.desk.annotations()) == len(MADE)
    store.close()


def test_only_one_queue(command: Command, db: Path) -> None:
    store = Store(db)
    store.desk.add(replace(MADE[0], id="b-1", queue="other"))
    store.close()
    assert len(command("labels", "export", "--queue", "other", "--db", db).lines) == 1


CODED = [
    Annotation("c-1", "four", "code", "c-vague", "ann", NOW, sample=0, queue="q"),
    Annotation("g-1", "four", "gold-best", "A", "eve", NOW, queue="q"),
]
BOOK = [
    CodeEvent("e-1", "b", "book", "ann", NOW, name="Ours"),
    CodeEvent("e-2", "b", "code", "ann", NOW, "c-vague", "vague", "says nothing"),
    CodeEvent("e-3", "b", "rename", "bob", NOW, "c-vague", "unclear", "says nothing"),
]


@pytest.fixture
def coded(db: Path) -> Path:
    store = Store(db)
    store.codes.add(BOOK)
    store.desk.add_all(CODED)
    store.close()
    return db


def test_code_books_travel_with_the_labels(command: Command, coded: Path, tmp_path: Path) -> None:
    first, second, other = tmp_path / "first.jsonl", tmp_path / "second.jsonl", tmp_path / "y.db"
    assert command("labels", "export", "--db", coded, "--out", first).code == 0
    four.make(other)
    assert "8 annotations added" in command("labels", "import", first, "--db", other).words
    assert "0 annotations added" in command("labels", "import", first, "--db", other).words
    assert command("labels", "export", "--db", other, "--out", second).code == 0
    assert first.read_bytes() == second.read_bytes()
    store = Store(other, read_only=True)
    assert store.codes.events() == BOOK
    store.close()


def test_gold_and_coded_samples_are_lines_and_the_book_a_report(command: Command, coded: Path, tmp_path: Path) -> None:
    gold = {(line["kind"], line.get("sample")): line for line in
            command("labels", "export", "--format", "gold", "--db", coded).lines}  # fmt: skip
    assert (gold["best", None]["label"], gold["best", None]["how"]) == ("A", "adjudicated")
    assert gold["best", None]["labels"] == {"ann": "A", "bob": "tie"}
    assert gold["best", None]["adjudicator"] == "eve"
    assert (gold["class", 0]["label"], gold["class", 0]["how"]) == ("incorrect critique", "one annotator")
    lines = command("labels", "export", "--format", "codes", "--db", coded).lines
    assert [(line["book"], line["code"], line["sample"]) for line in lines] == [
        ("The paper's classes of failure", "incorrect critique", 0), ("Ours", "unclear", 0),
    ]  # fmt: skip
    assert command("labels", "codes", "--book", "Ours", "--db", coded, "--out", tmp_path / "book.md").code == 0
    assert "| unclear | 1 | 1 | 1 | 2 | 0.500 |" in (tmp_path / "book.md").read_text()
    assert command("labels", "codes", "--book", "nobody's", "--db", coded).code == 2


def test_the_grm_against_people_as_a_document_and_as_csv(command: Command, coded: Path, tmp_path: Path) -> None:
    done = command("labels", "judge", "--db", coded, "--out", tmp_path / "people.md")
    assert "People chose in 1 item of 1 with a verdict (1 settled)." in done.words
    assert command("labels", "judge", "--db", coded, "--out", tmp_path / "people.csv").code == 0
    assert (tmp_path / "people.csv").read_text().startswith("subset,n,agreed,low,high,kappa")
    assert command("labels", "judge", "--db", coded, "--out", tmp_path / "people.html").code == 0
    assert "<script" not in (tmp_path / "people.html").read_text()
