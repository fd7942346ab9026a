"""Completions of trainers as items, and their rewards in the words of each trainer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grm_core.errors import GRMError, UsageError
from grm_core.reward_function import Group, Settings, grouped, item_of, rewarded
from grm_core.types import Judgement
from runs.judging import Judging
from runs.settings import Endpoint
from runs.turns import Caller
from service.wire import OpenRLHF, Slime, Verl, prompt_of

_ENDS = re.compile(r"(?:\s*(?:<\|[\w ]{1,40}\|>|</s>|<eos>|<pad>|<end_of_turn>))+\s*$")
"""What a tokenizer writes behind a completion where special tokens are not left out."""


class Unreadable(GRMError):
    """Completions that no sample scored, where that is to be told as an error."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """One reward per completion, and what is logged."""

    values: list[float | None]
    scored: list[bool]
    """False where no sample could be read; the value then is what the endpoint's setting says."""
    metrics: dict[str, float]


async def rewards(
    judging: Judging, endpoint: Endpoint, caller: Caller, prompts: Sequence[Any], completions: Sequence[Any]
) -> Rewards:
    """The rewards of completions; those of one prompt are judged side by side.

    Raises Unreadable where one has none and the endpoint tells that as an error; EngineError as `rewarded` does.
    """
    base = judging.base
    settings = Settings(k=base.k, seed=base.seed, low=endpoint.low, high=endpoint.high)

    async def judge(group: Group, texts: Sequence[str]) -> Judgement | GRMError:
        try:
            return await judging.judge(caller, item_of(group, texts), base)
        except GRMError as error:
            return error

    values, metrics = await rewarded(grouped(prompts, completions), len(completions), settings, judge)
    scored = [value is not None for value in values]
    if not all(scored):
        if endpoint.unreadable == "error":
            raise Unreadable(f"no sample scored completions {[at for at, fine in enumerate(scored) if not fine]}")
        if isinstance(endpoint.unreadable, float):
            values = [endpoint.unreadable if value is None else value for value in values]
    return Rewards(values, scored, metrics)


async def openrlhf(judging: Judging, endpoint: Endpoint, caller: Caller, asked: OpenRLHF) -> dict[str, Any]:
    """What OpenRLHF reads: rewards, scores (the same, for its dynamic filtering) and values that it logs."""
    if len(asked.query) != len(asked.prompts):
        raise UsageError(f"{len(asked.query)} queries for {len(asked.prompts)} prompts")
    completions = []
    for number, (query, prompt) in enumerate(zip(asked.query, asked.prompts, strict=True)):
        if not query.startswith(prompt):
            raise UsageError(
                f"query {number} does not begin with its prompt, so where its response begins is not known"
            )
        completions.append(_ENDS.sub("", query[len(prompt) :]))
    made = await rewards(judging, endpoint, caller, asked.prompts, completions)
    logs = {"grm_scored": [float(fine) for fine in made.scored]}
    return {"rewards": made.values, "scores": made.values, "extra_logs": logs}


async def verl(judging: Judging, endpoint: Endpoint, caller: Caller, asked: Verl) -> Any:
    """What a reward function of verl returns: {"score", "grm_scored"}, a list of them for many."""
    many = asked.solution_strs is not None
    completions = asked.solution_strs if asked.solution_strs is not None else [asked.solution_str]
    infos = asked.extra_infos if many else [asked.extra_info or {}]
    if infos is None or len(infos) != len(completions) or None in completions:
        raise UsageError("give solution_str and extra_info, or solution_strs and as many extra_infos")
    made = await rewards(judging, endpoint, caller, [prompt_of(info) for info in infos], completions)
    records = [{"score": value, "grm_scored": fine} for value, fine in zip(made.values, made.scored, strict=True)]
    return records if many else records[0]


async def slime(judging: Judging, endpoint: Endpoint, caller: Caller, asked: Slime | list[Slime]) -> Any:
    """What slime reads: the reward itself, a list of them for many (a custom reward function of a group)."""
    several = asked if isinstance(asked, list) else [asked]
    prompts, completions = [each.prompt for each in several], [each.response for each in several]
    made = await rewards(judging, endpoint, caller, prompts, completions)
    return made.values if isinstance(asked, list) else made.values[0]
