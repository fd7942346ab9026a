"""The browser's side as the server gives it: modules by their own address and type, calls that are checked."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typing_extensions import TypedDict

from grm_core.errors import UsageError
from storage.errors import StoreError
from tools import wire_types
from ui import web
from ui.view import View, calls, served
from ui.web import WEB

MODULES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js"))
OURS = [name for name in MODULES if not name.startswith("vendor/")]


class Wanted(TypedDict):
    words: str
    offset: int


class Page:
    @served(wrong="nonsense")
    def find(self, wanted: Wanted, k: int | None) -> list[Any]:
        return [wanted["words"], wanted["offset"], k]

    @served()
    def tour(self) -> str:
        return "a\ud800b"

    @served()
    def change(self, name: str) -> None:
        raise (StoreError if name == "busy" else UsageError)("that cannot be done")

    def hidden(self) -> None: ...


FUNCTIONS = {call.__name__: call for call in calls(Page())}


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=web.routes()))


def test_what_is_not_marked_cannot_be_called() -> None:
    assert list(FUNCTIONS) == ["find", "tour", "change"]


def test_arguments_that_fit_arrive() -> None:
    assert FUNCTIONS["find"]([{"words": "x", "offset": 3, "more": 1}, None]) == ["x", 3, None]
    assert FUNCTIONS["tour"]([]) == "a\ufffdb", "UTF-8 cannot carry half a character"


@pytest.mark.parametrize(
    "arguments",
    [
        None, "x", {}, [], [{"words": "x", "offset": 3}], [{"words": "x"}, None], [{"words": 1, "offset": 3}, None],
        [{"words": "x", "offset": True}, None], [{"words": "x", "offset": "3"}, None],
        [{"words": "x", "offset": 3}, 1.5], [{"words": "x", "offset": 3}, True],
        [{"words": "x", "offset": 3}, None, 1],
        [None, None], [["x", 3], None],
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_never_arrive(arguments: Any) -> None:
    assert FUNCTIONS["find"](arguments) == "nonsense"
    assert FUNCTIONS["tour"](arguments or [1]) is None


def test_a_refusal_is_said_and_whether_it_may_work_later() -> None:
    assert FUNCTIONS["change"](["x"]) == {"error": "that cannot be done.", "later": False}
    assert FUNCTIONS["change"](["busy"])["later"]


def test_a_view_loads_its_module_and_names_its_events() -> None:
    placed = View("inspect", events=("transfer",)).place(elem_id="view")
    assert f"{web.address()}/pages/inspect.js" in placed.js_on_load
    assert placed.html_template == '<div class="grm-view"></div>', "a constant: no text becomes markup"
    assert callable(placed.transfer)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_its_type_and_may_be_kept(client: TestClient, name: str) -> None:
    response = client.get(f"/{web.address()}/{name}")
    assert (response.status_code, response.content) == (200, (WEB / name).read_bytes())
    assert response.headers["content-type"].split(";")[0] == "text/javascript"
    assert "immutable" in response.headers["cache-control"]


def test_plotly_comes_from_the_package(client: TestClient) -> None:
    response = client.get(f"/{web.address()}/plotly.min.js")
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, "text/javascript")


@pytest.mark.parametrize("path", ["/web/0123456789abcdef/lib/dom.js", "{}/../../ui/web.py", "{}/%2e%2e/%2e%2e/app.py"])
def test_nothing_else_is_given(client: TestClient, path: str) -> None:
    assert client.get(path.format("/" + web.address())).status_code == 404


def test_the_address_changes_with_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.js").write_text("1")
    monkeypatch.setattr(web, "WEB", tmp_path)
    seen = set()
    for text in ("1", "2"):
        (tmp_path / "a.js").write_text(text)
        web.address.cache_clear()
        seen.add(web.address())
    web.address.cache_clear()
    assert len(seen) == 2


def test_every_style_has_its_place_in_the_cascade() -> None:
    assert sorted(web.STYLES) == sorted(path.stem for path in (WEB / "styles").iterdir())


def test_vendored_libraries_are_what_their_list_says() -> None:
    listed = (WEB / "vendor/README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", listed, re.M)
    files = {name: hashlib.sha256((WEB / name).read_bytes()).hexdigest() for name, _ in rows}
    assert files == dict(rows)
    assert {f"vendor/{path.name}" for path in (WEB / "vendor").glob("*.js")} <= set(files)
    for name in files:
        licence = (WEB / name).with_name(f"{Path(name).stem}-LICENSE.txt")
        assert len(licence.read_text("utf-8")) > 500


@pytest.mark.parametrize("name", OURS)
def test_no_module_makes_markup_of_text_or_asks_another_host(name: str) -> None:
    source = (WEB / name).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", source)
    # The fonts lie beside the modules: a saved plot carries them.
    assert not re.search(r"https?://|\bfetch\((?!new URL\(\"\.\./fonts/)|XMLHttpRequest|WebSocket", source)
    assert all(module.startswith(".") for module in re.findall(r'from "([^"]+)"', source)), "nothing from elsewhere"


def test_the_types_of_the_wire_are_current() -> None:
    written = wire_types.TARGET.read_text(encoding="utf-8")
    assert written == wire_types.text(), "run python tools/wire_types.py"
