"""What the server keeps of tabs does not grow with every tab that was ever open."""

from datetime import datetime, timedelta

import httpx
import pytest

from tests.ui.conftest import App
from ui.tabs import TABS_MOST, sweep


@pytest.mark.slow
def test_tabs_are_bounded_and_closed_ones_forgotten(app: App, client: httpx.Client) -> None:
    tabs, queue = app.demo.app.state_holder, app.demo._queue
    event = next(fn._id for fn in app.demo.fns.values() if fn.name == "transfer")
    for number in range(TABS_MOST + 30):
        body = {"fn_index": event, "session_hash": f"tab-{number}", "data": []}
        assert client.post("/gradio_api/run/predict", json=body).status_code == 200
    assert len(tabs.session_data) <= TABS_MOST
    assert len(tabs.time_last_used) <= TABS_MOST
    later = datetime.now() + timedelta(seconds=300)
    assert sweep(app.demo.app, later) == 0, "none of them was closed"
    for tab in list(tabs.session_data.values())[5:]:
        tab.is_closed = True
    assert sweep(app.demo.app, datetime.now()) == 0, "one that was asleep may come back"
    closed = len(tabs.session_data) - 5
    assert sweep(app.demo.app, later) == closed
    assert len(tabs.session_data) == 5
    assert not set(queue.pending_event_ids_session) - set(tabs.session_data)
