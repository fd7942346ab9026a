"""Asking the server engine, and reading what came."""

from grm_core.engines.base import Reply
from grm_core.engines.server import ServerEngine
from grm_core.types import Completion, Message, Params, Request


def ask(seed: int = 5, n: int = 1, key: str = "r", **params: object) -> Request:
    return Request(key, (Message("user", "Which one is better?"),), Params(**params), seed, n)  # type: ignore[arg-type]


async def collect(engine: ServerEngine, *requests: Request, shown: list[tuple[int, str]] | None = None) -> list[Reply]:
    on_text = None if shown is None else (lambda key, child, piece: shown.append((child, piece)))
    try:
        replies = [reply async for reply in engine.generate(requests, on_text)]
    finally:
        await engine.close()
    children = [(request.key, child) for request in requests for child in range(request.n)]
    assert sorted((reply.key, reply.child) for reply in replies) == sorted(children)
    return sorted(replies, key=lambda reply: (reply.key, reply.child))


def texts(replies: list[Reply]) -> list[str | None]:
    return [reply.result.text if isinstance(reply.result, Completion) else None for reply in replies]


def shown_text(shown: list[tuple[int, str]], child: int) -> str:
    return "".join(piece for whose, piece in shown if whose == child)
