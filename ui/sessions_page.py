"""The Sessions page: everything judged so far, searched and reopened."""

from typing import Any

import gradio as gr

from grm_core.errors import UsageError
from storage.store import SessionRow, Store
from ui import render
from ui.inspect_page import ASSETS
from ui.jobs import Jobs

PAGE = 50
_PRIVATE = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


class SessionsPage:
    """A search box and one page of a list."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self.store, self.jobs = store, jobs
        with gr.Row():
            self.query = gr.Textbox(
                label="Search queries, principles and critiques", placeholder="Words", scale=6, elem_id="search"
            )
            self.newer = gr.Button("Newer", size="sm", scale=1, min_width=80)
            self.older = gr.Button("Older", size="sm", scale=1, min_width=80)
        self.offset = gr.State(0)
        self.list = gr.HTML(
            {"rows": [], "text": ""},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=(ASSETS / "sessions.js").read_text(encoding="utf-8"),
            elem_id="sessions",
        )
        gr.context.Context.root_block.load(lambda: self.page("", 0), None, [self.list, self.offset], **_PRIVATE)
        shown = [self.list, self.offset]
        gr.on([self.query.submit, self.query.change], lambda q: self.page(q, 0), self.query, shown, **_PRIVATE)
        place = [self.query, self.offset]
        self.older.click(lambda q, at: self.page(q, at + PAGE), place, shown, **_PRIVATE)
        self.newer.click(lambda q, at: self.page(q, at - PAGE), place, shown, **_PRIVATE)

    def page(self, query: str, offset: int) -> tuple[dict[str, Any], int]:
        """One page of the list, and the offset that it begins at."""
        words = (query or "").strip()
        try:
            count = self.store.count_sessions(words)
            offset = max(0, min(int(offset), max(0, count - 1) // PAGE * PAGE))
            rows = [render.sendable(self.row(row)) for row in self.store.sessions(words, PAGE, offset)]
        except UsageError as error:
            return {"rows": [], "text": f"{error}."}, 0
        return {"rows": rows, "text": _summary(count, offset, len(rows), words)}, offset

    def row(self, found: SessionRow) -> dict[str, Any]:
        """One session as the list shows it."""
        progress = self.jobs.snapshot(found.session.id)
        if progress is not None and progress.running:
            state = "running"
        else:
            state = "complete" if found.samples >= found.k_asked else "interrupted"
        return {
            "id": found.session.id,
            "title": found.session.title,
            "tags": list(found.session.tags),
            "snippet": found.snippet,
            "n": found.n,
            "k": max(found.k_asked, found.samples),
            "samples": found.samples,
            "valid": found.valid,
            "state": state,
            "created": found.session.created_at.replace("T", " ")[:16],
        }


def _summary(count: int, offset: int, shown: int, words: str) -> str:
    if not count:
        return "No session holds these words." if words else "Nothing has been judged yet."
    return f"{offset + 1} to {offset + shown} of {count} sessions, newest first."
