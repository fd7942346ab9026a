"""The annotator's desk in a real Chromium: each test names its part (1 queue, 2 labels, 3 agreement, 4 report)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis import agreement, labels
from storage.store import Store
from tests.browser.conftest import Serve, Watched
from tests.browser.test_runs import fill

pytestmark = pytest.mark.browser
LONG = 60_000


@pytest.fixture
def desk(serve: Serve, tmp_path: Path) -> tuple[str, Path]:
    fill(tmp_path / "grm.db")
    return serve(db=tmp_path / "grm.db"), tmp_path / "grm.db"


def begin(page: Any, url: str, author: str, queue: str = "") -> None:
    page.goto(f"{url}/queue?queue={queue}" if queue else f"{url}/queue")
    page.locator("#queue-author").wait_for(timeout=LONG)
    page.locator("#queue-author").fill(author)
    page.locator("#queue-author").blur()


def make(page: Any, *rules: str, overlap: int = 0, run: str = "many") -> str:
    """A new queue over the run of six items; its id."""
    page.get_by_role("button", name="new queue").click()
    for rule in rules:
        page.get_by_label(rule).check()
    page.locator(".grm-make select").first.select_option(run)
    page.get_by_label("% read by two annotators").fill(str(overlap))
    page.get_by_label("% random control").fill("0")
    page.get_by_role("button", name="Create queue").click()
    page.get_by_text("item 1 ·").wait_for(timeout=LONG)
    return str(page.url.split("queue=")[1])


def first_item(page: Any, url: str) -> str:
    """A new queue, its first item open and blind; the queue's id."""
    begin(page, url, "ann")
    queue = make(page)
    page.get_by_text("Which response is best?").wait_for(timeout=LONG)
    return queue


def first_card(page: Any, url: str) -> None:
    """A new queue, and the first sample of its first item, which has its blind label."""
    first_item(page, url)
    page.keyboard.press("1")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)


def judge(page: Any, best: str = "1", classes: str = "1") -> None:
    """One item by keyboard: the blind label, then classes of the first samples."""
    page.get_by_text("Which response is best?").wait_for(timeout=LONG)
    page.keyboard.press(best)
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    for place, digit in enumerate(classes, 1):
        page.keyboard.press(digit)
        page.wait_for_function(
            "place => document.querySelectorAll('.grm-said-class')[place - 1]?.textContent", arg=place, timeout=LONG
        )
    page.keyboard.press("Enter")


def test_audit_part_1_a_queue_by_rules_is_worked_off_and_resumed(desk: tuple[str, Path], page: Any) -> None:
    url, path = desk
    begin(page, url, "ann")
    queue = make(page, "verdict against label", "small margin")
    store = Store(path, read_only=True)
    items = store.desk.items(queue)
    store.close()
    assert items
    assert all(item.reason.startswith(("verdict against label: ", "small margin: ")) for item in items)
    judge(page)
    page.get_by_text("1 done by you").wait_for(timeout=LONG)
    page.reload()
    page.get_by_text("item 2 · 1 done by you").wait_for(timeout=LONG)


def test_audit_part_2_nothing_of_the_grm_is_seen_before_the_blind_label(desk: tuple[str, Path], page: Any) -> None:
    url, _ = desk
    watched = Watched(page, url)
    sent: list[str] = []
    page.on("response", lambda r: sent.append(r.text()) if "component_server" in r.url else None)
    first_item(page, url)
    everything = "".join(sent)
    assert '"case"' in everything
    assert '"samples"' not in everything
    assert '"labels": [' not in everything.replace('"labels":[', '"labels": [')
    page.keyboard.press("t")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    assert "You said tie." in page.locator(".grm-queue-body").inner_text()
    assert watched.errors == []


def test_audit_part_2_labels_by_keyboard_are_saved_undone_and_kept_through_a_fault(
    desk: tuple[str, Path], page: Any
) -> None:
    url, path = desk
    is_gone: list[bool] = []  # routed from the start: what Chromium sends right after a route is set may pass by it
    page.route("**/component_server/**", lambda route: route.abort() if is_gone else route.continue_())
    queue = first_item(page, url)
    page.keyboard.press("2")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    page.keyboard.press("2")
    page.get_by_text("saved ").wait_for(timeout=LONG)
    page.locator(".grm-said-class", has_text="incorrect critique").wait_for(timeout=LONG)
    page.keyboard.press("z")
    page.get_by_text("undone: incorrect critique").wait_for(timeout=LONG)
    assert page.locator(".grm-said-class", has_text="incorrect critique").count() == 0
    is_gone.append(True)
    page.keyboard.press("3")
    page.get_by_text("not saved: 1 kept here").wait_for(timeout=LONG)
    is_gone.clear()
    page.locator(".grm-saved", has_text="saved ").filter(has_not_text="not").wait_for(timeout=LONG)
    store = Store(path, read_only=True)
    made = store.desk.annotations(queue=queue)
    store.close()
    assert [each.label for each in made] == ["B", "incorrect critique", "", "imbalanced weights"], "append-only"
    assert made[2].replaces == made[1].id


def test_audit_part_2_a_note_on_what_is_selected(desk: tuple[str, Path], page: Any) -> None:
    url, path = desk
    queue = first_item(page, url)
    page.keyboard.press("1")
    page.locator("#grm-raw").wait_for(timeout=LONG)  # unfolded: nothing of it could be cut by response
    page.evaluate(
        "() => { const text = document.querySelector('#grm-raw').firstChild, range = document.createRange();"
        "range.setStart(text, 2); range.setEnd(text, 6);"
        "getSelection().removeAllRanges(); getSelection().addRange(range); }"
    )
    page.keyboard.press("n")
    page.get_by_label("Note").fill("look <b>here</b> ${x}")
    page.keyboard.press("Enter")
    page.locator(".grm-span-note", has_text="look <b>here</b> ${x}").wait_for(timeout=LONG)
    page.get_by_text("saved ").wait_for(timeout=LONG)
    store = Store(path, read_only=True)
    spans = [each.span for each in store.desk.annotations(queue=queue) if each.kind == "span"]
    store.close()
    assert spans == [(2, 6)]


def test_a_note_after_a_label_is_on_the_sample_that_was_labelled(desk: tuple[str, Path], page: Any) -> None:
    url, path = desk
    queue = first_item(page, url)
    page.keyboard.press("1")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    page.keyboard.press("2")  # the page goes on to the second sample
    page.keyboard.press("n")
    page.get_by_label("Note on sample 1 (incorrect critique)").fill("on the first")
    page.keyboard.press("Enter")
    page.locator(".grm-desk-list button", has_text="note").first.wait_for(timeout=LONG)
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.get_by_label("Note on sample 3").fill("on the third")
    page.keyboard.press("Enter")
    page.wait_for_function("localStorage.getItem('grm-lens-unsaved') === '[]'", timeout=LONG)
    store = Store(path, read_only=True)
    notes = {each.note: each.sample for each in store.desk.annotations(queue=queue) if each.kind == "span"}
    store.close()
    assert notes == {"on the first": 0, "on the third": 2}


def test_notes_become_codes_that_are_split_and_counted_and_samples_get_codes_by_key(
    desk: tuple[str, Path], page: Any
) -> None:
    url, _ = desk
    first_card(page, url)
    for sample, note in ((1, "no numbers"), (2, "no names")):
        page.keyboard.press("n")
        page.get_by_label(f"Note on sample {sample}").fill(note)
        page.keyboard.press("Enter")
        page.keyboard.press("j")
    page.get_by_role("button", name="Code book", exact=True).click()
    page.get_by_label("Name of a new code book").fill("Ours <b>")
    page.get_by_role("button", name="New code book").click()
    page.get_by_text("No codes yet").wait_for(timeout=LONG)
    for box in page.get_by_label("Choose the note: ").all():
        box.check()
    page.get_by_label("Code of the chosen notes").fill("vague")
    page.get_by_role("button", name="Give the chosen notes this code").click()
    page.get_by_text("2 notes coded").wait_for(timeout=LONG)
    page.get_by_role("button", name="Split").click()
    page.get_by_label("First part").fill("without numbers")
    page.get_by_label("Second part").fill("without names")
    page.locator(".grm-case-line", has_text="no names").get_by_label("Part", exact=True).select_option("1")
    page.locator(".grm-code-form").get_by_role("button", name="Split").click()
    page.get_by_role("button", name="1 sample of without names").click()
    page.locator(".grm-code-form", has_text="no names").wait_for(timeout=LONG)
    page.get_by_text("History: ").click()
    assert "split “vague” into “without numbers”, “without names”" in page.locator(".grm-queue-page").inner_text()
    page.get_by_role("button", name="Back to the item").click()
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    page.keyboard.press("c")
    page.get_by_label("Code", exact=True).fill("without nam")
    page.keyboard.press("Enter")
    page.locator(".grm-code-line", has_text="without names").wait_for(timeout=LONG)


def test_nothing_of_another_annotators_labels_is_in_the_page_or_on_the_wire(
    desk: tuple[str, Path], chromium: Any
) -> None:
    url, _ = desk
    pages = [chromium.new_context().new_page() for _ in range(2)]
    begin(pages[0], url, "ann")
    queue = make(pages[0], overlap=100)
    pages[0].keyboard.press("1")
    pages[0].locator(".grm-desk-card").wait_for(timeout=LONG)
    pages[0].keyboard.press("n")
    pages[0].get_by_label("Note on sample 1").fill("a secret of ann")
    pages[0].keyboard.press("Enter")
    pages[0].keyboard.press("4")
    pages[0].locator(".grm-said-class", has_text="improper principles").wait_for(timeout=LONG)
    pages[0].keyboard.press("Enter")
    pages[0].get_by_text("1 done by you").wait_for(timeout=LONG)
    page, sent = pages[1], list[str]()
    page.on("response", lambda r: sent.append(r.text()) if "component_server" in r.url else None)
    begin(page, url, "bob", queue)
    page.get_by_text("Which response is best?").wait_for(timeout=LONG)
    page.get_by_role("button", name="2 B").click()
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    shown = [page.content()]
    for name, ready in REPORTS.items():
        page.get_by_role("button", name=name, exact=True).click()
        page.locator(ready).first.wait_for(timeout=LONG)
        shown.append(page.content())
    everything = "".join([*sent, *shown])
    assert "stay hidden until you have completed yours" in everything
    assert "a secret of ann" not in everything
    assert not re.search(r'"label": ?"improper principles"', "".join(sent)), "a class that ann gave"
    for each in pages:
        each.context.close()


REPORTS = {
    "Agreement": 'h3:has-text("To settle: 0")',
    "Code book": ".grm-codes",
    "Failure report": ".grm-panel[data-name=classes]",
    "GRM against people": ".grm-panel[data-name=by-choice]",
}


def test_audit_part_3_two_at_once_agreement_and_what_is_left_to_settle(desk: tuple[str, Path], chromium: Any) -> None:
    url, path = desk
    pages = [chromium.new_context().new_page() for _ in range(2)]
    begin(pages[0], url, "ann")
    queue = make(pages[0], overlap=100)
    begin(pages[1], url, "bob", queue)
    for turn in range(6):
        judge(pages[0], "1", "1")
        judge(pages[1], "1" if turn % 2 else "2", "1" if turn % 3 else "2")
    for page in pages:
        page.get_by_text("That was the last item for you").wait_for(timeout=LONG)
    page = pages[1]
    page.get_by_role("button", name="agreement").click()
    page.get_by_text("To settle: 5").wait_for(timeout=LONG)
    assert "6 items completed by all assigned annotators." in page.locator(".grm-queue-page").inner_text()
    store = Store(path, read_only=True)
    made = store.desk.annotations(queue=queue)
    store.close()
    expected = agreement.kappas(made).set_index("kind")["kappa"]
    cells = page.locator(".grm-panel", has_text="Cohen's kappa").locator("tr", has_text="best").locator("td")
    assert float(cells.all_inner_texts()[5]) == pytest.approx(expected["best"], abs=6e-4)
    settle(page, path, queue)
    for each in pages:
        each.context.close()


def settle(page: Any, path: Path, queue: str) -> None:
    """Open the sample of a difference, name the final label by key; both labels stay as they were."""
    row = page.locator(".grm-differ", has_text="sample 1").first
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("button", name="Export gold labels").click()
    gold = [json.loads(line) for line in Path(waiting.value.path()).read_text().splitlines()]
    assert {each["how"] for each in gold} == {"agreed"}, "nothing is settled yet"
    row.get_by_role("button", name="open").click()
    page.locator(".grm-sides", has_text="bob").wait_for(timeout=LONG)
    assert page.locator(".grm-desk-card h3").inner_text() == "Sample 1"
    assert page.locator(".grm-sides section").all_inner_texts()[1].split("\n")[0] == "bob"
    page.keyboard.press("2")
    page.locator(".grm-saved", has_text="saved ").wait_for(timeout=LONG)
    page.keyboard.press("Enter")
    page.get_by_text("To settle: 4").wait_for(timeout=LONG)
    store = Store(path, read_only=True)
    made = store.desk.annotations(queue=queue)
    store.close()
    (final,) = [each for each in made if each.kind == "gold-class"]
    assert (final.label, final.author, final.sample) == ("incorrect critique", "bob", 0)
    ours = {(each.author, each.label) for each in labels.standing(made) if each.kind == "class"
            and each.session_id == final.session_id}  # fmt: skip
    assert ours == {("ann", "good"), ("bob", "incorrect critique")}


def test_audit_part_4_the_failure_report_beside_the_papers(desk: tuple[str, Path], page: Any) -> None:
    url, _ = desk
    begin(page, url, "ann")
    make(page)
    for classes in ("22", "3", "1"):
        judge(page, "1", classes)
    page.get_by_text("3 done by you").wait_for(timeout=LONG)
    page.get_by_role("button", name="failure report").click()
    page.get_by_text("4 samples labelled by 1, 1 of them good.").wait_for(timeout=LONG)
    classes = page.locator(".grm-panel[data-name=classes]")
    classes.locator("summary").click()
    cells = classes.locator("tr", has_text="incorrect critique").locator("td").all_inner_texts()
    assert (cells[1], cells[2], cells[6]) == ("2", "3", "21")
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("button", name="HTML").click()
    text = Path(waiting.value.path()).read_text()
    assert "<script" not in text
    assert "incorrect critique" in text
    page.get_by_role("link", name="sample 1").first.click()
    page.locator(".grm-card h3", has_text="Sample 1").wait_for(timeout=LONG)


def test_audit_labels_stay_in_view_with_long_texts_on_a_telephone(desk: tuple[str, Path], page: Any) -> None:
    url, _ = desk
    first_item(page, url)
    page.set_viewport_size({"width": 390, "height": 500})
    page.evaluate("document.querySelector('.grm-responses .grm-text').textContent = 'word '.repeat(4000)")
    box = page.locator(".grm-label-bar").bounding_box()
    assert box["y"] + box["height"] <= 500
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert json.loads(page.evaluate("localStorage.getItem('grm-lens-author')")) == "ann"


def test_the_keys_stand_on_one_line_at_1280(desk: tuple[str, Path], page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    first_item(page, desk[0])
    page.keyboard.press("1")
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    keys = [key.bounding_box() for key in page.locator(".grm-keys-row button").all()]
    assert len(keys) == 12
    assert len({key["y"] for key in keys}) == 1
    assert max(key["x"] + key["width"] for key in keys) <= 1280


def classes(page: Any) -> list[str]:
    return list(page.locator(".grm-said-class").all_inner_texts())


def test_keys_pressed_faster_than_the_server_answers_are_about_what_is_seen(desk: tuple[str, Path], page: Any) -> None:
    url, path = desk
    queue = first_item(page, url)
    page.evaluate(
        "() => { const real = window.fetch, wait = () => new Promise((on) => setTimeout(on, 400));"
        "window.fetch = async (...asked) => { await wait(); return real(...asked); }; }"
    )
    page.keyboard.press("1")
    page.keyboard.press("1")  # while the blind label is being saved: not its withdrawal
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
    for digit in ("1", "1", "2"):
        page.keyboard.press(digit)
    assert classes(page)[:4] == ["good", "good", "incorrect critique", ""]
    page.wait_for_function("localStorage.getItem('grm-lens-unsaved') === '[]'", timeout=LONG)
    store = Store(path, read_only=True)
    made = store.desk.annotations(queue=queue)
    store.close()
    assert [(each.kind, each.label, each.sample) for each in made] == [
        ("best", "A", None), ("class", "good", 0), ("class", "good", 1), ("class", "incorrect critique", 2),
    ]  # fmt: skip


def test_enter_on_what_has_the_focus_does_what_it_says_and_undo_opens_the_last_item_again(
    desk: tuple[str, Path], page: Any
) -> None:
    url, _ = desk
    first_card(page, url)
    fold = page.locator(".grm-case-box")
    before = fold.get_attribute("open")
    page.locator(".grm-case-box summary").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => (document.querySelector('.grm-case-box').getAttribute('open') === null) !== (before === null)",
        arg=before, timeout=LONG,
    )  # fmt: skip
    page.get_by_text("item 1 · 0 done by you").wait_for(timeout=LONG)
    page.get_by_role("button", name="good").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.grm-said-class').textContent === 'good'", timeout=LONG)
    page.get_by_text("item 1 · 0 done by you").wait_for(timeout=LONG)
    page.locator(".grm-queue-body").focus()
    page.keyboard.press("Enter")
    page.get_by_text("item 2 · 1 done by you").wait_for(timeout=LONG)
    page.keyboard.press("z")
    page.get_by_text("item 1 · ").wait_for(timeout=LONG)
    page.get_by_text("undone: done").wait_for(timeout=LONG)
    assert classes(page)[0] == "good", "what was said of it is there"


def test_single_keys_of_the_queue_are_listed_and_can_be_switched_off(desk: tuple[str, Path], page: Any) -> None:
    url, _ = desk
    first_item(page, url)
    page.keyboard.press("?")
    page.locator(".grm-keys").wait_for(timeout=LONG)
    assert "skip the item" in page.locator(".grm-keys").inner_text()
    page.locator("#grm-keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_timeout(400)
    assert page.locator(".grm-desk-card").count() == 0
    page.get_by_role("button", name="1 A").click()
    page.locator(".grm-desk-card").wait_for(timeout=LONG)
