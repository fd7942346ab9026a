"""The judge over HTTP: the samples of `score`, nobody lost, and nobody served who went away."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from grm_core.formats.lines import canonical
from runs.settings import Endpoint, Sampling
from service import keys
from tests.cli.conftest import Command, command  # noqa: F401
from tests.cli.fake_vllm import FakeVLLM
from tests.fake_engine import FakeEngine
from tests.service.conftest import Start, client_of

PAIR = {"id": "pair", "query": "Why is the sky blue?", "responses": ["Scattering.", "The sea."]}


async def post(
    url: str, path: str, body: Any, key: str | None = None
) -> tuple[int, Any, "aiohttp.typedefs.LooseHeaders"]:
    """Status, JSON and headers of an answer."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession() as session, session.post(url + path, json=body, headers=headers) as reply:
        return reply.status, json.loads(await reply.text() or "null"), dict(reply.headers)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that has to happen."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


def timeless(line: str) -> str:
    """A sample's line without its seconds."""
    head, _, tail = line.partition('"seconds":')
    return head + tail[tail.index(",") + 1 :]


@pytest.mark.parametrize("how", [{"k": 8}, {"k": "auto", "k_max": 16, "risk": 0.5}])
async def test_samples_are_the_bytes_that_score_writes(
    command: Command,  # noqa: F811
    start: Start,
    vllm: FakeVLLM,
    tmp_path: Path,
    how: dict[str, Any],
) -> None:
    items, out = tmp_path / "items.jsonl", tmp_path / "out.jsonl"
    items.write_text(json.dumps(PAIR) + "\n")
    options = [word for name, value in how.items() for word in (f"--{name.replace('_', '-')}", value)]
    common = ("--engine", vllm.url, "--meta", "none", "--seed", 5)
    done = await asyncio.to_thread(command, "score", items, "--out", out, *common, *options)
    assert done.code == 0
    written = [timeless(line) for line in out.read_text().splitlines() if '"index":' in line]
    server = start(client_of(vllm))
    asked = PAIR | how | {"seed": 5}
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url + "/judge", json=asked | {"stream": True}) as reply,
    ):
        *lines, last = (await reply.text()).splitlines()
    lines.sort(key=lambda line: json.loads(line)["index"])
    assert [timeless(line) for line in lines] == written
    status, answer, _ = await post(server.url, "/judge", asked | {"samples": True})
    assert status == 200
    assert [timeless(canonical(each)) for each in answer["samples"]] == written
    verdict = (await asyncio.to_thread(command, "vote", out)).lines[0]
    assert {name: answer[name] for name in verdict} == verdict
    assert {name: json.loads(last)["verdict"][name] for name in verdict} == verdict


async def test_64_callers_at_once_are_all_answered_and_nothing_is_drawn_twice(start: Start) -> None:
    server = start(FakeEngine(delay=0.0005), Endpoint(in_flight=16))
    asked = [PAIR | {"id": f"item-{i}", "k": 4} for i in range(64)]
    answers = await asyncio.gather(*(post(server.url, "/judge", each) for each in asked))
    assert [status for status, _, _ in answers] == [200] * 64
    assert [answer["item_id"] for _, answer, _ in answers] == [each["id"] for each in asked]
    assert all(answer["k"] == 4 and answer["totals"] for _, answer, _ in answers)
    assert sum(request.n for request in server.engine.asked) == 256
    assert server.judging.turns.free == 16
    assert (server.judging.turns.waiting, server.judging.turns.requests) == (0, 0)


@pytest.mark.slow
async def test_a_single_question_does_not_wait_for_a_whole_batch(start: Start) -> None:
    server = start(FakeEngine(delay=0.005), Endpoint(in_flight=4, waiting=2))
    items = [{**PAIR, "id": f"item-{i}"} for i in range(30)]
    batch = asyncio.create_task(post(server.url, "/judge/batch", {"items": items, "k": 4}))
    await until(lambda: server.judging.turns.waiting > 20)
    status, _, _ = await post(server.url, "/judge", PAIR | {"k": 4})
    assert status == 200
    assert not batch.done()
    assert server.judging.turns.waiting > 15, "most of the batch still stands in line"
    _, answer, _ = await batch
    assert [each["item_id"] for each in answer["results"]] == [each["id"] for each in items]


@pytest.mark.parametrize("stream", [False, True])
async def test_who_goes_away_frees_the_engine_and_the_line(start: Start, stream: bool) -> None:
    server = start(FakeEngine(delay=0.2), Endpoint(in_flight=4))
    staying = asyncio.create_task(post(server.url, "/judge", PAIR | {"k": 4}))
    await until(lambda: bool(server.engine.asked))
    async with aiohttp.ClientSession() as session:
        going = [
            asyncio.create_task(session.post(server.url + "/judge", json=PAIR | {"k": 4, "stream": stream}))
            for _ in range(3)
        ]
        await until(lambda: server.judging.turns.waiting == 3)
        for each in going:
            each.cancel()
        await asyncio.gather(*going, return_exceptions=True)
    await until(lambda: server.judging.turns.waiting == 0)
    staying.cancel()
    await asyncio.gather(staying, return_exceptions=True)
    await until(lambda: server.judging.turns.free == 4)
    assert server.engine.closed_early == 1
    assert sum(request.n for request in server.engine.asked) == 4, "those in line were never asked for"


async def test_a_full_line_and_a_key_at_its_limit_say_when_to_come_again(start: Start, tmp_path: Path) -> None:
    held = tmp_path / "samples"
    held.touch()
    server = start(FakeEngine(hold=tmp_path), Endpoint(in_flight=4, waiting=1))
    first = [asyncio.create_task(post(server.url, "/judge", PAIR | {"k": 4})) for _ in range(2)]
    await until(lambda: server.judging.turns.waiting == 1)
    status, answer, headers = await post(server.url, "/judge", PAIR | {"k": 4})
    assert status == 429
    assert int(headers["Retry-After"]) >= 1
    assert "waiting" in answer["error"]
    held.unlink()
    assert [status for status, _, _ in await asyncio.gather(*first)] == [200, 200]

    key, other = "a" * 20, "b" * 20
    named = (("ann", keys.hashed(key)), ("bob", keys.hashed(other)))
    held.touch()
    bound = start(FakeEngine(hold=tmp_path), Endpoint(named, limit=1))
    mine = asyncio.create_task(post(bound.url, "/judge", PAIR | {"k": 4}, key))
    await until(lambda: len(bound.engine.asked) > 0)
    assert (await post(bound.url, "/judge", PAIR, key))[0] == 429
    before = len(bound.engine.asked)
    others = asyncio.create_task(post(bound.url, "/judge", PAIR | {"k": 4}, other))
    await until(lambda: len(bound.engine.asked) > before)
    assert not mine.done()
    held.unlink()
    assert [(await each)[0] for each in (mine, others)] == [200, 200]
    for wrong in (None, "c" * 20):
        status, _, headers = await post(bound.url, "/judge", PAIR, wrong)
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_what_cannot_be_judged_is_told(start: Start) -> None:
    server = start(FakeEngine(limit=1000))
    for body, status, words in (
        ({"query": " ", "responses": ["a"]}, 400, "query"),
        ({"query": "a"}, 422, "responses"),
        (PAIR | {"colour": 1}, 422, "colour"),
        (PAIR | {"method": "guided"}, 400, "meta RM"),
        (PAIR | {"query": "word " * 1200}, 400, "tokens long"),
        (PAIR | {"k": 0}, 400, "k is 0"),
    ):
        told, answer, _ = await post(server.url, "/judge", body)
        assert (told, words in answer["error"]) == (status, True), answer
    _, answer, _ = await post(server.url, "/judge/batch", {"items": [PAIR, {"query": " x", "responses": ["a"]}]})
    assert [each["k"] for each in answer["results"]] == [4, 4]
    status, answer, _ = await post(server.url, "/judge/batch", {"items": [PAIR, PAIR]})
    assert (status, answer["error"]) == (400, "there are two items 'pair'")


async def test_other_addresses_and_broken_bodies_are_told_in_the_same_form(start: Start) -> None:
    server = start(FakeEngine())
    async with aiohttp.ClientSession() as session:
        for method, address, body, status, words in (
            ("GET", "/nothing", "", 404, "there is nothing at this address"),
            ("GET", "/judge", "", 405, "ask by POST"),
            ("POST", "/health", "", 405, "ask by GET"),
            ("POST", "/judge", '{"query": "a", ', 422, "not JSON: Expecting property name"),
        ):
            headers = {"Content-Type": "application/json"}
            async with session.request(method, server.url + address, data=body, headers=headers) as reply:
                told = await reply.json()
                assert (reply.status, words in told["error"]) == (status, True), told
        async with session.post(server.url + "/judge", data=json.dumps(PAIR)) as reply:
            assert "send Content-Type: application/json" in (await reply.json())["error"]


async def test_openapi_has_an_example_of_every_request(start: Start) -> None:
    server = start()
    async with aiohttp.ClientSession() as session, session.get(server.url + "/openapi.json") as reply:
        shape = await reply.json()
    assert set(shape["paths"]) == {
        "/judge", "/judge/batch", "/health", "/reward/openrlhf", "/reward/verl", "/reward/slime",
    }  # fmt: skip
    for name in ("JudgeRequest", "BatchRequest", "OpenRLHF", "Verl", "Slime"):
        assert shape["components"]["schemas"][name]["examples"]
    for path, name in (("/judge", "JudgeRequest"), ("/judge/batch", "BatchRequest"), ("/reward/slime", "Slime")):
        status, _, _ = await post(server.url, path, shape["components"]["schemas"][name]["examples"][0])
        assert status == 200


def test_only_the_hash_of_a_key_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key = keys.add(path, "ann")
    assert key not in path.read_text()
    assert keys.read(path) == [("ann", keys.hashed(key))]
    assert path.stat().st_mode & 0o077 == 0
    door = keys.Door(keys.read(path), 1)
    assert door.name(f"Bearer {key}") == "ann"
    assert door.name(f"Basic {key}") is None


async def test_sampling_of_the_server_is_what_requests_begin_with(start: Start) -> None:
    server = start(base=Sampling(k=3, temperature=0.9))
    _, answer, _ = await post(server.url, "/judge", PAIR)
    assert answer["k"] == 3
    assert server.engine.asked[0].params.temperature == 0.9
