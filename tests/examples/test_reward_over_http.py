"""Trainers that ask a GRM over HTTP: TRL takes a step, verl's function gets a score, a busy server is asked again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from examples import grpo_with_grm, reward_over_http
from examples.reward_over_http import HttpReward, compute_score
from runs.settings import Endpoint
from service import keys
from tests.fake_engine import FakeEngine
from tests.service.conftest import Start, start
from tests.training.conftest import tiny

__all__ = ["start", "tiny"]
KEY = "k" * 20


async def test_verl_gets_a_score_with_its_key(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(endpoint=Endpoint((("verl", keys.hashed(KEY)),)))
    monkeypatch.setenv("GRM_LENS_URL", server.url.removesuffix("/v1"))
    monkeypatch.setenv("GRM_LENS_KEY", KEY)
    extra = {"question": "2+2?", "num_turns": object()}
    score = await compute_score("gsm8k", "4", "4", extra)
    assert score["grm_scored"] is True
    assert 0 <= score["score"] <= 1
    monkeypatch.setenv("GRM_LENS_KEY", "wrong")
    with pytest.raises(RuntimeError, match="401"):
        await compute_score("gsm8k", "4", "4", extra)


async def test_a_busy_server_is_asked_again_and_every_completion_gets_its_reward(start: Start) -> None:
    server = start(FakeEngine(delay=0.001), Endpoint(in_flight=4, waiting=1))
    reward = HttpReward(server.url.removesuffix("/v1"))
    chats = [[{"role": "assistant", "content": text}] for text in ("4", "5", "4")]
    answers = await asyncio.gather(*(reward([f"{i}+2?"] * 3, chats) for i in range(6)))
    assert all(len(rewards) == 3 and rewards[0] == rewards[2] for rewards in answers)
    assert reward_over_http.ATTEMPTS == 10


@pytest.mark.slow
def test_trl_takes_a_step_with_rewards_from_the_server(start: Start, tiny: Path, tmp_path: Path, capsys: Any) -> None:
    server = start(endpoint=Endpoint(unreadable="null"))
    arguments = ["--policy-model", str(tiny), "--steps", "1", "--tokens", "8", "--out", str(tmp_path)]
    assert grpo_with_grm.main([*arguments, "--endpoint", server.url.removesuffix("/v1")]) == 0
    (step,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"step"')]
    assert 0 < step["rewards/grm_http/mean"] < 1
    (logged,) = json.loads((tmp_path / "log.json").read_text())
    assert logged["rewards/grm_http/mean"] == step["rewards/grm_http/mean"]
    assert server.engine.asked
