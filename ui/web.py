"""The browser's files: the modules and styles of assets/web, and plotly's script."""

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
    *("tokens", "frame", "base", "case", "matrix", "card", "panel", "keys"),
    *("inspect", "sessions", "compare", "principles", "benchmarks", "models", "demo", "queue", "batch"),
)
"""Files of assets/web/styles in the order of the cascade: what every page has, then views, then pages."""
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
"""Out of the installed Python package: the page asks no other host for anything."""
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
"""The content of an address never changes: the address changes with it."""


@functools.cache
def address() -> str:
    """Where the modules are, relative to the page: it works under any prefix, and changes whenever a file does."""
    digest = hashlib.sha256(plotly.__version__.encode())
    for path in sorted(WEB.rglob("*.js")):
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes())
    return f"web/{digest.hexdigest()[:16]}"


def routes() -> list[BaseRoute]:
    """The modules and plotly's script, for anyone who reaches the app: they are the program, nobody's data."""

    async def script(_: Request) -> Response:
        return FileResponse(PLOTLY, media_type="text/javascript", headers=_FOREVER)

    return [Route(f"/{address()}/{PLOTLY.name}", script), Mount(f"/{address()}", app=_Modules(directory=WEB))]


class _Modules(StaticFiles):
    """Static files that a browser may keep; a module needs JavaScript's media type, whatever the system says."""

    def file_response(self, full_path: Any, *rest: Any, **more: Any) -> Response:
        response = super().file_response(full_path, *rest, **more)
        response.headers.update(_FOREVER)
        if str(full_path).endswith(".js"):
            response.headers["content-type"] = "text/javascript; charset=utf-8"
        return response
