"""The browser's files: modules, styles, fonts and icons of assets/web, and plotly's script."""

import functools
import hashlib
from pathlib import Path
from typing import Any

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ui import ASSETS

WEB = ASSETS / "web"
STYLES: tuple[str, ...] = (
    *("fonts", "tokens", "frame", "shell", "palette", "base", "rich", "case", "matrix", "card", "panel", "keys"),
    *("welcome", "inspect", "sessions", "compare", "principles", "benchmarks", "models", "demo"),
    *("queue", "labels", "queues", "batch"),
    *("runs", "blocks"),
)
"""Files of assets/web/styles in the order of the cascade: what every page has, then views, then pages."""
_PLAIN = ("fonts", "tokens", "shell")
"""Those that say something of the root itself, or stand outside Gradio's container."""
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
"""Out of the installed Python package: the page asks no other host for anything."""
_KINDS = {".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
"""The content of an address never changes: the address changes with it."""


@functools.cache
def address() -> str:
    """Where the modules are, relative to the page: it works under any prefix, and changes whenever a file does."""
    digest = hashlib.sha256(plotly.__version__.encode())
    for path in sorted(each for each in WEB.rglob("*") if each.is_file()):
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes())
    return f"web/{digest.hexdigest()[:16]}"


def routes() -> list[BaseRoute]:
    """The modules and plotly's script, for anyone who reaches the app: they are the program, nobody's data."""

    async def script(_: Request) -> Response:
        return FileResponse(PLOTLY, media_type="text/javascript", headers=_FOREVER)

    async def styles(_: Request) -> Response:
        return Response(sheet(), media_type="text/css", headers=_FOREVER)

    return [
        Route(f"/{address()}/{PLOTLY.name}", script),
        Route(f"/{address()}/styles.css", styles),
        Mount(f"/{address()}", app=_Modules(directory=WEB)),
    ]


def sheet() -> str:
    """All styles in one, in the order of the cascade.

    Gradio resets buttons and fields inside its container; nested in the root, twice named, our rules count more.
    """
    texts = {name: (WEB / "styles" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES}
    plain = [texts.pop(name) for name in _PLAIN]
    return "\n".join([*plain, ":root:root {", *texts.values(), "}"])


class _Modules(StaticFiles):
    """Static files that a browser may keep, with their media types, whatever the system says of them."""

    def file_response(self, full_path: Any, *rest: Any, **more: Any) -> Response:
        response = super().file_response(full_path, *rest, **more)
        response.headers.update(_FOREVER)
        if kind := _KINDS.get(Path(full_path).suffix):
            response.headers["content-type"] = kind
        return response
