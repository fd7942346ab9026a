"""The Inspect page: ask for a judgment, watch it come, read it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from grm_core import models
from grm_core.errors import GRMError, UsageError
from grm_core.shuffling import ORDERS
from grm_core.types import Example, Message, Method
from ui import render
from ui.job import Ask
from ui.jobs import N_MAX_PAGE, Jobs
from ui.view import Viewer

ASSETS = Path(__file__).resolve().parent.parent / "assets"
_TICK = 0.25
"""Seconds between two updates of a running session: at most 4 a second."""
_QUEUED = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
SETTLE = {"never": None, "below 10%": 0.1, "below 5%": 0.05, "below 1%": 0.01}
"""When a run may end early: the chance that the verdict would still change."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A6FC9", "#7A7A7A")


class InspectPage:
    """The page's components and what happens when they are used."""

    def __init__(self, jobs: Jobs, viewer: Viewer, head: str) -> None:
        self.jobs, self.viewer = jobs, viewer
        self._methods: dict[str, Method] = {}
        """Tab -> what its person chose last; a follower that began with another method goes on with this one."""
        self._banner()
        with gr.Accordion("What to judge", open=True, elem_id="composer") as self.composer:
            self._composer()
        # Beside a folded composer a run can still be stopped, and voted by another method.
        with gr.Row(elem_id="bar", equal_height=True):
            methods = [str(m) for m in Method]
            self.method = gr.Radio(methods, value="naive", label="Voting method", elem_id="method", scale=4)
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
        watched = [self.session, self.view, self.notice, self.composer, self.score, self.stop]
        asked = [self.query, *self.responses, self.shown, self.k, self.temperature, self.method]
        asked += [self.order, self.seed, self.reference, self.principles, self.settle]
        self.loaded = gr.context.Context.root_block.load(self.attach, self.method, watched, **_QUEUED)
        self.score.click(self.begin, asked, watched, cancels=[self.loaded], trigger_mode="once", **_QUEUED)
        self.stop.click(self.halt, self.session, None, queue=False, **_private())
        self.method.change(self.revote, [self.session, self.method], self.view, queue=False, **_private())
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

    async def begin(self, request: gr.Request, query: str, *rest: Any) -> AsyncGenerator[list[Any], None]:
        """Start a run and follow it; what cannot be judged is said and nothing is lost."""
        try:
            example, ask, method = read_form(query, *rest)
            session_id = await asyncio.to_thread(self.jobs.submit, example, ask)
        except GRMError as error:
            yield [gr.skip(), gr.skip(), [{"kind": "bad", "text": f"{error}."}], *[gr.skip()] * 3]
            return
        self._choose(request, method)
        async for update in self.follow(session_id, request):
            yield update

    async def attach(self, method: str, request: gr.Request) -> AsyncGenerator[list[Any], None]:
        """Show the session that the address names and follow it while it runs."""
        session_id = str(request.query_params.get("session", ""))[:200]
        if not session_id:
            recent = await asyncio.to_thread(self.viewer.recent)
            yield [gr.skip(), {"rows": [], "recent": recent}, *[gr.skip()] * 4]
            return
        self._choose(request, Method(method))
        async for update in self.follow(session_id, request):
            yield update

    async def follow(self, session_id: str, request: gr.Request) -> AsyncGenerator[list[Any], None]:
        """Updates of the view until the run has ended; closing it does not end the run."""
        last = None
        while True:
            method = self._methods.get(str(request.session_hash), Method.NAIVE)
            view = render.sendable(await asyncio.to_thread(self.viewer.view, session_id, method))
            running = bool(view.get("running"))
            notice = [{"kind": "bad", "text": f"There is no session {session_id}."}] if view.get("missing") else []
            if view != last:
                may = not running and not self.viewer.store.read_only
                buttons = [gr.update(interactive=may), gr.update(interactive=running)]
                fold = gr.update(open=bool(view.get("missing"))) if last is None else gr.skip()
                yield [session_id, view, notice, fold, *buttons]
            last = view
            if not running:
                return
            await asyncio.sleep(_TICK)

    def halt(self, session_id: str) -> None:
        """Stop the run; the follower shows what was kept."""
        self.jobs.stop(session_id)

    def revote(self, session_id: str, method: str, request: gr.Request) -> Any:
        """The stored samples under another method; no model is asked."""
        self._choose(request, Method(method))
        return render.sendable(self.viewer.view(session_id, Method(method))) if session_id else gr.skip()

    def _choose(self, request: gr.Request, method: Method) -> None:
        if len(self._methods) > 1000:  # tabs of long ago; those still open choose again
            self._methods.clear()
        self._methods[str(request.session_hash)] = method

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
        note = models.note(engine.model, getattr(engine, "untrained", False))
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


def read_form(query: str, *rest: Any) -> tuple[Example, Ask, Method]:
    """The composer's fields as an example and what is asked of it; UsageError says which field is wrong."""
    texts, (count, k, temperature, method, order, seed, *more) = rest[:N_MAX_PAGE], rest[N_MAX_PAGE:]
    reference, principles, settle = more
    # No bounds on the component: Gradio would say them in words of its own, in another place, and round 1.5.
    if k is None or not float(k).is_integer():
        raise UsageError("k must be a whole number from 1 to 1024")
    if not 0 <= float(temperature) <= 2:
        raise UsageError(f"the temperature is {temperature}; it must be from 0 to 2")
    if not 0 <= (seed or 0) < 2**63:
        raise UsageError(f"the seed is {seed}; it must be a whole number from 0 to {2**63 - 1}")
    given = tuple(line.strip() for line in (principles or "").splitlines() if line.strip())
    example = Example(
        id=_digest(query or "", *texts[: int(count)]),
        query=(Message("user", query or ""),),
        responses=tuple(text or "" for text in texts[: int(count)]),
        reference=reference if reference and reference.strip() else None,
    )
    if settle not in SETTLE:
        raise UsageError(f"stop early is one of {', '.join(SETTLE)}")
    ask = Ask(int(k), float(temperature), str(order), int(seed or 0), given, SETTLE[settle])
    return example, ask, Method(method)


def _digest(*texts: str) -> str:
    """An item id that depends on the content: the same question with the same seed sees the same orders."""
    whole = "\0".join(text or "" for text in texts)
    return "page-" + hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _private() -> dict[str, Any]:
    return {"api_visibility": "private", "show_progress": "hidden"}
