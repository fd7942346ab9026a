"""A reverse proxy that shows a server under a path, as nginx or Traefik would."""

import http.client
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.local_server import LocalServer

_HOP = ("connection", "content-length", "transfer-encoding", "keep-alive")


class ReverseProxy(LocalServer):
    """Strips `prefix` and passes on; what is asked for outside of it is a 404, and kept in `outside`."""

    def __init__(self, target: str, prefix: str, tells: bool) -> None:
        """`tells`: whether X-Forwarded-Prefix names the prefix."""
        self.outside: list[str] = []
        self._target = urlsplit(target)
        self._prefix = prefix
        self._tells = tells
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    proxy.pass_on(self)
                self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        super().__init__(Handler)

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """One request there and its answer back, piece by piece as it comes."""
        rest = request.path.removeprefix(self._prefix)
        if rest == request.path or rest[:1] not in ("", "/", "?"):
            self.outside.append(request.path)
            request.send_error(404)
            return
        there = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=120)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        path = rest if rest.startswith("/") else f"/{rest}"
        there.request(request.command, path, body, self._headers(request))
        answer = there.getresponse()
        request.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                request.send_header(name, value)
        request.end_headers()
        try:
            while piece := answer.read1(65536):
                request.wfile.write(piece)
                request.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # a browser that leaves a page lets go of its streams
        finally:
            there.close()

    def _headers(self, request: BaseHTTPRequestHandler) -> dict[str, str]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in (*_HOP, "host")}
        headers["X-Forwarded-For"] = "10.0.0.9"
        headers["X-Forwarded-Host"] = request.headers["Host"]
        headers["X-Forwarded-Proto"] = "http"
        if self._tells:
            headers["X-Forwarded-Prefix"] = self._prefix
        return headers
