"""Trainers are answered in their own words, and an unreadable judgment is never a silent number."""

from typing import Any

import pytest

from grm_core.types import Example, Message
from runs.settings import Endpoint, Sampling
from tests.fake_engine import FakeEngine
from tests.service.conftest import Start
from tests.service.test_endpoint import post

END = "<|im_end|>"


class Silent(FakeEngine):
    """Writes judgments without scores."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = _All()


class _All(frozenset[int]):
    def __contains__(self, seed: object) -> bool:
        return True


async def test_each_trainer_gets_one_reward_per_response(start: Start) -> None:
    server = start(base=Sampling(k=8))
    body: dict[str, Any] = {
        "query": ["Q: 2+2? 4" + END, "Q: 2+2? 5"],
        "prompts": ["Q: 2+2? "] * 2,
        "labels": ["4", "4"],
    }
    status, openrlhf, _ = await post(server.url, "/reward/openrlhf", body)
    assert status == 200
    assert openrlhf["rewards"] == openrlhf["scores"]
    assert openrlhf["extra_logs"] == {"grm_scored": [1.0, 1.0]}
    assert all(0 < reward < 1 for reward in openrlhf["rewards"])
    shown = server.engine.asked[0].messages[0].content
    assert END not in shown, "the end of a turn is none of the response"

    info = {"question": "Q: 2+2? "}
    _, one, _ = await post(server.url, "/reward/verl", {"solution_str": "4", "extra_info": info, "data_source": "x"})
    assert set(one) == {"score", "grm_scored"}
    many = {"solution_strs": ["4", "5"], "extra_infos": [info, info], "ground_truths": ["4", "4"]}
    _, verl, _ = await post(server.url, "/reward/verl", many)
    assert [each["score"] for each in verl] == openrlhf["rewards"], "the same group, the same seeds"

    _, slime, _ = await post(server.url, "/reward/slime", {"prompt": "Q: 2+2? ", "response": "4", "label": None})
    assert slime == one["score"]
    group = [{"prompt": "Q: 2+2? ", "response": text} for text in ("4", "5")]
    assert (await post(server.url, "/reward/slime", group))[1] == openrlhf["rewards"]


@pytest.mark.parametrize(
    ("unreadable", "status", "told"), [("error", 422, None), ("null", 200, None), (-1.0, 200, -1.0)]
)
async def test_an_unreadable_judgment_is_told_as_the_setting_says(
    start: Start, unreadable: str | float, status: int, told: float | None
) -> None:
    server = start(Silent(), Endpoint(unreadable=unreadable))
    body = {"query": ["2+2? 4"], "prompts": ["2+2? "], "labels": ["4"]}
    got, openrlhf, _ = await post(server.url, "/reward/openrlhf", body)
    assert got == status
    got, slime, _ = await post(server.url, "/reward/slime", {"prompt": "2+2?", "response": "4"})
    assert got == status
    if status == 422:
        assert "no sample scored" in openrlhf["error"]
        return
    assert openrlhf["rewards"] == [told]
    assert openrlhf["extra_logs"] == {"grm_scored": [0.0]}, "whatever the number, it is said that nothing was scored"
    assert slime == told


async def test_a_reward_range_and_wrong_requests(start: Start) -> None:
    server = start(endpoint=Endpoint(low=-1.0, high=1.0))
    assert (await post(server.url, "/reward/slime", {"prompt": "2+2?", "response": " "}))[1] == -1.0
    for path, body, words in (
        ("openrlhf", {"query": ["a"], "prompts": ["b"]}, "does not begin with its prompt"),
        ("openrlhf", {"query": ["a"], "prompts": []}, "1 queries for 0 prompts"),
        ("verl", {"solution_str": "4", "extra_info": {}}, "neither prompt nor question"),
        ("verl", {"solution_strs": ["4"]}, "as many extra_infos"),
    ):
        status, answer, _ = await post(server.url, f"/reward/{path}", body)
        assert (status, words in answer["error"]) == (400, True), answer


def test_an_item_of_a_reward_is_the_one_of_the_library() -> None:
    from grm_core.reward_function import grouped, item_of

    (group,) = grouped(["2+2?"], ["4"])
    assert isinstance(item_of(group, ["4"]), Example)
    assert item_of(group, ["4"]).query == (Message("user", "2+2?"),)
