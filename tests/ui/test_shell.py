"""The frame that the server puts around Gradio's pages."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from grm_core.engines.replay import ReplayEngine
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError, UsageError
from grm_core.types import Example, Message, Session
from runs.jobs import Jobs
from storage.store import Store
from tests.browser import four
from tests.fake_engine import FakeEngine
from tests.make import make_example
from ui import ASSETS, shell, web
from ui.pages.inspect import start
from ui.pages.shell import Shell

PAGE = (
    b'<head><meta property="og:title" content="Gradio" />\n<meta name="twitter:creator" content="@Gradio" /></head>'
    b'<body style="margin: 0"><gradio-app></gradio-app></body>'
)
HOME = "https://lens.example/x/"


def framed(path: str) -> str:
    return shell.framed(PAGE, path, HOME).decode()


def test_a_page_has_our_title_and_card_and_nothing_of_gradios() -> None:
    page = framed("/sessions")
    assert "<title>Sessions \u00b7 GRM Lens</title>" in page
    assert "Gradio" not in page
    assert f'content="{HOME}{web.address()}/icons/card.png"' in page
    assert (ASSETS / "web" / "icons" / "card.png").is_file()


@pytest.mark.parametrize(
    ("path", "name"), [("/", "Inspect"), ("", "Inspect"), ("/runs", "Runs"), ("/queue/", "Queue")]
)
def test_the_current_page_is_marked_once(path: str, name: str) -> None:
    marked = re.findall(r'<a href="\./([a-z]*)" aria-current="page">', framed(path))
    assert marked == ["" if name == "Inspect" else name.lower()]


def test_every_page_of_the_navigation_has_an_icon_and_no_other_page_is_marked() -> None:
    assert set(shell.ICONS) == {name for _, names in shell.GROUPS for name in names}
    assert "aria-current" not in framed("/compare")


def test_before_a_login_there_is_no_navigation() -> None:
    page = PAGE.replace(b"<body", b'<script>x = {"auth_required":true}</script><body')
    assert b"<nav" not in shell.framed(page, "/", HOME)


def test_what_is_no_page_stays_as_it_is() -> None:
    assert shell.framed(b"<html><body>A report</body></html>", "/", HOME) == b"<html><body>A report</body></html>"


def test_nothing_in_the_frame_runs_inline_or_comes_from_elsewhere() -> None:
    page = framed("/")
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert re.findall(r'(?:src|href)="(?!\./|web/)([^"]*)"', page) == []


def test_the_joined_sheet_holds_every_style_and_asks_no_other_host() -> None:
    sheet = web.sheet()
    for path in (web.WEB / "styles").iterdir():
        assert path.read_text(encoding="utf-8") in sheet, path.name
    assert "http" not in sheet
    for name in re.findall(r'url\("([^"]+)"\)', sheet):
        assert (web.WEB / name).is_file(), name


async def test_an_engine_that_cannot_be_reached_is_told_in_sentences(tmp_path: Path) -> None:
    engine = ServerEngine("http://127.0.0.1:9")
    with closing(Store(tmp_path / "grm.db")) as store:
        shown = Shell(store, Jobs(store, engine))
        with pytest.raises(EngineError):
            await engine.start()
        frame = shown.state()
    await engine.close()
    assert (frame["kind"], frame["word"]) == ("bad", "Engine failed")
    assert frame["message"] == (
        "Cannot connect to http://127.0.0.1:9 (refused). Check the address, and that the server is running."
    )


@pytest.fixture
def frame(tmp_path: Path) -> Shell:
    four.make(tmp_path / "grm.db")
    store = Store(tmp_path / "grm.db")
    return Shell(store, Jobs(store, FakeEngine()))


def test_search_finds_the_sample_and_names_its_session(frame: Shell) -> None:
    places = frame.find("broke")["passages"]
    assert [(each["session"], each["sample"], each["title"]) for each in places] == [("four", 4, "basil")]
    assert "\ue000broke\ue001" in places[0]["snippet"]


def test_without_words_the_newest_sessions_are_offered(frame: Shell) -> None:
    assert [each["session"] for each in frame.find(" ")["passages"]] == ["four"]


def test_runs_are_found_by_what_they_are_called(frame: Shell) -> None:
    example = Example("y", (Message("user", "Why?"),), ("a", "b"))
    frame.store.add_session(Session("five", "run", example, "why", "2026-01-01T00:00:00+00:00"))
    assert [each["id"] for each in frame.find("fake-judge")["runs"]] == ["run"]
    assert frame.find("another-judge")["runs"] == []


def test_a_replay_scores_what_it_holds_and_says_so_of_all_else() -> None:
    engine = ReplayEngine(ASSETS / "demo" / "recorded.jsonl", "at-once")
    offered = start.starters(engine)
    assert len(offered) == 3
    typed = Example("page-1", offered[0].query, offered[0].responses)
    assert start.recorded(engine, typed).id == offered[0].id
    assert "replays recorded samples" in start.first_screen(offered, engine)["note"]
    with pytest.raises(UsageError, match="replays recorded samples"):
        start.recorded(engine, Example("page-2", (Message("user", "Something new?"),), ("a", "b")))


def test_three_examples_are_offered_where_there_is_a_model() -> None:
    offered = start.starters(FakeEngine())
    assert [example.source for example in offered] == ["Health", "Money", "Code"]
    assert start.first_screen(offered, FakeEngine())["note"] == ""


def test_a_starter_says_its_query_in_words_and_leaves_its_code_to_the_form() -> None:
    examples = [make_example(query="Why does it  stop?\n```python\nloop()\n```"), make_example(query="```\nf()\n```")]
    shown = start.first_screen(examples, FakeEngine())["starters"]
    assert [starter["query"] for starter in shown] == ["Why does it stop?", "``` f() ```"]
