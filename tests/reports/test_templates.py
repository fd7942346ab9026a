"""Every template: hostile text is shown as text, a value that lacks is an error, one head for all pages."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import jinja2
import pandas as pd
import pytest

import reports
from reports import failures, sections, session, tour
from reports.failures import Case, FailureReport
from reports.page import page
from reports.sections import Section
from tests.reports.reader import Reader
from tests.reports.test_session import made

HOSTILE = (
    "</style></title></script><script>alert(1)</script>|\n\"'><img src=x onerror=y>"
    "{{7*7}}{% raw %}<!--&lt;\u00e9\ud800"
)
SHOWN = HOSTILE.replace("\ud800", "\ufffd")
FRAME = pd.DataFrame({SHOWN: [SHOWN, None], "n": [0.5, 1]})
PARTS = [Section(HOSTILE, HOSTILE, FRAME, {"data": [HOSTILE], "layout": {HOSTILE: HOSTILE}})]
DRAWN = {
    "data": [{"x": [1, 2], "y": [0.5, -0.25], "error_y": {"array": [0.1, 0], "arrayminus": [0.1, 0]}}],
    "layout": {"xaxis": {"title": {"text": HOSTILE}}, "yaxis": {"title": {"text": HOSTILE}}},
}
SLIDES = [
    {
        "kind": kind, "title": HOSTILE, "said": HOSTILE, "best": "A", "verdict": HOSTILE, "guided": HOSTILE,
        "case": {"query": [{"role": HOSTILE, "content": HOSTILE}], "responses": [HOSTILE, HOSTILE]},
        "first": {"principles": [{"text": HOSTILE}], "said": [["A", HOSTILE], [None, HOSTILE]]},
        "rows": [None], "model": HOSTILE, "figure": DRAWN,
        "reasons": [{"k": 1, "about": "A", "scores": (1, 2), "said": HOSTILE}],
        "winners": ["A", None, "A", HOSTILE], "sets": [{"name": HOSTILE, "n": 3, "k": [1, 2], "voting": [0.5, 0.75]}],
    }
    for kind in ("sample", "vote", "grow", "filter", "accuracy")
]  # fmt: skip
PAGES: dict[str, Callable[[], str]] = {
    "session": lambda: session.html(made(HOSTILE)),
    "sections": lambda: sections.html("sections", HOSTILE, [HOSTILE], PARTS),
    "benchmark": lambda: sections.html("benchmark", HOSTILE, [HOSTILE], PARTS, name=HOSTILE, headline=HOSTILE),
    "failures": lambda: failures.html(
        FailureReport(HOSTILE, FRAME, {"domain": FRAME}, {HOSTILE: [Case(HOSTILE, 0, HOSTILE, HOSTILE)], "x": []})
    ),
    "tour": lambda: tour.html(SLIDES),
}
PARTIAL = {"base", "table"}
"""Templates that are no page by themselves."""
ELSEWHERE = {"site"}
"""The page of a static site: tests/ui/test_site.py and tests/browser/test_site.py look at it."""


def test_every_template_is_looked_at() -> None:
    folder = Path(reports.__file__).parent / "templates"
    assert {path.name.removesuffix(".html.j2") for path in folder.glob("*.j2")} == PAGES.keys() | PARTIAL | ELSEWHERE


@pytest.mark.parametrize("name", PAGES)
def test_hostile_text_is_shown_and_neither_runs_nor_is_a_template(name: str) -> None:
    html = PAGES[name]()
    html.encode()
    reader = Reader()
    reader.feed(html)
    assert SHOWN in reader.text
    assert not reader.tags & {"img", "iframe", "link", "object", "form", "a", "base"}
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("src", "href")]
    assert html.count("<script") == (html.count("data-figure=") and html.count("data-figure=") + 2)
    head = html.split("<body>")[0]
    assert [head.count(tag) for tag in ("<!doctype html>", "<title>", "<style>")] == [1, 1, 1]
    assert ("http-equiv", "Content-Security-Policy") in reader.attributes


def test_a_figure_travels_whole_as_data() -> None:
    html = PAGES["sections"]()
    data = re.findall(r'<script type="application/json" id=[^>]*>(.*?)</script>', html, re.DOTALL)
    assert json.loads(data[0])["data"] == [HOSTILE]


def test_the_policy_allows_the_scripts_that_are_there_and_no_network() -> None:
    for html, count in ((PAGES["sections"](), 2), (PAGES["failures"](), 0), (PAGES["session"](), 0)):
        reader = Reader()
        reader.feed(html)
        (policy,) = [value for name, value in reader.attributes if name == "content" and value and "-src" in value]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
        scripts = re.findall("<script>(.*?)</script>", html, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
        assert len(digests) == count
        assert re.findall("'sha256-([^']*)'", policy) == digests


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="slides"):
        page("tour", title="x")
