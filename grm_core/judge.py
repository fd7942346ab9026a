"""The whole way in one call: sample an example k times, have the meta RM read each sample, vote, audit."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import NamedTuple

from grm_core.analysis import audit
from grm_core.engines.base import Engine, OnText
from grm_core.errors import EngineError
from grm_core.meta_rm import MetaRM, attach
from grm_core.sampling import SamplingPlan, sample, stream
from grm_core.types import Judgement, Method, Sample
from grm_core.voting import as_method, vote


class Read(NamedTuple):
    """A sample that the meta RM has read."""

    sample: Sample
    error: EngineError | None = None
    """Why the meta RM gave it no logit."""


async def draw(
    engine: Engine,
    plan: SamplingPlan,
    meta: MetaRM | None = None,
    on_text: OnText | None = None,
    fitted: bool = False,
) -> AsyncGenerator[Read, None]:
    """Yield the plan's missing samples as they finish, each with its meta logit; one that got none says why.

    `fitted`: the plan went through `sampling.fit` already. Raises UsageError as `sample` does.
    """
    source = stream if fitted else sample
    async with aclosing(source(engine, plan, on_text)) as arriving:
        async for each in arriving:
            yield Read(each) if meta is None else await _read(meta, plan, each)


async def _read(meta: MetaRM, plan: SamplingPlan, each: Sample) -> Read:
    try:
        return Read(await attach(meta, plan.example, each, plan))
    except EngineError as error:
        return Read(each, error)


async def judge(
    engine: Engine,
    plan: SamplingPlan,
    method: Method | str = Method.NAIVE,
    k_meta: int | None = None,
    on_sample: Callable[[Sample], None] | None = None,
    meta: MetaRM | None = None,
) -> Judgement:
    """Sample, vote, audit, and return everything; `on_sample` sees each sample as it arrives, with its meta logit.

    Failed samples stay in the judgement and cast no vote. Raises UsageError as `sample` and `vote` do, and EngineError
    as the meta RM does.
    """
    method = as_method(method)
    samples: list[Sample] = []
    async with aclosing(draw(engine, plan, meta)) as arriving:
        async for each, error in arriving:
            if error is not None:
                raise error
            samples.append(each)
            if on_sample is not None:
                on_sample(each)
    samples.sort(key=lambda s: s.index)
    verdict = vote(samples, method, k_meta=k_meta)
    return Judgement(plan.example, tuple(samples), verdict, audit.find(plan.example, samples))
