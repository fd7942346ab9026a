"""The whole way in one call: sample an example k times, have the meta RM read each sample, vote, audit."""

from collections.abc import Callable
from contextlib import aclosing

from grm_core.analysis import audit
from grm_core.engines.base import Engine
from grm_core.meta_rm import MetaRM, attach
from grm_core.sampling import SamplingPlan, sample
from grm_core.types import Judgement, Method, Sample
from grm_core.voting import as_method, vote


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
    async with aclosing(sample(engine, plan)) as arriving:
        async for each in arriving:
            samples.append(each if meta is None else await attach(meta, plan.example, each, plan))
            if on_sample is not None:
                on_sample(samples[-1])
    samples.sort(key=lambda s: s.index)
    verdict = vote(samples, method, k_meta=k_meta)
    return Judgement(plan.example, tuple(samples), verdict, audit.find(plan.example, samples))
