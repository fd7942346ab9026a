"""Findings, evidence and the meta RM's filter on the Inspect page, in a real Chromium."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import app
from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Params, Run, Sample, Session
from storage.store import Store
from tests.browser.conftest import Serve
from tests.make import make_sample

pytestmark = pytest.mark.browser
LONG = 60_000
RESPONSES = ("Jupiter \U0001f680 is the largest planet of all.", "Saturn has rings. \\boxed{10}")


def judged(index: int) -> Sample:
    """Most like A; the meta RM dislikes every second one; sample 3 quotes what nobody wrote."""
    invented = 'claims "Saturn is made of green cheese"' if index == 3 else '"Saturn has rings" is beside the point'
    text = (
        "Principles:\n1. Largest planet named (weight: 70%)\n2. Clarity (weight: 30%)\nCritique:\n"
        f'Response 1: "is the largest planet" answers it. Good, 8/10.\nResponse 2: {invented}. Weak, 3/10.\n'
        "Scores: \\boxed{8, 3}"
    )
    made = make_sample(index, (8, 3), meta_logit=1.5 if index % 2 else -1.5, session_id="made", text=text)
    return replace(made, parsed=parse(text, 2))


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("made")) / "grm.db"
    store = Store(path)
    run = Run("run", "2026-01-01T00:00:00+00:00", "fake", "judge", "compact", "0" * 16, Params(), 8, None, 0)
    example = Example("x", (Message("user", "Which planet is the largest?"),), RESPONSES, (1.0, 0.0))
    store.add_run(run)
    store.add_session(Session("made", "run", example, "planets", "2026-01-01T00:00:00+00:00"))
    for index in range(8):
        store.add_sample(judged(index))
    store.close()
    return serve(db=path) + "/?session=made"


def test_part_7_findings_say_what_and_open_the_samples_where_it_is(address: str, page: Any) -> None:
    page.goto(address)
    page.locator(".grm-findings summary").wait_for(timeout=LONG)
    words = page.locator(".grm-findings").inner_text()
    assert "score hijack" in words
    assert "quote not found" in words
    if not page.locator(".grm-findings details").get_attribute("open"):
        page.locator(".grm-findings summary").click()
    page.get_by_role("button", name="open sample 4").click()
    page.wait_for_function("document.querySelector('.grm-card h3')?.textContent === 'Sample 4'", timeout=LONG)
    missing = page.locator(".grm-card .grm-quote-missing")
    assert missing.inner_text() == "Saturn is made of green cheese"
    assert page.locator(".grm-card .grm-missing").inner_text().strip() == "not found"


def test_part_6_a_quotation_leads_to_the_words_of_the_response(address: str, page: Any) -> None:
    page.goto(address)
    quote = page.locator(".grm-card .grm-quote-exact").first
    quote.wait_for(timeout=LONG)
    assert quote.inner_text() == "is the largest planet"
    quote.focus()
    page.keyboard.press("Enter")
    mark = page.locator(".grm-response mark")
    mark.wait_for(timeout=LONG)
    assert mark.inner_text() == "is the largest planet", "offsets count as the browser counts, past the rocket"
    assert page.locator(".grm-response").first.locator("mark").count() == 1


def test_part_4_what_the_filter_drops_is_marked_and_stays_readable(address: str, page: Any) -> None:
    page.goto(address)
    page.locator(".grm-matrix tr[data-i='7']").wait_for(timeout=LONG)
    assert page.locator(".grm-dropped").count() == 0
    assert page.locator(".grm-matrix td.grm-meta").first.inner_text() == "-1.50"
    page.locator("#method").get_by_label("guided", exact=True).check(force=True)
    page.locator(".grm-dropped").first.wait_for(timeout=LONG)
    dropped = page.locator(".grm-dropped .grm-index").all_inner_texts()
    assert dropped == ["× 1", "× 3", "× 5", "× 7"]
    assert "the 4 best by meta RM" in page.locator(".grm-verdict").inner_text()
    page.locator("#method").get_by_label("naive", exact=True).check(force=True)
    page.wait_for_function("!document.querySelector('.grm-dropped')", timeout=LONG)


def test_part_8_the_session_is_handed_out_as_a_report_that_opens_offline(
    address: str, page: Any, tmp_path: Path
) -> None:
    page.goto(address)
    page.locator(".grm-documents button").first.wait_for(timeout=LONG)
    for label, kind in (("Report", "html"), ("Markdown", "md"), ("CSV", "csv"), ("JSONL", "jsonl")):
        with page.expect_download(timeout=LONG) as waiting:
            page.locator(".grm-documents").get_by_role("button", name=label, exact=True).click()
        download = waiting.value
        assert download.suggested_filename == f"grm-lens-made.{kind}"
        download.save_as(tmp_path / download.suggested_filename)
    offline = page.context.new_page()
    addresses: list[str] = []
    offline.on("request", lambda request: addresses.append(request.url))
    offline.goto((tmp_path / "grm-lens-made.html").as_uri())
    assert "Naive vote over 8 samples: Response A wins" in offline.inner_text("body")
    assert [url for url in addresses if not url.startswith("file:")] == []
    offline.close()


def test_part_8_markdown_is_copied_and_votes_are_those_of_the_command_line(
    address: str, page: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address + "&method=guided&k=5&k_meta=2")
    page.locator(".grm-verdict h2", has_text="over 5 samples, the 2 best").wait_for(timeout=LONG)
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("button", name="Copied").wait_for(timeout=LONG)
    assert "Which planet is the largest?" in page.evaluate("navigator.clipboard.readText()")
    with page.expect_download(timeout=LONG) as waiting:
        page.locator(".grm-documents").get_by_role("button", name="JSONL", exact=True).click()
    waiting.value.save_as(tmp_path / "s.jsonl")
    assert app.main(["vote", str(tmp_path / "s.jsonl"), "--method", "guided", "--k", "5", "--k-meta", "2"]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[0])
    shown = page.locator(".grm-totals .grm-chip").all_inner_texts()
    assert [float(text.split()[-1]) for text in shown] == printed["totals"]
    kept = {int(row.split()[0]) - 1 for row in page.locator("tr[data-i]:not(.grm-dropped)").all_inner_texts()}
    assert kept == set(printed["voted"])
    assert f"wins by {printed['margin']:.0f} " in page.locator(".grm-verdict h2").inner_text()


def set_dial(page: Any, name: str, value: int) -> None:
    page.locator(f"#{name}").fill(str(value))


def test_part_8_dials_vote_again_and_the_address_opens_the_same_view(address: str, page: Any) -> None:
    page.goto(address)
    page.locator(".grm-card").first.wait_for(timeout=LONG)
    page.locator("#method").get_by_label("guided", exact=True).check(force=True)
    page.locator(".grm-verdict h2", has_text="the 4 best by meta RM").wait_for(timeout=LONG)
    set_dial(page, "k-meta", 3)
    page.locator(".grm-verdict h2", has_text="the 3 best by meta RM").wait_for(timeout=LONG)
    set_dial(page, "k-voted", 4)
    page.locator(".grm-verdict h2", has_text="over 4 samples, the 2 best by meta RM").wait_for(timeout=LONG)
    assert page.locator(".grm-dropped").count() == 6
    page.locator(".grm-matrix tr[data-i='5']").click()
    page.wait_for_function("new URL(location).searchParams.get('sample') !== null", timeout=LONG)
    assert "method=guided" in page.url
    assert "k=4" in page.url
    again = page.context.new_page()
    again.goto(page.url)
    again.locator(".grm-verdict h2", has_text="over 4 samples, the 2 best by meta RM").wait_for(timeout=LONG)
    assert again.locator("#method").get_by_label("guided", exact=True).is_checked()
    assert again.locator("#k-voted").input_value() == "4"
    again.close()


@pytest.mark.parametrize("query", ["&k=0", "&k=-3", "&k=abc", "&method=nonsense", "&k_meta=99999999999", "&sample=99"])
def test_part_8_an_address_that_makes_no_sense_shows_the_session_as_it_is(address: str, page: Any, query: str) -> None:
    page.goto(address + query)
    page.locator(".grm-verdict h2", has_text="Naive vote over 8 samples").wait_for(timeout=LONG)
