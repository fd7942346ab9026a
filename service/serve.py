"""The endpoint alone: the engine and the server live in one event loop, and end together."""

import asyncio
import logging
import sys
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount

from grm_core import cards, engines, meta_rm
from grm_core.errors import EngineError, UsageError
from runs.judging import Judging
from runs.settings import Service
from runs.starting import check_port, options_of
from service import app

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
log = logging.getLogger("grm_lens")


def run(service: Service) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. UsageError where it cannot be reached at its address."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    if not service.endpoint.keys and service.host not in LOOPBACK:
        raise UsageError(f"on {service.host} anybody who reaches this machine could ask: give keys with --api-key")
    check_port(service.host, service.port)
    engine = engines.create(service.judge.engine, service.judge.model, **options_of(service.judge.engine))
    card, judge = cards.of(engine), service.judge
    meta = meta_rm.create(judge.meta, engine.style, engine, card, judge.meta_template)
    judging = Judging(engine, meta, card, service.sampling, service.endpoint)
    return asyncio.run(_serve(service, judging))


async def _serve(service: Service, judging: Judging) -> int:
    # Another site that makes its name point to this machine gets no answer (DNS rebinding).
    hosts = [Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK), www_redirect=False)]
    routes = [Mount("/v1", app=app.create(judging, service.endpoint))]
    whole = Starlette(
        routes=routes,
        middleware=hosts if service.host in LOOPBACK else [],
        exception_handlers={HTTPException: app.refused},
    )
    config = uvicorn.Config(
        whole, service.host, service.port, log_config=None, access_log=False, lifespan="off",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    starting = asyncio.create_task(_start(judging))
    server = uvicorn.Server(config)
    try:
        log.info("the judge is at http://%s:%s/v1/judge", service.host, service.port)
        await server.serve()
        return 0 if server.started else 2
    finally:
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        await judging.engine.close()
        if judging.meta is not None:
            await judging.meta.close()


async def _start(judging: Judging) -> None:
    try:
        await judging.engine.start()
        log.info("engine %s is ready with %s", judging.engine.name, judging.engine.model)
    except EngineError as error:  # a request tries again
        log.error("engine %s failed: %s %s", judging.engine.name, error, error.hint)
