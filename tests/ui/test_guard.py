"""HOSTILE 35, 36, 37: no other site's page writes here, and what is taken has a kind and a size."""

import json
from typing import Any

import httpx
import pytest

from tests.ui.conftest import App, keep_session

ELSEWHERE = ("https://evil.example", "null", "http://127.0.0.1:9", "http://localhost:7860")
WRITES = (
    "/gradio_api/component_server",
    "/gradio_api/component_server/",
    "/gradio_api/queue/join",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/upload",
    "/gradio_api/call/begin",
    "/gradio_api/call/v2/begin",
    "/gradio_api/run/predict",
    "/gradio_api/run/begin",
    "/gradio_api/api/begin",
    "/gradio_api/stream/1",
    "/gradio_api/process_recording",
    "/gradio_api/vibe-edit",
    "/login",
)


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_a_page_elsewhere_deletes_nothing(app: App, client: httpx.Client, origin: str) -> None:
    session_id = keep_session(app.store)
    body = json.dumps(app.body("change", "delete", session_id, ""))
    for kind in ("text/plain", "application/json"):
        answer = client.post(
            "/gradio_api/component_server", content=body, headers={"Content-Type": kind, "Origin": origin}
        )
        assert answer.status_code == 403
    assert app.store.session(session_id) is not None


def test_text_is_no_json_whoever_sends_it(app: App, client: httpx.Client) -> None:
    session_id = keep_session(app.store)
    body = json.dumps(app.body("change", "delete", session_id, ""))
    for kind in ("text/plain", "", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        answer = client.post("/gradio_api/component_server", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 415, kind
    assert app.store.session(session_id) is not None


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("origin", ELSEWHERE)
def test_every_route_that_writes_refuses_other_sites(client: httpx.Client, path: str, origin: str) -> None:
    assert client.post(path, json={}, headers={"Origin": origin}).status_code == 403
    assert client.post(path, json={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_our_own_page_and_a_program_write(app: App, client: httpx.Client) -> None:
    for headers in ({"Origin": app.address, "Sec-Fetch-Site": "same-origin"}, {}):
        session_id = keep_session(app.store)
        body = app.body("change", "rename", session_id, "renamed")
        assert client.post("/gradio_api/component_server", json=body, headers=headers).json() == {"error": ""}
        session = app.store.session(session_id)
        assert session is not None
        assert session.title == "renamed"


def test_another_site_reads_nothing(app: App, client: httpx.Client) -> None:
    for origin in ELSEWHERE:
        answer = client.get("/config", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        assert client.options("/gradio_api/queue/join", headers=asks).status_code == 403


@pytest.mark.parametrize(
    "path", [path for path in WRITES if "call" in path or path.endswith("begin") or "stream" in path]
)
def test_what_no_page_asks_for_is_closed(client: httpx.Client, path: str) -> None:
    assert client.post(path, json={"data": []}).status_code == 404


@pytest.mark.parametrize("path", ["/monitoring", "/gradio_api/info", "/gradio_api/proxy=http://169.254.169.254/"])
def test_gradios_own_addresses_are_closed(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "file={db}", "file={db}-wal", "file=..%2f..%2fetc%2fpasswd", "file=/etc/passwd", "file/etc/passwd",
        "file=http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_no_file_but_our_own_is_served(app: App, client: httpx.Client, path: str) -> None:
    assert client.get(f"/gradio_api/{path.format(db=app.store.path)}").status_code in (403, 404)


def test_a_link_among_the_uploads_leads_nowhere(app: App, client: httpx.Client) -> None:
    link = app.uploads.folder / "link.txt"
    link.symlink_to("/etc/passwd")
    answer = client.get(f"/gradio_api/file={link}")
    link.unlink()
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("name", ["a.html", "a.svg"])
def test_what_was_uploaded_never_runs(client: httpx.Client, name: str) -> None:
    text = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    [path] = client.post("/gradio_api/upload", files={"files": (name, text)}).json()
    answer = client.get(f"/gradio_api/file={path}")
    assert answer.headers.get("content-disposition", "").startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "a@127.0.0.1"])
def test_a_name_that_only_points_here_gets_no_answer(client: httpx.Client, host: str) -> None:
    answer = client.get("/config", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "[::1]:7860", "192.168.0.7:7860"])
def test_addresses_and_this_machines_names_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/config", headers={"Host": host}).status_code == 200


def test_a_key_of_its_own_passes(client: httpx.Client) -> None:
    # Past the guard, Gradio has no such address: a route of ours would look at the key.
    for headers in ({"Authorization": "Bearer abc"}, {"X-API-Key": "abc"}):
        kind = {"Content-Type": "application/x-ndjson"}
        assert client.post("/hand-over", content=b"{}", headers=headers | kind).status_code in (404, 405)
    assert client.post("/hand-over", content=b"{}").status_code == 415


def test_bodies_have_a_size(client: httpx.Client) -> None:
    large: Any = {"data": ["x" * (25 * 2**20)], "component_id": 1, "session_hash": "a", "fn_name": "find"}
    answer = client.post("/gradio_api/component_server", json=large)
    assert answer.status_code == 413
    assert "at most 24 MB" in answer.json()["error"]
    form = {"username": "a" * 20_000, "password": "b"}
    assert client.post("/login", data=form).status_code == 413


def test_uploads_have_a_size_and_room(app: App, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.post("/gradio_api/upload", files={"files": ("a.jsonl", b"x" * (21 * 2**20))}).status_code == 413
    monkeypatch.setattr("ui.uploads.ROOM", 100)
    answer = client.post("/gradio_api/upload", files={"files": ("a.jsonl", b"x" * 1000)})
    assert answer.status_code == 507
    assert "no room" in answer.json()["error"]


def test_uploads_are_private_and_gone_at_the_end(app: App) -> None:
    assert app.uploads.folder.stat().st_mode & 0o777 == 0o700
    (app.uploads.folder / "left").mkdir()
    app.uploads.begin()
    assert list(app.uploads.folder.iterdir()) == []


def test_every_page_has_its_policy(client: httpx.Client) -> None:
    for path in ("/", "/queue", "/sessions"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "'sha256-" in policy
        assert "script-src 'self'" in policy
        assert "script-src 'self' 'unsafe-inline'" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
