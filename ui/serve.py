"""Serve the page: the store, the engine, the runs and the app, started and stopped together."""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from grm_core import cards, engines, meta_rm
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from storage.paths import default_path
from storage.store import Store

log = logging.getLogger("grm_lens")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the page."""
    parser.add_argument("--engine", default="auto", help=f"{engines.EXPECTED} (default: auto)")
    parser.add_argument("--model", help="name of the served model; for managed and hf a folder of a model, or small")
    parser.add_argument(
        "--meta", default="auto", help="meta RM: auto, self, expected, none, a folder or a URL (default: auto)"
    )
    parser.add_argument("--db", type=Path, help="the SQLite file that keeps all sessions")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: 7860)")
    parser.add_argument("--root-path", default="", help="where a reverse proxy shows the page, such as /lens")
    parser.add_argument("--auth", action="append", metavar="USER:PASS", default=[], help="a login; repeat for more")
    parser.add_argument("--pace", choices=("recorded", "at-once"), default="recorded", help="of a replay engine")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code. Raises UsageError for what cannot be served."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    logins = [_login(text) for text in args.auth]
    _check_port(args.host, args.port)
    engine = make_engine(args)
    with closing(Store(args.db or default_path())) as store:
        import_demos(store)
        return _serve(args, store, engine, logins)


def make_engine(args: argparse.Namespace) -> Engine:
    """The engine that the command line names, not started yet."""
    options = {"pace": args.pace} if args.engine.startswith("replay:") else {}
    return engines.create(args.engine, args.model, **options)


def import_demos(store: Store) -> None:
    """Keep the recorded demo sessions in the store, once; there they can be read while the engine starts."""
    from storage.transfer import import_file
    from ui import ASSETS

    if store.read_only:
        return
    import_file(store, ASSETS / "demo" / "recorded.jsonl", restore=False)  # who binned one does not want it back


def _serve(args: argparse.Namespace, store: Store, engine: Engine, logins: list[tuple[str, str]]) -> int:
    from ui import layout
    from ui.jobs import Jobs

    card = cards.of(engine)
    jobs = Jobs(store, engine, meta_rm.create(args.meta, engine.style, engine, card), card)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        demo = layout.build(store, jobs)
        options: dict[str, Any] = layout.launch_options(store, args.host)
        options |= {"root_path": args.root_path or None, "auth": logins or None}
        _, url, _ = demo.launch(server_name=args.host, server_port=args.port, **options)
        # Only now: a starting vLLM takes every core, and the page has to be there within seconds.
        jobs.start()
        log.info("GRM Lens is at %s with the %s engine and %s", url, engine.name, store.path)
        ended.wait()
        log.info("stopping")
        demo.close(verbose=False)
    finally:
        jobs.close()
    return 0


def _login(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise UsageError("--auth needs USER:PASS, with a colon between the two")
    return user, password


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
