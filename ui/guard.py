"""Who may write from where: hosts, origins, kinds and sizes of bodies.

A page elsewhere may send a browser here with a login's cookie. So whatever writes has to come from our own pages, or
from a program: programs send no Origin, and what carries a key of its own in a header cannot be sent by a page
elsewhere without asking first, which is refused.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
API = "/gradio_api"
_SAFE = ("GET", "HEAD", "OPTIONS")
_JSON_POSTS = ("queue/join", "run/predict", "component_server", "cancel", "reset")
"""What the pages post to below /gradio_api, beside files; all else there is Gradio's own and no page's."""
_CLOSED = (
    "monitoring",
    "dev/",
    "proxy=",
    "vibe-",
    "run-history",
    "runs",
    "profiling",
    "info",
    "openapi.json",
    "token",
)
"""What Gradio answers to GET and no page of ours asks for."""
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
JSON_MOST = 24 * 2**20
"""Bytes of a JSON body: eight responses of 2 MB with all that JSON escapes."""
UPLOAD_MOST = 20 * 2**20
"""Bytes of an uploaded file."""
_LOGIN_MOST = 10_000


class Hosts:
    """Requests that name this machine or an allowed name: a name that points here from elsewhere gets no answer."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        """`names`: allowed ones beside addresses and this machine's own, '*.a.example' for all below, '*' for any."""
        self._app = app
        self._names = tuple(name.strip("[]").lower() for name in (*LOOPBACK, socket.gethostname(), *names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say which option would."""
        if scope["type"] not in ("http", "websocket") or self._is_ours(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        await _refuse(400, "this name is not allowed here; start with --allowed-hosts NAME")(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = (urlsplit(f"//{host}").hostname or "") if _is_netloc(host) else ""
        return _is_address(name) or any(
            wanted in ("*", name) or (wanted.startswith("*.") and name.endswith(wanted[1:])) for wanted in self._names
        )


class Guard:
    """Refuses what another site's page, or a body of the wrong kind or size, would write; says so in words."""

    def __init__(self, app: ASGIApp, room: Callable[[int], Awaitable[bool]]) -> None:
        """`room`: whether so many bytes may still be uploaded."""
        self._app, self._room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "websocket":  # no page of ours opens one
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, method, path = Headers(scope=scope), scope["method"], path_of(scope)
        foreign = is_foreign(headers)
        refusal = None
        if method not in _SAFE:
            refusal = self._written(headers, path, foreign) or await self._too_large(headers, path)
        elif foreign and (method == "OPTIONS" or path == "/logout"):
            refusal = _refuse(403, "asked for by another site's page")
        elif path.startswith(tuple(f"{API}/{name}" for name in _CLOSED)) or path.startswith("/monitoring"):
            refusal = _refuse(404, "there is no such address")
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if foreign:  # Gradio would let any port of this machine read
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"origin"]}
        await _bounded(self._app, scope, receive, send, _most(path))

    def _written(self, headers: Headers, path: str, foreign: bool) -> JSONResponse | None:
        """Why a request that writes is refused; None where it is not."""
        if has_key(headers):
            return None
        if foreign:
            return _refuse(403, "sent by another site's page")
        below = path.removeprefix(f"{API}/").rstrip("/")
        gradios = path.startswith(f"{API}/")
        if gradios and below not in (*_JSON_POSTS, "upload"):
            return _refuse(404, "there is no such address")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        forms = below == "upload" or path.rstrip("/") == "/login"
        if kind in _FORMS if forms else kind == "application/json":
            return None
        return _refuse(415, "only JSON is taken here, as application/json" if not forms else "only forms are taken")

    async def _too_large(self, headers: Headers, path: str) -> JSONResponse | None:
        """Why a body is refused for its size; a body that does not say its size is counted as it comes."""
        size = headers.get("content-length", "")
        bytes_ = int(size) if size.isascii() and size.isdigit() and len(size) < 20 else 0
        most = _most(path)
        if most is not None and bytes_ > most:
            return _refuse(413, f"{bytes_ / 2**20:.0f} MB are too much; at most {most / 2**20:.0f} MB are taken here")
        if _is_upload(path) and not await self._room(bytes_ or UPLOAD_MOST):
            return _refuse(507, "there is no room for another file now; try again in an hour, or use the command line")
        return None


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another site sends this: browsers say so in Origin and Sec-Fetch-Site, programs in neither."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def has_key(headers: Headers) -> bool:
    """Whether a request carries a key of its own, which no browser adds by itself."""
    return headers.get("authorization", "").lower().startswith("bearer ") or "x-api-key" in headers


def _refuse(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why, "detail": why}, status)


def path_of(scope: Scope) -> str:
    """The path below the app's own."""
    root = scope.get("root_path", "").rstrip("/")
    path = str(scope["path"])
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _is_upload(path: str) -> bool:
    return path.rstrip("/") == f"{API}/upload"


def _most(path: str) -> int | None:
    """Bytes that a body may have; None where a route sets its own bound."""
    if _is_upload(path):
        return UPLOAD_MOST + 2**16  # the form around the file
    if path.startswith(f"{API}/"):
        return JSON_MOST
    return _LOGIN_MOST if path.rstrip("/") == "/login" else None


async def _bounded(app: ASGIApp, scope: Scope, receive: Receive, send: Send, most: int | None) -> None:
    """Have the app answer; a body that turns out longer than it may be ends there, and is refused."""
    size, begun = 0, False

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if most is None or size <= most else {"type": "http.disconnect"}

    async def sent(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    await app(scope, limited, sent)
    if most is not None and size > most and not begun:
        await _refuse(413, f"at most {most / 2**20:.0f} MB are taken here")(scope, receive, send)


def _is_netloc(host: str) -> bool:
    return not set(host) & set("/?#@\\ ")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
