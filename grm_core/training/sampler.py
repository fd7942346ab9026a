"""Sampling for training: through vLLM, which is several times faster, where it is installed, else by `generate`."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from grm_core.engines import create, has_vllm
from grm_core.engines.base import Engine
from grm_core.errors import EngineError
from grm_core.training import generate, policy
from grm_core.training.generate import Judgment, Question
from grm_core.types import Params, Request

WAVE = 96
"""Completions that are asked for at the same time."""


def sample(
    grm: Path, questions: Sequence[Question], each: int, params: Params, seed: int, device: str,
    log: Callable[[str], None],
) -> list[list[Judgment]]:  # fmt: skip
    """`each` judgments per question, in the questions' order, by the model in the folder `grm`."""
    torch.manual_seed(seed)
    if device == "cpu" and has_vllm():
        engine = create("managed", str(grm), concurrency=WAVE)
        return ask(engine, questions, each, params, seed, _telling(log, len(questions)))
    frozen = policy.load_frozen(grm, device)
    repeated = [question for question in questions for _ in range(each)]
    batch = 32 if device == "cpu" else 512
    found = generate.judge(frozen, repeated, params.temperature, params.max_tokens, batch)
    return [found[start : start + each] for start in range(0, len(found), each)]


def _telling(log: Callable[[str], None], count: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if done == count or done % 960 < WAVE // 3:
            log(f"sampled {done} of {count} items")

    return tell


def ask(
    engine: Engine, questions: Sequence[Question], each: int, params: Params, seed: int, on_wave: Callable[[int], None]
) -> list[list[Judgment]]:
    """`each` judgments per question, in the questions' order; a question whose completion failed has fewer.

    The engine is started and closed here. Raises EngineError when it cannot start.
    """
    return asyncio.run(_ask(engine, questions, each, params, seed, on_wave))


async def _ask(
    engine: Engine, questions: Sequence[Question], each: int, params: Params, seed: int, on_wave: Callable[[int], None]
) -> list[list[Judgment]]:
    found: list[list[Judgment]] = [[] for _ in questions]
    try:
        await engine.start()
        step = max(1, WAVE // each)
        for start in range(0, len(questions), step):
            wave = range(start, min(start + step, len(questions)))
            requests = [Request(str(i), questions[i].messages(), params, seed + i * each, each) for i in wave]
            async for reply in engine.generate(requests):
                if not isinstance(reply.result, EngineError):
                    text, reason = reply.result.text, reply.result.finish_reason
                    found[int(reply.key)].append(Judgment(questions[int(reply.key)], text, reason != "length"))
            on_wave(wave.stop)
    finally:
        await engine.close()
    return found
