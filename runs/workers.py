"""The workers' side of `batch`: rows with a plan go in, rows with samples come out, and nothing here knows Ray.

Prompts, orders, seeds and the parser are those of `grm_core.sampling`, so a sample does not tell who drew it.
"""

import asyncio
import hashlib
import json
import pickle
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from grm_core import engines, meta_rm, models
from grm_core.cards import OWN_METAS
from grm_core.engines import _vllm
from grm_core.engines._chat import template_options, wire_messages
from grm_core.engines.base import Engine, PromptSize
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.judge import draw
from grm_core.sampling import SamplingPlan, check, fit, requests, sampled
from grm_core.shuffling import Slot
from grm_core.types import Completion, Example, Message, Params, Request
from runs.drive import Arrival


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who draws the samples. `workers` engines, or `workers` clients of the servers, in one Ray cluster."""

    engine: str
    """managed (Ray starts vLLM), server, hf or replay:FILE."""
    model: str
    """The model's name as recorded with the run."""
    style: str = ""
    untrained: bool = False
    folder: Path | None = None
    """The model of managed and hf, at the same path on every machine; None: hf's default model."""
    small: bool = False
    """Whether hf's default model is the GRM of 135M."""
    servers: tuple[str, ...] = ()
    """Addresses of running vLLM servers, all with the same model; an item always goes to the same one."""
    meta: str = "none"
    """As meta_rm.create takes it."""
    meta_template: str = meta_rm.TEMPLATE
    """What a meta RM in a folder or behind a server is shown."""
    workers: int = 1
    tensor_parallel: int = 1
    """GPUs of one worker, on one machine or several; managed only."""
    address: str | None = None
    """A running Ray cluster's ('auto' finds it); None starts Ray on this machine, for this run."""

    def __post_init__(self) -> None:
        """Raise UsageError for workers that cannot be had."""
        if self.tensor_parallel > 1 and (not self.placed or _vllm.cpu_build()):
            raise UsageError("tensor parallelism is for engines that are started on GPUs; give a server its own")

    @property
    def placed(self) -> bool:
        """Whether Ray starts the engines."""
        return self.engine == "managed"


class Client:
    """A worker that judges items as `score` does, each by the engine that the item belongs to."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._engines: dict[str, Engine] = {}
        self._meta = None if fleet.meta in OWN_METAS else _meta(fleet)

    async def __call__(self, batch: Any) -> AsyncGenerator[Any, None]:
        """Take rows with a plan, give rows with what was drawn."""
        for plan in map(pickle.loads, batch["plan"].to_pylist()):
            yield _table([arrival async for arrival in self._judge(plan)])

    async def _judge(self, plan: SamplingPlan) -> AsyncGenerator[Arrival, None]:
        engine = self._engine(plan.example.id)
        meta = meta_rm.create(self._fleet.meta, engine=engine) if self._fleet.meta in OWN_METAS else self._meta
        try:
            async with aclosing(draw(engine, plan, meta)) as arriving:
                async for sample, error in arriving:
                    yield Arrival(plan.example, sample, error)
                    if error is not None:
                        return
        except GRMError as error:
            yield Arrival(plan.example, None, error)

    def _engine(self, item_id: str) -> Engine:
        spec = server_of(item_id, self._fleet.servers) or self._fleet.engine
        if spec not in self._engines:
            options = {"pace": "at-once"} if spec.startswith("replay:") else {}
            bundled = models.SMALL_MODEL if self._fleet.small else None
            named = self._fleet.folder or (self._fleet.model if self._fleet.servers else bundled)
            model = None if named is None else str(named)
            self._engines[spec] = engines.create(spec, model, **options)
        return self._engines[spec]


def _meta(fleet: Fleet) -> meta_rm.MetaRM | None:
    return meta_rm.create(fleet.meta, fleet.style, template=fleet.meta_template)


def server_of(item_id: str, servers: tuple[str, ...]) -> str | None:
    """The server that has an item's prompt in its cache: the same in every worker, today and after a stop."""
    if not servers:
        return None
    digest = hashlib.sha256(item_id.encode("utf-8", "surrogatepass")).digest()
    return servers[int.from_bytes(digest[:8], "big") % len(servers)]


class _Wanted(NamedTuple):
    """The sample that a row is for."""

    example: Example
    session_id: str
    template: str
    slot: Slot | None = None
    """None where the item cannot be judged."""
    ends: frozenset[int] = frozenset()
    """The tokens that end a completion."""


def _table(arrivals: Sequence[Arrival]) -> Any:
    import pyarrow

    return pyarrow.table({"drawn": pyarrow.array([pickle.dumps(each) for each in arrivals], pyarrow.binary())})


def arrivals_of(batch: Any) -> list[Arrival]:
    """The arrivals in a worker's rows."""
    return [pickle.loads(each) for each in batch["drawn"].to_pylist()]


class _Sizer:
    """The model's tokenizer and context, without the model."""

    def __init__(self, fleet: Fleet) -> None:
        assert fleet.folder is not None
        self.model, self.untrained = fleet.model, fleet.untrained
        self._limit = _vllm.context_length(fleet.folder)
        self._tokenizer = _tokenizer(fleet.folder)
        self.ends = _ends(fleet.folder, self._tokenizer)

    def encode(self, messages: Sequence[Message], params: Params | None = None) -> list[int]:
        """The prompt's tokens as vLLM's server makes them."""
        turns, options = wire_messages(messages), template_options(params or Params())
        ids: list[int] = self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_dict=False, **options
        )
        return ids

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt's tokens."""
        return PromptSize(len(self.encode(messages)), self._limit)


def _ends(folder: Path, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a completion: the tokenizer's, and those of the folder's generation settings, as vLLM has it."""
    try:
        settings = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        settings = {}
    more = settings.get("eos_token_id")
    return frozenset([tokenizer.eos_token_id, *(more if isinstance(more, list) else [more])]) - {None}


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def ask(fleet: Fleet, batch: Any) -> Any:
    """Rows with a plan -> a row for each of their samples, in the words of Ray Data LLM."""
    import pyarrow

    sizer = _Sizer(fleet)
    rows: list[dict[str, Any]] = []
    for plan in map(pickle.loads, batch["plan"].to_pylist()):
        try:
            check(plan.example, plan.k, blanks=True)
            fitted = asyncio.run(fit(sizer, plan))
        except GRMError as error:
            # Ray Data LLM passes a row with an error on as it is.
            nothing = Request("", (), plan.params, 0)
            rows.append(_row(_Wanted(plan.example, plan.session_id, plan.template.name), nothing, 0, [0], str(error)))
            continue
        for request, slots in requests(fitted):
            tokens = sizer.encode(request.messages, request.params)
            for child, slot in enumerate(slots):
                wanted = _Wanted(plan.example, plan.session_id, plan.template.name, slot, sizer.ends)
                rows.append(_row(wanted, request, child, tokens, ""))
    return pyarrow.Table.from_pylist(rows)


def _row(wanted: _Wanted, request: Request, child: int, tokens: list[int], error: str) -> dict[str, Any]:
    params = request.params
    sampling = {"seed": request.seed + child, "temperature": params.temperature, "top_p": params.top_p}
    sampling |= {"max_tokens": params.max_tokens}
    held = {"structured_outputs": {"regex": params.regex}} if params.regex is not None else {}
    return {
        "wanted": pickle.dumps(wanted),
        "tokenized_prompt": tokens,
        "sampling_params": sampling | held,
        "__inference_error__": error,
    }


def read(model: str, batch: Any) -> Any:
    """Rows from Ray Data LLM -> rows with what was drawn."""
    arrivals = []
    for row in batch.to_pylist():
        wanted, error = pickle.loads(row["wanted"]), row["__inference_error__"]
        if wanted.slot is None:
            arrivals.append(Arrival(wanted.example, None, UsageError(error)))
            continue
        result = EngineError(error) if error else _completion(row, wanted.ends, model)
        made = sampled(wanted.session_id, wanted.example.id, wanted.template, wanted.slot, result)
        arrivals.append(Arrival(wanted.example, made))
    return _table(arrivals)


def _completion(row: dict[str, Any], ends: frozenset[int], model: str) -> Completion:
    """The engine's answer. It does not say why it ended: with an end token, or because there was no room left."""
    tokens = row["generated_tokens"]
    reason = "stop" if tokens and tokens[-1] in ends else "length"
    return Completion(
        row["generated_text"], reason, row["num_input_tokens"], len(tokens), row["time_taken_llm"], model
    )


class Reader:
    """A worker that holds the meta RM."""

    def __init__(self, fleet: Fleet) -> None:
        self._meta = _meta(fleet)

    async def __call__(self, batch: Any) -> AsyncGenerator[Any, None]:
        """Give what was drawn its meta logits; a sample that cannot get one is lost and has to be drawn again."""
        yield _table(await asyncio.gather(*(self._read(arrival) for arrival in arrivals_of(batch))))

    async def _read(self, arrival: Arrival) -> Arrival:
        if self._meta is None or arrival.sample is None:
            return arrival
        try:
            return arrival._replace(sample=await meta_rm.attach(self._meta, arrival.example, arrival.sample))
        except EngineError as error:
            return Arrival(arrival.example, None, error)
