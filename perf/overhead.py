"""The cost of the scoring core beside a bare asynchronous loop on the same vLLM server?

    python -m perf.overhead [--url http://127.0.0.1:8000/v1] [--rounds 12] [--k 32]

Both sides send the same requests (same prompts, seeds, structured output, n) to the same server: the core through
`grm_core.sampling`, which builds prompts, bounds and counts requests, parses and returns samples; the bare loop
posts the ready bodies with aiohttp and reads the JSON. A round runs both, in alternating order; the figure is the
median over rounds of (core seconds / bare seconds - 1), with a 90% bootstrap interval. Without --url a managed vLLM
is started. Goal: at most 5%, better 3%.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

from grm_core import engines, prompts, sampling
from grm_core.types import Example, Message, Params, Request

EXAMPLE = Example(
    "perf",
    (Message("user", "How do I keep basil alive on a kitchen window sill in winter?"),),
    (
        "Give it at least six hours of light, water when the top of the soil is dry, and keep it above 10 degrees.",
        "Basil is a herb. It is green. Many people like it on pizza and in pesto.",
        "Water it every day until the pot stands in water, so that it can never dry out.",
        "Move it away from the cold pane at night and pinch off the flowers, so that it keeps making leaves.",
    ),
)


def bodies(requests: Sequence[Request], model: str) -> list[dict[str, Any]]:
    """The JSON that a bare client would post for these requests."""
    out = []
    for r in requests:
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": m.role, "content": m.content} for m in r.messages],
            "temperature": r.params.temperature,
            "top_p": r.params.top_p,
            "max_tokens": r.params.max_tokens,
            "seed": r.seed,
            "n": r.n,
        }
        if r.params.regex is not None:
            body["structured_outputs"] = {"regex": r.params.regex}
        out.append(body)
    return out


async def core(engine: Any, plan: sampling.SamplingPlan) -> float:
    start = time.perf_counter()
    done = [s async for s in sampling.sample(engine, plan)]
    seconds = time.perf_counter() - start
    failed = [s.error for s in done if s.error]
    if failed or len(done) != plan.k:
        raise SystemExit(f"{len(failed)} of {plan.k} samples failed: {failed[:1]}")
    return seconds


async def bare(http: aiohttp.ClientSession, url: str, posts: list[dict[str, Any]]) -> float:
    async def post(body: dict[str, Any]) -> int:
        async with http.post(f"{url}/v1/chat/completions", json=body) as answer:
            answer.raise_for_status()
            return len((await answer.json())["choices"])

    start = time.perf_counter()
    await asyncio.gather(*(post(body) for body in posts))
    return time.perf_counter() - start


def interval(values: Sequence[float]) -> tuple[float, float]:
    """90% bootstrap interval of the median."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(2000))
    return medians[100], medians[1899]


async def compare(url: str | None, model: str | None, rounds: int, k: int, max_tokens: int) -> dict[str, Any]:
    engine = engines.create(url or "managed", model=model)
    await engine.start()
    # The bare loop talks to the same server: a look inside, which no other code takes.
    server: Any = getattr(engine, "_server", engine)
    key = server._client._key
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    core_seconds, bare_seconds = [], []
    try:
        async with aiohttp.ClientSession(headers=headers) as http:
            for number in range(rounds + 1):
                params = Params(max_tokens=max_tokens)
                plan = sampling.SamplingPlan(EXAMPLE, prompts.load("pointwise"), params, k, number)
                plan = await sampling.fit(engine, plan)
                requests = sampling.requests(plan)
                posts = bodies([request for request, _ in requests], engine.model)
                bare_first = number % 2 == 0
                if bare_first:
                    bare_seconds.append(await bare(http, server.url, posts))
                core_seconds.append(await core(engine, plan))
                if not bare_first:
                    bare_seconds.append(await bare(http, server.url, posts))
    finally:
        await engine.close()
    del core_seconds[0], bare_seconds[0]  # the first round warms the server up
    ratios = [a / b - 1 for a, b in zip(core_seconds, bare_seconds, strict=True)]
    low, high = interval(ratios)
    return {
        "rounds": rounds,
        "k": k,
        "core_median_s": round(statistics.median(core_seconds), 3),
        "bare_median_s": round(statistics.median(bare_seconds), 3),
        "overhead_percent": round(100 * statistics.median(ratios), 2),
        "overhead_90_percent": [round(100 * low, 2), round(100 * high, 2)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url")
    parser.add_argument("--model")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=512)
    print(json.dumps(asyncio.run(compare(**vars(parser.parse_args())))))


if __name__ == "__main__":
    main()
