"""The words of a chat completion's choice: its answer, its thinking, a refusal; in every form that servers give them.

A key that is there and empty is no value: `finish_reason: ""`, `content: null` and `index: null` say nothing.
"""

from dataclasses import dataclass
from typing import Any

STOP, LENGTH = "stop", "length"
_NOTHING = frozenset({"", "null", "none", "nil", "undefined", "unknown", "unspecified", "finish_reason_unspecified"})
_SAME = {
    "eos": STOP, "eos_token": STOP, "end_turn": STOP, "stop_sequence": STOP, "stop_token": STOP, "complete": STOP,
    "completed": STOP, "finish": STOP, "end": STOP, "finished": STOP,
    "max_tokens": LENGTH, "max_output_tokens": LENGTH, "max_completion_tokens": LENGTH, "max_new_tokens": LENGTH,
    "model_length": LENGTH, "max_length": LENGTH, "token_limit": LENGTH, "model_context_window_exceeded": LENGTH,
}  # fmt: skip
"""The words of other APIs for the two ends that matter here."""
GIVEN_UP = frozenset({"abort", "aborted", "error", "cancelled"})
"""Finish reasons of a choice that the server gave up."""
FILTERS = frozenset({"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "sensitive", "spii"})
_ENVELOPES = ("data", "result", "response", "output", "body")
_THINKING = ("think", "thought", "reason", "analysis")
_REASONING_KEYS = ("reasoning_content", "reasoning", "thinking", "thinking_content", "thought", "reasoning_details")
_TEXT_KEYS = ("text", "content", "value", "output_text", "thinking", "reasoning", "summary", "refusal")


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a message or of a piece of one."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool: bool = False
    """Whether it calls a tool."""

    def __add__(self, other: "Said") -> "Said":
        return Said(
            self.text + other.text,
            self.reasoning + other.reasoning,
            self.refusal + other.refusal,
            self.tool or other.tool,
        )


def said(choice: Any, key: str = "message") -> Said:
    """The words of a choice; `key` is where a server is expected to put them: message, or delta in a stream."""
    message = choice.get(key)
    if not isinstance(message, dict):
        message = choice.get("message") or choice.get("delta")
    if not isinstance(message, dict):
        return Said(text=_words(message or choice.get("text")))
    parts = message.get("content")
    content = Said()
    for part in parts if isinstance(parts, list) else [parts]:
        content += _part(part)
    apart = next((words for name in _REASONING_KEYS if (words := _words(message.get(name)))), "")
    refusal = message.get("refusal")
    return Said(
        text=content.text or ("" if content.reasoning or content.refusal else _words(choice.get("text"))),
        reasoning=apart or content.reasoning,
        refusal=(refusal if isinstance(refusal, str) else "") or content.refusal,
        tool=bool(message.get("tool_calls") or message.get("function_call")),
    )


def unwrapped(answer: Any) -> Any:
    """An answer out of the envelope that a gateway puts around it, `{"code": 0, "data": {"choices": ...}}`."""
    if not isinstance(answer, dict) or isinstance(answer.get("choices"), list):
        return answer
    inside = (answer.get(name) for name in _ENVELOPES)
    inner = next((each for each in inside if isinstance(each, dict) and isinstance(each.get("choices"), list)), None)
    return answer if inner is None else answer | inner


def end_of(choice: dict[str, Any]) -> Any:
    """What a choice names as its finish reason, in either spelling."""
    return choice.get("finish_reason") or choice.get("finishReason")


def finish(value: Any) -> str | None:
    """A finish reason in our words (stop, length) or the server's own; None where it names none."""
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    if not isinstance(value, str):
        return None
    word = value.strip().lower().removeprefix("finish_reason_")
    return None if word in _NOTHING else _SAME.get(word, word if word in (STOP, LENGTH) else value.strip())


def index(value: Any) -> int | None:
    """A choice's number, None where it has none."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def first_tokens(choice: Any) -> tuple[tuple[str, float], ...]:
    """The likeliest first tokens of a choice with their log-probabilities; () where the server tells none."""
    try:
        tops = choice["logprobs"]["content"][0]["top_logprobs"]
        return tuple((str(entry["token"]), float(entry["logprob"])) for entry in tops)
    except (LookupError, TypeError, ValueError):
        return ()


def _part(part: Any) -> Said:
    """One part of a content: a text, or an object that says what kind of text it holds."""
    if not isinstance(part, dict):
        return Said(text=_words(part))
    kind = str(part.get("type") or "").lower()
    if part.get("thought") is True or any(word in kind for word in _THINKING):
        return Said(reasoning=_words(part))
    if "refusal" in kind:
        return Said(refusal=_words(part))
    if "tool" in kind or "function" in kind:
        return Said(tool=True)
    return Said(text=_words(part))


def _words(value: Any) -> str:
    """The text in a value: itself, that of its parts, or that of the key that holds it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_words, value))
    if isinstance(value, dict):
        return next((words for key in _TEXT_KEYS if (words := _words(value.get(key)))), "")
    return ""
