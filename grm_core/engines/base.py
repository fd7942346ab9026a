"""The engine protocol: the one place where text comes from a model.

Adding an engine is one file with one class, and one line in `grm_core.engines.ENGINES`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from grm_core.errors import EngineError
from grm_core.types import Completion, Message, Request


class Reply(NamedTuple):
    """One completion of a request, or why there is none; errors are values, so siblings go on."""

    key: str
    """The request's key."""
    child: int
    """0..n-1: which of the request's n completions; its seed is the request's seed + child."""
    result: Completion | EngineError


async def refusals(start: Callable[[], Awaitable[None]], requests: Sequence[Request]) -> list[Reply] | None:
    """None once the engine has started; where it cannot, its error as the reply of every completion asked for."""
    try:
        await start()
    except EngineError as error:
        return [Reply(request.key, child, error) for request in requests for child in range(request.n)]
    return None


OnText = Callable[[str, int, str], None]
"""(request key, child, newly written text): called as text streams in; for the page only."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """The state of an engine, in words for a person."""

    phase: str
    """idle, starting, ready, away (it was ready and is gone for now), failed or closed."""
    message: str = ""
    """One sentence, such as 'starting vLLM, 40 s'."""
    hint: str = ""
    """What to do when phase is failed or away."""


class PromptSize(NamedTuple):
    """How long a prompt is for a model."""

    tokens: int
    limit: int
    """The model's context length in tokens, prompt and completion together."""


class Sizer(Protocol):
    """A model's tokenizer and limits, known well enough to fit a prompt to it."""

    model: str
    """The model's name as recorded with every run."""
    untrained: bool
    """Whether the model is known to be no judge: its answers are held to the format by structured output."""

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt's tokens; None where there is no way to know."""


class Engine(Sizer, Protocol):
    """A source of completions. All coroutines of one engine run in one event loop."""

    name: str
    """server, managed, hf or replay."""
    style: str
    """The prompt templates that the model was trained on; '' where nothing is known of it."""

    def state(self) -> EngineState:
        """The present state; cheap, callable from any thread."""

    async def start(self) -> None:
        """Become ready; returns at once when ready already. Raises EngineError when that fails."""

    def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply, None]:
        """Yield every completion as it finishes, in any order; closing the iterator frees the server.

        Exactly `request.n` replies come for every request. A failed one is an EngineError in its Reply.
        """

    async def close(self) -> None:
        """Stop what the engine started; safe to call twice."""


@runtime_checkable
class Prober(Protocol):
    """An engine that also tells how likely a next token is. server, managed and hf do; replay cannot."""

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """The probability 0..1 of each option as the token after `begun`, the beginning of the assistant's turn.

        Taken from the model's own distribution: temperature 1, nothing masked; they need not sum to 1. A server tells
        of its 20 likeliest tokens only, any other option has 0. Raises EngineError when they cannot be had.
        """


@runtime_checkable
class Several(Protocol):
    """An engine whose server may serve more models than the one that is asked. server does."""

    async def models(self) -> tuple[str, ...]:
        """The names of the models that are served now, sorted. Raises EngineError where they cannot be had."""

    def serving(self, model: str) -> Engine:
        """An engine of the same server and settings for another model; whoever asks for it closes it."""
