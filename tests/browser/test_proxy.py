"""Behind a reverse proxy that shows the app under a path, nothing of a page is outside of it, with a login or not."""

from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Serve
from tests.browser.test_modules import LONG, PAGES
from tests.local_server import LocalServer
from tests.reverse_proxy import ReverseProxy

pytestmark = pytest.mark.browser
PREFIX = "/lens"
LINKS = "nodes => nodes.map(node => node.href || node.src).filter(Boolean)"


def outside(page: Any, proxy: ReverseProxy) -> list[str]:
    """Links and resources of the page that are not below the prefix."""
    home = f"{proxy.address}{PREFIX}/"
    links = page.eval_on_selector_all("a, link, script, img, iframe, source, form", LINKS)
    return [link for link in links if not link.startswith((home, "blob:", "data:"))]


@pytest.mark.parametrize(
    ("options", "login"),
    [(("--root-path", PREFIX), ()), ((), ("--auth", "ann:secret"))],
    ids=["open, by option", "login, by header"],
)
def test_nothing_leaves_the_prefix(serve: Serve, page: Any, options: tuple[str, ...], login: tuple[str, ...]) -> None:
    with ReverseProxy(serve(*options, *login), PREFIX, tells=not options) as proxy:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        if login:
            page.goto(f"{proxy.address}{PREFIX}")
            page.locator("input[type=password]").wait_for(timeout=LONG)
            page.locator("input").first.fill("ann")
            page.locator("input[type=password]").fill("secret")
            page.get_by_role("button", name="Login").click()
            page.locator(PAGES[""]).first.wait_for(timeout=LONG)
        for name, ready in PAGES.items():
            page.goto(f"{proxy.address}{PREFIX}/{name}".rstrip("/"))  # Inspect as people type it, without a slash
            page.locator(ready).first.wait_for(timeout=LONG)
            assert outside(page, proxy) == [], name
        page.goto(f"{proxy.address}{PREFIX}/sessions")
        page.locator(".grm-session-list td a").first.click(timeout=LONG)
        page.locator(".grm-spark").click(timeout=LONG)
        page.locator(".grm-plot .main-svg").first.wait_for(timeout=LONG)
        assert urlsplit(page.url).path == f"{PREFIX}/"
        assert outside(page, proxy) == []
        page.get_by_role("link", name="Principles").first.click()
        page.locator(PAGES["principles"]).first.wait_for(timeout=LONG)
        assert urlsplit(page.url).path == f"{PREFIX}/principles"
        assert proxy.outside == []
        assert [url for url in requests if not url.startswith((f"{proxy.address}{PREFIX}", "blob:", "data:"))] == []


def test_the_page_works_in_a_frame_of_another_site(serve: Serve, page: Any) -> None:
    class Around(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{proxy.address}{PREFIX}/" width=1200 height=800></iframe>'.encode())

        def log_message(self, *_: object) -> None: ...

    options = ("--frame-ancestors", "http://localhost:*")
    with ReverseProxy(serve(*options), PREFIX, tells=True) as proxy, LocalServer(Around) as around:
        page.goto(around.address.replace("127.0.0.1", "localhost"))
        frame = page.frame_locator("iframe")
        frame.locator(PAGES[""]).first.click(timeout=LONG)
        frame.locator(".grm-spark").click(timeout=LONG)
        frame.locator(".grm-plot .main-svg").first.wait_for(timeout=LONG)
        assert proxy.outside == []
        page.goto(around.address)
        page.wait_for_timeout(500)
        assert page.frames[1].url.startswith("chrome-error:"), "a site that was not named"
