"""Requests and answers of the endpoint, checked by pydantic and shown in its OpenAPI."""

import hashlib
import json
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from grm_core.analysis.looks import Rule
from grm_core.errors import UsageError
from grm_core.formats.items import read_item
from grm_core.formats.samples import sample_record
from grm_core.types import Example, Judgement, Method, Verdict
from runs.settings import Sampling

Order = Literal["random", "balanced"]
Context = Literal["joint", "single", "pairs"]
ITEMS_MOST = 10_000
"""Items of a batch."""
_PAIR: dict[str, Any] = {
    "query": "Why is the sky blue?",
    "responses": ["Sunlight is scattered by the air.", "It mirrors the sea."],
}


class Turn(BaseModel):
    """A turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Item(BaseModel):
    """What is judged."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(
        default=None, description="Decides orders and seeds, as in a file; none = follows from the content."
    )
    query: str | list[Turn]
    responses: list[str] = Field(min_length=1, max_length=32)
    reference: str | None = Field(default=None, description="A reference answer that the GRM is shown.")

    def example(self) -> Example:
        """The item as everything else knows it. UsageError for what cannot be judged."""
        value = self.model_dump(exclude_none=True)
        if self.id is None:
            value["id"] = "judge-" + hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
        return read_item(value)


class How(BaseModel):
    """How items are judged; what is left open is as the server was started."""

    model_config = ConfigDict(extra="forbid")
    k: int | Literal["auto"] | None = Field(
        default=None, description="Samples per item; auto: until its verdict settles."
    )
    risk: float = Field(0.05, ge=0.001, le=0.5, description="With k auto: chance that more would change the verdict.")
    k_max: int = Field(32, ge=1, le=1024, description="With k auto: samples of an item, at most.")
    seed: int = Field(0, ge=0, le=2**63 - 1)
    method: Method = Method.NAIVE
    k_meta: int | None = Field(default=None, ge=1, description="Samples that guided voting keeps; none = half.")
    temperature: float | None = Field(default=None, ge=0, le=5)
    order: Order | None = None
    context: Context | None = None
    principles: list[str] = Field([], description="Principles to judge by; none = the GRM sets its own.")
    meta: bool = Field(default=True, description="Whether the server's meta RM reads the samples, if it has one.")
    samples: bool = Field(default=False, description="Whether the answer holds the samples, as in SAMPLES.jsonl.")
    stream: bool = Field(default=False, description="JSON Lines: every sample as it arrives, and the verdict.")

    def settings(self, base: Sampling) -> Sampling:
        """Settings of a run that begins with `base`. UsageError for a k out of bounds."""
        rule = Rule(self.risk, self.k_max, self.method) if self.k == "auto" else None
        k = base.k if self.k is None else self.k
        return replace(
            base,
            k=rule.most if rule is not None else int(k),
            adaptive=rule,
            seed=self.seed,
            temperature=base.temperature if self.temperature is None else self.temperature,
            order=self.order or base.order,
            context=self.context or base.context,
            principles=tuple(self.principles),
        )


class JudgeRequest(Item, How):
    """One item."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAIR | {"k": 8, "seed": 0}, _PAIR | {"k": "auto"}]})


class BatchRequest(How):
    """Many items."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PAIR | {"id": "sky"}], "k": 8}]})
    items: list[Item] = Field(min_length=1, max_length=ITEMS_MOST)


class OpenRLHF(BaseModel):
    """What OpenRLHF posts to --reward.remote_url: `query` is prompt and response in one text."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": ["2+2? 4"], "prompts": ["2+2? "], "labels": ["4"]}]}
    )
    query: list[str] = Field(max_length=ITEMS_MOST)
    prompts: list[str] = Field(max_length=ITEMS_MOST)
    labels: list[Any] | None = None


class Verl(BaseModel):
    """The arguments of a custom reward function of verl, one response or (the plural names) many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"solution_str": "4", "extra_info": {"question": "2+2?"}}]}
    )
    data_source: Any = None
    solution_str: str | None = None
    ground_truth: Any = None
    extra_info: dict[str, Any] | None = None
    data_sources: list[Any] | None = None
    solution_strs: list[str] | None = Field(default=None, max_length=ITEMS_MOST)
    ground_truths: list[Any] | None = None
    extra_infos: list[dict[str, Any]] | None = None


class Slime(BaseModel):
    """What slime posts to --rm-url for one sample."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "2+2?", "response": "4", "label": "4"}]})
    prompt: str | list[dict[str, Any]]
    response: str
    label: Any = None


def verdict_record(item_id: str, verdict: Verdict) -> dict[str, Any]:
    """A verdict as `vote` prints it."""
    names = ("method", "k", "k_effective", "k_meta", "voted", "totals", "winner", "margin", "margin_mean")
    record = {name: getattr(verdict, name) for name in names}
    return {"item_id": item_id} | record | {"method": str(verdict.method)}


def answer(judged: Judgement, samples: bool) -> dict[str, Any]:
    """The answer for one item: the verdict, how many samples failed, and the samples where they are asked for."""
    record = verdict_record(judged.example.id, judged.verdict)
    record["failed"] = sum(sample.error is not None for sample in judged.samples)
    if samples:
        record["samples"] = [sample_record(judged.example.id, sample) for sample in judged.samples]
    return record


def prompt_of(info: dict[str, Any]) -> Any:
    """The prompt in an extra_info of verl: `prompt`, or `question` as its data sets have it."""
    for name in ("prompt", "question"):
        if info.get(name):
            return info[name]
    raise UsageError("extra_info has neither prompt nor question: the GRM has to see what was asked")
