"""python -m tests.browser.app: the real page, with the fake engine or a server in place of a model."""

import argparse
import faulthandler
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cli import page
from grm_core import engines
from grm_core.engines.base import Engine
from storage.store import Store
from tests.fake_engine import FakeEngine
from ui import serve


def main(options: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, with these options, or those of the command line."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    faulthandler.register(signal.SIGUSR1)  # where every thread stands, for a test that waits in vain
    parser = argparse.ArgumentParser()
    page.add_arguments(parser)
    parser.add_argument("--delay", type=float, default=0.001, help="seconds per word")
    parser.add_argument("--hold", type=Path, help="a folder whose files hold the engine (see tests/fake_engine.py)")
    parser.add_argument("--hostile", action="store_true")
    args = parser.parse_args(options)
    engine: Engine = FakeEngine(args.delay, hostile=args.hostile, hold=args.hold)
    if args.engine.startswith("http://"):
        engine = engines.create(args.engine, args.model)
    settings = page.settings_of(args)
    with closing(Store(settings.db)) as store:
        serve.import_demos(store)
        return serve.serve(settings, store, engine)


if __name__ == "__main__":
    sys.exit(main())
