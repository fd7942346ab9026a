"""Sampling by batched `generate`, where no vLLM is at hand: the policy's own judgments during training."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from grm_core import outcome, prompts
from grm_core.reading.parsing import parse
from grm_core.training import token_rows
from grm_core.training.policy import Policy
from grm_core.types import Example, Message, Parsed


@dataclass(frozen=True, slots=True)
class Question:
    """An example to be judged in one order."""

    example: Example
    order: tuple[int, ...]
    template: str = "compact"
    binary: bool = False
    """Whether the score is 0 or 1 (one response only), as single responses are rated in training."""
    hinted: bool = False
    """Whether the prompt names the best response."""

    def messages(self) -> tuple[Message, ...]:
        """The prompt."""
        plain = prompts.fill(prompts.load(self.template), self.example, self.order)
        return token_rows.hinted(plain, self.example, self.order) if self.hinted else plain


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What the policy wrote for a question: one judgment, before anybody voted."""

    question: Question
    text: str
    finished: bool
    """Whether it came to its end before the token limit."""

    def parsed(self) -> Parsed:
        """The completion as the parser reads it."""
        scale = (0, 1) if self.question.binary else (1, 10)
        reason = "stop" if self.finished else "length"
        return parse(self.text, len(self.question.order), reason, scale)

    def scores(self) -> tuple[int, ...] | None:
        """Scores in own order, or None when they cannot be read."""
        shown = self.parsed().shown_scores
        return None if shown is None else tuple(shown[self.question.order.index(own)] for own in range(len(shown)))

    def correct(self) -> bool:
        """Eq. 10 of arXiv 2504.02495; ties and unreadable scores are wrong."""
        labels = self.question.example.labels
        return labels is not None and outcome.correct(self.scores(), labels)


def judge(
    policy: Policy, questions: Sequence[Question], temperature: float, limit: int, batch: int = 32
) -> list[Trajectory]:
    """One completion per question, in their order; temperature 0 is greedy. Torch's seed decides what is drawn."""
    by_place: dict[int, Trajectory] = {}
    ranked = sorted(range(len(questions)), key=lambda i: sum(map(len, questions[i].example.responses)))
    policy.model.eval()
    for start in range(0, len(ranked), batch):
        places = ranked[start : start + batch]
        for place, judgment in zip(
            places, _batch(policy, [questions[i] for i in places], temperature, limit), strict=True
        ):
            by_place[place] = judgment
    return [by_place[i] for i in range(len(questions))]


def _batch(policy: Policy, questions: Sequence[Question], temperature: float, limit: int) -> list[Trajectory]:
    tokenizer = policy.tokenizer
    chats = [[{"role": m.role, "content": m.content} for m in question.messages()] for question in questions]
    texts = [tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(policy.device)
    options = (
        {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        if temperature
        else {"do_sample": False}
    )
    with torch.inference_mode(), policy.autocast():
        output = policy.model.generate(
            **inputs,
            max_new_tokens=limit,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            **options,
        )
    judgments = []
    for question, ids in zip(questions, output[:, inputs.input_ids.shape[1] :].tolist(), strict=True):
        finished = tokenizer.eos_token_id in ids
        ids = ids[: ids.index(tokenizer.eos_token_id)] if finished else ids
        judgments.append(Trajectory(question, tokenizer.decode(ids, skip_special_tokens=True), finished))
    return judgments
