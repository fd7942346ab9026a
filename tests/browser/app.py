"""python -m tests.browser.app: the real page, with the fake engine in place of a model."""

import argparse
import faulthandler
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from storage.store import Store
from tests.fake_engine import FakeEngine
from ui import serve


def main() -> int:
    """Serve until SIGTERM."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    faulthandler.register(signal.SIGUSR1)  # where every thread stands, for a test that waits in vain
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    parser.add_argument("--delay", type=float, default=0.001, help="seconds per word")
    parser.add_argument("--start-seconds", type=float, default=0.0)
    parser.add_argument("--hostile", action="store_true")
    args = parser.parse_args()
    engine = FakeEngine(args.delay, args.start_seconds, args.hostile)
    with closing(Store(Path(args.db))) as store:
        serve.import_demos(store)
        return serve._serve(args, store, engine, [serve._login(text) for text in args.auth])


if __name__ == "__main__":
    sys.exit(main())
