"""Serve the page: the store, the engine, the runs and the app, started and stopped together."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Mount

from grm_core import cards, engines, meta_rm
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from runs.settings import Endpoint, Page
from runs.starting import check_port, options_of
from storage import door as doors
from storage.store import Store

if TYPE_CHECKING:
    from runs.jobs import Jobs

log = logging.getLogger("grm_lens")


def run(page: Page) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. Raises UsageError for what cannot be served."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    check_port(page.host, page.port)
    _check_open(page)
    judge = page.judge
    engine = engines.create(judge.engine, judge.model, **options_of(judge.engine, page.pace))
    with closing(Store(page.db)) as store:
        import_demos(store)
        return serve(page, store, engine)


def import_demos(store: Store) -> None:
    """Keep the recorded demo sessions in the store, once; there they can be read while the engine starts."""
    from storage.transfer import import_file
    from ui import ASSETS

    if store.read_only:
        return
    import_file(store, ASSETS / "demo" / "recorded.jsonl", restore=False)  # who binned one does not want it back


def serve(page: Page, store: Store, engine: Engine) -> int:
    """Serve this store and engine; as `run` otherwise."""
    from runs.batches import BatchLine
    from runs.jobs import Jobs
    from ui import door, layout
    from ui.people import People
    from ui.uploads import Uploads

    card = cards.of(engine)
    meta = meta_rm.create(page.judge.meta, engine.style, engine, card, page.judge.meta_template)
    jobs = Jobs(store, engine, meta, card, page.sampling)
    batches = BatchLine(jobs)
    token, ended = doors.new_token(), _ended()
    asked, beside = _service(page, jobs)
    routes = [*door.routes(store, token), *asked]
    uploads, people = Uploads(page.port), People(page.logins, store.acts)
    os.environ["FORWARDED_ALLOW_IPS"] = ""  # uvicorn believes no proxy: the app does, and has to know who speaks
    try:
        uploads.begin()
        demo = layout.build(store, jobs, batches, people)
        url = layout.launch(demo, page, layout.launch_options(store, page, uploads, people, routes, beside))
        # Only now: a starting vLLM takes every core, and the page has to be there within seconds.
        jobs.start()
        batches.start()
        log.info("GRM Lens is at %s with the %s engine and %s", url, engine.name, store.path)
        way = f"http://{_reached(page.host)}:{page.port}/{door.PATH}"
        with nullcontext() if store.read_only else doors.opened(store.path, way, token):
            ended.wait()
        demo.close(verbose=False)
    finally:
        batches.close()
        jobs.close()
        uploads.clear()
    return 0


def _service(page: Page, jobs: "Jobs") -> tuple[list[BaseRoute], Callable[[], AbstractAsyncContextManager[None]]]:
    """The routes of whatever other programs may ask for, and what is entered as long as they are served."""
    if page.endpoint is None and not page.mcp:
        return [], nullcontext
    from runs.judging import Judging

    routes: list[BaseRoute] = []
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    endpoint = page.endpoint or Endpoint()
    judging = Judging(jobs.engine, jobs.meta, jobs.card, page.sampling, endpoint, jobs.loop)
    if page.endpoint is not None:
        from service import app

        routes.append(Mount("/v1", app=app.create(judging, endpoint)))
    if page.mcp:
        from service import tool

        served = tool.serve(judging)
        routes.extend(served.routes)
        beside = served.running
    return routes, beside


def _ended() -> threading.Event:
    """Set by Ctrl-C and SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _reached(host: str) -> str:
    """Where a process of this machine reaches a server that listens on `host`."""
    if host == "0.0.0.0":
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _check_open(page: Page) -> None:
    """UsageError for a page whose logins would not hold for what stands beside it."""
    if page.logins and page.endpoint is not None and not page.endpoint.keys:
        raise UsageError("the page has logins, so --api needs keys, too: give --api-key or --api-keys")
    if page.logins and page.mcp:
        raise UsageError("--mcp knows no logins: leave out --auth, or serve the tool from an app of its own")
