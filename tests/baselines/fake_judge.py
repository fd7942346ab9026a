"""A judge without a model: what it writes, and how sure it is of an index, follow from the responses it is shown."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence

from grm_core.engines.base import EngineState, OnText, PromptSize, Reply
from grm_core.errors import EngineError
from grm_core.types import Completion, Message, Request

Write = Callable[[list[str], int], str]
"""Responses in shown order, seed -> completion."""
Sure = Callable[[list[str], str], Sequence[float]]
"""Responses in shown order, what the assistant has written -> probability of each index."""


class FakeJudge:
    """Its completion follows from what is shown and the seed; seeds in `failing` have their request fail."""

    name, model, style, untrained = "fake", "fake-judge", "", False

    def __init__(self, write: Write, failing: Callable[[int], bool] = lambda seed: False) -> None:
        self.write, self.failing = write, failing
        self.asked: list[Request] = []

    def state(self) -> EngineState:
        """Always ready."""
        return EngineState("ready")

    async def start(self) -> None:
        """Nothing to start."""

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Every completion, the last requests first: a baseline must not rely on the order of arrival."""
        self.asked += requests
        for request in reversed(requests):
            for child in reversed(range(request.n)):
                seed = request.seed + child
                if self.failing(seed):
                    yield Reply(request.key, child, EngineError("the fake server said no"))
                else:
                    text = self.write(shown(request.messages), seed)
                    yield Reply(request.key, child, Completion(text, "stop", 10, 5, 0.1, self.model))

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """One token per word."""
        return PromptSize(sum(len(m.content.split()) for m in messages), 4096)

    async def close(self) -> None:
        """Nothing was started."""


class SureJudge(FakeJudge):
    """A judge that also tells probabilities."""

    def __init__(self, write: Write, sure: Sure) -> None:
        super().__init__(write)
        self.sure = sure
        self.begun: list[str] = []

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """How sure it is of each index."""
        self.begun.append(begun)
        assert list(options) == [str(place) for place in range(1, len(shown(messages)) + 1)]
        return tuple(self.sure(shown(messages), begun))


def shown(messages: Sequence[Message]) -> list[str]:
    """The responses of a prompt in shown order."""
    return re.findall(r"\[Response \d+ begins\]\n(.*?)\n\[Response \d+ ends\]", messages[0].content, re.DOTALL)


def best(index: int) -> str:
    """The completion that names the response at this 0-based position."""
    return f"Critique:\nResponse 1: as it is.\nBest response: \\boxed{{{index + 1}}}"
