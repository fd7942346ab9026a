"""A hub that serves one file on 127.0.0.1, with Range as the real one has it, and with faults on demand."""

import re
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from tests.local_server import LocalServer


class Hub(LocalServer):
    """Serves `data` under every address that ends with /resolve/REVISION/FILE, while its block runs."""

    def __init__(self, data: bytes, revisions: tuple[str, ...] = ("pinned",)) -> None:
        self.data = data
        self.revisions = revisions
        self.asked: list[tuple[str, int]] = []
        """(address, first byte) of every request."""
        self.cut_after: int | None = None
        """Close each connection after so many bytes of its answer."""
        self.cuts = 10**9
        """How many connections are cut."""
        self.wait = 0.0
        """Seconds before each answer."""
        self.slow = 0.0
        """Seconds between pieces of 10,000 bytes."""
        self.knows_range = True
        super().__init__(self._handler())
        self.url = self.address

    def firsts(self) -> list[int]:
        """The first byte of every request but the short ones that ask whether there is a file."""
        return [first for path, first in self.asked if not path.endswith("?probe")]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request, or break off."""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        assert match is not None
        probe = match[2] != ""
        first = int(match[1])
        self.asked.append((request.path + ("?probe" if probe else ""), first))
        time.sleep(self.wait)
        if not any(f"/resolve/{revision}/" in request.path for revision in self.revisions):
            request.send_error(404)
            return
        last = min(int(match[2]), len(self.data) - 1) if probe else len(self.data) - 1
        if not self.knows_range:
            first, last = 0, len(self.data) - 1
        body = self.data[first : last + 1]
        request.send_response(206 if self.knows_range else 200)
        request.send_header("Content-Length", str(len(body)))
        if self.knows_range:
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(self.data)}")
        request.end_headers()
        if not probe and self.cut_after is not None and self.cuts > 0:
            self.cuts -= 1
            body = body[: self.cut_after]
        for start in range(0, len(body), 10_000):
            request.wfile.write(body[start : start + 10_000])
            time.sleep(self.slow)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has gone
                    hub.answer(self)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
