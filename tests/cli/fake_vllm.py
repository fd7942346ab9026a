"""A server that answers like vLLM, quickly and the same every time: what it writes follows from prompt and seed."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from grm_core.engines._chat import GO_ON
from tests.local_server import LocalServer


class FakeVLLM(LocalServer):
    """Serves `model` on a port of 127.0.0.1, 0 = a free one, while its block runs."""

    def __init__(self, model: str = "fake-grm", delay: float = 0.0, port: int = 0) -> None:
        self.model = model
        self.delay = delay
        self.asked: list[int] = []
        """The seed of every completion that was asked for."""
        self.read: list[str] = []
        """Every judgment that was read as by a meta RM: the logit is its length, modulo 97."""
        self.refused_above: int | None = None
        """From the first request that would make it more completions, answer 400 to every one."""
        self._refuses = False
        self._lock = threading.Lock()
        self.limit = 4096
        self.begins = True
        """Whether it goes on from a reply that was begun; otherwise it refuses the field, as other servers do."""
        self.tells = True
        """Whether it tells how likely tokens are."""
        self.bodies: list[dict[str, Any]] = []
        """Every chat request."""
        super().__init__(self._handler(), port)
        self.url = self.address + "/v1"

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and JSON for a request."""
        if path == "/v1/models":
            return 200, {"data": [{"id": self.model, "max_model_len": self.limit}]}
        prompt = "\n".join(message["content"] for message in body.get("messages", ()))
        if path == "/tokenize":
            return 200, {"count": len(prompt.split()), "max_model_len": self.limit}
        if path == "/classify":
            self.read.append(body["messages"][-1]["content"])
            return 200, {"data": [{"probs": [float(len(self.read[-1]) % 97)]}]}
        if path != "/v1/chat/completions":
            return 404, {"error": {"message": "no such address"}}
        self.bodies.append(body)
        if body.get("continue_final_message") and not self.begins:
            return 400, {"error": {"message": "Extra inputs are not permitted: continue_final_message"}}
        if body.get("logprobs"):
            return 200, self._first(body)
        time.sleep(self.delay)
        seeds = range(body["seed"], body["seed"] + body["n"])
        with self._lock:
            most = self.refused_above
            self._refuses = most is not None and (self._refuses or len(self.asked) + body["n"] > most)
            if self._refuses:
                return 400, {"error": {"message": "refused on purpose"}}
            self.asked += seeds
        choices = [
            {"index": i, "finish_reason": "stop", "message": {"content": written(body, seed)}, "token_ids": [1] * 7}
            for i, seed in enumerate(seeds)
        ]
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": 7 * len(choices)}
        return 200, {"choices": choices, "usage": usage}

    def _first(self, body: dict[str, Any]) -> dict[str, Any]:
        """One token, and how likely others were: No by e less than Yes for every 100 characters of the judgment."""
        judgment = next((m["content"] for m in body["messages"] if m["role"] == "assistant"), "")
        tops = [{"token": "Yes", "logprob": -0.5}, {"token": "No", "logprob": -0.5 - len(judgment) / 100}]
        logprobs = {"content": [{"token": "Yes", "logprob": -0.5, "top_logprobs": tops}]} if self.tells else None
        choice = {"index": 0, "finish_reason": "length", "message": {"content": "Yes"}, "logprobs": logprobs}
        return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply({})

            def do_POST(self) -> None:
                self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _reply(self, body: dict[str, Any]) -> None:
                status, answer = outer.answer(self.path, body)
                streamed = status == 200 and bool(body.get("stream"))
                data = (streamed_events(answer) if streamed else json.dumps(answer)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def streamed_events(answer: dict[str, Any]) -> str:
    """The answer as a stream: every child in two pieces."""
    events = []
    for choice in answer["choices"]:
        text = choice["message"]["content"]
        for piece, reason in ((text[:9], None), (text[9:], choice["finish_reason"])):
            logprobs = {"index": choice["index"], "delta": {"content": piece}, "finish_reason": reason}
            usage = {"prompt_tokens": answer["usage"]["prompt_tokens"], "completion_tokens": 7}
            events.append(f"data: {json.dumps({'choices': [logprobs], 'usage': usage})}\n\n")
    return "".join([*events, "data: [DONE]\n\n"])


def written(body: dict[str, Any], seed: int) -> str:
    """A completion, or what follows where the reply was begun, up to the first of the stop texts."""
    prompt = "\n".join(message["content"] for message in body["messages"])
    text = write(prompt, seed)
    if body.get("continue_final_message") or GO_ON in prompt:
        text = f" Seed {seed}." + text[text.rindex("\n") :]
    for stop in body.get("stop", ()):
        text = text.partition(stop)[0]
    return text


def write(prompt: str, seed: int) -> str:
    """A completion for as many responses as the prompt shows; one in eight has no scores."""
    n = prompt.count(" begins]") - prompt.count("[Conversation begins]") - prompt.count("[Reference begins]")
    digest = hashlib.sha256(f"{seed}|{prompt}".encode()).digest()
    scores = ", ".join(str(1 + digest[i] % 10) for i in range(max(1, n)))
    last = "I cannot say." if digest[31] % 8 == 0 else rf"Scores: \boxed{{{scores}}}"
    return f"Principles:\n1. Correctness (weight: 60%)\n2. Clarity (weight: 40%)\n\nCritique:\nSeed {seed}.\n\n{last}"
