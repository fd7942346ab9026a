"""The GRM as a reward function of TRL's GRPOTrainer: it rewards a policy's completions (not the GRM's own training).

    with GRMReward("auto") as reward:
        GRPOTrainer(model=..., reward_funcs=reward, ...).train()

All completions of one prompt are the n responses of one item, judged k times; a completion's reward is its mean score
per vote, 1..10, mapped onto a range. See docs/reward.md.
"""

import asyncio
import atexit
import hashlib
import json
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

from grm_core import cards, engines, families, prompts, voting
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.judge import judge
from grm_core.meta_rm import MetaRM
from grm_core.plan import template_of
from grm_core.sampling import SamplingPlan
from grm_core.types import SCORE_MAX, SCORE_MIN, Example, Judgement, Message, Method, Params

T = TypeVar("T")
log = logging.getLogger(__name__)
LIST_MOST = 8
"""Responses that are judged side by side, at most: what a GRM is trained on and the page shows."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How completions are judged and what a score is worth."""

    k: int = 8
    """Samples per list of completions."""
    method: Method = Method.NAIVE
    """naive or guided; a weighted total is on no scale of its own."""
    k_meta: int | None = None
    params: Params = field(default_factory=Params)
    seed: int = 0
    order: str = "random"
    template: str = ""
    """'' = the one that fits the model and the item."""
    context: str = ""
    """joint or single; '' = as the model was trained, where `engines.create` made the engine."""
    principles: tuple[str, ...] = ()
    """Principles to judge by; () = the GRM generates its own."""
    low: float = 0.0
    """The reward of a mean score of 1, and of an empty completion."""
    high: float = 1.0
    """The reward of a mean score of 10."""
    most: int = LIST_MOST
    """Completions judged side by side, 1..32; a larger group is dealt into lists."""
    deals: int = 2
    """How often a group that is too large is dealt anew; each completion is judged in so many lists."""
    in_flight: int = 64
    """Samples that are asked for at the same time, about."""


class Group(NamedTuple):
    """The completions of one prompt."""

    query: tuple[Message, ...]
    reference: str | None
    texts: tuple[str, ...]
    """Different ones, in order of first appearance."""
    places: tuple[tuple[int, ...], ...]
    """For each text, its places in the trainer's batch."""


JudgeList = Callable[[Group, Sequence[str]], Awaitable[Judgement | GRMError]]
"""The judgement of some completions of a group, side by side, or why there is none."""


class GRMReward:
    """An async reward function: `await reward(prompts, completions)` gives one float or None per completion.

    The engine lives in an event loop and thread of this object's own, so that trainers may come and go; `close` (or
    leaving its `with` block, or the end of the process) stops what the engine started.
    """

    __name__ = "grm"  # what TRL logs it as: rewards/grm/mean

    def __init__(
        self,
        engine: Engine | str = "auto",
        settings: Settings | None = None,
        *,
        model: str | None = None,
        meta: MetaRM | None = None,
        on_judgement: Callable[[Judgement], None] | None = None,
    ) -> None:
        """`engine` is one that was made already or what `engines.create` takes; nothing is started yet.

        `on_judgement` sees every judgement, in the reward's own thread. Raises UsageError for settings that cannot be.
        """
        self.settings = settings or Settings()
        _check(self.settings, meta)
        self.engine = engines.create(engine, model) if isinstance(engine, str) else engine
        self._card = cards.of(self.engine)
        self._meta, self._tell = meta, on_judgement
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="grm-reward", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        """Ready to be called."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the engine."""
        self.close()

    async def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        reference: Sequence[str | None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: object,
    ) -> list[float | None]:
        """One reward in low..high per completion, in their order; None where no sample could be read.

        Prompts and completions are texts or chats, as TRL passes them; equal prompts form a group, wherever they are.
        `reference` is a dataset column with reference answers; other columns are not looked at. TRL leaves a None out
        of the sum and gives it no advantage. Raises EngineError when not one sample of the whole call could be had,
        UsageError where both principles and a reference are given.
        """
        groups = grouped(prompts, completions, reference)
        rewards, metrics = await self._elsewhere(self._score(groups, len(completions)))
        for name, value in metrics.items():
            if log_metric is not None:
                log_metric(name, value)
        return rewards

    def close(self) -> None:
        """Stop the engine and the thread; safe to call twice."""
        if not self._thread.is_alive():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(timeout=60)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=10)
            atexit.unregister(self.close)

    async def _shut(self) -> None:
        await self.engine.close()
        if self._meta is not None:
            await self._meta.close()

    async def _elsewhere(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the engine's loop, wait in the caller's."""
        if not self._thread.is_alive():
            work.close()
            raise UsageError("this reward is closed")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _score(self, groups: Sequence[Group], count: int) -> tuple[list[float | None], dict[str, float]]:
        await self.engine.start()
        free = asyncio.Semaphore(max(2, -(-self.settings.in_flight // self.settings.k)))

        async def listed(group: Group, texts: Sequence[str]) -> Judgement | GRMError:
            return await self._judge(group, texts, free)

        return await rewarded(groups, count, self.settings, listed)

    async def _judge(self, group: Group, texts: Sequence[str], free: asyncio.Semaphore) -> Judgement | GRMError:
        """The judgement of one list, or why there is none: too long, failed."""
        own = self.settings
        example = item_of(group, texts)
        context = own.context or families.context_of(own.template) or self._card.context
        template = template_of(example, own.principles, self.engine.style, context, own.template)
        plan = SamplingPlan(
            example, template, own.params, own.k, own.seed, own.order, example.id, frozenset(), own.principles,
            context, self._card.opens,
        )  # fmt: skip
        try:
            async with free:
                judgement = await judge(self.engine, plan, own.method, own.k_meta, meta=self._meta)
        except GRMError as error:
            log.warning("%d completions could not be judged: %s", len(texts), error)
            return error
        if self._tell is not None:
            self._tell(judgement)
        return judgement


async def rewarded(
    groups: Sequence[Group], count: int, settings: Settings, judge_list: JudgeList
) -> tuple[list[float | None], dict[str, float]]:
    """The reward of each of `count` completions, None where no sample could be read; and what is logged.

    `judge_list` judges the lists that the groups are dealt into. Raises EngineError when not one sample could be had.
    """
    lists = [(group, each) for group in groups for each in dealt(group.texts, settings)]
    judged = await asyncio.gather(*(judge_list(group, each) for group, each in lists))
    samples = [sample for result in judged if isinstance(result, Judgement) for sample in result.samples]
    failed = [result for result in judged if isinstance(result, EngineError)]
    if lists and not any(sample.completion for sample in samples) and (failed or samples):
        raise EngineError(f"no sample could be had: {failed[0] if failed else samples[0].error}")
    rewards: list[float | None] = [None] * count
    means = _means([(group, each, result) for (group, each), result in zip(lists, judged, strict=True)])
    for group in groups:
        for text, places in zip(group.texts, group.places, strict=True):
            mean = means.get((group, text))
            value = settings.low if not text.strip() else None if mean is None else _worth(mean, settings)
            for place in places:
                rewards[place] = value
    unread = sum(sample.scores is None for sample in samples) / len(samples) if samples else 0.0
    unscored = sum(reward is None for reward in rewards) / max(1, count)
    return rewards, {"grm/unreadable_samples": unread, "grm/unscored_completions": unscored}


def _worth(mean: float, settings: Settings) -> float:
    share = (mean - SCORE_MIN) / (SCORE_MAX - SCORE_MIN)
    return settings.low + share * (settings.high - settings.low)


def grouped(
    prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str | None] | None = None
) -> list[Group]:
    """Completions by prompt and reference, in order of first appearance; equal completions count as one text.

    Raises UsageError where a prompt or completion is neither a text nor a chat.
    """
    groups: dict[str, tuple[Any, str | None, dict[str, list[int]]]] = {}
    references = reference if reference is not None else [None] * len(prompts)
    for place, (prompt, completion, answer) in enumerate(zip(prompts, completions, references, strict=True)):
        key = json.dumps([prompt, answer], sort_keys=True)
        _, _, texts = groups.setdefault(key, (prompt, answer, {}))
        texts.setdefault(_answer(completion), []).append(place)
    return [
        Group(_query(prompt), answer, tuple(texts), tuple(map(tuple, texts.values())))
        for prompt, answer, texts in groups.values()
    ]


def dealt(texts: Sequence[str], settings: Settings) -> list[tuple[str, ...]]:
    """Lists of at most `most` texts that are not empty: all of them together where they fit.

    More are dealt, `deals` times in another seeded order, into the fewest lists, whose sizes differ by one at most:
    scores depend on what stands beside a response, so each is judged in different company and its votes are pooled.
    """
    there = [text for text in texts if text.strip()]
    if len(there) <= settings.most:
        return [tuple(there)] if there else []
    deals = []
    count = -(-len(there) // settings.most)
    for deal in range(settings.deals):
        order = random.Random(f"{settings.seed}|{deal}|{len(there)}").sample(there, len(there))
        deals += [tuple(order[start::count]) for start in range(count)]
    return list(dict.fromkeys(deals))  # single texts come out the same in every deal


def _means(
    judged: Sequence[tuple[Group, tuple[str, ...], Judgement | GRMError]],
) -> dict[tuple[Group, str], float]:
    """(group, text) -> mean score over all votes of all lists that it stood in."""
    votes: dict[tuple[Group, str], list[float]] = {}
    for group, texts, result in judged:
        if isinstance(result, Judgement):
            voted = set(result.verdict.voted)
            for sample in result.samples:
                if sample.index in voted and sample.scores is not None:
                    for text, score in zip(texts, sample.scores, strict=True):
                        votes.setdefault((group, text), []).append(score)
    return {key: sum(scores) / len(scores) for key, scores in votes.items()}


def _check(settings: Settings, meta: MetaRM | None) -> None:
    if voting.as_method(settings.method) is Method.GUIDED_WEIGHTED:
        raise UsageError("the reward is a mean score: method is naive or guided")
    if settings.method == Method.GUIDED and meta is None:
        raise UsageError("guided voting needs a meta RM: give it with meta=meta_rm.create(...)")
    if settings.template and prompts.load(settings.template).name in prompts.UNRATED:
        raise UsageError(f"template {settings.template} asks for no scores from 1 to 10")
    for name, value, top in (("most", settings.most, 32), ("deals", settings.deals, 100), ("k", settings.k, 1024)):
        if not 1 <= value <= top:
            raise UsageError(f"{name} is {value}; it must be a whole number from 1 to {top}")


def _query(prompt: Any) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message("user", prompt),)
    if isinstance(prompt, Sequence) and prompt and all(isinstance(turn, Mapping) for turn in prompt):
        return tuple(Message(str(turn["role"]), _text(turn.get("content"))) for turn in prompt)
    raise UsageError(f"a prompt is a text or a list of turns with role and content, not {str(prompt)[:80]!r}")


def _answer(completion: Any) -> str:
    """A completion's text; of a chat with tool calls, the last thing that the assistant said."""
    if isinstance(completion, str):
        return completion
    if isinstance(completion, Sequence) and all(isinstance(turn, Mapping) for turn in completion):
        texts = [_text(turn.get("content")) for turn in completion if turn.get("role") == "assistant"]
        return texts[-1] if texts else ""
    raise UsageError(f"a completion is a text or a list of turns, not {str(completion)[:80]!r}")


def _text(content: Any) -> str:
    """A turn's text; of content in parts, the parts that are text."""
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(str(part.get("text", "")) for part in content if part.get("type") == "text")


def item_of(group: Group, texts: Sequence[str]) -> Example:
    """Completions of a group as the responses of one item."""
    return Example(_name(group, texts), group.query, tuple(texts), reference=group.reference)


def _name(group: Group, texts: Sequence[str]) -> str:
    """An id that follows from what is judged: equal lists see equal orders and seeds, and can be replayed."""
    content = json.dumps([[(turn.role, turn.content) for turn in group.query], group.reference, list(texts)])
    return "reward-" + hashlib.sha256(content.encode()).hexdigest()[:16]
