"""Sampling a batch of rows so that each row's text depends on its own seed and prompt alone.

transformers draws a whole batch from one random state, so a row's text would change with its neighbours. Here every
row has a generator: adding Gumbel noise to the scaled logits and taking the largest is an exact draw from their
softmax (Gumbel-max), so `generate` runs greedily and stays out of the sampling. Nothing here loads a model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from numpy.typing import NDArray
from transformers import LogitsProcessor, StoppingCriteria

from grm_core.errors import EngineError
from grm_core.types import Params

Floats = NDArray[numpy.floating[Any]]


@dataclass(slots=True)
class Row:
    """One completion under way."""

    place: int
    """Its place among all rows of a `generate` call."""
    prompt: list[int]
    """Token ids."""
    params: Params
    seed: int
    budget: int
    """Completion tokens that it may have: max_tokens, less where the context ends sooner."""
    matcher: Any = None
    """The structured output's state; None leaves the model free."""
    tokens: list[int] = field(default_factory=list)
    finish_reason: str = ""
    """stop or length once it is finished."""
    first: list[tuple[int, float]] = field(default_factory=list)
    """The likeliest first tokens with their log-probabilities, as many as the parameters ask for."""


class Grammars:
    """Structured output: regexes as llguidance matchers over a tokenizer's vocabulary."""

    def __init__(self, tokenizer: Any, vocabulary: int) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._guide: Any = None

    def matcher(self, regex: str) -> Any:
        """A fresh matcher; EngineError when llguidance is missing or does not support the regex."""
        try:
            import llguidance
            import llguidance.hf
        except ImportError as error:
            raise EngineError("structured output needs llguidance", hint="pip install llguidance") from error
        if self._guide is None:
            self._guide = llguidance.hf.from_tokenizer(self._tokenizer, n_vocab=self._vocabulary)
        matcher = llguidance.LLMatcher(self._guide, llguidance.LLMatcher.grammar_from_regex(regex), log_level=0)
        if matcher.is_error():
            raise EngineError(f"the structured-output regex cannot be used: {matcher.get_error()[:300]}")
        return matcher


class Sampler(LogitsProcessor):  # type: ignore[misc]
    """Chooses the next token of every row: all other logits become -inf.

    In numpy: torch would split each of these short steps over its threads, and wait for them on a busy machine.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._generators = [numpy.random.default_rng(row.seed % 2**64) for row in rows]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Take (rows, vocabulary) logits and give them back with one finite entry a row."""
        logits = scores.float().cpu().numpy()
        chosen = torch.full_like(scores, float("-inf"))
        for i, row in enumerate(self._rows):
            if row.params.first and not row.tokens:
                row.first = likeliest(logits[i], row.params.first)
            chosen[i, 0 if row.finish_reason else self._choose(i, row, logits[i])] = 0.0
        return chosen

    def _choose(self, i: int, row: Row, logits: Floats) -> int:
        if row.matcher is not None:
            logits = numpy.where(_allowed(row.matcher, len(logits)), logits, -numpy.inf)
        if row.params.temperature > 0:
            noise = self._generators[i].gumbel(size=len(logits))
            logits = nucleus(logits / row.params.temperature, row.params.top_p) + noise
        token = int(logits.argmax())
        if row.matcher is not None:
            row.matcher.consume_token(token)
        return token


class Watch(StoppingCriteria):  # type: ignore[misc]
    """Reads every new token, ends rows at their end token or budget, and everything once `cancelled` says so."""

    def __init__(
        self, rows: Sequence[Row], ends: frozenset[int], cancelled: Callable[[], bool], on_row: Callable[[Row], None]
    ) -> None:
        self._rows = rows
        self._ends = ends
        self._cancelled = cancelled
        self._on_row = on_row

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Tell for each row whether it is finished; `on_row` hears of every row that got a token."""
        newest = input_ids[:, -1].tolist()
        for row, token in zip(self._rows, newest, strict=True):
            if row.finish_reason:
                continue
            row.tokens.append(token)
            if token in self._ends:
                row.finish_reason = "stop"
            elif len(row.tokens) >= row.budget:
                row.finish_reason = "length"
            self._on_row(row)
        finished = [bool(row.finish_reason) or self._cancelled() for row in self._rows]
        return torch.tensor(finished, device=input_ids.device)


def complete(
    model: Any,
    rows: Sequence[Row],
    ends: frozenset[int],
    cancelled: Callable[[], bool],
    on_row: Callable[[Row], None],
) -> None:
    """Run the model over one batch of rows, left-padded, until all are finished or cancelled."""
    width = max(len(row.prompt) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, width - len(row.prompt) :] = torch.tensor(row.prompt)
        mask[i, width - len(row.prompt) :] = 1
    with torch.inference_mode():
        model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            do_sample=False,
            max_new_tokens=max(row.budget for row in rows),
            logits_processor=[Sampler(rows)],
            stopping_criteria=[Watch(rows, ends, cancelled, on_row)],
        )


def likeliest(logits: Floats, count: int) -> list[tuple[int, float]]:
    """The most probable tokens with their log-probabilities, the likeliest first. (vocabulary,)"""
    top = numpy.argsort(-logits, kind="stable")[:count]
    shifted = logits - logits.max()
    log_total = float(numpy.log(numpy.exp(shifted).sum()))
    return [(int(token), float(shifted[token]) - log_total) for token in top]


def nucleus(logits: Floats, top_p: float) -> Floats:
    """Keep the smallest set of tokens with probability >= top_p in total; the others become -inf. (vocabulary,)"""
    if top_p >= 1.0:
        return logits
    order = numpy.argsort(-logits, kind="stable")
    weights = numpy.exp(logits[order] - logits[order[0]])
    before = weights.cumsum() - weights
    dropped = before >= top_p * weights.sum()
    dropped[0] = False
    kept = logits.copy()
    kept[order[dropped]] = -numpy.inf
    return kept


def _allowed(matcher: Any, vocabulary: int) -> NDArray[numpy.bool_]:
    """The tokens that a matcher allows next, as booleans (vocabulary,)."""
    bits = numpy.unpackbits(numpy.frombuffer(matcher.compute_bitmask(), numpy.uint8), bitorder="little")
    allowed = numpy.zeros(vocabulary, dtype=bool)
    allowed[: len(bits)] = bits[:vocabulary]
    return allowed
