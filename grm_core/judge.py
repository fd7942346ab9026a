"""The whole way in one call: sample an example k times and vote."""

from collections.abc import Callable
from contextlib import aclosing

from grm_core.engines.base import Engine
from grm_core.sampling import SamplingPlan, sample
from grm_core.types import Judgement, Method, Sample
from grm_core.voting import as_method, vote


async def judge(
    engine: Engine,
    plan: SamplingPlan,
    method: Method | str = Method.NAIVE,
    k_meta: int | None = None,
    on_sample: Callable[[Sample], None] | None = None,
) -> Judgement:
    """Sample, vote, and return everything; `on_sample` sees each sample as it arrives.

    Failed samples stay in the judgement and cast no vote. Raises UsageError as `sample` and `vote` do.
    """
    method = as_method(method)
    samples: list[Sample] = []
    async with aclosing(sample(engine, plan)) as arriving:
        async for each in arriving:
            samples.append(each)
            if on_sample is not None:
                on_sample(each)
    samples.sort(key=lambda s: s.index)
    return Judgement(plan.example, tuple(samples), vote(samples, method, k_meta=k_meta))
