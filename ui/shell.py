"""The frame of every page as the server sends it: head, brand and navigation, filled in from ui/templates.

Sent with the page and not made by a script, so that nothing moves once it is seen.
"""

import functools
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ui import web

NAME = "GRM Lens"
ABOUT = (
    "See why a generative reward model prefers one answer to another: its principles, critiques and scores, "
    "sample by sample, and how the verdict settles as more of them vote."
)
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Judge", ("Inspect", "Batch", "Sessions")),
    ("Understand", ("Runs", "Principles", "Models", "Benchmarks")),
    ("Audit", ("Queue",)),
    ("", ("Demo",)),
)
"""The pages by what people do there."""
ICONS = {
    "Inspect": "M3 12s3.5-7 9-7 9 7 9 7-3.5 7-9 7-9-7-9-7M12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6",
    "Batch": "M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5",
    "Sessions": "M4 6h16M4 12h16M4 18h10",
    "Runs": "M4 4v16h16M7.5 15l4-5 3 3 5-7",
    "Principles": "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM16.5 14v5M14 16.5h5",
    "Models": "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    "Benchmarks": "M5 20v-9M12 20V4M19 20v-6",
    "Queue": "M4 7l2 2 3.5-4M4 16l2 2 3.5-4M13 7h7M13 17h7",
    "Demo": "M7 5l12 7-12 7z",
}
"""Strokes in a square of 24."""
_START = "Inspect"
_GRADIOS = re.compile(rb'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')
_BODY = re.compile(rb"<body[^>]*>")
_LOGIN = b'"auth_required":true'
_TEMPLATES = Path(__file__).parent / "templates"


def framed(page: bytes, path: str, home: str) -> bytes:
    """A page of Gradio's with our head and navigation; anything else as it is.

    `path`: which page, under the app's own path; `home`: the app's address, for those who read it from elsewhere.
    """
    if b"<gradio-app" not in page:
        return page
    current = _name(path)
    title = NAME if current == _START else f"{current} · {NAME}"
    page = _GRADIOS.sub(b"", page)
    page = page.replace(b"</head>", _render("head", title=title, home=home, about=ABOUT) + b"</head>", 1)
    if _LOGIN in page:
        return page
    paths = {name: "" if name == _START else name.lower() for _, names in GROUPS for name in names}
    body = _render("body", groups=GROUPS, icons=ICONS, paths=paths, current=current)
    return _BODY.sub(lambda start: start[0] + body, page, count=1)


def _name(path: str) -> str:
    """'sessions' -> 'Sessions'; the start page has no path."""
    return path.strip("/").partition("/")[0].capitalize() or _START


def _render(name: str, **values: object) -> bytes:
    return _environment().get_template(f"{name}.html.j2").render(web=web.address(), **values).encode()


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
