"""The extras that a server takes, found out with three short requests."""

from contextlib import aclosing

from grm_core.engines._extras import LOSSES as LOSSES
from grm_core.engines._extras import Extra
from grm_core.engines.base import OnText
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Message, Params, Request

SHOWN = (
    Extra.MODELS, Extra.COUNT, Extra.MANY, Extra.SEED, Extra.STREAM, Extra.USAGE, Extra.TOKEN_IDS, Extra.STRUCTURE,
    Extra.LOGPROBS,
)  # fmt: skip
"""The extras that make a difference to a user, in the order of docs/servers.md."""
_OF = {Extra.TOKEN_IDS: Extra.MANY, Extra.USAGE: Extra.STREAM}
"""What is asked for only together with another extra."""


async def examine(engine: ServerEngine) -> dict[Extra, bool | None]:
    """Whether the server takes each extra; None for one that makes no sense without another it does not take.

    Raises EngineError where no completion can be had at all.
    """
    engine.dialect.quiet = True
    await engine.start()
    question = (Message("user", "Which animal barks? Answer with its name."),)
    await engine.prompt_size(question)
    await _ask(engine, Request("several", question, Params(max_tokens=16, first=5), 1, n=2))
    await _ask(engine, Request("stream", question, Params(max_tokens=16), 1), on_text=lambda *_: None)
    # A number that no answer would be, unless the model is held to it.
    await _ask(engine, Request("format", question, Params(max_tokens=16, regex="(?:1717|2323)"), 1))
    lost = engine.dialect.given_up - ({Extra.STRUCTURE} if engine.dialect.holds() else set())
    return {extra: None if _OF.get(extra) in lost else extra not in lost for extra in SHOWN}


async def _ask(engine: ServerEngine, request: Request, on_text: OnText | None = None) -> None:
    """Put a request, again for as long as its answer teaches something: one answer may hide several refusals."""
    before = None
    while before != engine.dialect.given_up:
        before = engine.dialect.given_up
        async with aclosing(engine.generate([request], on_text)) as replies:
            async for reply in replies:
                if isinstance(reply.result, EngineError):
                    raise reply.result
