"""The Models page on the server: the numbers of the leaderboard, the sessions of a cell, and no to anything else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis import leaderboard
from grm_core.analysis.accuracy import Judged
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from ui.pages.models import Cell, ModelsPage, Scope, cell, scope
from ui.view import calls

# Own order, models and scores of one sample each; None cannot be read.
GAMES: list[tuple[str, str, tuple[int, ...] | None]] = [
    ("x", "ab", (8, 3)),
    ("x", "ba", (4, 4)),
    ("y", "abc", (2, 6, 9)),
    ("y", "ab", None),
    ("y", "ac", (7, 5)),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "x.db")
    opened.add_run(replace(RUN, id="board"))
    for i, (subset, models, scores) in enumerate(GAMES):
        example = replace(make_example(len(models), subset=subset), id=f"i{i}", models=tuple(models))
        opened.add_session(replace(SESSION, id=f"s{i}", run_id="board", example=example, title=f"title {i}"))
        opened.add_sample(make_sample(0, scores, order=range(len(models)), session_id=f"s{i}"))
    opened.add_session(replace(SESSION, id="bare", run_id="board"))
    yield opened
    opened.close()


@pytest.fixture
def page(store: Store) -> ModelsPage:
    import gradio as gr

    with gr.Blocks():
        return ModelsPage(store)


def ask(page: ModelsPage, name: str, arguments: Any) -> Any:
    (method,) = (each for each in calls(page) if each.__name__ == name)
    return method(arguments)


ALL = Scope("board", leaderboard.Method.NAIVE, None, None)


def test_the_page_shows_the_numbers_of_the_leaderboard(page: ModelsPage, store: Store) -> None:
    answer = ask(page, "board", ["board", "naive", None, None])
    items = [
        Judged(row.session.id, row.session.example.subset or "", (), tuple(store.samples(row.session.id)), example)
        for row in store.sessions("")[::-1]
        if (example := row.session.example).models
    ]
    board = leaderboard.board(leaderboard.votes(items))
    assert answer["models"] == board.table.to_dict("records")
    assert answer["wins"] == board.wins.tolist()
    assert ("error" in answer, answer["unscored"], answer["subsets"]) == (False, 1, ["x", "y"])
    assert answer["summary"].startswith("4 items, 6 comparisons, 1 of them ties. Naive vote over k = 1 samples")
    assert [run["id"] for run in ask(page, "choices", [])] == ["board"]


@pytest.mark.parametrize(
    ("cell", "subset", "ids"),
    [
        (Cell("met", "a", "b"), None, ["s0", "s1", "s2"]),
        (Cell("won", "a", "b"), None, ["s0"]),
        (Cell("tied", "b", "a"), None, ["s1"]),
        (Cell("lost", "a", ""), None, ["s2"]),
        (Cell("won", "a", ""), "y", ["s4"]),
        (Cell("met", "c", ""), None, ["s2", "s4"]),
        (Cell("met", "b", "c"), "x", []),
        (Cell("unscored", "", ""), None, ["s3"]),
        (Cell("met", "nobody", ""), None, []),
    ],
)
def test_a_cell_gives_its_sessions(page: ModelsPage, cell: Cell, subset: str | None, ids: list[str]) -> None:
    answer = page.games(replace(ALL, subset=subset), cell)
    assert [row["id"] for row in answer["rows"]] == ids
    assert answer["count"] == len(ids)


def test_a_session_of_a_cell_tells_its_vote(page: ModelsPage) -> None:
    (row,) = page.games(ALL, Cell("lost", "a", "b"))["rows"]
    assert (row["id"], row["title"], row["won"], row["tied"], row["lost"]) == ("s2", "title 2", 0, 0, 1)
    assert [(one["letter"], one["name"], one["total"]) for one in row["models"]] == [
        ("C", "c", 9),
        ("B", "b", 6),
        ("A", "a", 2),
    ]


def test_a_new_sample_changes_the_numbers(page: ModelsPage, store: Store) -> None:
    before = ask(page, "board", ["board", "naive", None, None])
    store.add_sample(make_sample(1, (5, 6), session_id="s3"))
    after = ask(page, "board", ["board", "naive", None, None])
    assert (before["unscored"], after["unscored"]) == (1, 0)
    assert ask(page, "board", ["board", "naive", 1, None])["unscored"] == 1


def test_tables_come_as_csv(page: ModelsPage) -> None:
    arguments = ["board", "naive", None, None]
    assert ask(page, "table", [*arguments, "models"])["csv"].startswith("rank,rank_low,rank_high,model,rating")
    assert "a,b,3,1,1,1,0.5" in ask(page, "table", [*arguments, "pairs"])["csv"]
    assert ask(page, "table", [*arguments, "subsets"])["csv"].splitlines()[1].startswith("x,")


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        "board",
        {},
        [],
        ["board", "naive", None],
        [5, "naive", None, None],
        ["board", "best", None, None],
        ["board", None, None, None],
        ["board", "naive", 0, None],
        ["board", "naive", 1025, None],
        ["board", "naive", True, None],
        ["board", "naive", 1.5, None],
        ["board", "naive", "1; DROP", None],
        ["board", "naive", None, 5],
        ["board", "naive", None, "z"],
        ["none", "naive", None, None],
        ["board", "guided", None, None],
        ["' OR 1=1", "naive", None, None],
    ],
)
def test_whatever_else_is_asked_for_gets_a_word_and_no_fault(page: ModelsPage, arguments: Any) -> None:
    for name in ("board", "sessions", "table"):
        rest = [] if name == "board" else [["met", "a", "b"], ["models"]][name == "table"]
        answer = ask(page, name, [*arguments, *rest] if isinstance(arguments, list) else arguments)
        assert set(answer) == {"error"}
        assert answer["error"].endswith(".")


def test_a_session_that_cannot_be_counted_is_named_by_its_title(page: ModelsPage, store: Store) -> None:
    row = store.sessions("")[0]
    example = replace(row.session.example, models=("a", "b", "c"))
    store.add_session(replace(row.session, id="3f2a", title="Three writers of two answers", example=example))
    store.add_sample(make_sample(0, (8, 3), session_id="3f2a"))
    error = ask(page, "board", [row.session.run_id, "naive", None, None])["error"]
    assert error.startswith('"Three writers of two answers": 2 scores for 3 models')


@pytest.mark.parametrize(
    "rest", [[], ["met"], ["met", "a"], ["met", "a", 5], ["best", "a", "b"], ["met", "a", "b", "c"]]
)
def test_a_cell_that_is_none_is_refused(page: ModelsPage, rest: list[Any]) -> None:
    arguments = ["board", "naive", None, None]
    assert "sessions are asked for" in ask(page, "sessions", [*arguments, *rest])["error"].lower()
    assert "there are tables" in ask(page, "table", [*arguments, *rest])["error"].lower()


def test_scope_and_cell_read_what_the_page_sends() -> None:
    read = scope("r", "guided", 4, "")
    assert (read.run, str(read.method), read.k, read.subset) == ("r", "guided", 4, "")
    assert cell("met", "a", "") == Cell("met", "a", "")
