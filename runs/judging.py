"""Items judged for callers who wait for the answer: nothing is stored, and samples are those that `score` draws."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from grm_core import sampling
from grm_core.analysis import audit, settling
from grm_core.cards import Card
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from grm_core.judge import draw
from grm_core.meta_rm import MetaRM
from grm_core.plan import SamplingPlan
from grm_core.types import Example, Judgement, Method, Sample
from grm_core.voting import vote
from runs.run import template_for
from runs.settings import Endpoint, Sampling
from runs.turns import Caller, Turns

T = TypeVar("T")
Take = Callable[[Sample], None]


class Judging:
    """The engine as callers of any event loop see it."""

    def __init__(
        self,
        engine: Engine,
        meta: MetaRM | None,
        card: Card,
        base: Sampling,
        endpoint: Endpoint,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`base`: what callers leave open; `loop`: where the engine lives, None = where the callers do."""
        self.engine, self.meta, self.card, self.base = engine, meta, card, base
        self.turns, self._loop = Turns(endpoint.in_flight, endpoint.waiting), loop

    def check(self, example: Example, settings: Sampling) -> SamplingPlan:
        """How the item is sampled. UsageError for what cannot be judged."""
        sampling.check(example, settings.k, blanks=True)
        settings = settings.settled(self.card.context)
        template = template_for(example, settings, self.engine.style)
        return SamplingPlan(
            example, template, settings.params, settings.k, settings.seed, settings.order, example.id, frozenset(),
            settings.principles, settings.context, self.card.opens,
        )  # fmt: skip

    async def judge(
        self,
        caller: Caller,
        example: Example,
        settings: Sampling,
        method: Method = Method.NAIVE,
        k_meta: int | None = None,
        take: Take | None = None,
        meta: bool = True,
    ) -> Judgement:
        """Sample, vote and audit when it is the caller's turn; cancelled, it frees the engine.

        `take` hears samples as they arrive, in the caller's loop. Raises UsageError for what cannot be judged,
        EngineError where the engine cannot be had.
        """
        if method is not Method.NAIVE and not (meta and self.meta):
            raise UsageError(f"{method} voting needs a meta RM that reads the samples, and there is none")
        plan, here = self.check(example, settings), asyncio.get_running_loop()

        def tell(sample: Sample) -> None:
            if take is not None:
                here.call_soon_threadsafe(take, sample)

        samples = await self._there(self._sampled(caller, plan, settings, tell, self.meta if meta else None))
        verdict = vote(samples, method, k_meta=k_meta)
        return Judgement(example, tuple(samples), verdict, audit.find(example, samples))

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the engine's loop, wait in the caller's."""
        if self._loop in (None, asyncio.get_running_loop()):
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _sampled(
        self, caller: Caller, plan: SamplingPlan, settings: Sampling, tell: Take, meta: MetaRM | None
    ) -> list[Sample]:
        await self.engine.start()
        rule, samples = settings.adaptive, list[Sample]()
        look = plan.k if rule is None else rule.after(0)
        while True:
            part = replace(plan, k=look, have=frozenset(sample.index for sample in samples))
            async with self.turns.turn(caller, look - len(samples)):
                samples += await self._drawn(part, tell, meta)
            samples.sort(key=lambda sample: sample.index)
            if rule is None or look >= plan.k or any(sample.error for sample in samples):
                return samples
            if rule.settles(settling.chance(rule, samples)):
                return samples
            look = rule.after(look)

    async def _drawn(self, plan: SamplingPlan, tell: Take, meta: MetaRM | None) -> Sequence[Sample]:
        samples = []
        async with aclosing(draw(self.engine, plan, meta)) as arriving:
            async for sample, error in arriving:
                if error is not None:
                    raise error
                samples.append(sample)
                tell(sample)
        return samples
