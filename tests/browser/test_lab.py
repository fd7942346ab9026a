"""The Lab of a session in a real Chromium: each test names its part (1 margin and win, 2 k_meta, 3 meta RM, 4 cost,
5 value space, 6 position)."""

from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis import lab
from grm_core.voting import vote
from tests.browser import four
from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser
LONG = 60_000
SAMPLES = [four.judged(index) for index in range(8)]


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("lab")) / "grm.db"
    four.make(path)
    return serve(db=path) + "/?session=four&tab=lab"


def panel(page: Any, url: str, name: str) -> Any:
    page.goto(url)
    shown = page.locator(f".grm-panel[data-name={name}]")
    shown.evaluate("node => node.scrollIntoView()")
    shown.locator(".grm-figure .main-svg").first.wait_for(timeout=LONG)
    return shown


def rows(table: Any) -> list[list[str]]:
    table.locator("details summary").click()
    read = "trs => trs.slice(1).map(tr => [...tr.cells].map(cell => cell.textContent))"
    return list(table.locator("table tr").evaluate_all(read))


def test_lab_part_1_every_method_over_k_and_the_order_of_arrival(address: str, page: Any) -> None:
    shown = panel(page, address, "margin")
    assert {row[0] for row in rows(shown)} == {"naive", "guided", "guided-weighted"}
    k = lab.settled(lab.replay(SAMPLES))
    assert f"the verdict stands from k = {k} on" in shown.inner_text()
    legend = shown.locator(".legendtext").all_text_contents()
    assert legend == ["naive", "guided", "guided-weighted", "naive, as they came"]
    assert page.locator(".grm-panel[data-name=win]").count() == 1


def test_lab_part_1_play_replays_matrix_and_verdict(address: str, page: Any) -> None:
    panel(page, address, "margin")
    page.get_by_role("button", name="▶ play").click()
    page.locator(".grm-verdict h2", has_text="over 3 samples").wait_for(timeout=LONG)
    page.locator(".grm-verdict h2", has_text="7 of 8 could be read").wait_for(timeout=LONG)
    page.get_by_role("button", name="▶ play").wait_for(timeout=LONG)


def test_lab_part_2_the_sweep_over_k_meta(address: str, page: Any) -> None:
    lines = rows(panel(page, address, "sweep"))
    for row, expected in zip(lines, lab.sweep(SAMPLES).itertuples(), strict=True):
        assert row[0] == str(expected.k_meta)
        assert float(row[2]) == pytest.approx(expected.margin, abs=6e-4)


def test_lab_part_3_a_point_of_the_meta_plot_opens_its_sample(address: str, page: Any) -> None:
    shown = panel(page, address, "filter")
    counts = lab.removed(lab.filtered(SAMPLES, (1.0, 0.0, 0.0, 0.0)))
    assert f"{counts['dropped']} dropped, {counts['dissenting']} of them against" in shown.inner_text()
    assert "AUC" in shown.inner_text()
    shown.evaluate("node => node.scrollIntoView()")
    box = shown.locator(".points path").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(200)
    page.mouse.click(x, y)
    page.locator(".grm-card h3").wait_for(timeout=LONG)
    assert page.locator(".grm-card").count() == 1
    assert page.locator(".grm-panel[data-name=calibration]").count() == 0, "the cards stand in its place"


def test_lab_plots_are_linked_points_in_a_frame_are_the_rows_that_the_matrix_shows(address: str, page: Any) -> None:
    shown = panel(page, address, "filter")
    shown.evaluate("node => node.scrollIntoView()")
    box = shown.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=8)
    page.mouse.up()
    page.get_by_text("shown, chosen on a plot").wait_for(timeout=LONG)
    half = (0 - 7) / 2  # meta logits are 0, -1 .. -7: the frame holds the lower ones
    expected = [str(s.index + 1) for s in SAMPLES if s.scores and s.meta_logit is not None and s.meta_logit < half]
    places = [text.replace("× ", "") for text in page.locator("tr[data-i] .grm-index").all_inner_texts()]
    assert places == expected
    page.get_by_role("button", name="clear").click()
    assert page.locator("tr[data-i]").count() == 8


def test_lab_part_4_cost(address: str, page: Any) -> None:
    lines = rows(panel(page, address, "cost"))
    assert [row[1] for row in lines] == [str(5 * k) for k in range(1, 8)]


def test_lab_part_5_value_space(address: str, page: Any) -> None:
    shown = panel(page, address, "space")
    assert "7 samples 64 (7 to 70)" in shown.inner_text()
    totals = vote(SAMPLES).totals
    assert totals is not None
    assert [row[1] for row in rows(shown)] == [str(total) for total in totals]


def test_lab_part_6_position(address: str, page: Any) -> None:
    shown = panel(page, address, "position")
    assert len(rows(shown)) == len(lab.positions([s for s in SAMPLES if s.scores]))
    assert "Too few samples for a test" in shown.inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_plot_is_drawn_when_it_comes_into_view_and_its_library_comes_with_the_first(address: str, page: Any) -> None:
    libraries: list[str] = []
    page.on("request", lambda request: libraries.append(request.url) if "plotly" in request.url else None)
    page.goto(address.replace("&tab=lab", ""))
    page.locator(".grm-card h3").first.wait_for(timeout=LONG)
    page.wait_for_timeout(500)
    assert libraries == [], "nothing is plotted on a session's first view"
    page.goto(address)
    page.locator(".grm-panel .main-svg").first.wait_for(timeout=LONG)
    below = page.locator(".grm-panel[data-name=position] .grm-figure")
    assert below.locator(".main-svg").count() == 0
    room = below.bounding_box()["height"]
    below.scroll_into_view_if_needed()
    below.locator(".main-svg").first.wait_for(timeout=LONG)
    assert below.bounding_box()["height"] == room, "what stands under it stays where it was"
    assert len(libraries) == 1
