"""The meta RM: reads a query, its responses and one judgment of them, and gives the raw logit of 'this is right'.

The logit ranks the samples of a guided vote (arXiv 2504.02495, section 3.3). The model runs in this process with
transformers, on the CPU or the GPU, or behind a vLLM server that classifies; or the GRM is asked itself (`self`).
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from grm_core import models, precision, prompts, torch_thread
from grm_core.cards import Card
from grm_core.engines._http import HEADERS, Client, named_headers, root_url
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, UsageError
from grm_core.plan import Reading as Reading
from grm_core.plan import SamplingPlan
from grm_core.self_meta import OWN, OwnMetaRM
from grm_core.types import Example, Sample

TEMPLATE = prompts.META_RM
"""The prompt that a meta RM is shown unless a recipe names another."""
IN_VERSIONS = "meta RM"
"""Key in a run's versions of the meta RM that read its samples."""
_PROMPT_TOKENS = 8192
"""Tokens of prompts whose keys and values are kept, at most: 23 KB each for the bundled model."""


class MetaRM(Protocol):
    """A source of meta logits."""

    name: str

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """One raw logit per reading, in their order. Raises EngineError when they cannot be had."""

    async def close(self) -> None:
        """Let go of what is held; safe to call twice."""


async def attach(meta: MetaRM, example: Example, sample: Sample, plan: SamplingPlan | None = None) -> Sample:
    """The sample with its meta logit; one that casts no vote stays without. Raises EngineError as `score` does."""
    if sample.completion is None or sample.scores is None:
        return sample
    (logit,) = await meta.score([Reading(example, sample.order, sample.completion.text, plan)])
    return replace(sample, meta_logit=logit)


def create(
    spec: str, style: str = "", engine: Engine | None = None, card: Card | None = None, template: str = TEMPLATE
) -> MetaRM | None:
    """The meta RM that `spec` names: auto, self, expected, none, a folder or the address of a vLLM classify server.

    `self` and `expected` ask the GRM of `engine`. `auto` is what the GRM's card says: one of these two, or, where the
    card says no more than the style of the bundled 135M GRM, the meta RM that was trained with it, else none. A folder
    or server is shown the prompt of `template`. Raises UsageError for what names no meta RM.
    """
    card = card or Card(style)
    if spec == "none":
        return None
    own = card.meta if spec == "auto" else spec
    if own in OWN:
        return OwnMetaRM(_askable(engine, own), own)
    if spec.startswith(("http://", "https://")):
        return ServerMetaRM(spec, template=template)
    if spec == "auto":
        usable = card == Card(TEMPLATE) and models.has_meta_model()
        return LocalMetaRM(models.meta_folder, models.META_RM) if usable else None
    if not Path(spec).is_dir():
        raise UsageError(
            f"--meta {spec}: there is no such folder; give auto, self, expected, none, a model's folder or "
            "a server's URL"
        )
    return LocalMetaRM(lambda: Path(spec), Path(spec).name, template)


def named(spec: str, style: str = "", engine: Engine | None = None, card: Card | None = None) -> str:
    """The name that a run gives to the meta RM of `create`: its name, its address, or none."""
    if spec.startswith(("http://", "https://")):
        return spec
    meta = create(spec, style, engine, card)  # a local one loads nothing yet
    return "none" if meta is None else meta.name


def chat(reading: Reading, template: str = TEMPLATE) -> list[dict[str, str]]:
    """The reading as a conversation: the prompt as the user's turn, the judgment as the assistant's."""
    messages = prompts.fill(prompts.load(template), reading.example, reading.order)
    turns = [{"role": message.role, "content": message.content} for message in messages]
    return [*turns, {"role": "assistant", "content": prompts.harmless(reading.text)}]


def encode(tokenizer: Any, reading: Reading, template: str = TEMPLATE) -> list[int]:
    """The reading in tokens, as vLLM's classify task renders a conversation."""
    ids: list[int] = tokenizer.apply_chat_template(chat(reading, template), tokenize=True, return_dict=False)
    return ids


def last_states(model: Any, part: Sequence[list[int]], device: str) -> Any:
    """The last layer's state at the last token of each row, as a 32-bit tensor [rows, hidden size]."""
    import torch

    width = -(-max(map(len, part)) // 32) * 32
    ids = torch.zeros((len(part), width), dtype=torch.long)
    for index, row in enumerate(part):
        ids[index, : len(row)] = torch.tensor(row)
    ends = torch.tensor([len(row) - 1 for row in part], device=device)
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.model(input_ids=ids.to(device), use_cache=False).last_hidden_state
    return hidden[torch.arange(len(part), device=device), ends].float()


def logits(model: Any, part: Sequence[list[int]], device: str) -> Any:
    """Raw logits of token rows as a tensor, from a model with a `score` head over its last hidden state."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = getattr(inner.score, "modules_to_save", {"default": inner.score})["default"]  # in training it is wrapped
    # Summed in 32 bits: 16 would give near samples the same logit.
    return (last_states(model, part, device) * head.weight.float()).sum(-1)


class LocalMetaRM:
    """The model of a folder, found and loaded on first use and run in a thread.

    Judgments of one example in one order share their prompt, most of what is read: it is read once for all of them.
    """

    def __init__(self, folder: Callable[[], Path], name: str, template: str = TEMPLATE) -> None:
        self.name = name
        self._template = template
        self._folder = folder
        self._loaded: tuple[Any, Any, str] | None = None
        self._prompts: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        """Tokens of a prompt -> keys and values of the model's layers, the least recently used first."""

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """One raw logit per reading, in their order. Raises EngineError when the model cannot be loaded."""
        return await torch_thread.run_async(self._score, readings)

    async def close(self) -> None:
        """Let the model go."""
        self._loaded = None
        self._prompts.clear()

    def _score(self, readings: Sequence[Reading]) -> list[float]:
        if self._loaded is None:
            self._loaded = _load(self._folder())
        return [self._logit(reading, *self._loaded) for reading in readings]

    def _logit(self, reading: Reading, model: Any, tokenizer: Any, device: str) -> float:
        import torch

        tokens = encode(tokenizer, reading, self._template)
        # The same cut for every judgment of a prompt, whether it was read before or not: the same logit either way.
        prompt = tuple(tokens[: _common(tokens, encode(tokenizer, replace(reading, text=""), self._template))])
        with torch.inference_mode():
            past = self._past(prompt, model, device)
            rest = torch.tensor([tokens[len(prompt) :]], device=device)
            hidden = model.model(input_ids=rest, past_key_values=past, use_cache=True).last_hidden_state[0, -1]
            past.crop(-rest.shape[1])
            return float((hidden.float() * model.score.weight.float()).sum())

    def _past(self, prompt: tuple[int, ...], model: Any, device: str) -> Any:
        import torch
        from transformers import DynamicCache

        if prompt not in self._prompts:
            ids = torch.tensor([prompt], device=device)
            past = DynamicCache(config=model.config)
            model.model(input_ids=ids, past_key_values=past, use_cache=True)
            self._prompts[prompt] = past
        self._prompts.move_to_end(prompt)
        while len(self._prompts) > 1 and sum(map(len, self._prompts)) > _PROMPT_TOKENS:
            self._prompts.popitem(last=False)
        return self._prompts[prompt]


def _askable(engine: Engine | None, spec: str) -> Engine:
    if engine is None or engine.name == "replay":
        raise UsageError(f"--meta {spec} asks the GRM itself: it needs the engine that judges, not a recording")
    return engine


class ServerMetaRM:
    """A meta RM behind a vLLM server started with `--runner pooling --convert classify`."""

    def __init__(self, url: str, name: str = "", concurrency: int = 32, template: str = TEMPLATE) -> None:
        self.name = name
        self._template = template
        self._client = Client(
            root_url(url), os.environ.get("VLLM_API_KEY"), concurrency, retries=3, timeout=120.0,
            headers=named_headers(os.environ.get(HEADERS)),
        )  # fmt: skip

    async def score(self, readings: Sequence[Reading]) -> list[float]:
        """One raw logit per reading, in their order. Raises EngineError when the server does not give one."""
        if not self.name:
            self.name = await self._served()
        return list(await asyncio.gather(*(self._one(reading) for reading in readings)))

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.close()

    async def _served(self) -> str:
        listing = await self._client.call(lambda: self._client.json("GET", "/v1/models"))
        try:
            return str(listing["data"][0]["id"])
        except (LookupError, TypeError) as error:
            raise EngineError(f"{self._client.root} lists no model: is it a meta RM?") from error

    async def _one(self, reading: Reading) -> float:
        body = {"model": self.name, "messages": chat(reading, self._template), "use_activation": False}
        answer = await self._client.call(lambda: self._client.json("POST", "/classify", body))
        try:
            (logit,) = answer["data"][0]["probs"]
            return float(logit)
        except (LookupError, TypeError, ValueError) as error:
            raise EngineError(f"{self._client.root} does not answer with one logit: is it a meta RM?") from error


def _load(folder: Path) -> tuple[Any, Any, str]:
    try:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        device = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        dtype = getattr(torch, precision.of(device))
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype, local_files_only=True)
        return model.to(device).eval(), tokenizer, device
    except (OSError, ValueError, ImportError) as error:
        raise EngineError(f"{folder} holds no meta RM that transformers can load: {error}") from error


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two rows begin with alike; at least one is left over in the first."""
    pairs = zip(one[:-1], other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one) - 1, len(other)))
