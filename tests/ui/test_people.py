"""Under a login: doors that get slower, roles, labels under the login's name, and an audit log. HOSTILE 39."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import HTTPException

from runs.logins import login_of
from tests.ui.conftest import App, keep_session, serving
from ui.people import People
from ui.wire.queue import Said

LOGINS = (
    login_of("root:r", "admin", "--auth"),
    login_of("ann:a", "annotator", "--auth"),
    login_of("bob:b", "annotator", "--auth"),
    login_of("eve:e", "viewer", "--auth"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with serving(tmp_path_factory.mktemp("people"), logins=LOGINS) as served:
        yield served


@pytest.fixture(autouse=True)
def forgiven(app: App) -> None:
    """Wrong passwords of one test do not keep the next one out."""
    app.people.forget()


def enter(app: App, name: str, password: str = "") -> httpx.Client:
    """A browser of somebody who has logged in."""
    client = httpx.Client(base_url=app.address, trust_env=False, timeout=60, headers={"Origin": app.address})
    answer = client.post("/login", data={"username": name, "password": password or name[0]})
    assert answer.status_code == 200, answer.text
    return client


def call(app: App, client: httpx.Client, name: str, *values: Any) -> Any:
    answer = client.post("/gradio_api/component_server", json=app.body(name, *values))
    return answer.json() if answer.status_code == 200 else answer.status_code


def said(session_id: str, author: str, id: str = "a1", label: str = "A", replaces: str | None = None) -> Said:
    """A blind label as the page sends it."""
    return Said(
        id=id,
        session_id=session_id,
        kind="best",
        label=label,
        sample=None,
        place=None,
        span=None,
        note="",
        author=author,
        queue="",
        created_at="2026-01-01T00:00:00+00:00",
        replaces=replaces,
    )


def test_nothing_is_seen_without_a_login(app: App) -> None:
    session_id = keep_session(app.store)
    stranger = httpx.Client(base_url=app.address, trust_env=False)
    assert call(app, stranger, "find", {}) == 401
    assert stranger.get("/config").status_code == 401
    assert session_id not in stranger.get(f"/?session={session_id}").text
    event = next(fn._id for fn in app.demo.fns.values() if not fn.inputs)
    join = {"data": [], "fn_index": event, "session_hash": "a"}
    assert stranger.post("/gradio_api/queue/join", json=join).status_code == 401


def test_the_author_is_the_login(app: App) -> None:
    session_id = keep_session(app.store)
    ann, bob, root = enter(app, "ann"), enter(app, "bob"), enter(app, "root")
    assert call(app, ann, "overview", "bob")["author"] == "ann"
    assert "saved" in call(app, ann, "save", said(session_id, "bob"))
    assert [each.author for each in app.store.desk.annotations(session_id)] == ["ann"]
    taken = call(app, bob, "save", said(session_id, "ann", "b1", "", "a1"))
    assert "only its owner and admins" in taken["error"]
    assert "saved" in call(app, root, "save", said(session_id, "root", "r1", "", "a1"))
    assert app.store.acts.newest(1)[0].what == "replaced a label of ann"


def test_destructive_acts_are_the_owners_and_admins(app: App) -> None:
    session_id = keep_session(app.store)
    app.store.acts.own(session_id, "ann")
    ann, bob, eve, root = (enter(app, name) for name in ("ann", "bob", "eve", "root"))
    for client, why in ((bob, "ann's; only its owner"), (eve, "may only read")):
        for what in ("rename", "bin", "restore", "delete"):
            assert why in call(app, client, "change", what, session_id, "x")["error"]
    assert app.store.session(session_id) is not None
    assert "may only read" in call(app, eve, "change", "tag", session_id, "x")["error"]
    assert "may only read" in call(app, eve, "save", said(session_id, "eve"))["error"]
    assert call(app, ann, "change", "bin", session_id, None) == {"error": ""}
    assert call(app, root, "change", "delete", session_id, None) == {"error": ""}
    assert app.store.session(session_id) is None
    imported = keep_session(app.store)
    assert "nobody's" in call(app, ann, "change", "delete", imported, None)["error"]


def test_admins_read_who_did_what(app: App) -> None:
    session_id = keep_session(app.store)
    root, ann = enter(app, "root"), enter(app, "ann")
    call(app, root, "change", "rename", session_id, "new name")
    lines = call(app, root, "log")["lines"]
    assert (lines[0]["who"], lines[0]["what"]) == ("root", "renamed a session")
    assert lines[0]["target"] == f"{session_id} new name"
    assert {"root", "ann"} <= {line["who"] for line in lines if line["what"] == "logged in"}
    assert "may only read" in call(app, ann, "log")["error"]


@pytest.mark.slow
def test_wrong_passwords_wait_and_are_logged(app: App, caplog: pytest.LogCaptureFixture) -> None:
    codes: list[int] = []
    began = time.monotonic()

    def guess(number: int) -> None:
        with httpx.Client(base_url=app.address, trust_env=False, timeout=120) as client:
            codes.append(client.post("/login", data={"username": "ann", "password": f"x{number}"}).status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(400) <= 15, "at the same time or one after the other: few are looked at"
    assert codes.count(429) >= 45
    assert time.monotonic() - began >= 0.5
    assert sum("wrong password" in line for line in caplog.messages) >= 5
    assert any(act.what == "wrong password" for act in app.store.acts.newest())


async def test_each_wrong_password_waits_longer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("ui.people.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("ui.people._DELAY_S", 0.0)
    people, waits = People(LOGINS, app.store.acts), list[int]()
    while len(waits) < 10:
        try:
            assert not await people.enter("ann", "x")
        except HTTPException as refused:
            waits.append(int((refused.headers or {})["Retry-After"]))
            with pytest.raises(HTTPException, match="too many wrong passwords"):
                await people.enter("ann", "a")  # nor the right one, meanwhile
            clock[0] += waits[-1] + 0.01
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    clock[0] += 300
    assert await people.enter("ann", "a")


def test_a_login_is_for_this_page_alone(app: App) -> None:
    answer = httpx.post(f"{app.address}/login", data={"username": "ann", "password": "a"}, trust_env=False)
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    assert all("samesite=lax" in cookie.lower() and "httponly" in cookie.lower() for cookie in cookies)


def test_another_site_logs_nobody_out(app: App) -> None:
    ann = enter(app, "ann")
    assert ann.get("/logout", headers={"Sec-Fetch-Site": "cross-site", "Origin": ""}).status_code == 403
    assert call(app, ann, "overview", "")["author"] == "ann"
