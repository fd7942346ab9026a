"""Runs, or the Demo, as a static site: files that open from any web server, or from a disk with no server at all.

The site is the app's own page: its modules, views and styles. A page from a disk may load no module and fetch no file,
so the modules stand inside the page, as data addresses under the names of an import map, and what they show are
scripts in the folder data, one for each session, loaded when it is opened.
"""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grm_core.analysis import audit
from grm_core.analysis.scaling import curve
from grm_core.errors import UsageError
from grm_core.types import Example, Method, Run, Sample
from grm_core.voting import read_by_meta
from reports import tour
from reports.page import page
from reports.words import run_title
from runs.job import Snapshot
from storage import numbers
from storage.numbers import Listed
from storage.passages import sample_passages, session_passages
from storage.store import Store
from storage.transfer import import_file
from ui import ASSETS, compared, detail, render, run_panels, web
from ui.pages import demo
from ui.pages.inspect import lab
from ui.pages.inspect.dials import Dials
from ui.pages.inspect.viewer import Viewer, drawn
from ui.pages.runs import counted, run_items, voted
from ui.wire.inspect import Drawn
from ui.wire.runs import Counted
from ui.wire.site import SiteContent, SitePassage, SiteRun, SiteSession

DEMO = "demo"
"""What stands for the Demo in place of a run."""
_DRAWS = 1000
"""Random orders of a session's samples where its curve is not exact."""
_BASE = "web/site"
"""Where modules would lie, and where what they load does: fonts, icons, plotly's script."""
_INSTEAD = {"lib/vendor.js": "site/vendor.js"}
"""Modules of the app that would fetch a file -> those that a site has in their place."""
_PLAIN = {".woff2", ".svg", ".png", ".txt"}
_ZIP_MOST = 64 * 2**20
_IMPORT = re.compile(r'''(\bfrom\s*|\bimport\s*)"(\.{1,2}/[^"]+)"''')

File = tuple[str, bytes]


def write(store: Store, names: Sequence[str], out: Path) -> int:
    """Write the site of these runs into a new folder; returns how many sessions it holds.

    Several runs are compared, the first is what the others are set against. UsageError for an unknown one.
    """
    if out.exists():
        raise UsageError(f"{out} exists already; choose another name")
    count = 0
    for name, data in files(store, names):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
        count += name.startswith("data/session-")
    return count


def write_demo(out: Path, scratch: Path) -> int:
    """The site of the recorded sessions; `scratch` is a folder for a database that only this needs."""
    store = Store(scratch / "demo.db")
    try:
        import_file(store, ASSETS / "demo" / "recorded.jsonl")
        return write(store, [DEMO], out)
    finally:
        store.close()


def zipped(store: Store, names: Sequence[str]) -> bytes:
    """The site in an archive; UsageError where it would be too large for a download."""
    made, size = io.BytesIO(), 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(store, names):
            archive.writestr(f"grm-lens-{names[0]}/{name}", data)
            size += len(data)
            if size > _ZIP_MOST:
                command = f"app.py bundle {' '.join(names)} --out DIR"
                raise UsageError(f"the site is larger than {_ZIP_MOST >> 20} MB: use `{command}`")
    return made.getvalue()


def files(store: Store, names: Sequence[str]) -> Iterator[File]:
    """The files of the site by their names in its folder."""
    content = _demo(store) if list(names) == [DEMO] else _runs(store, list(dict.fromkeys(names)))
    yield "index.html", _index(content["title"]).encode()
    yield from _assets()
    yield _data("content", content)
    passages: list[SitePassage] = []
    viewer = Viewer(store, _Still(store))
    for place, session in enumerate(content["sessions"]):
        example, samples = store.judged([session])[session]
        yield _data(f"session-{place}", _session(viewer, session, example, samples))
        passages += _passages(store, place, session, samples)
    yield _data("passages", passages)


class _Still:
    """Sessions that nobody samples any more."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def example(self, session_id: str) -> Example | None:
        """What the session judges."""
        session = self.store.session(session_id)
        return None if session is None else session.example

    def snapshot(self, session_id: str) -> Snapshot | None:
        """How far its sampling is: over."""
        return None


# ---- what the site holds


def _runs(store: Store, names: list[str]) -> SiteContent:
    runs = [_named(store, name) for name in names]
    if len(runs) > compared.MOST:
        raise UsageError(f"at most {compared.MOST} runs can be compared")
    listed = {run.id: numbers.listed(store, run.id) for run in runs}
    lines = [line for mine in listed.values() for line in mine]
    return SiteContent(
        title=run_title(runs[0]) if len(runs) == 1 else f"{len(runs)} runs compared",
        sessions=[line.session for line in lines],
        titles=[line.title for line in lines],
        runs=[_run(run, listed[run.id]) for run in runs],
        compared=compared.compare(store, runs) if len(runs) > 1 else None,
        findings=[_counted(store, line.session) for line in lines],
        tour=[],
        handout="",
    )


def _named(store: Store, name: str) -> Run:
    run = store.run(name)
    if run is None:
        raise UsageError(f"there is no run {name}")
    return run


def _run(run: Run, listed: list[Listed]) -> SiteRun:
    items = voted([each.item for each in listed])
    panels = run_panels.panels(items) if items else []
    return SiteRun(id=run.id, title=run_title(run), items=run_items(listed), panels=panels)


def _demo(store: Store) -> SiteContent:
    slides = demo.slides(store)
    sessions = list(dict.fromkeys(str(slide["session"]) for slide in slides if "session" in slide))
    stored = store.sessions_by_id(sessions)
    return SiteContent(
        title="Judging by voting",
        sessions=sessions,
        titles=[stored[session].title for session in sessions],
        runs=[],
        compared=None,
        findings=[],
        tour=slides,
        handout=tour.html(slides),
    )


def _counted(store: Store, session: str) -> Counted:
    example, samples = store.judged([session])[session]
    return counted(session, audit.find(example, samples))


def _session(viewer: Viewer, session: str, example: Example, samples: list[Sample]) -> SiteSession:
    view = viewer.view(session)
    view["may"] = False
    return SiteSession(
        view=view,
        case=detail.case(example),
        samples=[detail.detail(example, sample) for sample in samples],
        about=[detail.about(samples, response) for response in range(len(example.responses))],
        drawn=_drawn(example, samples),
        lab=lab.panels(example, samples, Dials(), viewer.alone(session), _DRAWS),
    )


def _drawn(example: Example, samples: list[Sample]) -> dict[str, Drawn]:
    methods = Method if read_by_meta(samples) and any(sample.scores for sample in samples) else (Method.NAIVE,)
    return {
        str(method): drawn(curve(samples, method, None, example.labels, _DRAWS), len(example.responses))
        for method in methods
    }


def _passages(store: Store, place: int, session_id: str, samples: list[Sample]) -> Iterator[SitePassage]:
    session = store.session(session_id)
    if session is not None:
        for passage in session_passages(session):
            yield SitePassage(session=place, sample=None, field=passage.field, body=passage.body)
    for sample in samples:
        for passage in sample_passages(sample):
            yield SitePassage(session=place, sample=sample.index, field=passage.field, body=passage.body)


def _data(name: str, value: Any) -> File:
    """A script that puts a value down; a string of JSON is read faster than the same as an expression."""
    text = json.dumps(render.sendable(value), ensure_ascii=True, separators=(",", ":"))
    return f"data/{name}.js", f"grmKeep({json.dumps(name)}, JSON.parse({json.dumps(text)}));\n".encode()


# ---- the page and what it is made of


def _index(title: str) -> str:
    names = {f"grm/{path}": _address(path) for path in _modules("site/main.js")}
    imports = json.dumps({"imports": names})
    entry = 'import { start } from "grm/site/main.js"; start();'
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (imports, entry)]
    return page("site", title=title, base=_BASE, imports=imports, entry=entry, digests=digests)


def _modules(entry: str) -> list[str]:
    """A module and all that it imports, by their paths in assets/web."""
    wanted, paths = [entry], []
    while wanted:
        path = wanted.pop()
        if path not in paths:
            paths.append(path)
            wanted += [_joined(path, match[2]) for match in _IMPORT.finditer(_source(path))]
    return paths


def _source(path: str) -> str:
    return (web.WEB / path).read_text(encoding="utf-8")


def _joined(path: str, relative: str) -> str:
    target = ((web.WEB / path).parent / relative).resolve().relative_to(web.WEB.resolve()).as_posix()
    return _INSTEAD.get(target, target)


def _address(path: str) -> str:
    """The module as a data address: imports by name, and its own place as if it lay under _BASE."""
    text = _IMPORT.sub(lambda match: f'{match[1]}"grm/{_joined(path, match[2])}"', _source(path))
    place = f'new URL("{_BASE}/{path}", document.baseURI).href'
    return _script_address(text.replace("import.meta.url", place).encode())


def _script_address(script: bytes) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(script).decode()}"


def _assets() -> Iterator[File]:
    """Styles, fonts, icons and scripts that are no modules."""
    site = (web.WEB / "site" / "site.css").read_text(encoding="utf-8")
    yield f"{_BASE}/styles.css", f"{web.sheet()}\n{site}".encode()
    yield f"{_BASE}/early.js", (web.WEB / "early.js").read_bytes()
    yield f"{_BASE}/{web.PLOTLY.name}", web.PLOTLY.read_bytes()
    for library in sorted((web.WEB / "vendor").glob("*.js")):
        yield _data(f"vendor-{library.stem}", _script_address(library.read_bytes()))
    for path in sorted(web.WEB.rglob("*")):
        if path.suffix in _PLAIN:
            yield f"{_BASE}/{path.relative_to(web.WEB).as_posix()}", path.read_bytes()
