"""Putting one request to a server, in ever plainer forms until it is accepted."""

import json
import re
from collections.abc import Set
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from grm_core.engines import _message, _room
from grm_core.engines._answer import Attempt
from grm_core.engines._chat import Pending, body
from grm_core.engines._extras import ALONE, FORMS, LENGTHS, NEEDS, Dialect, Extra, extras, needed, reduced
from grm_core.engines._http import Client, Rejected
from grm_core.errors import EngineError
from grm_core.types import Request

_SENTENCE = 4
"""Words from which on a refusal gives a reason; a shorter one may be about whole answers."""
_LOWERED_AT_MOST = 4
"""Times that max_tokens of one request is lowered: some servers tell the room only roughly."""


class Part(NamedTuple):
    """A part of a pending request: its children [first, first + n)."""

    pending: Pending
    request: Request
    model: str
    first: int = 0

    def lowered(self, max_tokens: int) -> "Part":
        """The same with fewer completion tokens."""
        return self._replace(request=replace(self.request, params=replace(self.request.params, max_tokens=max_tokens)))


async def put(client: Client, path: str, dialect: Dialect, part: Part) -> None:
    """Have a request answered; raises what it is refused with where nothing that is optional is to blame.

    A request for several completions ends without replies when the server turns out to take fewer at a time.
    """
    wanted, lowered = part.request.params.max_tokens, 0
    named: set[Extra] = set()
    while part.request.n <= dialect.together(part.request.n):
        streams = part.pending.streams or dialect.only_streams
        whole = body(part.request, part.model, dialect.limit, streams, dialect.tops)
        sent = reduced(whole, dialect.lacks | named)
        try:
            attempt = await client.call(partial(_attempted, client, path, dialect, part, sent))
        except Rejected as error:
            blamed = dialect.named(extras(sent), error)
            if not blamed and dialect.wants_stream(extras(sent), error):
                continue
            room = None if blamed or lowered == _LOWERED_AT_MOST else _lower(part.request, error)
            if room is not None:
                part, lowered = part.lowered(room), lowered + 1
            elif blamed:
                named |= _left_away(dialect, blamed, sent, error)
            elif await _search(client, path, dialect, sent, error):
                part, lowered = part.lowered(wanted), 0
            else:
                raise
        else:
            _learn(dialect, attempt, extras(sent), named)
            if lowered:
                dialect.note(Extra.ROOM)
            return


def _left_away(dialect: Dialect, blamed: set[Extra], sent: dict[str, Any], error: Rejected) -> set[Extra]:
    """The extras of a refusal that are left away: of token probabilities and completions some may be allowed."""
    if Extra.MANY in blamed and dialect.limited(sent["n"], error):
        return set()
    if Extra.LOGPROBS in blamed and dialect.bounded(error):
        return blamed - {Extra.LOGPROBS}
    if Extra.MANY in blamed:
        dialect.learn(Extra.MANY)
    return blamed


async def _search(client: Client, path: str, dialect: Dialect, sent: dict[str, Any], error: Rejected) -> bool:
    """Find out which extras a refusal is about that names none; whether the request is to be made again.

    It is made for one token and without any extra. If that is accepted, it is made with each of them by itself.
    """
    async with dialect.searching:
        late = dialect.only_streams and Extra.STREAM not in extras(sent)
        if late or extras(sent) & dialect.lacks:
            return True  # another request has found out
        suspects = dialect.suspects(extras(sent), error)
        if not suspects:
            return False
        alone = [extra for extra in ALONE if extra in suspects]
        for kinds in (LENGTHS, frozenset(FORMS)):  # without one of them, another would stand for it
            suspects |= kinds if suspects & kinds else frozenset()
        bound = await _bound(client, path, dialect, sent, suspects)
        if bound is None:
            unsaid = len(error.reason.words.split()) < _SENTENCE
            if unsaid and await _streams(client, path, dialect, sent, suspects):
                dialect.only_streams = True
                return True
            dialect.vain += 1
            return False
        for extra in alone:
            if NEEDS.get(extra) in dialect.lacks:
                continue
            if await client.call(partial(_accepts, client, path, reduced(sent, suspects - needed(extra)) | bound)):
                dialect.proven.add(extra)
            elif extra is not Extra.MANY or not dialect.limited(sent["n"], error):
                dialect.learn(extra, extra is Extra.TOP_P and sent["top_p"] == 1)
    return True


async def _bound(
    client: Client, path: str, dialect: Dialect, sent: dict[str, Any], suspects: frozenset[Extra]
) -> dict[str, Any] | None:
    """The field that bounds a plain request to one token, if one is taken; None where it is refused in any way."""
    doubted = bool(suspects & LENGTHS)
    names = [extra for extra in (Extra.MAX_TOKENS, Extra.LENGTH) if doubted or extra in sent]
    bounds = [*({str(name): 1} for name in names), dict[str, int]()]
    for place, bound in enumerate(bounds if doubted else bounds[:1]):
        if await client.call(partial(_accepts, client, path, reduced(sent, suspects) | bound)):
            for extra in names[:place]:
                dialect.learn(extra)
            return bound
    return None


async def _streams(
    client: Client, path: str, dialect: Dialect, sent: dict[str, Any], suspects: frozenset[Extra]
) -> bool:
    """Whether a plain request that is refused is accepted as one for a stream."""
    if dialect.only_streams or not dialect.takes(Extra.STREAM):
        return False
    return await client.call(partial(_accepts, client, path, reduced(sent, suspects) | {"stream": True}))


async def _accepts(client: Client, path: str, sent: dict[str, Any]) -> bool:
    """Whether a server takes a request; raises what says nothing of that, such as that it is busy."""
    try:
        async with client.open("POST", path, sent) as response:
            raw = await response.read()
    except Rejected as error:
        if error.retryable and error.status != 500:
            raise
        return False
    try:
        answer = json.loads(raw)
    except ValueError:
        return True  # a stream
    return not isinstance(answer, dict) or bool(_message.unwrapped(answer).get("choices"))


async def _attempted(client: Client, path: str, dialect: Dialect, part: Part, sent: dict[str, Any]) -> Attempt:
    """Send a request and give its children what has come; raises where that is nothing."""
    pending, attempt = part.pending, Attempt(part.pending, part.request, part.model, client, part.first)
    mine = set(range(part.first, part.first + part.request.n))  # siblings are asked for at the same time
    before = mine & pending.waiting
    try:
        async with client.open("POST", path, sent, streams=pending.streams) as response:
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
    """The max_tokens to go on with after a refusal; None where that does not help."""
    wanted = request.params.max_tokens
    if error.begun or error.status in (401, 402, 403, 429) or error.status > 500:
        return None
    room = _room.left(error.reason.words, wanted)
    return room if room is not None and min(_room.LEAST, wanted) <= room < wanted else None


def _learn(dialect: Dialect, attempt: Attempt, sent: frozenset[Extra], named: Set[Extra]) -> None:
    """Take account of an accepted request: what was `named` in a refusal before, and what its answer ignores."""
    dialect.proven |= sent
    for extra in sorted(named):
        dialect.learn(extra, extra is Extra.TOP_P and attempt.request.params.top_p == 1)
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
    params = attempt.request.params
    ended = [choice.said.text for choice in choices if choice.finish == _message.STOP]
    if params.regex is not None and not (sent & set(FORMS) and all(_matches(params.regex, text) for text in ended)):
        dialect.note(Extra.STRUCTURE)


def _matches(regex: str, text: str) -> bool:
    """Whether a completion has a format, but for the space around it that servers may strip."""
    return any(re.fullmatch(regex, each) for each in (text, text.strip(), f"{text.strip()}\n"))
