"""The Sessions page: everything judged so far, searched, filtered, tagged, put into the bin, reopened or compared."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from grm_core.errors import UsageError
from runs.job import SETTLED
from runs.jobs import Jobs
from storage.listing import SORTS, SessionRow, Wanted
from storage.store import Store
from ui import render, script

PAGE = 50
_TAGS_MOST, _TEXT_MOST = 20, 300
Json = dict[str, Any]


class SessionsPage:
    """A list that asks the server for each page of itself."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self.store, self.jobs = store, jobs
        self.list = gr.HTML(
            {"sorts": list(SORTS), "may": not store.read_only},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=script("dom.js", "sessions.js"),
            server_functions=self._functions(),
            elem_id="sessions",
        )

    def _functions(self) -> list[Callable[..., Any]]:
        # Public endpoints: whatever arrives is checked in `find` and `change`.
        def find(given: Any) -> Any:
            return render.sendable(self.find(given))

        def change(given: Any) -> Any:
            return render.sendable(self.change(given))

        return [find, change]

    def find(self, given: Any) -> Json:
        """One page of the wanted sessions, how many there are, and by what they can be filtered."""
        given = given if isinstance(given, dict) else {}
        words, tag, model, sort = (_text(given.get(name)) for name in ("words", "tag", "model", "sort"))
        labelled, binned = (given.get(name) is True for name in ("labelled", "binned"))
        wanted = Wanted(words, tag, model, labelled, binned=binned, sort=sort or "newest")
        try:
            count = self.store.count_sessions(wanted)
            asked = given.get("offset")
            offset = max(0, min(asked if isinstance(asked, int) else 0, max(0, count - 1) // PAGE * PAGE))
            rows = [self.row(row) for row in self.store.sessions(wanted, PAGE, offset)]
            tags, models = self.store.facets()
        except UsageError as error:
            return {"rows": [], "text": f"{error}.", "tags": [], "models": [], "offset": 0, "count": 0}
        text = _summary(count, offset, len(rows), wanted)
        return {"rows": rows, "text": text, "tags": tags, "models": models, "offset": offset, "count": count}

    def change(self, given: Any) -> Json:
        """Rename, tag, bin, restore or delete one session; says what was wrong in `error`."""
        if not isinstance(given, list) or len(given) != 3 or not isinstance(given[1], str):
            return {"error": "that cannot be done"}
        what, session_id, value = given
        acts: dict[str, Callable[[], None]] = {
            "rename": lambda: self.store.rename(session_id, _text(value).strip() or "(no title)"),
            "tag": lambda: self.store.tag(session_id, _tags(value)),
            "bin": lambda: self.store.bin(session_id),
            "restore": lambda: self.store.restore(session_id),
            "delete": lambda: self.store.delete(session_id),
        }
        running = self.jobs.snapshot(session_id)
        try:
            if what not in acts:
                raise UsageError("that cannot be done")
            if what in ("bin", "delete") and running is not None and running.running:
                raise UsageError("this session is being sampled; stop it first")
            acts[what]()
        except UsageError as error:
            return {"error": f"{error}."}
        return {"error": ""}

    def row(self, found: SessionRow) -> Json:
        """One session as the list shows it."""
        progress = self.jobs.snapshot(found.session.id)
        if progress is not None and progress.running:
            state = "running"
        elif found.samples >= found.k_asked:
            state = "complete"
        else:
            state = SETTLED if SETTLED in found.session.tags else "interrupted"
        return {
            "id": found.session.id,
            "title": found.session.title,
            "tags": list(found.session.tags),
            "snippet": found.snippet,
            "model": found.model,
            "n": found.n,
            "k": max(found.k_asked, found.samples),
            "samples": found.samples,
            "valid": found.valid,
            "state": state,
            "created": found.session.created_at.replace("T", " ")[:16],
        }


def _text(given: Any) -> str:
    return given[:10_000] if isinstance(given, str) else ""


def _tags(given: Any) -> list[str]:
    found = [part.strip()[:_TEXT_MOST] for part in _text(given).split(",") if part.strip()]
    if len(found) > _TAGS_MOST:
        raise UsageError(f"{len(found)} tags; a session has at most {_TAGS_MOST}")
    return found


def _summary(count: int, offset: int, shown: int, wanted: Wanted) -> str:
    if count:
        return f"{offset + 1} to {offset + shown} of {count:,} session{'' if count == 1 else 's'}"
    if wanted.binned:
        return "The bin is empty."
    if wanted == Wanted(sort=wanted.sort):
        return "Nothing has been judged yet."
    return "No session fits."
