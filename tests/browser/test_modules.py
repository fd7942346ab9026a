"""The page's modules: loaded by the browser as such, offline, kept by it, under a login and under a path prefix."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Serve, Watched

pytestmark = pytest.mark.browser
LONG = 120_000
PAGES = {
    "": ".grm-recent a", "sessions": ".grm-session-list tr", "principles": ".grm-recent a", "runs": ".grm-hint",
    "batch": ".grm-line-of-batches h2",
    "benchmarks": ".grm-panel", "models": ".grm-panel", "queue": ".grm-welcome", "demo": ".grm-stage h1",
    "compare": ".grm-comparison .grm-bad",
}  # fmt: skip


def scripts(page: Any) -> dict[str, Any]:
    """Every module that the page asks for, by its path."""
    sources: dict[str, Any] = {}
    page.on(
        "response",
        lambda r: sources.update({urlsplit(r.url).path: r}) if "/web/" in r.url and ".js" in r.url else None,
    )
    return sources


def test_every_page_mounts_its_module(serve: Serve, page: Any, watch: Callable[[Any, str], Watched]) -> None:
    url = serve()
    seen, watched = scripts(page), watch(page, url)
    for name, ready in PAGES.items():
        page.goto(f"{url}/{name}")
        page.locator(ready).first.wait_for(timeout=LONG)
    assert (watched.foreign, watched.errors) == ([], [])
    assert any(path.endswith("/pages/queue/item.js") for path in seen)
    for path, response in seen.items():
        assert response.status == 200, path
        assert response.headers["content-type"].startswith("text/javascript"), path
        assert "immutable" in response.headers["cache-control"], path


def test_modules_load_behind_a_login(serve: Serve, page: Any) -> None:
    url = serve("--auth", "ann:secret")
    page.goto(f"{url}/sessions")
    page.locator("input[type=password]").wait_for(timeout=LONG)
    assert page.locator(".grm-sessions").count() == 0
    page.locator("input").first.fill("ann")
    page.locator("input[type=password]").fill("secret")
    page.get_by_role("button", name="Login").click()
    page.locator(PAGES["sessions"]).first.wait_for(timeout=LONG)


def test_modules_and_links_stay_under_a_prefix(serve: Serve, page: Any) -> None:
    url = serve("--root-path", "/lens")
    seen = scripts(page)
    page.goto(f"{url}/lens/sessions")
    page.locator(PAGES["sessions"]).first.wait_for(timeout=LONG)
    assert seen
    assert all(path.startswith("/lens/web/") for path in seen)
    first = page.locator(".grm-session-list td a").first
    assert urlsplit(first.evaluate("link => link.href")).path == "/lens/"
    first.click()
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator(".grm-spark").click(timeout=LONG)
    page.locator(".grm-plot .main-svg").first.wait_for(timeout=LONG)
    assert any(path.startswith("/lens/web/") and path.endswith("/plotly.min.js") for path in seen)
