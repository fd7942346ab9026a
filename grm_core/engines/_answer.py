"""One answer of a server, a JSON document or a stream of events, and how it becomes the children's replies."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from grm_core.engines import _message
from grm_core.engines._chat import Pending
from grm_core.engines._http import Client
from grm_core.engines._message import Said, first_tokens
from grm_core.engines._sse import events
from grm_core.errors import EngineError
from grm_core.types import Completion, Request

LAST_WORDS = 5.0
"""Seconds to wait for token counts once every choice of a stream has ended."""
TEXT_MOST = 2**20
"""Characters of a completion with its reasoning; who writes more does not keep max_tokens."""
ANSWER_MOST = 32 * 2**20
"""Bytes of an answer that is one JSON document."""
_STREAM = re.compile(rb":|data:|event:|id:|retry:|error:")
_TOKENS_MOST = 2**31 - 1
_BOM = b"\xef\xbb\xbf"
_HEAD = 6
"""Bytes that tell a stream of events from anything else."""


@dataclass(slots=True)
class _Choice:
    """One child's choice, as far as it has come."""

    said: Said = field(default_factory=Said)
    finish: str | None = None
    tokens: int | None = None
    """Completion tokens, where the server counts them for each choice."""
    first: tuple[tuple[str, float], ...] = ()

    @property
    def over(self) -> bool:
        return self.finish is not None and self.finish.lower() not in _message.GIVEN_UP


@dataclass(slots=True)
class Attempt:
    """One request under way for the children [first, first + n) of a pending one."""

    pending: Pending
    request: Request
    model: str
    client: Client
    first: int = 0
    began: float = field(default_factory=time.monotonic)
    choices: dict[int, _Choice] = field(default_factory=dict)
    usage: tuple[int, int] | None = None
    """Tokens of the prompt and of all completions together, where the server has counted them."""
    whole: bool = False
    """Whether the answer came to its own end."""
    estimated: bool = False
    """Whether the tokens of some children are their share of a sum."""

    async def take(self, chunks: AsyncIterable[bytes]) -> None:
        """Take an answer: one JSON document or a stream of events, whichever the server sends."""
        arriving = aiter(chunks)
        head = b""
        async for chunk in arriving:
            head = (head + chunk).removeprefix(_BOM).lstrip()  # blank lines keep a connection alive
            if len(head) >= _HEAD or head[:1] == b"{":
                break
        if _STREAM.match(head):
            await self.follow(events(_chained(head, arriving)))
        else:
            raw = await _whole(head, arriving)
            if objects := _lines(raw):
                await self.follow(_each(objects))
            else:
                self.read(self.client.document(raw))

    def read(self, answer: Any) -> None:
        """Take a whole JSON answer. Choices may come in any order, be missing, or stand there twice."""
        answer = _message.unwrapped(answer)
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if isinstance(answer, dict) and answer.get("error") and not choices:
            raise self.client.failure({"error": answer["error"]}, "answered with an error")
        if not isinstance(choices, list):
            raise self.client.failure(answer, "answered without choices")
        self.usage = _usage(answer) or self.usage
        for place, choice in enumerate(choices):
            index = self._index(choice, place)
            if index is None:
                continue
            ids = choice.get("token_ids")
            tokens = len(ids) if isinstance(ids, list) else None
            finish = _message.finish(_message.end_of(choice))
            self.choices[index] = _Choice(_message.said(choice), finish, tokens, first_tokens(choice))
            self.pending.text(self.first + index, 0, self._cut(self.choices[index].said.text))
        failed = next((choice for choice in choices if isinstance(choice, dict) and choice.get("error")), None)
        self._end(failed is None)
        if failed is not None and not any(choice.over for choice in self.choices.values()):
            raise self.client.failure(failed, "broke off the answer", begun=True)

    async def follow(self, arriving: AsyncIterator[dict[str, Any] | None]) -> None:
        """Take a stream; a child is done as soon as its own last token is there, and counted."""
        ended = False
        try:
            async with asyncio.timeout(None) as clock:
                async for event in arriving:
                    if event is None:
                        ended = True
                        break
                    self._hear(event)
                    if clock.when() is None and len(self.choices) == self.request.n and self._all_over():
                        clock.reschedule(asyncio.get_running_loop().time() + LAST_WORDS)
        except TimeoutError:
            if not self._all_over():
                raise
        finally:
            self._end(ended)
        self.whole = ended or self._all_over()

    def _hear(self, event: dict[str, Any]) -> None:
        event = _message.unwrapped(event)
        choices = event.get("choices")
        failed = event if event.get("error") else None
        usage = _usage(event)
        self.usage = usage or self.usage
        for place, choice in enumerate(choices if isinstance(choices, list) else ()):
            index = self._index(choice, place)
            if index is None:
                continue
            failed = choice if choice.get("error") else failed
            heard = self.choices.setdefault(index, _Choice())
            piece = _message.said(choice, "delta")
            self.pending.text(self.first + index, len(heard.said.text), piece.text)
            heard.said += piece
            if _size(heard.said) > TEXT_MOST:
                raise EngineError(_TOO_MUCH)
            heard.first = heard.first or first_tokens(choice)
            heard.finish = _message.finish(_message.end_of(choice)) or heard.finish
            if heard.over and usage is not None:
                heard.tokens = usage[1]
                self._done(index, heard)
        if failed is not None:
            raise self.client.failure(failed, "broke off the stream", begun=True)

    def _end(self, whole: bool) -> None:
        """Give every child its reply that has one; of a whole answer also those that name no finish reason."""
        self.whole = whole
        shares = _shares(self.usage[1] if self.usage else 0, {i: c.said.text for i, c in self.choices.items()})
        for index, choice in self.choices.items():
            if choice.tokens is None:
                choice.tokens, self.estimated = shares[index], len(shares) > 1
            if whole and choice.finish is None and choice.said != Said():
                most = self.request.params.max_tokens
                choice.finish = _message.LENGTH if choice.tokens >= most else _message.STOP
            if choice.over:
                self._done(index, choice)

    def _done(self, index: int, choice: _Choice) -> None:
        assert choice.finish is not None
        said = choice.said
        result: Completion | EngineError
        if _size(said) > TEXT_MOST:
            result = EngineError(_TOO_MUCH)
        elif not said.text.strip() and (why := _withheld(said, choice.finish)):
            result = EngineError(why)
        else:
            result = Completion(
                self._cut(said.text),
                choice.finish,
                self.usage[0] if self.usage else 0,
                choice.tokens or 0,
                time.monotonic() - self.began,
                self.model,
                choice.first,
                said.reasoning or None,
            )
        self.pending.done(self.first + index, result)

    def _cut(self, text: str) -> str:
        """The text up to the first of the request's stop texts, for servers that go on."""
        return text[
            : min((place for stop in self.request.params.stop if (place := text.find(stop)) >= 0), default=None)
        ]

    def _index(self, choice: Any, place: int) -> int | None:
        """Which child a choice is; None where it is none of this request's."""
        if not isinstance(choice, dict):
            return None
        index = _message.index(choice.get("index"))
        if index is None or self.request.n == 1:
            index = place
        return index if index in range(self.request.n) else None

    def _all_over(self) -> bool:
        return bool(self.choices) and all(choice.over for choice in self.choices.values())


_TOO_MUCH = f"the server wrote more than {TEXT_MOST // 2**20} MB for one completion; it does not keep max_tokens"


def _size(said: Said) -> int:
    return len(said.text) + len(said.reasoning)


async def _whole(head: bytes, rest: AsyncIterator[bytes]) -> bytes:
    parts, size = [head], len(head)
    async for chunk in rest:
        parts.append(chunk)
        size += len(chunk)
        if size > ANSWER_MOST:
            raise EngineError(f"the server sent an answer of more than {ANSWER_MOST // 2**20} MB")
    return b"".join(parts)


def _withheld(said: Said, finish: str) -> str:
    """Why there is no answer, in words; '' where nothing says so."""
    if said.refusal.strip():
        return f"the model refuses to answer: {said.refusal.strip()}"
    if finish.lower() in _message.FILTERS:
        return f"the server's filter withheld the answer ({finish})"
    return "the model called a tool instead of answering" if said.tool else ""


def _lines(raw: bytes) -> list[dict[str, Any]]:
    """The events of a stream that is written as lines of JSON; [] for anything else."""
    lines = raw.split(b"\n", 1)
    if len(lines) < 2 or not lines[1].strip() or not lines[0].rstrip().endswith(b"}"):
        return []
    try:
        objects = [json.loads(line) for line in raw.splitlines() if line.strip()]
    except ValueError:
        return []
    return objects if all(isinstance(each, dict) for each in objects) else []


async def _each(objects: Sequence[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for each in objects:
        yield each


async def _chained(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk


def _usage(answer: dict[str, Any]) -> tuple[int, int] | None:
    """Prompt and completion tokens as an answer counts them; None where it does not."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = (
        next((count for name in names if (count := _count(usage.get(name))) is not None), None)
        for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    )
    return None if completion is None else (prompt or 0, completion)


def _count(value: Any) -> int | None:
    """A number of tokens; None for what can be none."""
    count = _message.index(value)
    return count if count is not None and 0 <= count <= _TOKENS_MOST else None


def _shares(tokens: int, texts: dict[int, str]) -> dict[int, int]:
    """Split a total by the length of the texts: an estimate, for servers that do not return token ids."""
    total = sum(map(len, texts.values())) or 1
    return {index: round(tokens * len(text) / total) if len(texts) > 1 else tokens for index, text in texts.items()}
