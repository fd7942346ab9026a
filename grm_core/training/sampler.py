"""Sampling for training: through vLLM, which is several times faster, where it is installed, else by `generate`.

Judgments go into a file as they come: sampling that was stopped goes on there, and a limit of minutes leaves a part.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from grm_core.engines import create, has_vllm
from grm_core.engines.base import Engine
from grm_core.errors import EngineError
from grm_core.resume_log import Log
from grm_core.training import generate, policy, rft
from grm_core.training.generate import Question, Trajectory
from grm_core.types import Params, Request

WAVE = 96
"""Completions that are asked for at the same time."""
Keep = Callable[[Sequence[Trajectory]], None]
"""Takes the judgments of a wave."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How often and how long."""

    each: int
    """Judgments per question."""
    params: Params
    seed: int
    device: str
    minutes: float | None = None
    """Nothing more is asked once they have passed, the first wave excepted; None: until all is sampled."""


def sample(
    path: Path, grm: Path, questions: Sequence[Question], settings: Settings, log: Callable[[str], None]
) -> list[list[Trajectory]]:
    """The judgments of each question by the model in the folder `grm`, in the questions' order.

    What `path` holds of them already is not asked again; what comes is added to it. A question that the minutes did
    not reach, or whose completions failed, has none.
    """
    there = rft.texts(path)
    todo = [(number, question) for number, question in enumerate(questions) if rft.key(question) not in there]
    if todo:
        log(f"sampling {len(todo)} of {len(questions)} items")
        with Log.resume(path) as lines:
            _ask_for(todo, grm, settings, lambda judgments: rft.write(lines, judgments))
        there = rft.texts(path)
    return [[Trajectory(each, *said) for said in there.get(rft.key(each), [])] for each in questions]


def _ask_for(todo: Sequence[tuple[int, Question]], grm: Path, settings: Settings, keep: Keep) -> None:
    torch.manual_seed(settings.seed)
    until = float("inf") if settings.minutes is None else time.monotonic() + 60 * settings.minutes
    if settings.device == "cpu" and has_vllm():
        engine = create("managed", str(grm), concurrency=WAVE)
        asyncio.run(ask(engine, todo, settings, until, keep))
        return
    frozen = policy.load_frozen(grm, settings.device)
    batch = 32 if settings.device == "cpu" else 512
    # Some batches at a time: prompts of nearly one length stand together, and little is lost when it is stopped.
    step = max(1, 4 * batch // settings.each)
    for start in range(0, len(todo), step):
        questions = [question for _, question in todo[start : start + step] for _ in range(settings.each)]
        keep(generate.judge(frozen, questions, settings.params.temperature, settings.params.max_tokens, batch))
        if time.monotonic() > until:
            return


async def ask(
    engine: Engine, todo: Sequence[tuple[int, Question]], settings: Settings, until: float, keep: Keep
) -> None:
    """Ask the numbered questions in waves until the monotonic clock says `until`; seeds follow from the numbers.

    The engine is started and closed here. Raises EngineError when it cannot start; a completion that failed is left
    out.
    """
    try:
        await engine.start()
        step = max(1, WAVE // settings.each)
        for start in range(0, len(todo), step):
            wave = dict(todo[start : start + step])
            requests = [
                Request(str(i), each.messages(), settings.params, settings.seed + i * settings.each, settings.each)
                for i, each in wave.items()
            ]
            by_question: dict[int, list[Trajectory]] = {i: [] for i in wave}
            async for reply in engine.generate(requests):
                if not isinstance(reply.result, EngineError):
                    text, reason = reply.result.text, reply.result.finish_reason
                    by_question[int(reply.key)].append(Trajectory(wave[int(reply.key)], text, reason != "length"))
            keep([judgment for judgments in by_question.values() for judgment in judgments])
            if time.monotonic() > until:
                return
    finally:
        await engine.close()
