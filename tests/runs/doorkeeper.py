"""An app's door without its pages: python -m tests.runs.doorkeeper DATABASE [ACKNOWLEDGED].

With a number it dies as by kill -9 when it has acknowledged so many portions and another one comes.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from storage import door as doors
from storage.store import Store
from ui import door


class Mortal:
    """Kills its process when a portion comes after so many others."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.left = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1
        await self.app(scope, receive, send)


@contextlib.contextmanager
def served(store: Store, most: int = -1) -> Iterator[str]:
    """A door of this process for the store; its address."""
    token = doors.new_token()
    app = Mortal(Starlette(routes=door.routes(store, token)), most)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/{door.PATH}"
        with doors.opened(store.path, url, token):
            yield url
        server.should_exit = True
        thread.join(timeout=10)


def main() -> None:
    """Serve until the process is ended."""
    with served(Store(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else -1):
        print("open", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
