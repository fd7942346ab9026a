"""Judgments of a model in training, in both contexts, by a Decoder: many items at a time, prompts computed once.

A judgment also tells what no sample file of a server holds: the level that each verdict word was expected to have
before the critique was written, and the answer to the question whether the judgment is right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from grm_core import contexts, outcome, shuffling
from grm_core.contexts import reply_start, stated
from grm_core.reading.parsing import parse
from grm_core.training.written import forms
from grm_core.training.written.decoder import Cache, Decoder
from grm_core.types import Example, ParseStatus

SINGLE, JOINT = "single", "joint"
_PRINCIPLES_LIMIT = 110
_CRITIQUE_LIMIT = 130
_SLOTS = {"cuda": 1_000_000, "cpu": 16_000}
"""Rows times tokens that a cache may hold at a time: 29 GB for a model of 1.5B."""
_ROWS = {"cuda": 2048, "cpu": 64}


@dataclass(slots=True)
class Drawn:
    """One judgment of an example."""

    example: Example
    context: str
    index: int
    order: tuple[int, ...]
    text: str = ""
    status: ParseStatus = ParseStatus.EMPTY
    scores: tuple[int, ...] | None = None
    """In the example's own order."""
    tokens: int = 0
    expected: list[float] = field(default_factory=list)
    """With `single`: per response in own order, the level 4 (Excellent) .. 0 (Bad) expected before its critique."""
    meta: float | None = None
    """Mean over its conversations of log P(Yes) - log P(No)."""
    conversations: list[tuple[int, ...]] = field(default_factory=list)
    """The tokens of its conversations, prompts included: one, or with `single` one a response in own order."""
    starts: list[int] = field(default_factory=list)
    """Per conversation, where what the model wrote begins."""
    principles: str = ""

    def right(self) -> bool:
        """Eq. 10 of arXiv 2504.02495: ties and unreadable scores are wrong."""
        return self.example.labels is not None and outcome.correct(self.scores, self.example.labels)


@dataclass(slots=True)
class _Task:
    """One completion that is wanted: a prompt (shared by tasks of one key) and the beginning of the reply."""

    key: tuple[str, tuple[int, ...]]
    prompt: list[int]
    start: list[int]
    written: list[int] = field(default_factory=list)
    expected: float | None = None
    meta: float | None = None


class Drawer:
    """Draws judgments by one model."""

    def __init__(self, model: Any, tokenizer: Any, device: str, temperature: float) -> None:
        """`model`: a merged causal model in the type of number that it is to compute in."""
        self.decoder = Decoder(model, device)
        self.tokenizer, self.temperature, self.kind = tokenizer, temperature, device.split(":")[0]
        words = torch.tensor(forms.words(tokenizer), device=device)
        self._words, self._levels = words, torch.arange(len(words) - 1.0, -1.0, -1.0, device=device)
        self._answers = forms.answers(tokenizer)
        self._question = forms.question(tokenizer)

    def draw(
        self, examples: Sequence[Example], k: int, context: str, seed: int = 0, meta: bool = False, alone: bool = False
    ) -> list[Drawn]:
        """k judgments of every example, by example and index. `alone`: principles from the query without responses."""
        torch.manual_seed(seed)
        judgments = [
            # With one response at a time there is no order; the principles see the responses in the item's own.
            Drawn(example, context, slot.index, slot.order if context == JOINT else tuple(range(len(slot.order))))
            for example in examples
            for slot in shuffling.plan(len(example.responses), k, seed, example.id)
        ]
        if context == JOINT:
            self._joint(judgments, meta)
        else:
            self._single(judgments, meta, alone)
        return judgments

    def expected(self, examples: Sequence[Example]) -> list[list[float]]:
        """Per example and response, the level expected with neither principles nor a word of critique before it."""
        tasks = [
            [self._task(example, (own,), reply_start("", response)) for own, response in enumerate(example.responses)]
            for example in examples
        ]
        self._run([task for each in tasks for task in each], 0)
        return [[task.expected or 0.0 for task in each] for each in tasks]

    def _joint(self, judgments: list[Drawn], meta: bool) -> None:
        tasks = [self._task(each.example, each.order, "") for each in judgments]
        longest = max(len(each.order) for each in judgments)
        self._run(tasks, _PRINCIPLES_LIMIT + _CRITIQUE_LIMIT * longest, meta=meta)
        for each, task in zip(judgments, tasks, strict=True):
            each.text = self.tokenizer.decode(task.written, skip_special_tokens=True)
            each.tokens, each.meta = len(task.written), task.meta
            self._read(each, [task])
            parsed = parse(each.text, len(each.order), "stop")
            each.status, shown = parsed.status, parsed.shown_scores
            if shown is not None:
                each.scores = tuple(shown[each.order.index(own)] for own in range(len(shown)))

    def _single(self, judgments: list[Drawn], meta: bool, alone: bool) -> None:
        first = [self._task(each.example, () if alone else each.order, "") for each in judgments]
        stop = forms.encode(self.tokenizer, "Critique")[0]
        self._run(first, _PRINCIPLES_LIMIT, ends=(stop,))
        parts: list[list[_Task]] = []
        for each, task in zip(judgments, first, strict=True):
            each.principles = stated(self.tokenizer.decode(task.written, skip_special_tokens=True))
            each.tokens = len(task.written)
            parts.append(
                [
                    self._task(each.example, (own,), reply_start(each.principles, response))
                    for own, response in enumerate(each.example.responses)
                ]
            )
        self._run([task for tasks in parts for task in tasks], _CRITIQUE_LIMIT, meta=meta)
        for each, tasks in zip(judgments, parts, strict=True):
            self._put_together(each, tasks)

    def _put_together(self, judgment: Drawn, tasks: list[_Task]) -> None:
        read = []
        for response, task in zip(judgment.example.responses, tasks, strict=True):
            written = self.tokenizer.decode(task.written, skip_special_tokens=True)
            read.append(contexts.part_of(judgment.principles, contexts.opened(response, True) + written, "stop"))
            judgment.tokens += len(task.written)
            judgment.expected.append(task.expected if task.expected is not None else 0.0)
        scores = [part.score for part, _ in read]
        judgment.text = contexts.assembled(judgment.principles, [part.critique for part, _ in read], scores)
        parsed = contexts.parsed(judgment.text, scores, [status for _, status in read])
        judgment.status, judgment.scores = parsed.status, parsed.shown_scores
        metas = [task.meta for task in tasks if task.meta is not None]
        judgment.meta = sum(metas) / len(metas) if metas else None
        self._read(judgment, tasks)

    def _read(self, judgment: Drawn, tasks: list[_Task]) -> None:
        judgment.conversations = [(*task.prompt, *task.start, *task.written) for task in tasks]
        judgment.starts = [len(task.prompt) + len(task.start) for task in tasks]

    def _task(self, example: Example, order: Sequence[int], start: str) -> _Task:
        prompt = forms.prompt(self.tokenizer, example, order)
        return _Task((example.id, tuple(order)), prompt, forms.encode(self.tokenizer, start) if start else [])

    def _run(self, tasks: list[_Task], limit: int, meta: bool = False, ends: Sequence[int] = ()) -> None:
        """Let the model write every task to its end; notes what was expected at its beginning, and the meta logit."""
        beyond = limit + (len(self._question) if meta else 0)
        for part in _parts(tasks, beyond, _SLOTS[self.kind], _ROWS[self.kind]):
            with torch.inference_mode():
                self._work(part, limit, beyond, meta, ends)

    def _work(self, part: list[_Task], limit: int, beyond: int, meta: bool, ends: Sequence[int]) -> None:
        prompts = {task.key: task.prompt for task in part}
        places = {key: place for place, key in enumerate(prompts)}
        cache, states = self.decoder.read(list(prompts.values()))
        rows = torch.tensor([places[task.key] for task in part], device=self.decoder.device)
        longest = max(len(task.start) for task in part)
        grown, state = cache.expanded(rows, longest + beyond), states[rows]
        del cache
        if longest:
            state = self.decoder.follow(grown, [task.start for task in part])
            for task, level in zip(part, self._expected(state), strict=True):
                task.expected = level
        if limit:
            written = self.decoder.write(grown, state, limit, self.temperature, (self.tokenizer.eos_token_id, *ends))
            for task, ids in zip(part, written, strict=True):
                task.written = ids
        if meta:
            self._ask(part, grown)

    def _ask(self, part: list[_Task], cache: Cache) -> None:
        state = self.decoder.follow(cache, [self._question] * len(part))
        yes, no = self._answers
        logits = torch.cat([self.decoder.model.lm_head(some)[:, [yes, no]] for some in state.split(1024)]).float()
        for task, value in zip(part, (logits[:, 0] - logits[:, 1]).tolist(), strict=True):
            task.meta = value

    def _expected(self, state: torch.Tensor) -> list[float]:
        logits = torch.cat([self.decoder.model.lm_head(some)[:, self._words] for some in state.split(1024)])
        levels: list[float] = (torch.softmax(logits.float(), -1) @ self._levels).tolist()
        return levels


def _parts(tasks: list[_Task], beyond: int, slots: int, most: int) -> Iterator[list[_Task]]:
    """Tasks in parts of like length that fit the cache; those of one prompt stand together."""
    ranked = sorted(tasks, key=lambda task: (len(task.prompt), task.key))
    part: list[_Task] = []
    for task in ranked:
        longest = max(len(each.start) for each in [*part[-1:], task]) + 40  # starts differ little in length
        if part and (len(part) + 1 > most or (len(part) + 1) * (len(task.prompt) + longest + beyond) > slots):
            yield part
            part = []
        part.append(task)
    if part:
        yield part
