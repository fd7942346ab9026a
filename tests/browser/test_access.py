"""axe-core finds no fault of any impact, light or dark, wide or narrow; what is read works without a mouse."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser
LONG = 60_000
JOINT = "demo-word-lighthouse"
"""A recorded session judged together: one judged one response at a time has no order to look into."""


def faults(page: Any, impacts: tuple[str, ...] = ("minor", "moderate", "serious", "critical")) -> list[str]:
    response = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['html'][:120]}"
        for one in response["violations"]
        if one["impact"] in impacts
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def sessions(serve: Serve, chromium: Any) -> list[str]:
    """The ids of the recorded sessions."""
    page = chromium.new_page()
    page.goto(f"{serve()}/sessions")
    page.locator(".grm-session-list tr[data-id]").first.wait_for(timeout=LONG)
    ids = page.eval_on_selector_all(".grm-session-list tr[data-id]", "rows => rows.map(row => row.dataset.id)")
    page.close()
    return [str(name) for name in ids]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_fault_on_any_page(serve: Serve, chromium: Any, sessions: list[str], theme: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    a, b = sessions[:2]
    for path, ready in (
        ("/?", "#score"),
        (f"/?session={a}", ".grm-card"),
        (f"/?session={a}&about=A", ".grm-said-of article"),
        ("/sessions?", ".grm-session-list table"),
        (f"/compare?a={a}&b={b}", ".grm-side"),
        (f"/?session={JOINT}&tab=lab", ".grm-panel[data-name=position] .main-svg"),
        ("/runs?", ".grm-hint"),
        ("/principles?", ".grm-hint"),
        ("/models?", ".grm-models .grm-panel"),
        ("/benchmarks?", ".grm-bench .grm-panel"),
        ("/demo?", ".grm-stage"),
    ):
        page.goto(f"{serve()}{path}&__theme={theme}")
        if ready.endswith(" .main-svg"):  # a plot is drawn when it comes into view
            place = page.locator(ready.removesuffix(" .main-svg")).first
            place.wait_for(timeout=LONG)
            page.wait_for_timeout(500)  # panels may still be put in its place
            place.scroll_into_view_if_needed(timeout=LONG)
        page.locator(ready).first.wait_for(timeout=LONG)
        page.locator("h1").first.wait_for(state="attached", timeout=LONG)
        page.wait_for_timeout(500)
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways"
    page.close()


def test_compared_sessions_stand_one_below_the_other_on_a_telephone(
    serve: Serve, chromium: Any, sessions: list[str]
) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    page.goto(f"{serve()}/compare?a={sessions[0]}&b={sessions[1]}")
    page.locator(".grm-side").nth(1).wait_for(timeout=LONG)
    lefts = page.eval_on_selector_all(".grm-side", "sides => sides.map(side => side.getBoundingClientRect().left)")
    assert lefts[0] == lefts[1]
    page.close()
