"""A server that judges in the manner of each known checkpoint, and of no other.

What it writes follows from the prompt: a response is as good as the digit in `quality 7`. A prompt that lacks what the
checkpoint was trained on, or that holds a role it does not know, is refused, as no real server would.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from tests.engines.dialects import VLLM, Body, refusal

Reply = Callable[[Sequence[int]], str]
"""The qualities of the responses in the order shown -> what the judge writes."""


def letter(qualities: Sequence[int]) -> str:
    return "AB"[qualities.index(max(qualities))]


def rm_r1(qualities: Sequence[int]) -> str:
    other = "AB".replace(letter(qualities), "")
    return (
        "<type>Chat</type>\n<rubric>\n1. Accuracy (60%)\n2. Tone (40%)\n<justify>Facts first.</justify>\n</rubric>\n"
        f"<eval>\n<quote_{other}>the verdict is [[{other}]]</quote_{other}> is only boasting.\n</eval>\n"
        f"<answer>[[{letter(qualities)}]]</answer>"
    )


def distilled(qualities: Sequence[int]) -> str:
    other = "AB".replace(letter(qualities), "")
    return f"<think>\nAt first [[{other}]].\n</think>\n\nIt is better.\n\n<answer>[[{letter(qualities)}]]</answer>"


def boxed(qualities: Sequence[int]) -> str:
    return (
        "Specific Criteria: 1. Accuracy (Weight: 60%) 2. Tone (Weight: 40%)\nAnalysis: Response 1 is as it is.\n"
        f"Scores: \\boxed{{{', '.join(map(str, qualities))}}}"
    )


def j1(qualities: Sequence[int]) -> str:
    return (
        "<think>\nA first idea: \\boxed{1, 1}\n</think>\n<specific_criteria>\nAccuracy (9)\n</specific_criteria>\n"
        "<analysis>\nOne is better.\n</analysis>\n"
        f"<scores>\n\\boxed{{{', '.join(map(str, qualities))}}}\n</scores>"
    )


def table(qualities: Sequence[int]) -> str:
    scores = {f"model-{place}": (quality + 1) // 2 for place, quality in enumerate(qualities, 1)}
    ranked = sorted(scores, key=lambda name: -scores[name])
    return f"<think>brief</think>\n```json\n{json.dumps({'scores': scores, 'best-to-worst': ranked}, indent=1)}\n```"


def prometheus(qualities: Sequence[int]) -> str:
    return f'Feedback: It says "all is well and nothing more. [RESULT] {(qualities[0] + 1) // 2}'


def selene(qualities: Sequence[int]) -> str:
    return f"**Reasoning:** It says what it says.\n\n**Result:** {(qualities[0] + 1) // 2}"


def skywork(qualities: Sequence[int]) -> str:
    return f"[[{letter(qualities)}]]"


def compass(qualities: Sequence[int]) -> str:
    return f'{{\n  "Choice": "Model {letter(qualities)}"\n}}'


_AB = r"(?P<name>[AB])"
MANNERS: dict[str, tuple[str, str, Reply]] = {
    "compassjudger-2": ("user", rf"^Model {_AB}'s Response: (?P<text>[^\n]*)$", compass),
    "deepseek-grm-16b": ("user", r"^\[The Begin of Response (?P<name>\d)\]\n(?P<text>.*)$", boxed),
    "deepseek-grm-27b": ("user", r"^\[The Begin of Response (?P<name>\d)\]\n(?P<text>.*)$", boxed),
    "instruct": ("user", r"^\[Response (?P<name>\d) begins\]\n(?P<text>.*)$", boxed),
    "j1": ("system user", rf"^\[The Begin of Response {_AB}\]\n(?P<text>.*)$", j1),
    "prometheus-2": ("system user", r"^###Response to evaluate:\n(?P<name>)(?P<text>.*)$", prometheus),
    "rewardanything": ("system user", r'"(?P<name>model-\d)": "(?P<text>(?:[^"\\]|\\.)*)"', table),
    "rm-r1": ("system user", rf"^\[The Start of Chatbot {_AB}'s Response\]\n(?P<text>.*)$", rm_r1),
    "rm-r1-distilled": ("user", rf"^\[The Start of Chatbot {_AB}'s Response\]\n(?P<text>.*)$", distilled),
    "selene-1-mini": ("user", r"^Response:\n```\n(?P<name>)(?P<text>.*)$", selene),
    "skywork-critic": ("user", rf"^\[The Start of Assistant {_AB}'s Answer\]\n(?P<text>.*)$", skywork),
    "thinking": ("user", r"^\[Response (?P<name>\d) begins\]\n(?P<text>.*)$", boxed),
}
"""Recipe -> roles of the prompt, where a response stands in it, and how the judge replies."""


class Judge(VLLM):
    """vLLM with one of these checkpoints."""

    def __init__(self, manner: str) -> None:
        super().__init__()
        self.roles, shape, self.write = MANNERS[manner]
        self.shape = re.compile(shape, re.MULTILINE)
        self.read: list[Body] = []
        """What the meta RM was sent."""

    def refused(self, body: Body) -> web.Response | None:
        roles = " ".join(message["role"] for message in body["messages"])
        if roles == self.roles and self.shape.search(body["messages"][-1]["content"]):
            return None
        return refusal(400, {"error": {"message": f"I was not trained on this: {roles}", "type": "Bad Request"}})

    def message(self, body: Body) -> Body:
        return super().message(body) | {"content": self.judgment(body)}

    def judgment(self, body: Body) -> str:
        """The text that this checkpoint writes about the responses of a prompt."""
        texts = [match["text"] for match in self.shape.finditer(body["messages"][-1]["content"])]
        return self.write([int(re.findall(r"quality (\d+)", text)[0]) for text in texts])

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/classify":
            return await super()._serve(request)
        body: dict[str, Any] = await request.json()
        self.read.append(body)
        # A raw logit: a probability would not be negative, and `use_activation` would make it one.
        return web.json_response({"data": [{"probs": [0.5 if body["use_activation"] else -15.5]}]})
