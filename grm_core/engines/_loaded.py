"""A model of transformers in memory: how it is loaded, a prompt in its tokens, and a row's text as it grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grm_core import precision
from grm_core.engines._chat import template_options, wire_messages
from grm_core.errors import EngineError
from grm_core.types import Message, Params, Request

if TYPE_CHECKING:
    from grm_core.engines._rows import Grammars, Row


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory."""

    model: Any
    tokenizer: Any
    grammars: "Grammars"
    limit: int
    """Context length in tokens."""
    ends: frozenset[int]
    """Ids of the tokens that end a completion."""


def load(folder: Path, dtype: str) -> Loaded:
    """Load model and tokenizer from a folder, without a network; `dtype` '' is what the device is fast with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    from grm_core.engines._rows import Grammars

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = dtype or precision.of(device)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
        .to(device)
        .eval()
    )
    if not tokenizer.chat_template:
        raise ValueError("its tokenizer has no chat template")
    eos = model.generation_config.eos_token_id
    ends = frozenset([tokenizer.eos_token_id, *(eos if isinstance(eos, list) else [eos])]) - {None}
    # The folder's own generation settings (top_k, penalties) must not reach the sampling.
    model.generation_config = GenerationConfig(pad_token_id=min(ends, default=0))
    grammars = Grammars(tokenizer, model.config.vocab_size)
    return Loaded(model, tokenizer, grammars, model.config.max_position_embeddings, ends)


def encode(
    loaded: Loaded,
    messages: Sequence[Message],
    start: str = "",
    params: Params | None = None,
) -> list[int]:
    """A prompt in tokens, up to where the model's reply begins, or goes on after `start`."""
    begun = (Message("assistant", start),) if start else ()
    ids: list[int] = loaded.tokenizer.apply_chat_template(
        wire_messages([*messages, *begun]),
        add_generation_prompt=not start,
        continue_final_message=bool(start),
        tokenize=True,
        return_dict=False,
        **template_options(params or Params()),
    )
    return ids


def row_of(loaded: Loaded, request: Request, child: int) -> "Row":
    """A completion that is wanted, as a row of a batch. Raises EngineError where it cannot be had."""
    from grm_core.engines._rows import Row

    params = request.params
    prompt = encode(loaded, request.messages, request.start, params)
    room = loaded.limit - len(prompt)
    if room < 1:
        message = f"the prompt is too long: {len(prompt)} tokens, and the model's context has {loaded.limit}"
        raise EngineError(message, hint="Shorten the query or the responses.")
    matcher = loaded.grammars.matcher(params.regex) if params.regex is not None else None
    return Row(0, prompt, params, request.seed + child, min(params.max_tokens, room), matcher)


def next_token(loaded: Loaded, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
    """The probability of each option as the token after `begun`; EngineError where one is no single token."""
    import torch

    ids = [*encode(loaded, messages), *loaded.tokenizer(begun, add_special_tokens=False).input_ids]
    tokens = [loaded.tokenizer(option, add_special_tokens=False).input_ids for option in options]
    if any(len(token) != 1 for token in tokens):
        raise EngineError(f"one of {', '.join(options)} is not a single token of this model")
    if len(ids) >= loaded.limit:
        raise EngineError(f"the prompt is too long: {len(ids)} tokens, and the model's context has {loaded.limit}")
    try:
        with torch.inference_mode():
            rows = torch.tensor([ids], device=loaded.model.device)
            logits = loaded.model(input_ids=rows, use_cache=False, logits_to_keep=1).logits[0, -1].float()
    except RuntimeError as error:  # what torch raises when memory runs out
        raise EngineError(f"torch gave up: {str(error)[:300]}") from error
    return tuple(logits.softmax(-1)[[token[0] for token in tokens]].tolist())


class Written:
    """The text of a row as it grows, up to the first of the texts at which it stops."""

    def __init__(self, loaded: Loaded, stops: Sequence[str]) -> None:
        from tokenizers.decoders import DecodeStream

        self.text = ""
        self.stopped = False
        """Whether one of them was written."""
        self._stops, self._shown = stops, 0
        self._stream, self._tokenizer = DecodeStream(skip_special_tokens=True), loaded.tokenizer.backend_tokenizer

    def add(self, token: int) -> None:
        """Take the next token."""
        self.text += self._stream.step(self._tokenizer, token) or ""
        if places := [at for stop in self._stops if (at := self.text.find(stop)) >= 0]:
            self.text, self.stopped = self.text[: min(places)], True

    def news(self, over: bool) -> str:
        """The text not shown yet, less what may turn out to be the beginning of a stop; at the end all of it."""
        held = 0 if over else max(map(len, self._stops), default=1) - 1
        end = max(self._shown, len(self.text) - held)
        piece, self._shown = self.text[self._shown : end], end
        return piece
