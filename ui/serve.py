"""Serve the page: the store, the engine, the runs and the app, started and stopped together."""

import logging
import os
import signal
import socket
import sys
import threading
from contextlib import closing

from grm_core import cards, engines, meta_rm
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from runs.settings import Page
from storage.store import Store

log = logging.getLogger("grm_lens")


def run(page: Page) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. Raises UsageError for what cannot be served."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    _check_port(page.host, page.port)
    judge = page.judge
    options = {"pace": page.pace} if judge.engine.startswith("replay:") else {}
    engine = engines.create(judge.engine, judge.model, **options)
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
    from runs.jobs import Jobs
    from ui import layout
    from ui.people import People
    from ui.uploads import Uploads

    card = cards.of(engine)
    meta = meta_rm.create(page.judge.meta, engine.style, engine, card, page.judge.meta_template)
    jobs = Jobs(store, engine, meta, card, page.sampling)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    uploads, people = Uploads(page.port), People(page.logins, store.acts)
    os.environ["FORWARDED_ALLOW_IPS"] = ""  # uvicorn believes no proxy: the app does, and has to know who speaks
    try:
        uploads.begin()
        demo = layout.build(store, jobs, people)
        url = layout.launch(demo, page, layout.launch_options(store, page, uploads, people))
        # Only now: a starting vLLM takes every core, and the page has to be there within seconds.
        jobs.start()
        log.info("GRM Lens is at %s with the %s engine and %s", url, engine.name, store.path)
        ended.wait()
        log.info("stopping")
        demo.close(verbose=False)
    finally:
        jobs.close()
        uploads.clear()
    return 0


def _check_port(host: str, port: int) -> None:
    """A port in use is told before the engine starts, not after."""
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
