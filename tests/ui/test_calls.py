"""HOSTILE 27: wrong ids, types and numbers sent straight to the API get words, and the log no traceback."""

import json
from typing import Any

import httpx
import pytest

from tests.ui.conftest import App

JSON = {"Content-Type": "application/json"}
ODD: list[Any] = [-1, 10**9, 2**70, 1.5, True, None, "32; DROP TABLE sample", "x" * 1000, [], {}, "\0", "../etc"]


@pytest.mark.parametrize("path", ["component_server", "queue/join", "run/predict", "cancel"])
def test_what_is_no_call_is_refused_in_words(
    app: App, client: httpx.Client, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    good = app.body("find", {}) if path == "component_server" else {"fn_index": 0, "session_hash": "a", "data": []}
    if path == "cancel":
        good |= {"event_id": "none"}
    bodies = [good | {name: odd} for name in good for odd in ODD if name not in ("data", "event_id", "session_hash")]
    bodies += [{name: good[name] for name in good if name != left} for left in good]
    bodies += [[], 1, None, "text"]
    for body in bodies:
        answer = client.post(f"/gradio_api/{path}", content=json.dumps(body), headers=JSON)
        if path != "cancel" or answer.status_code != 200:
            assert answer.status_code == 400, body
            assert answer.json()["error"]
    for raw in (b"", b"{", b"[" * 100_000, b"\xff", b'{"fn_index": NaN}'):
        answer = client.post(f"/gradio_api/{path}", content=raw, headers=JSON)
        assert answer.status_code == 400
    assert "Traceback" not in capfd.readouterr().err


def test_wrong_values_reach_no_method(app: App, client: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("find", "change", "take", "look", "save", "make", "agreed", "log"):
        for odd in ODD:
            for values in ([odd], [odd, odd], [odd, odd, odd]):
                body = app.body(name, *values)
                answer = client.post("/gradio_api/component_server", content=json.dumps(body), headers=JSON)
                assert answer.status_code == 200, (name, values)
    assert app.store.session_ids() == []
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("k", [0, -1, 10**9, 1025, "32; DROP", None, 1.5])
def test_a_run_has_bounds_on_the_server(app: App, client: httpx.Client, k: Any) -> None:
    event = next(fn for fn in app.demo.fns.values() if fn.name == "begin")
    by_name = {"k": k, "query": "Which?", "response-0": "a", "response-1": "b"}
    values = [
        by_name.get(getattr(block, "elem_id", None) or "", getattr(block, "value", None)) for block in event.inputs
    ]
    join = {"fn_index": event._id, "session_hash": f"tab-{k}", "data": values}
    assert client.post("/gradio_api/queue/join", json=join).status_code == 200
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": f"tab-{k}"}) as events:
        for line in events.iter_lines():
            if "process_completed" in line:
                break
    assert app.store.session_ids() == []
