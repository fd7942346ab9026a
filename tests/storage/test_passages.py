"""Search finds what is written and never reads it as a query language."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.types import Principle
from storage.errors import StoreError
from storage.finding import find
from storage.listing import Wanted
from storage.passages import MARK_OFF, MARK_ON, clean
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "grm.db")
    opened.add_run(RUN)
    opened.add_session(replace(SESSION, example=make_example(query='Is title:x "bold" AND loud, or NEAR( the end *?')))
    text = "Weighs 力学 plus café\ud800 with <b>care</b> \ue000 or a'b; DROP TABLE sample"
    sample = make_sample(0, (3, 7), text=text)
    opened.add_sample(
        replace(sample, parsed=replace(sample.parsed, principles=(Principle("Factual rigour\0", 40.0),)))
    )
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ('"bold"', "query"),
        ("AND", "query"),
        ("title:x", "query"),
        ("NEAR(", "query"),
        ("*?", "query"),
        ("blue OR bold", None),
        ("bo*", None),
        ('"', "query"),
        ("rigour factual", "principles"),
        ("cafe", "critique"),
        ("力学", "critique"),
        ("</b>", "critique"),
        ("a'b;", "critique"),
        ("bold rigour", None),
        ("Sky", "title"),
        ("", None),
        ("  \t", None),
    ],
)
def test_words_are_literal(store: Store, words: str, field: str | None) -> None:
    results = store.search(words)
    assert [hit.field for hit in results] == ([field] if field else [])
    assert store.count_sessions(words) == (1 if field or not words.strip() else 0)
    assert [bool(row.snippet) for row in store.sessions(words)] == ([True] if field else [False][: not words.strip()])


def test_snippets_mark_the_words_and_nothing_else(store: Store) -> None:
    (hit,) = store.search("care")
    assert f"<b>{MARK_ON}care{MARK_OFF}</b>" in hit.snippet
    assert (hit.snippet.count(MARK_ON), hit.snippet.count(MARK_OFF)) == (1, 1)
    assert (hit.session_id, hit.sample_index) == ("s", 0)
    hit.snippet.encode()


def test_cleaned_text_holds_no_character_that_breaks_the_index() -> None:
    assert clean("a\0b\ud800c\ue000d") == "a\ufffdb\ufffdc\ufffdd"


@pytest.mark.parametrize(
    "words", ["w" + " w".join(map(str, range(10_000))), '" ' * 5000, "x" * 100_000, "\0", "\ud800"]
)
def test_absurd_queries_are_quick_and_raise_nothing(store: Store, words: str) -> None:
    before = time.process_time()
    store.search(words)
    store.sessions(words)
    assert time.process_time() - before < 2


def test_a_search_that_takes_too_long_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.passages.TIME_LIMIT_S", -1.0)
    with store.transaction():
        for index in range(1, 400):
            store.add_sample(make_sample(index, (3, 7), text="( common )"))
    with pytest.raises(StoreError, match="took longer"):
        store.search("(", limit=1000)


def test_text_of_an_unreadable_completion_is_found(store: Store) -> None:
    store.add_sample(make_sample(1, None, text="rambling without scores"))
    assert [hit.sample_index for hit in store.search("rambling")] == [1]


def test_responses_are_found_and_sessions_that_do_not_fit_are_left_out(store: Store) -> None:
    other = replace(RUN, id="other")
    store.add_run(other)
    example = make_example(query="Which?", labels=(1.0, 0.0))
    store.add_session(replace(SESSION, id="second", run_id="other", example=example, title="Second"))
    hits = store.search("Candidate number")
    assert {(hit.session_id, hit.field, hit.sample_index) for hit in hits} == {
        ("s", "responses", None),
        ("second", "responses", None),
    }
    assert [hit.session_id for hit in store.search(Wanted("Candidate", run="other"))] == ["second"]
    assert [hit.session_id for hit in store.search(Wanted("Candidate", labelled=True))] == ["second"]
    assert len(store.search("Candidate", limit=1)) == len(store.search("Candidate", limit=1, offset=1)) == 1
    store.bin("second")
    assert [hit.session_id for hit in store.search(Wanted("Candidate", binned=True))] == ["second"]
    assert [hit.session_id for hit in store.search("Candidate")] == ["s"]


def test_a_search_without_a_store_finds_the_same(store: Store) -> None:
    store.add_session(replace(SESSION, id="binned", example=make_example(query="loud and bold, in the bin")))
    store.bin("binned")
    for words in ("bold", "rigour", "力学", "NEAR( the", "", " "):
        assert find(store.path, words, 50) == store.search(words)
    assert len(find(store.path, "bold", 50)) == 1
    assert find(store.path, "bold", 0) == []
