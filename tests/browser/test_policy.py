"""HOSTILE 31, 37: pages run under their policy, and a page of another site writes nothing, with a login or without."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Serve
from tests.browser.test_modules import LONG, PAGES
from tests.local_server import LocalServer

pytestmark = pytest.mark.browser


def complaints(page: Any) -> list[str]:
    """What the browser's console complains of, from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_inspect_and_queue_run_under_their_policy(serve: Serve, page: Any) -> None:
    said = complaints(page)
    home = serve()
    page.goto(home)
    page.locator(PAGES[""]).first.wait_for(timeout=LONG)
    page.locator("#example").click()
    page.wait_for_function("document.querySelector('#query textarea').value.length > 10")
    page.locator("#score").click()
    page.get_by_text("8 of 8 samples").first.wait_for(timeout=LONG)
    page.locator(".grm-spark").click(timeout=LONG)
    page.locator(".grm-plot .main-svg").first.wait_for(timeout=LONG)
    page.goto(f"{home}/queue")
    page.locator(PAGES["queue"]).first.wait_for(timeout=LONG)
    page.wait_for_timeout(500)
    assert said == []


def test_what_is_not_ours_does_not_run(serve: Serve, page: Any) -> None:
    page.goto(serve())
    page.locator(PAGES[""]).first.wait_for(timeout=LONG)
    page.evaluate("""() => {
        const node = document.createElement("div");
        node.innerHTML = '<img src="data:," onerror="window.ran = 1"><a href="javascript:window.ran = 2">x</a>';
        const script = document.createElement("script");
        script.textContent = "window.ran = 3";
        document.body.append(node, script);
        node.querySelector("a").click();
    }""")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("login", [(), ("--auth", "ann:secret")], ids=["open", "login"])
def test_a_page_elsewhere_writes_nothing(serve: Serve, page: Any, tmp_path: Path, login: tuple[str, ...]) -> None:
    home = serve(*login)

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>elsewhere</p>")

        def log_message(self, *_: object) -> None: ...

    page.goto(home)
    if login:
        page.locator("input[type=password]").wait_for(timeout=LONG)
        page.locator("input").first.fill("ann")
        page.locator("input[type=password]").fill("secret")
        page.get_by_role("button", name="Login").click()
    page.locator(PAGES[""]).first.wait_for(timeout=LONG)
    tab = page.context.new_page()
    seen: list[int] = []
    tab.on("response", lambda answer: seen.append(answer.status) if "gradio_api" in answer.url else None)
    with LocalServer(Elsewhere) as elsewhere:
        tab.goto(elsewhere.address.replace("127.0.0.1", "localhost"))
        read = tab.evaluate(
            """async (home) => {
                const read = [];
                const body = JSON.stringify({ data: [""], component_id: 1, session_hash: "a", fn_name: "overview" });
                for (const type of ["text/plain", "application/json"])
                    for (const path of ["component_server", "queue/join"])
                        for (const mode of ["cors", "no-cors"])
                            try {
                                const options = { method: "POST", body, mode, credentials: "include" };
                                options.headers = { "Content-Type": type };
                                const answer = await fetch(`${home}/gradio_api/${path}`, options);
                                read.push(answer.type === "opaque" ? "" : await answer.text());
                            } catch { read.push(""); }
                try { read.push(await (await fetch(`${home}/config`, { credentials: "include" })).text()); }
                catch { read.push(""); }
                return read;
            }""",
            home,
        )
        assert set(read) == {""}, "nothing is read"
        assert seen
        assert set(seen) <= {403, 0}
        tab.evaluate(
            """(home) => {
                document.body.innerHTML = `<form method="post" enctype="text/plain"
                    action="${home}/gradio_api/component_server"><input name='{"data":[""],"a":"' value='"}'></form>`;
                document.forms[0].submit();
            }""",
            home,
        )
        tab.get_by_text("another site").wait_for(timeout=LONG)
