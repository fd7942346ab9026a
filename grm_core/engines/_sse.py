"""Server-sent events as vLLM writes them: `data: {json}` and an empty line, at the end `data: [DONE]`.

Tolerant where the standard is (line ends, comments, several data lines) and strict where a wrong reading would change
text: an event that is cut off or is not UTF-8 is an error or is dropped, never half used.
"""

import json
import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from grm_core.errors import EngineError

DONE = "[DONE]"
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_END_OF_LINE = re.compile(r"\r\n|\n|\r")


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON object of every complete event, in order, up to [DONE] or the end of the stream.

    Raises EngineError (retryable) for an event that is not UTF-8 or not a JSON object.
    """
    buffer = b""
    async for chunk in chunks:
        *complete, buffer = _END_OF_EVENT.split(buffer + chunk)
        for raw in complete:
            data = _data(raw)
            if data == DONE:
                return
            if data:
                yield _object(data)


def _data(raw: bytes) -> str:
    try:
        lines = _END_OF_LINE.split(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EngineError("the stream holds bytes that are not UTF-8", retryable=True) from error
    return "\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:"))


def _object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise EngineError("the stream holds an event that is not JSON", retryable=True) from error
    if not isinstance(found, dict):
        raise EngineError("the stream holds an event that is not a JSON object", retryable=True)
    return found
