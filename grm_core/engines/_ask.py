"""Putting one request to a server, in ever plainer forms until it is accepted."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from grm_core.engines import _message, _room
from grm_core.engines._answer import Attempt
from grm_core.engines._chat import Pending, body
from grm_core.engines._extras import Dialect, Extra, Reduction, extras, reduced
from grm_core.engines._http import Client, Rejected
from grm_core.errors import EngineError
from grm_core.types import Request

_LOWERED_AT_MOST = 4
"""Times that max_tokens of one request is lowered: some servers tell the room only roughly."""


@dataclass(frozen=True, slots=True)
class Order:
    """A request for the children [first, first + n) of a pending one."""

    pending: Pending
    request: Request
    model: str
    first: int = 0

    def lowered(self, max_tokens: int) -> "Order":
        """The same with fewer completion tokens."""
        return replace(self, request=replace(self.request, params=replace(self.request.params, max_tokens=max_tokens)))


async def put(client: Client, path: str, dialect: Dialect, order: Order) -> None:
    """Have a request answered; raises what it is refused with where nothing that is optional is to blame.

    A request for several completions ends without replies when the server turns out to take one at a time.
    """
    params = order.request.params
    reduction = Reduction(dialect, frozenset({Extra.TOP_P} if params.top_p == 1 else ()))
    wanted, lowered = order, 0
    while True:
        whole = body(order.request, order.model, dialect.limit, order.pending.streams, dialect.tops)
        sent = reduced(whole, reduction.without)
        try:
            attempt = await client.call(partial(_attempted, client, path, dialect, order, sent))
        except Rejected as error:
            named = dialect.named(extras(sent), error)
            room = None if named or lowered == _LOWERED_AT_MOST else _lower(order.request, error)
            if room is not None:
                order, lowered = order.lowered(room), lowered + 1
                continue
            if not reduction.goes_on(extras(sent), error):
                raise reduction.error or error from None
            if Extra.MANY in named:
                dialect.learn(Extra.MANY)
                return
            order = order if named else wanted
        else:
            reduction.accepted(extras(sent))
            _notice(dialect, attempt, extras(sent))
            if lowered:
                dialect.note(Extra.ROOM)
            return


async def _attempted(client: Client, path: str, dialect: Dialect, order: Order, sent: dict[str, Any]) -> Attempt:
    """Send a request and give its children what has come; raises where that is nothing."""
    pending, attempt = order.pending, Attempt(order.pending, order.request, order.model, client, order.first)
    mine = set(range(order.first, order.first + order.request.n))  # siblings are asked for at the same time
    before = mine & pending.waiting
    try:
        async with client.open("POST", path, sent) as response:
            await attempt.take(response.content.iter_any())
    except Rejected as error:
        if mine & pending.waiting == before:
            error.retryable = error.retryable and not dialect.named(extras(sent), error)
            raise
    except EngineError:
        if mine & pending.waiting == before:
            raise
    if mine & pending.waiting == before:
        raise EngineError("the server's answer holds no finished completion", retryable=True)
    return attempt


def _lower(request: Request, error: Rejected) -> int | None:
    """What to lower max_tokens to after a refusal; None where that does not help."""
    wanted = request.params.max_tokens
    if error.begun or error.status in (401, 402, 403, 429) or error.status > 500:
        return None
    room = _room.left(error.reason.words, wanted)
    return room if room is not None and min(_room.LEAST, wanted) <= room < wanted else None


def _notice(dialect: Dialect, attempt: Attempt, sent: frozenset[Extra]) -> None:
    """Take account of what an accepted request asked for and its answer ignores."""
    choices = attempt.choices.values()
    if Extra.MANY in sent and attempt.whole and set(attempt.choices) == {0}:
        dialect.learn(Extra.MANY)
    if not attempt.whole or not choices:
        return
    if attempt.usage is None:
        dialect.note(Extra.USAGE, "does not count the tokens of completions")
    if Extra.TOKEN_IDS in sent and len(choices) > 1 and attempt.estimated:
        dialect.note(Extra.TOKEN_IDS)
    if Extra.LOGPROBS in sent and not any(choice.first for choice in choices):
        dialect.note(Extra.LOGPROBS)
    regex = attempt.request.params.regex
    ended = [choice.said.text for choice in choices if choice.finish == _message.STOP]
    if Extra.STRUCTURE in sent and regex and any(re.fullmatch(regex, text.strip()) is None for text in ended):
        dialect.note(Extra.STRUCTURE)
