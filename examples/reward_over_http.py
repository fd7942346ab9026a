"""Rewards from `app.py serve`, for trainers that run where the GRM does not.

    # TRL
    from examples.reward_over_http import HttpReward
    GRPOTrainer(model, reward_funcs=HttpReward("http://grm:7861"), ...)

    # verl
    custom_reward_function.path=examples/reward_over_http.py custom_reward_function.name=compute_score

    # OpenRLHF and slime ask by themselves
    python -m openrlhf.cli.train_ppo_ray --reward.remote_url http://grm:7861/v1/reward/openrlhf ...
    --rm-type remote_rm --rm-url http://grm:7861/v1/reward/slime

verl's function takes the address from GRM_LENS_URL and, where there is one, the key from GRM_LENS_KEY.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import aiohttp

ATTEMPTS = 10


class HttpReward:
    """A reward function of TRL: completions of one prompt are judged side by side; None where none could be read."""

    __name__ = "grm_http"  # what TRL logs it as

    def __init__(self, url: str, key: str | None = None) -> None:
        """`url`: of the server, without a path. Start it with --unreadable null: TRL leaves a None out."""
        self.url, self.key = url.rstrip("/"), key

    async def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: object
    ) -> list[float | None]:
        """One reward per completion, in their order."""
        body = [
            {"prompt": prompt, "response": _text(completion)}
            for prompt, completion in zip(prompts, completions, strict=True)
        ]
        rewards: list[float | None] = await post(f"{self.url}/v1/reward/slime", body, self.key)
        return rewards


async def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: dict[str, Any], **more: object
) -> dict[str, Any]:
    """A reward function of verl for one response; extra_info holds `question` or `prompt`."""
    info = {name: extra_info[name] for name in ("prompt", "question") if name in extra_info}
    body = {"data_source": data_source, "solution_str": solution_str, "extra_info": info}
    url = os.environ["GRM_LENS_URL"].rstrip("/") + "/v1/reward/verl"
    score: dict[str, Any] = await post(url, body, os.environ.get("GRM_LENS_KEY"))
    return score


async def post(url: str, body: Any, key: str | None = None) -> Any:
    """The server's answer; where it has too much to do, it is asked again when it says."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        for _ in range(ATTEMPTS):
            async with session.post(url, json=body) as reply:
                if reply.status != 429:
                    answer = await reply.json()
                    if reply.status != 200:
                        raise RuntimeError(f"{url}: {reply.status} {answer}")
                    return answer
                wait = float(reply.headers.get("Retry-After", "1"))
            await asyncio.sleep(wait)
    raise RuntimeError(f"{url}: it had too much to do, {ATTEMPTS} times")


def _text(completion: Any) -> str:
    """A completion of TRL: a text, or a chat whose last turn it is."""
    return completion if isinstance(completion, str) else str(completion[-1]["content"])
