"""A small vLLM look-alike on a loopback port, written byte by byte so that it can also misbehave byte by byte.

Its model answers `seed <seed>` and one word more per token, so tests can tell whose completion they got. `plan` holds
what happens to the next chat requests, one entry each; when it is empty the server behaves.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Behaviour = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class WireServer:
    """Serves `models` (name -> context length); use as an async context manager."""

    models: dict[str, int] = field(default_factory=lambda: {"grm": 100})
    key: str | None = None
    delay: float = 0.0
    plan: list[Behaviour] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    running: int = 0
    most_running: int = 0
    url: str = ""

    async def __aenter__(self) -> "WireServer":
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def chats(self) -> list[Call]:
        """The chat requests among the calls."""
        return [call for call in self.calls if call.path.endswith("/chat/completions")]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        ahead: bytes = b""
        try:
            while True:
                call = await _read(reader, ahead)
                self.calls.append(call)
                serving = asyncio.create_task(self._serve(call, writer))
                watching = asyncio.create_task(reader.read(1))
                await asyncio.wait([serving, watching], return_when=asyncio.FIRST_COMPLETED)
                hung_up = watching.done() and not watching.result()
                if hung_up:
                    serving.cancel()
                else:
                    await serving
                    watching.cancel()
                ahead, *_ = await asyncio.gather(watching, serving, return_exceptions=True)  # type: ignore[assignment]
                ahead = ahead if isinstance(ahead, bytes) else b""
                if hung_up or writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.connections -= 1
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if self.key and call.headers.get("authorization") != f"Bearer {self.key}":
            await reply({"error": "Unauthorized"}, 401)(call, writer)
        elif call.path == "/v1/models":
            data = [{"id": name, "max_model_len": limit} for name, limit in self.models.items()]
            await reply({"object": "list", "data": data})(call, writer)
        elif call.path == "/tokenize":
            words = sum(len(m["content"].split()) for m in call.body["messages"])
            await reply({"count": words, "max_model_len": self.models[call.body["model"]]})(call, writer)
        elif call.path == "/classify":
            await (self.plan.pop(0) if self.plan else _classify)(call, writer)
        elif call.path == "/v1/chat/completions":
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            try:
                await (self.plan.pop(0) if self.plan else self._chat)(call, writer)
            finally:
                self.running -= 1
        else:
            await reply({"detail": "Not Found"}, 404)(call, writer)

    async def _chat(self, call: Call, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.delay)
        if call.body.get("stream"):
            await stream(*events(call.body))(call, writer)
        else:
            await reply(answer(call.body))(call, writer)


async def _classify(call: Call, writer: asyncio.StreamWriter) -> None:
    """A meta RM that likes long judgments: the logit is their number of words, a probability where activated."""
    words = len(call.body["messages"][-1]["content"].split())
    value = 1.0 if call.body.get("use_activation", True) else float(words)
    data = [{"index": 0, "label": "LABEL_0", "probs": [value], "num_classes": 1}]
    await reply({"id": "classify-1", "model": call.body["model"], "data": data})(call, writer)


def text_of(seed: int) -> str:
    """The model's text under a seed: longer by a word for each unit of seed % 3."""
    return f"seed {seed}" + " word" * (seed % 3)


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """A whole, correct JSON answer."""
    choices = []
    for index in range(body["n"]):
        text = text_of(body["seed"] + index)
        ids = list(range(len(text.split()))) if body.get("return_token_ids") else None
        message = {"role": "assistant", "content": text}
        choices.append({"index": index, "message": message, "finish_reason": "stop", "token_ids": ids})
    total = sum(len(c["message"]["content"].split()) for c in choices)
    return {"choices": choices, "usage": {"prompt_tokens": 7, "completion_tokens": total}}


def events(body: dict[str, Any]) -> list[bytes]:
    """A correct stream: children interleaved word by word, [DONE] at the end."""
    lines = []
    words = [text_of(body["seed"] + index).split(" ") for index in range(body["n"])]
    for at in range(max(map(len, words))):
        for index, own in enumerate(words):
            if at < len(own):
                piece = own[at] if at == 0 else " " + own[at]
                lines.append(event(index, piece, "stop" if at + 1 == len(own) else None, at + 1))
    return [*lines, b"data: [DONE]\n\n"]


def event(index: int, piece: str, finish_reason: str | None, tokens: int) -> bytes:
    """One streamed piece of a child."""
    choice = {"index": index, "delta": {"content": piece}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 7, "completion_tokens": tokens}
    return b"data: " + json.dumps({"choices": [choice], "usage": usage}, ensure_ascii=False).encode() + b"\n\n"


def reply(body: object, status: int = 200, **headers: str) -> Behaviour:
    """Answer with a status and a JSON body, or with raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def serve(call: Call, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(raw)}", "Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + raw)
        await writer.drain()

    return serve


def stream(*pieces: bytes, cut: bool = False) -> Behaviour:
    """Answer with server-sent bytes as they are given; `cut` breaks the connection inside the last chunk."""

    async def serve(call: Call, writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.002)
        if cut:
            await hang_up(call, writer)
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    return serve


async def hang_up(call: Call, writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.transport.abort()


async def hang(call: Call, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(3600)


async def _read(reader: asyncio.StreamReader, ahead: bytes) -> Call:
    head = ahead + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method, path, headers, json.loads(raw) if raw else {})
