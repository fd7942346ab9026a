"""The chat completions of one request: what is sent to vLLM, and how its answer becomes the children's replies.

A request with n has n children; a `Pending` hands out exactly one reply for each, whichever way it came: in one JSON
answer, in a stream, or in a later request of its own.
"""

import math
import re
import time
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grm_core.engines._sse import events
from grm_core.engines.base import OnText, Reply
from grm_core.errors import EngineError
from grm_core.types import Completion, Message, Request

UNFINISHED = {None, "abort", "error"}
"""Finish reasons of a child that the server gave up."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def wire_messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as a chat template takes them. A lone surrogate, which no tokenizer accepts, becomes U+FFFD."""
    return [{"role": m.role, "content": _SURROGATE.sub("\ufffd", m.content)} for m in messages]


def body(request: Request, model: str, limit: int | None, stream: bool) -> dict[str, Any]:
    """The JSON that vLLM's /v1/chat/completions takes; `limit` is the model's context in tokens, where known."""
    params = request.params
    # vLLM refuses max_tokens beyond the context, although it shortens any other that the prompt leaves no room for.
    max_tokens = params.max_tokens if limit is None else min(params.max_tokens, limit)
    begun = (Message("assistant", request.start),) if request.start else ()
    sent: dict[str, Any] = {
        "model": model,
        "messages": wire_messages([*request.messages, *begun]),
        "seed": request.seed,
        "n": request.n,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "max_tokens": max_tokens,
    }
    if begun:
        sent |= {"add_generation_prompt": False, "continue_final_message": True}
    if params.stop:
        sent["stop"] = list(params.stop)
    if params.first:
        sent |= {"logprobs": True, "top_logprobs": params.first}
    if params.regex is not None:
        sent["structured_outputs"] = {"regex": params.regex}
    if stream:
        sent |= {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}}
    elif request.n > 1:
        # usage counts all children together; their token ids are the only way to tell them apart.
        sent["return_token_ids"] = True
    return sent


def probe_body(messages: Sequence[Message], begun: str, model: str) -> dict[str, Any]:
    """The request for the token after `begun`, with the probabilities of those that might have stood there."""
    return {
        "model": model,
        "messages": [*wire_messages(messages), {"role": "assistant", "content": begun}],
        "add_generation_prompt": False,
        "continue_final_message": True,
        "max_tokens": 1,
        "temperature": 0.0,
        "logprobs": True,
        "top_logprobs": 20,  # the most that a vLLM server allows unless told otherwise
    }


def first_tokens(choice: Any) -> tuple[tuple[str, float], ...]:
    """The likeliest first tokens of a choice with their log-probabilities; () where the server tells none."""
    try:
        told = choice["logprobs"]["content"][0]["top_logprobs"]
        return tuple((str(entry["token"]), float(entry["logprob"])) for entry in told)
    except (LookupError, TypeError, ValueError):
        return ()


def probabilities(answer: Any, options: Sequence[str]) -> tuple[float, ...]:
    """The probability of each option among the first token's alternatives, 0 for one that is not among them."""
    try:
        found = {
            entry["token"]: entry["logprob"]
            for entry in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        }
        return tuple(math.exp(found[option]) if option in found else 0.0 for option in options)
    except (LookupError, TypeError, OverflowError) as error:
        raise EngineError("the server tells no token probabilities; is it vLLM?") from error


class Pending:
    """The children of a request that have no reply yet, and how much of each has been shown as it streamed."""

    def __init__(self, request: Request, on_text: OnText | None, deliver: Callable[[Reply], None]) -> None:
        self.request = request
        self.waiting = set(range(request.n))
        self.streams = on_text is not None
        self._on_text = on_text
        self._deliver = deliver
        self._shown = [0] * request.n

    def done(self, child: int, result: Completion | EngineError) -> None:
        """Give a child its reply, unless it has one."""
        if child in self.waiting:
            self.waiting.remove(child)
            self._deliver(Reply(self.request.key, child, result))

    def text(self, child: int, start: int, piece: str) -> None:
        """Show text that stands at `start` of a child's completion, less what an earlier attempt has shown."""
        new = piece[max(0, self._shown[child] - start) :]
        if self._on_text is not None and new:
            self._shown[child] = start + len(piece)
            self._on_text(self.request.key, child, new)


@dataclass(slots=True)
class Attempt:
    """One request under way for the children [first, first + n) of a pending one."""

    pending: Pending
    request: Request
    model: str
    first: int = 0
    began: float = field(default_factory=time.monotonic)

    def read(self, answer: Any) -> None:
        """Take a whole JSON answer. Choices may come in any order, be missing, or stand there twice."""
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list):
            raise EngineError("the server's answer holds no choices", retryable=True)
        found = {c["index"]: c for c in choices if self._finished(c)}
        texts = {index: _text(c.get("message")) for index, c in found.items()}
        usage = answer.get("usage")
        shares = _shares(_count(usage, "completion_tokens"), texts)
        for index, choice in found.items():
            ids = choice.get("token_ids")
            tokens = len(ids) if isinstance(ids, list) else shares[index]
            prompt = _count(usage, "prompt_tokens")
            done = self._completion(texts[index], choice["finish_reason"], prompt, tokens)
            self.pending.done(self.first + index, replace(done, first=first_tokens(choice)))

    async def follow(self, chunks: AsyncIterable[bytes]) -> None:
        """Take a stream; every child is done as soon as its own last token is there."""
        texts = dict.fromkeys(range(self.request.n), "")
        async for event in events(chunks):
            if "error" in event:
                raise _error(event["error"])
            usage = event.get("usage")
            for choice in event.get("choices") or ():
                index = choice.get("index") if isinstance(choice, dict) else None
                if index not in texts:
                    continue
                piece = _text(choice.get("delta"))
                self.pending.text(self.first + index, len(texts[index]), piece)
                texts[index] += piece
                if self._finished(choice):
                    tokens, prompt = _count(usage, "completion_tokens"), _count(usage, "prompt_tokens")
                    done = self._completion(texts[index], choice["finish_reason"], prompt, tokens)
                    self.pending.done(self.first + index, done)

    def _finished(self, choice: Any) -> bool:
        return (
            isinstance(choice, dict)
            and choice.get("index") in range(self.request.n)
            and choice.get("finish_reason") not in UNFINISHED
        )

    def _completion(self, text: str, finish_reason: str, prompt: int, tokens: int) -> Completion:
        return Completion(text, finish_reason, prompt, tokens, time.monotonic() - self.began, self.model)


def _text(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _count(usage: Any, name: str) -> int:
    """A token count of the answer; 0 where the server does not count."""
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else 0


def _shares(tokens: int, texts: dict[int, str]) -> dict[int, int]:
    """Split a total by the length of the texts: an estimate, for servers that do not return token ids."""
    total = sum(map(len, texts.values())) or 1
    return {index: round(tokens * len(text) / total) if len(texts) > 1 else tokens for index, text in texts.items()}


def _error(found: Any) -> EngineError:
    words = found.get("message") if isinstance(found, dict) else found
    code = found.get("code") if isinstance(found, dict) else None
    refused = isinstance(code, int) and 400 <= code < 500 and code != 429
    return EngineError(f"the server broke off the stream: {str(words)[:300]}", retryable=not refused)
