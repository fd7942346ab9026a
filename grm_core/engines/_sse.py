"""Server-sent events as servers of chat completions write them: `data: {json}`, at the end `data: [DONE]`.

Tolerant where the standard is (line ends, comments, several data lines) and where servers are not of the standard
(events on single lines, a last one without its empty line, marks that keep a connection alive). Strict where a wrong
reading would change text: an event that is cut off or is not UTF-8 is an error or is dropped, never half used.
"""

import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any

from grm_core.errors import EngineError

DONE = "[DONE]"
EVENT_MOST = 4 * 2**20
"""Bytes of one event: a token with its probabilities has some thousands."""
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_END_OF_LINE = re.compile(r"\r\n|\n|\r")
_ALIVE = re.compile(r"\[[A-Z_ -]*\]|\"?(?:ping|keep[-_ ]?alive|heartbeat)\"?|null|\{\}|\"\"", re.IGNORECASE)
"""Data that only keep a connection alive."""


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any] | None]:
    """Yield the JSON object of every complete event, in order, up to [DONE], for which None stands, or to the end.

    Raises EngineError (retryable) for an event that is not UTF-8 or not a JSON object.
    """
    buffer = b""
    async for chunk in chunks:
        *complete, buffer = _END_OF_EVENT.split(buffer + chunk)
        if max(map(len, (*complete, buffer))) > EVENT_MOST:
            raise EngineError(f"the stream holds an event of more than {EVENT_MOST // 2**20} MB")
        for raw in complete:
            for event in _objects(raw):
                yield event
                if event is None:
                    return
    try:
        last = list(_objects(buffer))  # complete as far as it is JSON: an object that was cut off is none
    except EngineError:
        return
    for event in last:
        yield event


def _objects(raw: bytes) -> Iterator[dict[str, Any] | None]:
    try:
        lines = _END_OF_LINE.split(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EngineError("the stream holds bytes that are not UTF-8", retryable=True) from error
    for line in lines:
        if line.startswith("error:"):  # llama.cpp
            yield {"error": _object(line[6:])}
    failed = any(line.partition(":")[2].strip() == "error" for line in lines if line.startswith("event:"))
    data = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
    try:
        for event in _read("\n".join(data)):
            yield {"error": event} if failed and event and not event.get("error") else event
    except EngineError:
        if len(data) < 2:
            raise
        for each in data:
            yield from _read(each)


def _read(data: str) -> Iterator[dict[str, Any] | None]:
    if data.strip().upper() == DONE:
        yield None
    elif data.strip() and not _ALIVE.fullmatch(data.strip()):
        yield _object(data)


def _object(data: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise EngineError("the stream holds an event that is not JSON", retryable=True) from error
    if not isinstance(value, dict):
        raise EngineError("the stream holds an event that is not a JSON object", retryable=True)
    return value
