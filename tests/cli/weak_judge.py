"""A judge with known weaknesses: it falls for padding and for ":" always, and for nothing else.

A response is as good as the digit in `quality 7`, and 2 where it names none. One of more than 150 words gets 10, and
so does ":".
"""

import re
from collections.abc import Sequence
from typing import Any

from tests.cli.fake_vllm import FakeVLLM

_SHOWN = re.compile(r"^\[Response \d+ begins\]\n(.*?)\n\[Response \d+ ends\]$", re.MULTILINE | re.DOTALL)


class WeakJudge(FakeVLLM):
    """Serves this judge while its block runs."""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, answer = super().answer(path, body)
        if path == "/v1/chat/completions" and status == 200:
            shown = _SHOWN.findall(body["messages"][-1]["content"])
            for choice in answer["choices"]:
                choice["message"]["content"] = judgment([score(text) for text in shown])
        return status, answer


def score(response: str) -> int:
    if response == ":" or len(response.split()) > 150:
        return 10
    quality = re.search(r"quality (\d)", response)
    return int(quality[1]) if quality else 2


def judgment(scores: Sequence[int]) -> str:
    critiques = "\n".join(f"Response {place}: It is what it is." for place in range(1, len(scores) + 1))
    boxed = ", ".join(map(str, scores))
    return f"Principles:\n1. Correctness (weight: 100%)\nCritique:\n{critiques}\nScores: \\boxed{{{boxed}}}"
