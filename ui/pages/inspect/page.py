"""The Inspect page: ask for a judgment, watch it come, read it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import gradio as gr

from grm_core.errors import GRMError, UsageError
from runs.jobs import Jobs
from runs.logins import ANNOTATOR
from runs.settings import N_MAX_PAGE
from ui import render
from ui.pages.inspect import start
from ui.pages.inspect.answers import Answers
from ui.pages.inspect.composer import QUIET, Composer
from ui.pages.inspect.form import read_form
from ui.pages.inspect.viewer import Viewer
from ui.people import People, Person
from ui.view import View, calls
from ui.wire import inspect as wire
from ui.wire.shared import Line

_TICK = 0.2
"""Seconds between two updates of a running session: at most 5 a second."""
_QUEUED: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}


class InspectPage:
    """The page's components and what happens when they are used."""

    def __init__(self, jobs: Jobs, viewer: Viewer, people: People) -> None:
        self.jobs, self.viewer, self.people = jobs, viewer, people
        self.starters = start.starters(jobs.engine)
        welcome = View("welcome", events=("example",))
        self.welcome = welcome.place(start.first_screen(self.starters, jobs.engine), elem_id="welcome")
        with gr.Column(elem_id="composer"):
            self.notice = lines("notice", render=False)
            items = start.items(jobs.engine)
            self.composer = Composer(self.notice, jobs.example, jobs.card.context, jobs.base, items)
        self.score = self.composer.score
        self.notice.render()
        self.session = gr.State("")
        view = View("inspect", calls(Answers(viewer)), events=("transfer", "stop", "grow"))
        self.view = view.place(wire.View(rows=[]), elem_id="view")
        self._wire()

    def _wire(self) -> None:
        watched = [self.session, self.view, self.notice, self.score]
        self.loaded = gr.context.Context.root_block.load(self.attach, None, watched, **_QUEUED)
        inputs = self.composer.inputs
        once: dict[str, Any] = {"cancels": [self.loaded], "trigger_mode": "once"} | _QUEUED
        self.score.click(self.begin, inputs, watched, **once)
        self.view.grow(self.grow, self.session, watched, **once)
        self.composer.remember([self.score.click])
        self.view.stop(self.halt, self.session, self.notice, **QUIET)
        filled = [*self.composer.boxes, self.notice]
        self.view.transfer(self.transfer, None, filled, trigger_mode="multiple", **QUIET)
        chosen = self.welcome.example(self.fill, None, filled, trigger_mode="once", **QUIET)
        chosen.success(self.begin, inputs, watched, **once)

    def fill(self, event: gr.EventData) -> dict[Any, Any]:
        """Fill in the starter that was chosen."""
        place = event._data.get("place") if isinstance(event._data, dict) else None
        if not isinstance(place, int) or not 0 <= place < len(self.starters):
            raise gr.Error("there is no such example", visible=False)
        return self.composer.put(self.starters[place]) | {self.notice: []}

    async def begin(self, data: dict[Any, Any], request: gr.Request) -> AsyncGenerator[dict[Any, Any], None]:
        """Start a run and follow it."""

        def submit(name: str) -> str:
            example, ask = read_form(self.composer.values(data), self.jobs.base)
            session_id = self.jobs.submit(start.recorded(self.jobs.engine, example), ask, name)
            self.jobs.store.acts.note(name, "began a run", session_id)
            return session_id

        async for update in self._under_way(submit, request):
            yield update

    async def grow(
        self, session_id: str, event: gr.EventData, request: gr.Request
    ) -> AsyncGenerator[dict[Any, Any], None]:
        """Draw more samples for the session that is shown, and follow them."""
        count = event._data.get("count") if isinstance(event._data, dict) else None

        def more(name: str) -> str:
            self.jobs.more(session_id, max(1, min(1024, int(count or 0))), name)
            self.jobs.store.acts.note(name, "asked for more samples", session_id)
            return session_id

        async for update in self._under_way(more, request):
            yield update

    async def _under_way(
        self, begin: Callable[[str], str], request: gr.Request
    ) -> AsyncGenerator[dict[Any, Any], None]:
        """Call `begin` with the person's name and follow the session that it returns; a refusal is said."""
        try:
            session_id = await asyncio.to_thread(begin, self._may(request).name)
        except GRMError as error:
            yield {self.notice: _line("bad", f"{error}.")}
            return
        async for update in self.follow(session_id):
            yield update

    async def attach(self, request: gr.Request) -> AsyncGenerator[dict[Any, Any], None]:
        """Show the session that the address names, and follow it while it runs."""
        session_id = str(request.query_params.get("session", ""))[:200]
        if not session_id:
            recent = await asyncio.to_thread(self.viewer.recent)
            yield {self.view: render.sendable(wire.View(rows=[], recent=recent))}
            return
        async for update in self.follow(session_id):
            yield update

    async def follow(self, session_id: str) -> AsyncGenerator[dict[Any, Any], None]:
        """Updates of the view until the run has ended; closing it does not end the run."""
        last = None
        while True:
            view = render.sendable(await asyncio.to_thread(self.viewer.view, session_id))
            running, missing = bool(view.get("running")), bool(view.get("missing"))
            if view != last:
                said = _line("bad", f"There is no session {session_id}.") if missing else []
                update = {self.session: session_id, self.view: view}
                if last is None or missing:
                    update[self.notice] = said  # later ones would wipe what the composer says
                update[self.score] = gr.update(interactive=not running and not self.viewer.store.read_only)
                yield update
            last = view
            if not running:
                return
            await asyncio.sleep(_TICK)

    def halt(self, session_id: str, request: gr.Request) -> Any:
        """Stop the run; the follower shows what was kept."""
        person = self.people.of(request.username)
        try:
            person.check_owner(self.jobs.owner(session_id))
        except UsageError as error:
            return _line("bad", f"{error}.")
        self.jobs.stop(session_id)
        self.jobs.store.acts.note(person.name, "stopped a run", session_id)
        return gr.skip()

    def _may(self, request: gr.Request) -> Person:
        """Who asks, if samples may be drawn for this person. Raises UsageError otherwise."""
        person = self.people.of(request.username)
        person.check(ANNOTATOR)
        return person

    def transfer(self, event: gr.EventData) -> dict[Any, Any]:
        """Fill in a sample's principles beside its query and responses, to be edited and judged by."""
        data = event._data if isinstance(event._data, dict) else {}
        session_id, index = data.get("session"), data.get("sample")
        if not isinstance(session_id, str) or not isinstance(index, int):
            return {self.notice: gr.skip()}
        example, sample = self.jobs.example(session_id), self.viewer.sample(session_id, index)
        if example is None or sample is None or not sample.parsed.principles:
            return {self.notice: _line("bad", "There are no principles to judge by.")}
        if len(example.responses) > N_MAX_PAGE:
            said = f"{len(example.responses)} responses; the page takes {N_MAX_PAGE}. Use score --principles."
            return {self.notice: _line("bad", said)}
        text = f"The principles of sample {index + 1} are filled in: edit, drop or add some, then press Score."
        filled = self.composer.put_principles(example, [p.text for p in sample.parsed.principles])
        return filled | {self.notice: _line("ok", text)}


def _line(kind: str, text: str) -> list[Line]:
    return [Line(kind=kind, text=text)]


def lines(elem_id: str, value: list[Line] | None = None, render: bool = True) -> gr.HTML:
    """A component that shows short lines of words as text."""
    return View("notices").place(value or [], elem_id, render)
