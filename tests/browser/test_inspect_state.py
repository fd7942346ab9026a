"""What the Inspect page shows belongs to the session that it shows, also when the server is gone."""

from typing import Any

import pytest

from tests.browser.test_inspect import LONG, ask, wait_end
from tests.browser.test_parts import address as address  # a fixture
from tests.browser.test_parts import opened

pytestmark = pytest.mark.browser


def test_a_query_scored_from_a_linked_view_opens_with_dials_of_its_own(address: str, page: Any) -> None:
    page.goto(address + "&k=2&sample=2&method=guided&tab=lab")
    page.locator(".grm-panel").first.wait_for(timeout=LONG)
    page.locator("#edit").click()
    ask(page, "Is it so?", ("Yes.", "No."), 4)
    page.wait_for_function("!location.search.includes('session=four')", timeout=LONG)
    wait_end(page)
    assert {part.split("=")[0] for part in page.url.split("?")[1].split("&")} == {"session"}, page.url
    assert (
        "of 4 " in page.locator(".grm-verdict h2").inner_text()
        or "over 4 " in page.locator(".grm-verdict h2").inner_text()
    )


def test_a_document_that_the_server_does_not_give_is_no_file(address: str, page: Any) -> None:
    opened(page, address)
    page.route("**/component_server/**", lambda route: route.abort())
    saved: list[Any] = []
    page.on("download", lambda download: saved.append(download))
    page.locator(".grm-documents").get_by_role("button", name="CSV").click()
    page.get_by_text("The server did not answer; no samples were asked for.").wait_for(timeout=LONG)
    assert saved == []


def test_the_matrix_stays_in_the_tab_order_when_its_row_is_filtered_out(address: str, page: Any) -> None:
    opened(page, address)
    page.locator(".grm-tools select").nth(1).select_option("failed")
    page.wait_for_function("document.querySelectorAll('.grm-matrix tr[data-i]').length === 1", timeout=LONG)
    assert page.locator(".grm-matrix tr[data-i]").get_attribute("tabindex") == "0"
