"""The endpoint on a free port, in a thread of its own, as `app.py serve` runs it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from grm_core import engines
from grm_core.cards import Card
from grm_core.engines.base import Engine
from runs.judging import Judging
from runs.settings import Endpoint, Sampling
from service import app
from tests.cli.fake_vllm import FakeVLLM
from tests.fake_engine import FakeEngine


@dataclass
class Running:
    """A server that runs."""

    url: str
    judging: Judging
    engine: Any


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an endpoint; all end with the test."""
    stops: list[Callable[[], None]] = []

    def run(engine: Engine | None = None, endpoint: Endpoint | None = None, base: Sampling | None = None) -> Running:
        engine, endpoint = engine or FakeEngine(), endpoint or Endpoint()
        judging = Judging(engine, None, Card(engine.style), base or Sampling(k=4), endpoint)
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        whole = Starlette(routes=[Mount("/v1", app=app.create(judging, endpoint))])
        config = uvicorn.Config(whole, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)

        async def serve() -> None:
            await server.serve([listening])
            await engine.close()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)

        def stop() -> None:
            server.should_exit = True
            thread.join(timeout=30)

        stops.append(stop)
        return Running(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", judging, engine)

    yield run
    for stop in stops:
        stop()


@pytest.fixture
def vllm() -> Iterator[FakeVLLM]:
    with FakeVLLM() as running:
        yield running


def client_of(vllm: FakeVLLM) -> Engine:
    """The engine of `score` for this server."""
    return engines.create(vllm.url, None)
