"""A server that goes away in the middle of a run and comes back at the same address."""

import asyncio
import socket
from contextlib import ExitStack, suppress

import pytest

from grm_core.engines import _http
from grm_core.engines._http import Unreachable
from grm_core.engines.server import ServerEngine
from grm_core.types import Completion
from tests.engines.asking import ask, collect, texts
from tests.engines.wire import WireServer, hang_up, reply, text_of

pytestmark = pytest.mark.usefixtures("short_pauses")


class Moved(WireServer):
    """The same server, at the port of one that has gone."""

    async def listen(self, port: int) -> None:
        await self.__aexit__()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)


async def bereft(patience: float) -> tuple[ServerEngine, int]:
    """An engine whose server has gone, and the port where it was."""
    async with WireServer() as first:
        engine = ServerEngine(first.url, patience=patience)
        await engine.start()
    return engine, int(first.url.rpartition(":")[2])


async def test_what_is_under_way_waits_for_a_server_that_is_started_again() -> None:
    engine, port = await bereft(60)
    async with Moved() as second:
        run = asyncio.create_task(collect(engine, ask(seed=5, n=3), ask(seed=8, key="other")))
        while engine.state().phase != "away":
            await asyncio.sleep(0.01)
        said = engine.state()
        assert "what is under way waits for it" in said.message
        assert "Start it again" in said.hint
        for _ in range(20):  # many more attempts than a busy server gets
            await asyncio.sleep(0.01)
            assert not run.done()
        second.plan = [reply({"error": "still loading"}, 503)] * 2
        await second.listen(port)
        assert texts(await run) == [text_of(8), text_of(5), text_of(6), text_of(7)]
        assert engine.retried > 3


async def test_an_address_where_nobody_answers_at_all_is_one_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "CONNECT_TIMEOUT", 0.1)
    engine, port = await bereft(60)
    with socket.socket() as deaf, ExitStack() as stack:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind(("127.0.0.1", port))
        deaf.listen(0)
        for _ in range(3):  # its line is full: whoever comes now hears nothing
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        with pytest.raises(Unreachable, match="nobody answers"):
            await engine._client.json("GET", "/v1/models")
    await engine.close()


async def test_waiting_ends_and_is_not_begun_anew_by_every_run() -> None:
    engine, _ = await bereft(0.2)
    [first] = [each async for each in engine.generate([ask()])]
    assert isinstance(first.result, Unreachable)
    before = engine.retried
    [second] = [each async for each in engine.generate([ask()])]
    assert isinstance(second.result, Unreachable)
    assert engine.retried - before == 3, "one that is gone for good is asked as often as any other"
    assert engine.state().hint == "Start it again, then draw what is missing."
    await engine.close()


async def test_a_lost_connection_alone_is_no_server_that_has_gone() -> None:
    async with WireServer() as server:
        engine = ServerEngine(server.url, patience=60)
        server.plan = [hang_up]
        [received] = await collect(engine, ask())
        assert isinstance(received.result, Completion)
        assert engine.state().phase == "closed"


async def test_a_server_that_never_answered_is_not_waited_for() -> None:
    engine = ServerEngine("http://127.0.0.1:9", patience=60)
    [received] = await collect(engine, ask())
    assert isinstance(received.result, Unreachable)
