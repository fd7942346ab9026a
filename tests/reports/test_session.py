"""A session handed out: the same numbers as the page, nothing that runs, nothing fetched."""

import csv as tables
import io
import re
from dataclasses import replace

from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Params, Run, Sample, Session
from reports import session as report
from tests.fake_engine import HOSTILE
from tests.make import make_sample
from tests.reports.reader import Reader

RUN = Run("r", "2026-01-01T00:00:00+00:00", "managed", "judge", "compact", "0" * 16, Params(), 4, None, 0)


def judged(index: int, scores: tuple[int, int], logit: float | None, text: str = HOSTILE) -> Sample:
    box = f"Scores: \\boxed{{{scores[0]}, {scores[1]}}}"
    judgment = f"Principles:\n1. {text} (weight: 70%)\n2. Form\nCritique:\nResponse 1: {text}\n{box}"
    made = make_sample(index, scores, logit, text=judgment)
    return replace(made, parsed=parse(judgment, 2))


def made(
    text: str = HOSTILE, logits: tuple[float | None, ...] = (1.0, 2.0, -1.0, 0.0), written: str | None = None
) -> report.SessionReport:
    example = Example("x", (Message("user", text),), (text, "plain " + text), None, text)
    session = Session("s", "r", example, text, "2026-01-01T00:00:00+00:00")
    samples = [judged(i, ((8, 3), (7, 4), (2, 9), (6, 5))[i], logits[i], written or text) for i in range(4)]
    return report.make(session, RUN, samples)


def test_the_page_holds_nothing_that_runs_or_fetches_and_all_that_was_written() -> None:
    reader = Reader()
    reader.feed(report.html(made()))
    assert not reader.tags & {"script", "img", "iframe", "link", "object", "form", "a"}
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("src", "href")]
    assert HOSTILE in reader.text
    assert ("http-equiv", "Content-Security-Policy") in reader.attributes


def test_the_page_says_the_verdicts_of_every_method_and_marks_what_was_dropped() -> None:
    page = report.html(made("Which one"))
    assert "Naive vote over 4 samples: Response A wins by 2 (23 to 21)" in page
    assert "Guided vote over 4 samples, the 2 best by meta RM: Response A wins by 8 (15 to 7)" in page
    assert page.count("dropped by guided") == 2
    assert "When does the verdict settle?" in page
    assert "Guided" not in report.html(made("Which one", (None,) * 4))


def test_markdown_cannot_be_broken_by_what_was_written() -> None:
    text = "```\n# not a heading\n````\n| a | b |"
    page = report.markdown(made(text, written="fine"))
    fence = re.search(r"^(`{5,})$", page, re.MULTILINE)
    assert fence is not None, "longer than any fence inside"
    assert page.count(f"\n{fence[1]}\n") >= 4
    assert "| 1 | 8 | 3 | 1.00 |" in page
    assert "\\# not a heading" in page.splitlines()[0], "the title is one plain line"


def test_csv_is_one_row_a_sample_and_starts_no_formula() -> None:
    text = '=HYPERLINK("http://evil")\n+1\t-2, "quoted"'
    rows = list(tables.DictReader(io.StringIO(report.csv(made(text)))))
    assert [(row["score_A"], row["score_B"], row["meta_logit"]) for row in rows] == [
        ("8", "3", "1.0"), ("7", "4", "2.0"), ("2", "9", "-1.0"), ("6", "5", "0.0"),
    ]  # fmt: skip
    assert all(row["principles"].startswith("'=HYPERLINK") for row in rows)
    assert all(text in row["text"] for row in rows)


def test_one_response_and_unreadable_samples_make_a_report_too() -> None:
    example = Example("x", (Message("user", "q"),), ("only",))
    session = Session("s", "r", example, "t", "2026-01-01T00:00:00+00:00")
    alone = report.make(session, None, [make_sample(0, (7,)), make_sample(1, None, order=(0,))])
    for write in (report.html, report.markdown, report.csv):
        assert "7" in write(alone)
    empty = report.make(session, None, [])
    assert "No samples yet." in report.html(empty)


def test_reasoning_is_folded_beside_the_raw_text_and_counts_for_nothing() -> None:
    whole = made("Which one")
    assert "given apart" not in report.html(whole)
    thought = [
        replace(each, completion=replace(each.completion, reasoning=f"<b>{HOSTILE}</b> \\boxed{{1, 10}}"))
        for each in whole.samples
        if each.completion is not None
    ]
    page = report.html(report.make(whole.session, RUN, thought))
    reader = Reader()
    reader.feed(page)
    assert f"<b>{HOSTILE}</b>" in reader.text
    assert page.count("reasoning, given apart: casts no vote") == 4
    assert "Response A wins by 2 (23 to 21)" in page
