"""An engine without a model: it writes completions in our format, scores following from the seed, at a given pace."""

import asyncio
import math
import random
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from grm_core.engines.base import EngineState, OnText, PromptSize, Reply
from grm_core.errors import EngineError
from grm_core.types import Completion, Message, Request

HOSTILE = (
    "<img src=x onerror=window.hacked=1> ${window.hacked=1} {{value}} "
    r"$\href{javascript:alert(1)}{x}$ \underbrace{x} `</script><script>window.hacked=1</script>"
)


class FakeEngine:
    """Streams words; `broken` are seeds without scores, `failing` seeds whose request fails.

    It goes on from a reply that was begun, ends at stop texts, and tells first tokens: Yes with the probability that
    `yes` gives for the last judgment of the conversation, and where a critique is to go on, Excellent or Bad with the
    probability that `excellent` gives for the prompt; where a score is to stand, all digits are as likely.
    """

    name = "fake"
    style, untrained = "", False

    def __init__(
        self,
        delay: float = 0.0,
        start_seconds: float = 0.0,
        hostile: bool = False,
        broken: frozenset[int] = frozenset(),
        failing: frozenset[int] = frozenset(),
        start_error: EngineError | None = None,
        limit: int = 4096,
        yes: Callable[[str], float] = lambda judgment: 0.5,
        excellent: Callable[[str], float] = lambda prompt: 0.5,
        hold: Path | None = None,
    ) -> None:
        """`delay`: seconds per word; `start_error` is raised by every start; `limit`: context length in words.

        While the folder `hold` has a file `start`, the engine does not get ready; while it has a file `samples`, only
        completions end whose seed 4 divides.
        """
        self.model = "fake-judge"
        self.delay, self.start_seconds, self.hostile = delay, start_seconds, hostile
        self.broken, self.failing, self.start_error, self.limit = broken, failing, start_error, limit
        self.yes, self.excellent, self.hold = yes, excellent, hold
        self.asked: list[Request] = []
        self.closed_early = 0
        """Generations that were closed before their end."""
        self._state = EngineState("idle")

    def state(self) -> EngineState:
        """The present state."""
        return self._state

    async def start(self) -> None:
        """Become ready after `start_seconds`, or fail."""
        if self.start_error is not None:
            self._state = EngineState("failed", str(self.start_error), self.start_error.hint)
            raise self.start_error
        if self._state.phase != "ready":
            self._state = EngineState("starting", "starting the fake engine")
            await asyncio.sleep(self.start_seconds)
            await self._held("start")
            self._state = EngineState("ready")

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Write all completions at once, each word by word."""
        self.asked += requests
        tasks = [
            asyncio.create_task(self._write(request, child, on_text))
            for request in requests
            for child in range(request.n)
        ]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            if not all(task.done() for task in tasks):
                self.closed_early += 1
            for task in tasks:
                task.cancel()

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """One token per word."""
        return PromptSize(sum(len(m.content.split()) for m in messages), self.limit)

    async def close(self) -> None:
        """Nothing was started."""
        self._state = EngineState("closed")

    def _first_token(self, request: Request, child: int) -> Reply:
        if request.start.endswith("{"):
            digits = tuple((str(digit), math.log(1 / 9)) for digit in range(1, 10))
            return Reply(request.key, child, Completion("5", "length", 50, 1, self.delay, self.model, digits))
        if request.start:
            chance, first, last = self.excellent(request.messages[0].content), " Excellent", " Bad"
        else:
            chance, first, last = self.yes(request.messages[-2].content), "Yes", "No"
        tops = ((first, math.log(chance)), ("Maybe", -3.0), (last, math.log(1 - chance)))
        return Reply(request.key, child, Completion("Yes", "length", 50, 1, self.delay, self.model, tops))

    async def _held(self, what: str) -> None:
        while self.hold is not None and (self.hold / what).exists():
            await asyncio.sleep(0.02)

    async def _write(self, request: Request, child: int, on_text: OnText | None) -> Reply:
        seed = request.seed + child
        n = len(re.findall(r"\[Response \d+ begins\]", request.messages[0].content))
        if request.params.first:
            return self._first_token(request, child)
        text = completion_text(seed, n, self.hostile, seed in self.broken)
        if request.start:
            text = told_text(request, seed, seed in self.broken)
        for stop in request.params.stop:
            text = text.partition(stop)[0]
        words = text.split(" ")
        for word in words:
            if self.delay:
                # Seeds differ in pace, so that samples finish one after another.
                await asyncio.sleep(self.delay * (1 + seed % 4 / 4))
            if on_text is not None:
                on_text(request.key, child, word if word is words[-1] else word + " ")
        if seed % 4:
            await self._held("samples")
        if seed in self.failing:
            return Reply(request.key, child, EngineError("the fake server said no"))
        done = Completion(text, "stop", 50, len(words), self.delay * len(words), self.model)
        return Reply(request.key, child, done)


def told_text(request: Request, seed: int, broken: bool) -> str:
    """What follows the beginning of a reply about one response: its score follows from the response and the seed.

    A broken one has nothing to say.
    """
    if broken:
        return ""
    draw = random.Random(f"{seed}|{request.messages[0].content}")
    return f" It answers the question, as seed {seed} sees it.\nScores: \\boxed{{{draw.randint(1, 10)}}}"


def completion_text(seed: int, n: int, hostile: bool = False, broken: bool = False) -> str:
    """A completion that scores n responses; the same seed gives the same text."""
    draw = random.Random(seed)
    extra = f" {HOSTILE}" if hostile else ""
    principles = (
        f"1. Correctness of what is claimed{extra} (weight: {(first := draw.choice([40, 50, 60]))}%)\n"
        f"2. Clarity for a reader without training (weight: {90 - first}%)\n"
        "3. Stays with the question (weight: 10%)"
    )
    critiques = "\n".join(
        f"Response {i}: It answers the question and gives a picture that holds for the first half; the second half "
        f"claims more than it shows.{extra}"
        for i in range(1, n + 1)
    )
    scores = ", ".join(str(draw.randint(1, 10)) for _ in range(n))
    ending = "" if broken else f"\nScores: \\boxed{{{scores}}}"
    return f"Principles:\n{principles}\nCritique:\n{critiques}{ending}"
