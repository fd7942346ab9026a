"""The Inspect page: ask for a judgment, watch it come, read it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from grm_core import models
from grm_core.errors import GRMError
from grm_core.shuffling import ORDERS
from grm_core.types import Method
from ui import render
from ui.form import N_MAX_PAGE, SETTLE, dials_of, read_form
from ui.jobs import Jobs
from ui.view import Dials, Viewer

ASSETS = Path(__file__).resolve().parent.parent / "assets"
_TICK = 0.25
"""Seconds between two updates of a running session: at most 4 a second."""
_QUEUED = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A6FC9", "#7A7A7A")


class InspectPage:
    """The page's components and what happens when they are used."""

    def __init__(self, jobs: Jobs, viewer: Viewer, head: str) -> None:
        self.jobs, self.viewer = jobs, viewer
        self._dials: dict[str, Dials] = {}
        """Tab -> what its person chose last; a follower that began with other dials goes on with these."""
        self._banner()
        with gr.Accordion("What to judge", open=True, elem_id="composer") as self.composer:
            self._composer()
        # Beside a folded composer a run can still be stopped, and voted by another method.
        with gr.Row(elem_id="bar", equal_height=True):
            methods = [str(m) for m in Method]
            self.method = gr.Radio(methods, value="naive", label="Voting method", elem_id="method", scale=4)
            whole = {"minimum": 1, "step": 1, "scale": 2, "min_width": 150}
            self.k_voted = gr.Slider(maximum=8, value=8, label="k voted", elem_id="k-voted", **whole)
            self.k_meta = gr.Slider(maximum=8, value=4, label="k_meta kept", elem_id="k-meta", **whole)
            may = not jobs.store.read_only
            self.score = gr.Button(
                "Score", variant="primary", interactive=may, elem_id="score", scale=1, min_width=100
            )
            self.stop = gr.Button("Stop", elem_id="stop", interactive=False, scale=1, min_width=100)
        self.notice = lines("notice")
        self.session = gr.State("")
        self.view = gr.HTML(
            {"rows": []},
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load="\n".join(
                part.read_text(encoding="utf-8") for part in sorted((ASSETS / "inspect").glob("*.js"))
            ),
            head=head,
            server_functions=self._asked_by_view(),
            elem_id="view",
        )
        self._wire()

    def _banner(self) -> None:
        self.banner = lines("engine", self.engine_lines())
        gr.Timer(1.0).tick(self.engine_lines, outputs=self.banner, queue=False, **_private())

    def _composer(self) -> None:
        self.query = gr.Textbox(label="Query", lines=2, max_lines=8, placeholder="What was asked", elem_id="query")
        self.responses, self.removes, self.rows = [], [], []
        for i in range(N_MAX_PAGE):
            with gr.Row(visible=i < 2, elem_classes="grm-response-row") as row:
                name = f"Response {chr(65 + i)}"
                self.responses.append(gr.Textbox(label=name, lines=2, max_lines=10, scale=20, elem_id=f"response-{i}"))
                self.removes.append(gr.Button("Remove", size="sm", scale=1, min_width=80, elem_id=f"remove-{i}"))
            self.rows.append(row)
        self.shown = gr.State(2)
        with gr.Row():
            self.add = gr.Button("Add a response", size="sm", min_width=120, elem_id="add")
            self.example = gr.Button("Fill in an example", size="sm", min_width=120, elem_id="example")
        with gr.Row():
            self.k = gr.Number(label="k, samples (1 to 1024)", value=8, elem_id="k")
            self.temperature = gr.Slider(0.0, 2.0, value=0.5, step=0.05, label="Temperature")
            self.settle = gr.Dropdown(
                list(SETTLE),
                value="never",
                label="Stop early",
                info="chance that the verdict changes",
                elem_id="settle",
            )
        with gr.Accordion("More", open=False):
            with gr.Row():
                self.order = gr.Radio(list(ORDERS), value="random", label="Order of responses")
                self.seed = gr.Number(label="Seed", value=0, precision=0)
            self.reference = gr.Textbox(label="Reference answer (optional)", lines=2)
            self.principles = gr.Textbox(label="Your own principles (optional, one a line)", lines=2)

    def _wire(self) -> None:
        dials = [self.method, self.k_voted, self.k_meta]
        watched = [self.session, self.view, self.notice, self.composer, self.score, self.stop, *dials]
        asked = [self.query, *self.responses, self.shown, self.k, self.temperature]
        asked += [self.order, self.seed, self.reference, self.principles, self.settle, self.method]
        self.loaded = gr.context.Context.root_block.load(self.attach, None, watched, **_QUEUED)
        self.score.click(self.begin, asked, watched, cancels=[self.loaded], trigger_mode="once", **_QUEUED)
        self.stop.click(self.halt, self.session, None, queue=False, **_private())
        for dial, event in zip(dials, (self.method.input, self.k_voted.input, self.k_meta.input), strict=True):
            turned = gr.State(str(dial.elem_id))
            given = [turned, self.session, *dials]
            event(self.revote, given, [self.view, *dials], queue=False, trigger_mode="always_last", **_private())
        many = [*self.responses, *self.rows, self.shown]
        self.add.click(lambda n: self._show(n + 1), self.shown, [*self.rows, self.shown], queue=False, **_private())
        self.example.click(self.fill, None, [self.query, *many], queue=False, **_private())
        gr.context.Context.root_block.load(self.refill, None, [self.query, *many], queue=False, **_private())
        for i, button in enumerate(self.removes):
            gone = gr.State(i)
            button.click(self.remove, [gone, self.shown, *self.responses], many, queue=False, **_private())

    # ---- the composer

    def _show(self, count: int) -> list[Any]:
        count = max(1, min(N_MAX_PAGE, int(count)))
        return [*(gr.update(visible=i < count) for i in range(N_MAX_PAGE)), count]

    def remove(self, gone: int, count: int, *texts: str) -> list[Any]:
        """Take one response out; those behind it move up."""
        left = [text for i, text in enumerate(texts) if i != gone]
        return [*left, "", *self._show(count - 1)]

    def fill(self) -> list[Any]:
        """The first item of the recorded examples."""
        first = (ASSETS / "demo" / "items.jsonl").read_text(encoding="utf-8").splitlines()[0]
        item = json.loads(first)
        texts = item["responses"]
        return [item["query"], *texts, *[""] * (N_MAX_PAGE - len(texts)), *self._show(len(texts))]

    def refill(self, request: gr.Request) -> list[Any]:
        """The query and responses of the session that the address names, to ask again with another k or method."""
        example = self.jobs.example(str(request.query_params.get("session", ""))[:200])
        if example is None or len(example.query) > 1 or len(example.responses) > N_MAX_PAGE:
            return [gr.skip()] * (2 + 2 * N_MAX_PAGE)
        texts = [render.sendable(text) for text in example.responses]
        return [
            render.sendable(example.query[0].content),
            *texts,
            *[""] * (N_MAX_PAGE - len(texts)),
            *self._show(len(texts)),
        ]

    # ---- judging

    async def begin(self, request: gr.Request, query: str, *rest: Any) -> AsyncGenerator[dict[Any, Any], None]:
        """Start a run and follow it; what cannot be judged is said and nothing is lost."""
        try:
            example, ask = read_form(query, *rest[:-1])
            session_id = await asyncio.to_thread(self.jobs.submit, example, ask)
        except GRMError as error:
            yield {self.notice: [{"kind": "bad", "text": f"{error}."}]}
            return
        self._turn(request, Dials(Method(rest[-1])))
        async for update in self.follow(session_id, request):
            yield update

    async def attach(self, request: gr.Request) -> AsyncGenerator[dict[Any, Any], None]:
        """Show the session that the address names, voted as it says, and follow it while it runs."""
        session_id = str(request.query_params.get("session", ""))[:200]
        if not session_id:
            recent = await asyncio.to_thread(self.viewer.recent)
            yield {self.view: {"rows": [], "recent": recent}}
            return
        self._turn(request, dials_of(request.query_params))
        async for update in self.follow(session_id, request):
            yield update

    async def follow(self, session_id: str, request: gr.Request) -> AsyncGenerator[dict[Any, Any], None]:
        """Updates of the view until the run has ended; closing it does not end the run."""
        last = None
        while True:
            dials = self._dials.get(str(request.session_hash), Dials())
            view = render.sendable(await asyncio.to_thread(self.viewer.view, session_id, dials))
            running = bool(view.get("running"))
            if view != last:
                may = not running and not self.viewer.store.read_only
                missing = (
                    [{"kind": "bad", "text": f"There is no session {session_id}."}] if view.get("missing") else []
                )
                update = {self.session: session_id, self.view: view, self.notice: missing}
                update |= {self.score: gr.update(interactive=may), self.stop: gr.update(interactive=running)}
                if last is None:
                    update[self.composer] = gr.update(open=bool(view.get("missing")))
                if last is None or not running:
                    update |= self._places(dials, view)
                yield update
            last = view
            if not running:
                return
            await asyncio.sleep(_TICK)

    def _places(self, dials: Dials, view: dict[str, Any]) -> dict[Any, Any]:
        """Where the dials stand: k voted up to the samples that are there, k_meta up to those that can be read."""
        count = max(1, len(view["rows"]))
        k = min(dials.k or count, count)
        half = max(1, sum(row["scores"] is not None for row in view["rows"][:k]) // 2)
        return {
            self.method: str(dials.method),
            self.k_voted: gr.update(maximum=max(2, count), value=k, interactive=count > 1),
            self.k_meta: gr.update(
                maximum=max(2, k),
                value=min(dials.k_meta or half, k),
                interactive=k > 1 and dials.method is not Method.NAIVE,
            ),
        }

    def halt(self, session_id: str) -> None:
        """Stop the run; the follower shows what was kept."""
        self.jobs.stop(session_id)

    def revote(
        self, turned: str, session_id: str, method: str, k: float, k_meta: float, request: gr.Request
    ) -> dict[Any, Any]:
        """The stored samples under other dials; no model is asked. Another k puts k_meta back to half of it."""
        before = self._dials.get(str(request.session_hash), Dials())
        voted, kept = before.k, before.k_meta  # a dial that nobody turned may show less than there is by now
        if turned == "k-voted":
            stored = len(self.jobs.store.samples(session_id)) if session_id else 0
            voted, kept = (int(k) if 1 <= int(k) < stored else None), None
        elif turned == "k-meta":
            kept = max(1, int(k_meta))
        dials = Dials(Method(method), voted, kept)
        self._turn(request, dials)
        if not session_id:
            return {self.method: method}
        view = render.sendable(self.viewer.view(session_id, dials))
        places = self._places(dials, view)
        places.pop({"method": self.method, "k-voted": self.k_voted}.get(turned, self.k_meta))
        return {self.view: view, **places}

    def _turn(self, request: gr.Request, dials: Dials) -> None:
        if len(self._dials) > 1000:  # tabs of long ago; those still open choose again
            self._dials.clear()
        self._dials[str(request.session_hash)] = dials

    # ---- asked for by the view, public as every endpoint is

    def _asked_by_view(self) -> list[Callable[..., Any]]:
        # Gradio marks these functions, which a bound method does not allow; several arguments arrive as one list.
        def detail(asked: Any) -> Any:
            return self.detail(*asked) if isinstance(asked, list) and len(asked) == 2 else None

        def case(session_id: Any) -> Any:
            return self.case(session_id)

        def document(asked: Any) -> Any:
            return self.document(*asked) if isinstance(asked, list) and len(asked) == 2 else None

        return [detail, case, document]

    def detail(self, session_id: str, index: int) -> dict[str, Any] | None:
        """One sample's texts; None for what does not exist."""
        if not isinstance(session_id, str) or not isinstance(index, int):
            return None
        found, example = self.viewer.sample(session_id, index), self.jobs.example(session_id)
        return None if found is None or example is None else render.sendable(render.detail(example, found))

    def case(self, session_id: str) -> dict[str, Any] | None:
        """The query and responses of a session; None for one that does not exist."""
        example = self.jobs.example(session_id) if isinstance(session_id, str) else None
        return None if example is None else render.sendable(render.case(example))

    def document(self, session_id: str, kind: str) -> str | None:
        """A stored session as html, md, csv or jsonl; None for what does not exist."""
        return (
            self.viewer.document(session_id, kind) if isinstance(session_id, str) and isinstance(kind, str) else None
        )

    def engine_lines(self) -> list[dict[str, Any]]:
        """What the engine is doing, and why nothing could be saved."""
        engine, store = self.jobs.engine, self.jobs.store
        note = models.note(engine.model, engine.untrained)
        found = render.engine_lines(engine.name, engine.model, engine.state(), note)
        if store.read_only:
            held = f"Another process ({store.holder}) writes this database: sessions can be read here, not judged."
            found.append({"kind": "warn", "text": held})
        return found


def lines(elem_id: str, value: list[dict[str, Any]] | None = None) -> gr.HTML:
    """A component that shows short lines of words as text."""
    script = (ASSETS / "notices.js").read_text(encoding="utf-8")
    return gr.HTML(
        value or [],
        html_template='<div class="grm-lines"></div>',
        apply_default_css=False,
        js_on_load=script,
        elem_id=elem_id,
    )


def _private() -> dict[str, Any]:
    return {"api_visibility": "private", "show_progress": "hidden"}
