"""Behind a reverse proxy: the address that people see, links that stay under its path, and who may frame the page."""

import html
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ui import policy, shell
from ui.guard import API

_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?")
_PREFIX = re.compile(r"(?:/[\w.~-]+)+")
_GRADIOS = (b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")
"""What Gradio believes of anybody."""

_OWN = b'<link rel="icon" href="favicon.ico" /><link rel="manifest" href="manifest.json" />'
"""A browser asks the root of the host for an icon that a page does not name."""


class Forwarded:
    """Requests as a trusted proxy says that they were made; what anybody else says of it is left out.

    A proxy may name the host (X-Forwarded-Host), the scheme (-Proto), the client (-For) and the path under which it
    shows the page (-Prefix), whether it strips that path or not; a path that the app was started with counts more.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        """`proxies`: addresses and networks, or only '*' for anybody."""
        self._inner = ProxyHeadersMiddleware(app, list(proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] in ("http", "websocket"):
            headers, client = Headers(scope=scope), scope.get("client")
            others = [(name, value) for name, value in scope["headers"] if name not in _GRADIOS]
            scope = {**scope, "headers": others}
            speaks = any(name.startswith("x-forwarded-") for name in headers)
            if speaks and client is not None and client[0] in self._inner.trusted_hosts:
                _rename(scope, headers)
            _complete(scope)
        await self._inner(scope, receive, send)  # type: ignore[arg-type]


class Pages:
    """Gradio's pages, with links that stay under the app's path, and headers that hold a browser to what they do."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str]) -> None:
        """`frame_ancestors`: origins as Content-Security-Policy has them; none = only this one."""
        self._app, self._ancestors = app, tuple(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = scope.get("root_path", "")
        is_data = scope["path"].removeprefix(root).startswith(f"{API}/")
        start: Message = {}
        body = b""

        async def answer(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                headers = self._marked(message, is_data)
                if is_data or not headers.get("content-type", "").startswith("text/html"):
                    await send(message)
                    return
                start = message
            elif not start:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    whole = shell.framed(_inside(body, root), scope["path"].removeprefix(root), _home(scope, root))
                    headers = MutableHeaders(scope=start)
                    headers["content-length"] = str(len(whole))
                    headers["content-security-policy"] = policy.page(whole, self._ancestors)
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, answer)

    def _marked(self, message: Message, is_data: bool) -> MutableHeaders:
        """The headers of an answer, made to hold a browser."""
        framed = bool(self._ancestors)
        message["headers"] = [
            (name, policy.cookie(value, framed) if name == b"set-cookie" else value)
            for name, value in message["headers"]
        ]
        headers = MutableHeaders(scope=message)
        headers.update(policy.HEADERS)
        if is_data:
            headers["content-security-policy"] = policy.DATA
        return headers


def _rename(scope: Scope, headers: Headers) -> None:
    """Give a request the address that a proxy's headers name."""
    scheme = _first(headers, "x-forwarded-proto")
    host = _matching(_HOST, _first(headers, "x-forwarded-host")) or headers.get("host", "")
    prefix = ""
    if not scope.get("root_path"):
        prefix = _matching(_PREFIX, _first(headers, "x-forwarded-prefix").rstrip("/"))
        scope["root_path"] = prefix
    renamed = MutableHeaders(raw=scope["headers"])
    renamed["host"] = host
    # Gradio makes every address of its own from these two; so the path belongs into the first.
    renamed["x-forwarded-host"] = host + prefix
    renamed["x-forwarded-proto"] = scheme if scheme in ("http", "https") else scope.get("scheme", "http")
    scope["headers"] = renamed.raw


def _complete(scope: Scope) -> None:
    """Put the app's path before one that a proxy has stripped of it: mounted files are not found otherwise."""
    root = urlsplit(scope.get("root_path", "")).path.rstrip("/")
    scope["root_path"] = root
    if not f"{scope['path']}/".startswith(f"{root}/"):
        scope["path"] = root + scope["path"]
        if scope.get("raw_path"):
            scope["raw_path"] = root.encode() + scope["raw_path"]


def _first(headers: Headers, name: str) -> str:
    """What the proxy nearest to the client says, of several."""
    return headers.get(name, "").split(",")[0].strip()


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _inside(page: bytes, root: str) -> bytes:
    """A page whose relative links start at the app's root, and whose manifest and icon are among them."""
    page = page.replace(b'<link rel="manifest" href="/manifest.json" />', _OWN)
    if not root:
        return page
    base = html.escape(root.rstrip("/") + "/").encode()
    return page.replace(b'<base href="./" />', b'<base href="' + base + b'" />')


def _home(scope: Scope, root: str) -> str:
    """The app's own address as people see it, with a slash at its end."""
    return f"{scope.get('scheme', 'http')}://{Headers(scope=scope).get('host', '')}{root.rstrip('/')}/"
