"""A static site: what it holds, what it is made of, and that votes counted in the browser are the votes of Python.

`python -m tests.ui.test_site` writes tests/web/votes.json anew.
"""

import json
import random
import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from grm_core.errors import UsageError
from grm_core.types import Method, Sample
from grm_core.voting import vote
from reports.words import verdict_line
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from ui import render, site

VOTES = Path(__file__).parents[1] / "web" / "votes.json"
HOSTILE = "</script><script>alert(1)</script> ${x} \u2028 __proto__ \ud800"


def cases() -> list[dict[str, Any]]:
    """Rows of samples with dials, and what Python says of them."""
    rng, made = random.Random(0), []
    for n, k in [(1, 3), (2, 1), (2, 8), (3, 5), (4, 32), (2, 0), (2, 4)]:
        meta = n != 3
        rows = [
            tuple(rng.randint(1, 10) for _ in range(n)) if rng.random() > 0.15 and (n, k) != (2, 4) else None
            for _ in range(k)
        ]
        samples = [make_sample(i, row, round(rng.gauss(0, 1), 1) if meta else None) for i, row in enumerate(rows)]
        made += [_case(samples, method, first, keep, n) for method in Method for first, keep in _dials(k)]
    ties = [make_sample(i, (5, 5, 3), 0.5) for i in range(4)]
    made += [_case(ties, method, None, None, 3) for method in Method]
    for lead in range(1, 9):  # eighths lie halfway between two digits
        pairs = [(1 + lead, 1)] + [(5, 5)] * 7
        made.append(_case([make_sample(i, pair) for i, pair in enumerate(pairs)], Method.NAIVE, None, None, 2))
    return made


def _dials(k: int) -> list[tuple[int | None, int | None]]:
    return [(None, None), (max(1, k // 2), None), (None, 1), (None, 10), (3, 2)]


def _case(samples: list[Sample], method: Method, k: int | None, k_meta: int | None, n: int) -> dict[str, Any]:
    case: dict[str, Any] = {"rows": render.rows(samples), "dials": {"method": str(method), "k": k, "k_meta": k_meta}}
    try:
        verdict = vote(samples, method, k, k_meta)
    except UsageError:
        return case | {"verdict": None}
    said = {"sentence": verdict_line(verdict, n), "agreement": render.agreement(samples, verdict)}
    found = {"voted": verdict.voted, "totals": verdict.totals, "winner": verdict.winner, "margin": verdict.margin}
    return case | {"verdict": found | {"valid": verdict.k_effective, "kMeta": verdict.k_meta, "k": verdict.k}} | said


def test_the_cases_that_the_browsers_votes_are_tested_on_are_what_python_says() -> None:
    assert json.loads(VOTES.read_text()) == json.loads(json.dumps(cases()))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "x.db")
    store.add_run(RUN)
    for number in range(3):
        example = replace(make_example(2, query=HOSTILE, labels=(1.0, 0.0)), id=f"i{number}", subset="Chat")
        store.add_session(replace(SESSION, id=f"s{number}", example=example, title=f"{number} {HOSTILE}"))
        for index, scores in enumerate([(8, 3), (4, 6), None]):
            text = f"Critique of {number}. {HOSTILE}"
            store.add_sample(make_sample(index, scores, 0.1 * index, session_id=f"s{number}", text=text))
    return store


def kept(data: bytes) -> tuple[str, Any]:
    """The name and the value of a script of data."""
    match = re.fullmatch(r'grmKeep\("([\w-]+)", JSON\.parse\((".*")\)\);\n', data.decode("ascii"))
    assert match is not None
    return match[1], json.loads(json.loads(match[2]))


def test_a_site_holds_every_session_with_its_texts(store: Store) -> None:
    files = dict(site.files(store, ["run"]))
    scripts = dict(kept(data) for name, data in files.items() if name.startswith("data/"))
    content = scripts["content"]
    assert content["sessions"] == ["s2", "s1", "s0"], "the newest first"
    (run,) = content["runs"]
    assert (run["id"], content["compared"]) == ("run", None)
    assert [item["right"] for item in run["items"]["items"]] == ["right"] * 3
    assert {panel["name"] for panel in run["panels"]} >= {"accuracy", "gain", "subsets"}
    assert [counted["session"] for counted in content["findings"]] == content["sessions"]
    session = scripts["session-0"]
    assert session["case"]["query"][0]["content"] == HOSTILE.replace("\ud800", "\ufffd")
    assert [sample["i"] for sample in session["samples"]] == [0, 1, 2]
    assert session["view"]["may"] is False
    assert set(session["drawn"]) == {"naive", "guided", "guided-weighted"}
    assert len(session["about"]) == 2
    assert [panel["name"] for panel in session["lab"]][:2] == ["margin", "win"]
    assert {"sweep", "filter"} <= {panel["name"] for panel in session["lab"]}, "a meta RM has read them"
    fields = {(each["session"], each["sample"], each["field"]) for each in scripts["passages"]}
    assert {(0, None, "query"), (0, None, "responses"), (2, 1, "critique")} <= fields


def test_a_site_of_several_runs_holds_each_and_sets_the_others_against_the_first(store: Store) -> None:
    store.add_run(replace(RUN, id="other", model="another model"))
    for number in range(3):
        example = replace(make_example(2, query=HOSTILE, labels=(1.0, 0.0)), id=f"i{number}", subset="Chat")
        store.add_session(replace(SESSION, id=f"t{number}", run_id="other", example=example, title=str(number)))
        store.add_sample(make_sample(0, (2, 9) if number else (9, 2), session_id=f"t{number}"))
    files = dict(site.files(store, ["run", "other", "run"]))
    content = next(value for name, value in map(kept, data_of(files)) if name == "content")
    assert [run["id"] for run in content["runs"]] == ["run", "other"]
    assert content["title"] == "2 runs compared"
    assert content["sessions"] == ["s2", "s1", "s0", "t2", "t1", "t0"]
    compared = content["compared"]
    assert compared["settings"] == ["model"]
    assert [item["right"] for item in compared["items"]] == [
        ["right", "wrong"],
        ["right", "wrong"],
        ["right", "right"],
    ]
    assert {f"data/session-{place}.js" for place in range(6)} <= set(files)


def data_of(files: dict[str, bytes]) -> list[bytes]:
    """The scripts that put values down."""
    return [data for name, data in files.items() if name.startswith("data/")]


def test_the_page_holds_all_its_modules_and_names_no_other_host(store: Store) -> None:
    files = dict(site.files(store, ["run"]))
    index = files["index.html"].decode()
    names = json.loads(re.search(r'<script type="importmap">(.*?)</script>', index)[1])["imports"]
    assert {"grm/site/main.js", "grm/pages/inspect.js", "grm/views/matrix.js", "grm/lib/voting.js"} <= set(names)
    assert all(address.startswith("data:text/javascript;base64,") for address in names.values())
    assert "connect-src 'none'" in index
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", index)
    assert {"web/site/styles.css", "web/site/plotly.min.js", "web/site/fonts/inter-latin.woff2"} <= set(files)
    sheet = files["web/site/styles.css"].decode()
    for address in re.findall(r"url\(\"?([^\")]+)", sheet):
        assert address.startswith("data:") or f"web/site/{address}" in files, address


def test_a_site_is_written_into_a_new_folder_and_zipped(store: Store, tmp_path: Path) -> None:
    assert site.write(store, ["run"], tmp_path / "out") == 3
    assert (tmp_path / "out" / "index.html").is_file()
    with pytest.raises(UsageError, match="exists already"):
        site.write(store, ["run"], tmp_path / "out")
    with zipfile.ZipFile(BytesIO(site.zipped(store, ["run"]))) as archive:
        assert {name.removeprefix("grm-lens-run/") for name in archive.namelist()} == set(
            dict(site.files(store, ["run"]))
        )
    with pytest.raises(UsageError, match="there is no run none"):
        site.write(store, ["none"], tmp_path / "none")


def test_a_site_that_is_too_large_for_a_download_names_the_command(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_ZIP_MOST", 2**20)
    with pytest.raises(UsageError, match=r"app\.py bundle run --out DIR"):
        site.zipped(store, ["run"])


if __name__ == "__main__":
    VOTES.write_text(json.dumps(cases(), separators=(",", ":")) + "\n")
