"""Waiting for an engine and its meta RM, and telling the person how it stands."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from grm_core.meta_rm import MetaRM
from grm_core.self_meta import OwnMetaRM
from runs.screen import Say

NO_META = "no meta RM: samples get no meta logit, naive voting works"
PATIENCE_S = 600.0
"""For how long runs wait for a server that has gone."""
_SAY_EVERY_S = 10.0


def options_of(engine: str, pace: str = "at-once") -> dict[str, Any]:
    """What the engine that is asked for by this name is made with: a recording's pace, a server's patience."""
    if engine.startswith("replay:"):
        return {"pace": pace}
    return {"patience": PATIENCE_S} if engine.startswith(("http://", "https://")) else {}


def check_port(host: str, port: int) -> None:
    """UsageError for a port that cannot be had, before an engine is started for it."""
    if not 0 < port < 65536:
        raise UsageError(f"port {port} does not exist; give one from 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            ) from None


async def start(engine: Engine, say: Say) -> None:
    """Wait until the engine is ready, telling now and then what it does."""
    talking = asyncio.create_task(_talk(engine, say))
    try:
        await engine.start()
    finally:
        talking.cancel()
        with suppress(asyncio.CancelledError):
            await talking
    say(f"engine {engine.name}, model {engine.model}")
    if engine.untrained:
        say("this model is not trained as a judge: its scores show how things work and mean nothing else")


async def start_both(engine: Engine, meta: MetaRM | None, say: Say) -> None:
    """As `start`; then tell the meta RM. Raises EngineError where the GRM is to be its own and cannot."""
    await start(engine, say)
    if isinstance(meta, OwnMetaRM):
        await meta.check()
    say(f"meta RM {meta.name}" if meta else NO_META)


async def _talk(engine: Engine, say: Say) -> None:
    last = ""
    while True:
        await asyncio.sleep(_SAY_EVERY_S)
        if (now := engine.state().message) and now != last:
            last = now
            say(now)
