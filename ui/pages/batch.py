"""The Batch page: a file is dropped, understood and judged in the background; its items are open while it grows."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from grm_core import benchmarks, outcome
from grm_core.analysis.frames import letter
from grm_core.analysis.looks import Rule
from grm_core.benchmarks import scoring
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.formats.foreign import reading
from grm_core.formats.foreign.mapping import QUERY, RESPONSE, ROLES
from grm_core.shuffling import ORDERS
from grm_core.types import Example, Sample
from grm_core.voting import vote
from reports.words import count
from runs.batches import Asked, BatchLine, Standing, run_id
from runs.logins import ANNOTATOR
from runs.settings import Sampling
from storage.batches import DONE
from storage.listing import SessionRow, Wanted
from ui import render
from ui.asking import AUTOMATIC, CONTEXTS, TEMPLATES, read_sampling
from ui.people import person
from ui.view import View, calls, served
from ui.wire import batch as wire
from ui.wire.batch import (
    Asking,
    BatchList,
    BatchRow,
    BatchView,
    Column,
    ColumnRole,
    Draft,
    FirstItem,
    JudgedItem,
    JudgedItems,
    Models,
)
from ui.wire.shared import Choice, Failed

PAGE = 50
ANY = "items in any form"
_DRAFTS_MOST = 16
"""Files that were dropped and not started; the oldest is forgotten first."""
_FIRST, _TEXT_MOST, _ITEMS_MOST = 5, 400, 100_000
_COLUMNS_MOST, _COLUMN_TEXT = 100, 80
_QUEUED: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal", "concurrency_limit": 2}
_WRONG = "these settings cannot be read: fill in every field"


class _Kept(NamedTuple):
    """A file that was dropped."""

    name: str
    items: list[Example]
    benchmark: str
    """'' for a file of items."""


_HEAD = "<h1>Judge a file</h1><p>Items as JSON Lines, JSON, CSV or Parquet: pairs, chats, lists of completions.</p>"


class BatchPage:
    """Where a file is dropped, and a view of what came of it."""

    def __init__(self, line: BatchLine) -> None:
        self.line = line
        self._drafts: OrderedDict[str, _Kept] = OrderedDict()
        self._files: OrderedDict[str, Path] = OrderedDict()
        may = not line.store.read_only
        gr.HTML(_HEAD, elem_id="batch-head")
        with gr.Row(elem_id="batch-file"):
            file = gr.File(
                label="A file of items",
                show_label=False,
                height=120,
                scale=4,
                interactive=may,
                elem_id="batch-drop",
            )
            kind = gr.Dropdown(
                [ANY, *benchmarks.NAMES],
                value=ANY,
                label="What it is",
                info="or the official file of a benchmark",
                scale=1,
                min_width=220,
                interactive=may,
                elem_id="batch-kind",
            )
        view = View("batch", calls(self)).place(BatchView(form=self._form(may), draft=None))
        inputs = [file, kind]
        for event in (file.upload, file.clear, kind.input):
            event(self.understood, inputs, view, **_QUEUED)

    async def understood(self, path: str | None, kind: str) -> dict[str, Any]:
        """What the page is told of a file that was dropped."""
        draft = None if path is None else await asyncio.to_thread(self._draft, Path(path), kind)
        form = self._form(not self.line.store.read_only)
        return dict(render.sendable(BatchView(form=form, draft=draft)))

    @served()
    def mapped(self, file_id: str, roles: list[ColumnRole]) -> Draft | Failed:
        """A file that was dropped, read anew with what somebody says of its columns."""
        path = self._files.get(file_id)
        if path is None or not path.exists():
            raise UsageError("the app does not have this file any more: drop it once more")
        chosen = {each["key"]: each["role"] for each in roles if each["role"] in ROLES}
        alone = [role for role in chosen.values() if role != RESPONSE]
        if QUERY not in alone or RESPONSE not in chosen.values():
            raise UsageError("choose one column for the query, and one or more for the responses")
        if len(set(alone)) < len(alone):
            raise UsageError("only responses can stand in more than one column")
        return self._draft(path, ANY, chosen)

    @served()
    def models(self) -> Models:
        """Which models can judge a file now."""
        own = self.line.jobs.engine.model
        try:
            return Models(names=list(self.line.models()), own=own, trouble="")
        except EngineError as error:
            return Models(names=[own] if own else [], own=own, trouble=f"{error}.")

    @served()
    def begin(self, draft_id: str, asking: Asking) -> Choice | Failed:
        """Put a file that was dropped at the end of the line."""
        who = person()
        who.check(ANNOTATOR)
        kept = self._drafts.get(draft_id)
        if kept is None:
            raise UsageError("the app does not have this file any more: drop it once more")
        asked = read_sampling(asking, self.line.jobs.base)
        if asking["risk"] is not None:
            asked = replace(asked, adaptive=Rule(asking["risk"], asked.k))
        tags: tuple[str, ...] = ()
        if kept.benchmark:
            asked, tags = self._ordered(kept.benchmark, asked), (kept.benchmark,)
        how = Asked(asked, asking["meta"], self._chosen(asking["model"]))
        batch_id = self.line.submit(kept.name, kept.items, how, tags, who.name)
        self.line.store.acts.note(who.name, "began a batch", f"{batch_id} {kept.name}")
        return Choice(id=batch_id, title=kept.name)

    @served()
    def act(self, what: str, batch_id: str) -> BatchList | Failed:
        """Pause, resume, cancel or remove a batch; all of them then."""
        acts = {
            "pause": self.line.pause,
            "resume": self.line.resume,
            "cancel": self.line.cancel,
            "remove": self.line.remove,
        }
        if what not in acts:
            raise UsageError("that cannot be done")
        batch, who = self.line.store.batches.batch(batch_id), person()
        if batch is not None:
            who.check_owner(batch.owner)
        acts[what](batch_id)
        self.line.store.acts.note(who.name, f"{what} a batch", batch_id)
        return self.batches()

    @served()
    def batches(self) -> BatchList:
        """All batches, the newest first."""
        jobs = self.line.jobs
        model, name = jobs.engine.model, jobs.engine.name
        return BatchList(
            rows=[_row(each) for each in self.line.standing()],
            judge=f"{model} on the {name} engine" if model else f"the {name} engine",
            trouble=self.line.trouble,
            people=jobs.gate.people > 0,
        )

    @served()
    def items(self, batch_id: str, offset: int) -> JudgedItems:
        """The items of a batch that have samples or had, the newest first, some at a time."""
        store, wanted = self.line.store, Wanted(run=run_id(batch_id))
        total = store.count_sessions(wanted)
        start = max(0, min(offset, max(0, total - 1) // PAGE * PAGE))
        rows = store.sessions(wanted, PAGE, start)
        samples = store.samples_by_session(row.session.id for row in rows)
        judged = [_judged(row, samples[row.session.id]) for row in rows]
        return JudgedItems(rows=judged, count=total, offset=start)

    def _draft(self, path: Path, kind: str, roles: dict[str, str] | None = None) -> Draft:
        try:
            kept, draft = _read(path, kind, roles)
            _keep(self._drafts, draft["id"], kept)
        except GRMError as error:
            # Where the app keeps what was dropped is nobody's business.
            draft = _refused(path.name, f"{error}.".replace(str(path), path.name))
        if kind == ANY and (columns := _columns(path)):
            draft["file"], draft["columns"] = secrets.token_urlsafe(12), columns
            _keep(self._files, draft["file"], path)
        return draft

    def _form(self, may: bool) -> wire.BatchForm:
        jobs = self.line.jobs
        base = jobs.base
        return wire.BatchForm(
            k=base.k,
            temperature=base.temperature,
            seed=base.seed,
            order=base.order or ORDERS[0],
            context=jobs.card.context,
            template=base.template or AUTOMATIC,
            orders=list(ORDERS),
            contexts=[(value, name) for name, value in CONTEXTS.items()],
            templates=list(TEMPLATES),
            roles=list(ROLES),
            meta="" if jobs.meta is None else jobs.meta.name or "a server",
            may=may,
        )

    def _chosen(self, model: str) -> str:
        """A model's name as it was chosen; UsageError where it is not served."""
        if (model or self.line.jobs.engine.model) == self.line.jobs.engine.model != "":
            return model
        names = self.models()["names"]
        if model and model not in names:
            raise UsageError(f"the model {model!r} is not served now; choose one of {', '.join(names)}")
        if not model and len(names) > 1:
            raise UsageError(f"choose a model: {', '.join(names)}")
        return model

    def _ordered(self, name: str, asked: Sampling) -> Sampling:
        """With the order that a benchmark needs whose pairs are judged in both."""
        alone = asked.settled(self.line.jobs.card.context).context == "single"
        if not benchmarks.named(name).both_orders or alone:
            return asked
        if asked.k % 2 or asked.order != "balanced":
            raise UsageError(f"{name} counts pairs that were judged in both orders: an even k, and the order balanced")
        return asked


def _keep(kept: OrderedDict[str, Any], name: str, value: Any) -> None:
    kept[name] = value
    while len(kept) > _DRAFTS_MOST:
        kept.popitem(last=False)


def _columns(path: Path) -> list[Column]:
    """The columns of a file of which somebody can say what they hold; none of a file without records."""
    try:
        columns = reading.columns_of(path, path.name)
    except UsageError:
        return []
    if len(columns) > _COLUMNS_MOST:
        return []
    return [Column(key=key, text=_short(text, _COLUMN_TEXT)) for key, text in columns.items()]


def _read(path: Path, kind: str, roles: dict[str, str] | None) -> tuple[_Kept, Draft]:
    """The items of a file, and what the page is told of it. Raises UsageError for what cannot be judged here."""
    fields: list[wire.FieldOf] = []
    left_out: list[str] = []
    if kind == ANY:
        understood = reading.read_items(path, path.name, roles=roles)
        examples, said, benchmark = understood.items, understood.words(), ""
        if roles is None:
            fields = [wire.FieldOf(key=key[:60], fields=list(mine)) for key, mine in understood.fields.items()]
        left_out = [f"{each.place}: {each.reason}" for each in understood.left_out[:_FIRST]]
    else:
        official = benchmarks.named(kind)
        if official.password is not None:
            raise UsageError(f"{kind}: its authors ask that no item be kept in plain text")
        examples, benchmark = scoring.load(official, path), kind
        said = f"{kind}, {count(len(examples), 'item')}"
    if len(examples) > _ITEMS_MOST:
        raise UsageError(f"{path.name}: {len(examples):,} items; the page takes {_ITEMS_MOST:,}, `score` any number")
    draft = Draft(
        id=secrets.token_urlsafe(12),
        file="",
        columns=[],
        name=path.name,
        said=said,
        count=len(examples),
        labelled=sum(example.labels is not None for example in examples),
        first=[_first(example) for example in examples[:_FIRST]],
        fields=fields,
        left_out=left_out,
        error="",
    )
    return _Kept(path.name, examples, benchmark), draft


def _refused(name: str, error: str) -> Draft:
    return Draft(
        id="", file="", columns=[], name=name, said="", count=0, labelled=0, first=[], fields=[], left_out=[],
        error=error,
    )  # fmt: skip


def _first(example: Example) -> FirstItem:
    beside = {
        "reference": example.reference,
        "subset": example.subset,
        "models": ", ".join(example.models or ()),
        "turns before the query": str(len(example.query) - 1) if len(example.query) > 1 else "",
    }
    return FirstItem(
        id=example.id,
        query=_short(example.query[-1].content),
        responses=[_short(response) for response in example.responses],
        labels=None if example.labels is None else list(example.labels),
        beside="; ".join(f"{name}: {_short(value)}" for name, value in beside.items() if value),
    )


def _short(text: str, most: int = _TEXT_MOST) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _row(standing: Standing) -> BatchRow:
    batch, counts, asked = standing.batch, standing.counts, standing.asked.sampling
    rule = asked.adaptive
    k = f"k {asked.k}" if rule is None else f"k up to {asked.k}, risk {rule.risk:g}"
    about = [standing.model] if standing.model else []
    about += [k, f"temperature {asked.temperature:g}", asked.context]
    about += [asked.order] if asked.context != "single" else []
    about += [asked.template] if asked.template else []
    about += [count(len(asked.principles), "given principle")] if asked.principles else []
    about += [f"seed {asked.seed}", "meta RM" if standing.asked.meta else "no meta RM"]
    ended_early = rule is not None and batch.phase == DONE
    return BatchRow(
        id=batch.id,
        run=standing.run_id,
        title=batch.title,
        about=", ".join(about),
        phase=batch.phase,
        place=standing.place,
        items=batch.size,
        items_done=counts.whole,
        samples=counts.samples,
        total=counts.samples if ended_early else batch.size * asked.k,
        failed=counts.failed,
        unreadable=counts.unreadable,
        rate=standing.rate,
        tokens_rate=standing.tokens_rate,
        seconds_left=standing.seconds_left,
        error=batch.error or standing.held,
        benchmark=next((tag for tag in batch.tags if tag in benchmarks.NAMES), ""),
    )


def _judged(row: SessionRow, samples: Sequence[Sample]) -> JudgedItem:
    winner = vote(samples).winner
    labels = row.session.example.labels
    best = outcome.best_labels(labels) if labels and len(labels) > 1 else ()
    return JudgedItem(
        session=row.session.id,
        title=row.session.title,
        samples=row.samples,
        valid=row.valid,
        k=max(row.k_asked, row.samples),
        winner="" if winner is None else letter(winner),
        right=None if winner is None or not best else winner in best,
    )
