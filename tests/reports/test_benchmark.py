"""A benchmark's page: figures only, nothing fetched, hostile names shown as text."""

import json
import re
from pathlib import Path

from grm_core.benchmarks import named
from grm_core.benchmarks.breakdown import study
from grm_core.benchmarks.scoring import load
from grm_core.types import Sample
from reports import benchmark
from tests.benchmarks.make import jsonl, made
from tests.make import make_sample
from tests.reports.reader import Reader

HOSTILE = "</script><img src=x onerror=alert(1)>|`${x}`"
SECRET = "The text of a response"


def page(tmp_path: Path, k: int = 2) -> tuple[str, str]:
    data = jsonl(
        tmp_path / f"pairs{k}.jsonl",
        [
            {"id": f"p{i}", "source": HOSTILE if i else "plain", "prompt": SECRET, "a": SECRET, "b": "x", "gold": "a"}
            for i in range(3)
        ],
    )
    samples: dict[str, list[Sample]] = {
        f"p{i}": [make_sample(j, (9, 1 + i), float(j), text=SECRET) for j in range(k)] for i in range(3)
    }
    report = made("pairs", data, samples)
    behind = study(report, load(named("pairs"), data), samples)
    return benchmark.html(report, behind), benchmark.markdown(report, behind)


def test_the_html_fetches_nothing_and_shows_hostile_names_as_text(tmp_path: Path) -> None:
    html, _ = page(tmp_path)
    reader = Reader()
    reader.feed(html)
    assert not reader.tags & {"img", "iframe", "link", "object", "form", "a"}
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("src", "href")]
    assert HOSTILE in reader.text
    assert SECRET not in html
    policy = next(value for name, value in reader.attributes if name == "content" and "default-src" in (value or ""))
    assert "default-src 'none'" in (policy or "")
    assert len(re.findall("'sha256-", policy or "")) == 2


def test_the_curves_are_the_tables(tmp_path: Path) -> None:
    html, _ = page(tmp_path)
    figure = json.loads(re.findall(r'<script type="application/json" id="accuracy-over-k">(.*?)</script>', html)[0])
    named_lines = {trace["name"] for trace in figure["data"] if trace.get("name")}
    assert named_lines == {"naive", "guided", "guided-weighted"}
    assert html.count("data-figure=") == 2


def test_one_sample_an_item_needs_no_script(tmp_path: Path) -> None:
    html, markdown = page(tmp_path, k=1)
    assert "<script" not in html
    assert "script-src 'none'" in html
    assert "over k" not in markdown


def test_the_markdown_has_every_policy_and_no_markup_of_others(tmp_path: Path) -> None:
    _, markdown = page(tmp_path)
    assert markdown.startswith("# pairs: 100.0\n")
    assert "| random | 1.000 | 1.000 | 1.000 |" in markdown
    assert SECRET not in markdown
    rows = [line for line in markdown.splitlines() if "onerror" in line]
    assert rows
    assert all("<" not in line.replace("\\<", "") and "`" not in line.replace("\\`", "") for line in rows)
    assert all(len(re.findall(r"(?<!\\)\|", line)) in (6, 9) for line in rows)
