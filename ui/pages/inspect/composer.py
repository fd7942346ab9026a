"""The composer: what to judge and how, filled in by hand, from an example, a file, or the session that is shown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from grm_core.errors import GRMError, UsageError
from grm_core.formats.items import read_items
from grm_core.shuffling import ORDERS
from grm_core.types import Example
from runs.settings import N_MAX_PAGE, Sampling
from ui import ASSETS, render
from ui.asking import AUTOMATIC, CONTEXTS, TEMPLATES
from ui.pages.inspect.form import SETTLE, read_pasted, read_uploaded, write_turns
from ui.wire.shared import Line

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
_FILE_LIMIT = 20 * 2**20
_TITLE = 90
_SETTINGS = ("k", "temperature", "settle", "order", "seed", "template")
"""Fields that are not the example's: they stay as the person left them."""


class Composer:
    """The fields by name, and what fills them; `values` makes plain data of what an event brings."""

    def __init__(
        self,
        notice: gr.HTML,
        example_of: Callable[[str], Example | None],
        context: str = "joint",
        base: Sampling | None = None,
        examples: Sequence[Example] = (),
    ) -> None:
        """`context`: how the model was trained to judge, see asking.CONTEXTS; `base`: what the settings begin with.

        `examples`: items to choose from; none = those of assets/demo.
        """
        self.notice, self.example_of, self.context = notice, example_of, context
        self.base = base or Sampling()
        self.examples = list(examples) or read_items(ASSETS / "demo" / "everyday.jsonl")
        self.fields: dict[str, Any] = {}
        self._example()
        self._settings()
        self.fields |= {f"response-{i}": box for i, box in enumerate(self.responses)}
        self._wire()

    @property
    def inputs(self) -> set[Any]:
        """All that a run is made of."""
        return {*self.fields.values(), self.shown}

    def values(self, data: dict[Any, Any]) -> dict[str, Any]:
        """The fields by name, with the responses that are shown in one list."""
        values = {name: data[field] for name, field in self.fields.items()}
        count = max(1, min(N_MAX_PAGE, int(data[self.shown])))
        return values | {"responses": [values[f"response-{i}"] for i in range(count)]}

    def _example(self) -> None:
        name = self.fields
        name["query"] = gr.Textbox(label="Query", lines=2, max_lines=8, placeholder="What was asked", elem_id="query")
        self.responses: list[gr.Textbox] = []
        self.removes: list[gr.Button] = []
        self.rows: list[gr.Row] = []
        with gr.Column(elem_id="responses"):
            for i in range(N_MAX_PAGE):
                self._response(i)
        self.shown = gr.State(2)
        with gr.Row(elem_id="fill"):
            self.add = gr.Button("Add a response", size="sm", min_width=120, elem_id="add")
            self.fill = gr.Button("Fill in an example", size="sm", min_width=120, elem_id="example")
        with gr.Accordion("Earlier turns, paste JSON, or open a file", open=False, elem_id="more-input"):
            name["turns"] = gr.Textbox(
                label="Earlier turns of the chat (optional)",
                info="each begins with user:, assistant: or system: at the start of a line",
                lines=2,
                max_lines=12,
                elem_id="turns",
            )
            with gr.Row():
                self.pasted = gr.Textbox(
                    label="Items as JSON or JSON Lines",
                    info='{"query": ..., "responses": [...]}; labels and reference may be given',
                    lines=3,
                    max_lines=8,
                    scale=3,
                    elem_id="pasted",
                )
                self.file = gr.File(label="or a file", height=110, scale=1, elem_id="file")
            self.items = gr.State(self.examples)
            self.item = gr.Dropdown(
                _choices(self.examples), value=None, label="Item: our examples, or what was pasted", elem_id="item"
            )

    def _response(self, i: int) -> None:
        with gr.Row(visible=i < 2, elem_classes="grm-response-row") as row:
            label = f"Response {chr(65 + i)}"
            self.responses.append(gr.Textbox(label=label, lines=3, max_lines=10, elem_id=f"response-{i}"))
            self.removes.append(gr.Button("Remove", size="sm", scale=0, min_width=60, elem_id=f"remove-{i}"))
        self.rows.append(row)

    def _settings(self) -> None:
        name = self.fields
        with gr.Row(elem_id="settings"):
            name["k"] = gr.Number(label="Samples (k)", value=8, elem_id="k")
            name["temperature"] = gr.Slider(0.0, 2.0, value=self.base.temperature, step=0.05, label="Temperature")
            name["settle"] = gr.Dropdown(
                list(SETTLE),
                value="never",
                label="Stop early, when a change of the verdict is unlikely",
                elem_id="settle",
            )
            self.score = gr.Button("Score", variant="primary", elem_id="score", min_width=120, scale=0)
        with gr.Accordion("More settings", open=False) as self.more:
            with gr.Row():
                name["context"] = gr.Radio(
                    list(CONTEXTS.items()),
                    value=self.context,
                    label="Responses",
                    info="one at a time: each in a prompt of its own, so that no order can sway a score",
                    elem_id="context",
                )
                name["order"] = gr.Radio(list(ORDERS), value="random", label="Order of responses, judged together")
                name["seed"] = gr.Number(label="Seed", value=0, precision=0)
                name["template"] = gr.Dropdown(
                    list(TEMPLATES), value=self.base.template or AUTOMATIC, label="Prompt template", elem_id="template"
                )
            name["reference"] = gr.Textbox(label="Reference answer (optional)", lines=2)
            name["principles"] = gr.Textbox(
                label="Your own principles (optional, one a line)", lines=2, elem_id="principles"
            )
            name["labels"] = gr.Textbox(
                label="Labels (optional)",
                info="one number a response, the best highest, such as 1, 0",
                elem_id="labels",
            )

    def _wire(self) -> None:
        rows = [*self.rows, self.shown]
        self.add.click(lambda n: self._shown(n + 1), self.shown, rows, **QUIET)
        boxes = self.boxes
        self.fill.click(lambda: self.put(self.examples[0]), None, boxes, **QUIET)
        for i, button in enumerate(self.removes):
            button.click(self.remove, [gr.State(i), self.shown, *self.responses], [*self.responses, *rows], **QUIET)
        chosen = [self.items, self.item, self.notice, *boxes]
        self.taken = gr.State("")
        for left in (self.pasted.submit, self.pasted.blur):
            left(self.take, [self.pasted, self.taken], [*chosen, self.taken], **QUIET)
        self.file.upload(self.upload, self.file, chosen, **QUIET)
        self.item.change(self.choose, [self.items, self.item], [*boxes, self.notice], **QUIET)

    def remember(self, also: list[Any]) -> None:
        """Keep what is filled in in the browser, nowhere else, and put it back at the next visit.

        Kept when a person leaves a field or changes a setting, and at the events `also`.
        """
        memory = gr.BrowserState(None, storage_key="grm-lens-composer", secret="grm-lens")
        kept = list(self._kept.values())
        left = [field.blur if isinstance(field, gr.Textbox) else field.input for field in kept]
        gr.on([*left, *also], None, kept, memory, js="(...fields) => [fields]", **QUIET)
        gr.context.Context.root_block.load(self.restore, memory, self.boxes, **QUIET)

    @property
    def _kept(self) -> dict[str, Any]:
        """The fields that a browser remembers. How responses are judged follows the model that is there today."""
        today = {"context", "template", "temperature"} if self.base.recipe else {"context"}
        return {name: field for name, field in self.fields.items() if name not in today}

    @property
    def boxes(self) -> list[Any]:
        """All components that filling in may change."""
        return [*self.fields.values(), *self.rows, self.shown, self.more]

    # ---- filling

    def put_principles(self, example: Example, principles: list[str]) -> dict[Any, Any]:
        """The example with principles to judge it by, ready to be edited."""
        text = render.sendable("\n".join(" ".join(principle.split()) for principle in principles))
        # No template shows both: a reference answer gives way.
        own = {self.fields["principles"]: text, self.fields["reference"]: "", self.more: gr.update(open=True)}
        return self.put(example) | own

    def put(self, example: Example) -> dict[Any, Any]:
        """The example in the fields; settings stay as they are."""
        texts = [render.sendable(text) for text in example.responses]
        count = len(texts)
        labels = "" if example.labels is None else ", ".join(f"{label:g}" for label in example.labels)
        words = {
            "query": example.query[-1].content,
            "turns": write_turns(example.query[:-1]),
            "reference": example.reference or "",
            "labels": labels,
        }
        update = {self.fields[field]: render.sendable(text) for field, text in words.items()}
        update |= dict(zip(self.responses, [*texts, *[""] * (N_MAX_PAGE - count)], strict=True))
        if labels or example.reference:
            update[self.more] = gr.update(open=True)  # what goes with the session is seen
        return update | self._shown(count)

    def _shown(self, count: int) -> dict[Any, Any]:
        count = max(1, min(N_MAX_PAGE, int(count)))
        return {row: gr.update(visible=i < count) for i, row in enumerate(self.rows)} | {self.shown: count}

    def remove(self, gone: int, count: int, *texts: str) -> dict[Any, Any]:
        """Take one response out; those behind it move up."""
        left = [*(text for i, text in enumerate(texts) if i != gone), ""]
        return dict(zip(self.responses, left, strict=True)) | self._shown(count - 1)

    def take(self, text: str, before: str) -> dict[Any, Any]:
        """The pasted items to choose from; a single one is filled in at once, but not again over what was edited."""
        text = text or ""
        if not text.strip():
            return {self.notice: [], self.taken: ""}
        if text == before:
            return {self.taken: text}
        return self._offer(lambda: read_pasted(text)) | {self.taken: text}

    def upload(self, path: str | None) -> dict[Any, Any]:
        """The items of a file to choose from."""
        if path is None:
            return {self.notice: []}
        try:
            return self._offer(lambda: read_uploaded(_data(Path(path)), Path(path).name))
        finally:
            Path(path).unlink(missing_ok=True)  # its items are kept by the page

    def _offer(self, read: Callable[[], list[Example]]) -> dict[Any, Any]:
        try:
            items = read()
        except GRMError as error:
            return {self.notice: [Line(kind="bad", text=f"{render.sendable(str(error))}.")]}
        one = len(items) == 1
        said = "One item was read and filled in." if one else f"{len(items)} items were read; choose one."
        offered = {
            self.items: items,
            self.item: gr.update(choices=_choices(items), value=0 if one else None),
            self.notice: [Line(kind="ok", text=said)],
        }
        # The list says nothing new where it stood on its first item before.
        return offered | self.choose(items, 0) if one else offered

    def choose(self, items: list[Example], place: int | None) -> dict[Any, Any]:
        """Fill in one of the items."""
        if not isinstance(place, int) or not 0 <= place < len(items):
            return {self.notice: gr.skip()}
        example = items[place]
        if len(example.responses) > N_MAX_PAGE or example.query[-1].role != "user":
            said = (
                f"{len(example.responses)} responses; the page takes {N_MAX_PAGE}"
                if len(example.responses) > N_MAX_PAGE
                else "the last turn is not the user's"
            )
            return {self.notice: [Line(kind="bad", text=f"Item {example.id}: {said}.")]}
        return self.put(example)

    def restore(self, memory: Any, request: gr.Request) -> dict[Any, Any]:
        """The item of the address's session, else the form of the last visit; settings as they were."""
        example = self.example_of(str(request.query_params.get("session", ""))[:200])
        before = self._remembered(memory)
        if example is None or len(example.responses) > N_MAX_PAGE or example.query[-1].role != "user":
            return before or {self.shown: gr.skip()}
        settings = {self.fields[name]: before[self.fields[name]] for name in _SETTINGS if self.fields[name] in before}
        return settings | self.put(example)

    def _remembered(self, memory: Any) -> dict[Any, Any]:
        """Nothing unless it is what this version keeps: the browser's memory is anybody's to write."""
        if not isinstance(memory, list) or len(memory) != len(self._kept):
            return {}
        values = dict(zip(self._kept, memory, strict=True))
        for name, value in values.items():
            number = name in ("k", "temperature", "seed")
            if value is not None and not isinstance(value, int | float if number else str):
                return {}
        count = max((i + 1 for i in range(N_MAX_PAGE) if values[f"response-{i}"]), default=2)
        return {self.fields[name]: value for name, value in values.items()} | self._shown(count)


def _choices(items: list[Example]) -> list[tuple[str, int]]:
    titles = (" ".join(item.query[-1].content.split())[:_TITLE] for item in items)
    return [(f"{place + 1}. {render.sendable(title)}", place) for place, title in enumerate(titles)]


def _data(path: Path) -> bytes:
    if path.stat().st_size > _FILE_LIMIT:
        raise UsageError(f"{path.name} is larger than {_FILE_LIMIT // 2**20} MB; use `app.py score` for large files")
    return path.read_bytes()
