"""Training text -> token rows: what a model reads, what it should write, and how much each token counts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, Protocol

from grm_core import outcome, prompts
from grm_core.training import pairs, tasks
from grm_core.training.families import Family
from grm_core.training.rounds import rounds
from grm_core.training.tasks import Piece, Task
from grm_core.types import Example, Message

_GIVEN, _REFERENCE, _HINTED, _BINARY = 0.05, 0.05, 0.05, 0.5
"""Shares of items shown with given principles, a reference or a hint, and of single responses rated 0 or 1."""


class Tokens(Protocol):
    """Anything with token ids: what batches are made of."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Token ids, prompt first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training example in tokens."""

    ids: tuple[int, ...]
    start: int
    """Where the completion begins; everything before is read, not learned."""
    weights: tuple[float, ...]
    """One per completion token: how much it counts in the loss. Negative weights push away."""


def encode(tokenizer: Any, messages: Sequence[Message], pieces: Sequence[Piece]) -> Row:
    """The row of a prompt and a completion made of weighted pieces, closed by the end-of-turn token."""
    chat = [{"role": message.role, "content": message.content} for message in messages]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    head = tokenizer(prompt, add_special_tokens=False).input_ids
    text = "".join(piece.text for piece in pieces)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ends = list(accumulate(len(piece.text) for piece in pieces))
    weights, place = [], 0
    for start, _ in encoded.offset_mapping:
        while start >= ends[place]:
            place += 1
        weights.append(pieces[place].weight)
    return Row((*head, *encoded.input_ids, tokenizer.eos_token_id), len(head), (*weights, 1.0))


def demonstration(tokenizer: Any, task: Task, rng: random.Random) -> Row:
    """A demonstration of the task in a random order, now and then with given principles, a reference or 0/1 rating."""
    n, share = len(task.example.responses), rng.random()
    order = tuple(rng.sample(range(n), n))
    if n == 1 and share < _BINARY:
        template, pieces = "compact-binary", tasks.demonstrate(task, order, rng, binary=True)
    else:
        template, pieces = "compact", tasks.demonstrate(task, order, rng)
    principles: tuple[str, ...] = ()
    example = task.example
    if template == "compact" and share > 1 - _GIVEN:
        body = next(i for i, piece in enumerate(pieces) if piece.text == "Critique:\n")
        principles = tuple(piece.text.split(". ", 1)[1].strip() for piece in pieces[1:body])
        template, pieces = "compact-given-principles", pieces[body:]
    elif template == "compact" and task.reference is not None and share > 1 - _GIVEN - _REFERENCE:
        template, example = "compact-reference", replace(example, reference=task.reference)
    messages = prompts.fill(prompts.load(template), example, order, principles)
    if n > 1 and share < _HINTED:
        messages = hinted(messages, example, order)
    return encode(tokenizer, messages, pieces)


def hinted(messages: tuple[Message, ...], example: Example, order: Sequence[int]) -> tuple[Message, ...]:
    """The prompt with a last sentence that names the best response (arXiv 2504.02495, hinted sampling)."""
    best = outcome.best_labels(example.labels or ())[0]
    hint = f"\n\nHint: Response {order.index(best) + 1} is the best."
    return (*messages[:-1], replace(messages[-1], content=messages[-1].content + hint))


def pair(tokenizer: Any, example: Example, rng: random.Random) -> Row:
    """A demonstration of how to judge a labelled pair, in a random order, now and then with a hint."""
    order = tuple(rng.sample(range(len(example.responses)), len(example.responses)))
    messages = prompts.fill(prompts.load("compact"), example, order)
    if rng.random() < _HINTED:
        messages = hinted(messages, example, order)
    return encode(tokenizer, messages, pairs.demonstrate(example, order, rng))


def demonstrations(tokenizer: Any, families: Sequence[Family], first: int, step: int = 1) -> Iterator[Row]:
    """Demonstrations without end, every family as often as any other; item seeds first, first + step, ..."""
    seed = first
    while True:
        for family in random.Random(seed).sample(list(families), len(families)):
            task = tasks.draw(family, seed)
            yield demonstration(tokenizer, task, random.Random(f"{task.example.id}|demonstration"))
        seed += step


def mixed(sources: Sequence[tuple[Iterator[Row], float]], seed: int) -> Iterator[Row]:
    """Rows drawn from several sources by their shares; ends with the first source that ends."""
    rng = random.Random(seed)
    streams, shares = [stream for stream, _ in sources], [share for _, share in sources]
    while True:
        try:
            yield next(rng.choices(streams, shares)[0])
        except StopIteration:
            return


def labelled(tokenizer: Any, examples: Sequence[Example], seed: int, skip: int = 0) -> Iterator[Row]:
    """Demonstrations of labelled pairs without end: every pair once, in an order drawn by the seed, then again."""
    for number, example in rounds(examples, seed, skip):
        yield pair(tokenizer, example, random.Random(f"{example.id}|{seed}|{number}"))


def batches(rows: Iterator[Tokens], size: int, tokens: int, pool: int = 8) -> Iterator[list[list[Tokens]]]:
    """Steps of about `size` rows, each cut into parts of similar length and at most `tokens` tokens, padding too."""
    while True:
        pooled = list(islice(rows, size * pool))
        if not pooled:
            return
        pooled.sort(key=lambda row: len(row.ids))
        steps = [pooled[place::pool] for place in range(pool) if pooled[place::pool]]
        random.Random(len(pooled[0].ids) + pooled[-1].ids[-2]).shuffle(steps)
        for step in steps:
            yield _parts(step, tokens)


def _parts(rows: list[Tokens], tokens: int) -> list[list[Tokens]]:
    parts: list[list[Tokens]] = []
    for row in rows:  # by rising length: the last row sets the width
        if parts and len(row.ids) * (len(parts[-1]) + 1) <= tokens:
            parts[-1].append(row)
        else:
            parts.append([row])
    return parts
