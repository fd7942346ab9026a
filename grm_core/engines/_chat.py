"""The chat completions of one request: what a server is sent, and the replies that its children wait for.

A request with n has n children; a `Pending` hands out exactly one reply for each, whichever way it came: in one JSON
answer, in a stream, or in a later request of its own.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grm_core.engines.base import OnText, Reply
from grm_core.errors import EngineError
from grm_core.types import Completion, Message, Params, Request

GO_ON = "The beginning of your reply is written already. Write only what follows it. It is:"
"""What a model is told that cannot be made to go on from a beginning."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def wire_messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as a chat template takes them. A lone surrogate, which no tokenizer accepts, becomes U+FFFD."""
    return [{"role": m.role, "content": _SURROGATE.sub("\ufffd", m.content)} for m in messages]


def in_words(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Messages that end with the beginning of a reply, as those that ask for a reply with this beginning."""
    *before, asked, begun = messages
    words = f"{asked['content']}\n\n{GO_ON}\n{begun['content']}"
    return [*map(dict, before), {**asked, "content": words}]


def template_options(params: Params) -> dict[str, bool]:
    """Options for a chat template, beside the messages: by the names that Qwen's and DeepSeek's know it, any other
    ignores them."""
    return {} if params.thinking is None else {"enable_thinking": params.thinking, "thinking": params.thinking}


def body(request: Request, model: str, limit: int | None, stream: bool, tops: int = 20) -> dict[str, Any]:
    """The JSON that vLLM's /v1/chat/completions takes; `limit` is the model's context in tokens, where known.

    `tops` is the number of token probabilities that the server tells at most.
    """
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
    if options := template_options(params):
        sent["chat_template_kwargs"] = options
    if params.stop:
        sent["stop"] = list(params.stop)
    if params.first:
        sent |= {"logprobs": True, "top_logprobs": min(params.first, tops)}
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


def probabilities(answer: Any, options: Sequence[str]) -> tuple[float, ...]:
    """The probability of each option among the first token's alternatives, 0 for one that is not among them."""
    try:
        tops = {
            entry["token"]: entry["logprob"]
            for entry in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        }
        return tuple(math.exp(tops[option]) if option in tops else 0.0 for option in options)
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
