"""Headers that hold a browser to what our pages do, with a policy made for each page's own scripts."""

import base64
import hashlib
from collections.abc import Sequence
from html.parser import HTMLParser

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""What every answer says."""
DATA = "default-src 'none'; sandbox; frame-ancestors 'self'"
"""The policy of data: should a browser ever show some of it as a page, nothing in it runs."""
_PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {ancestors}"
)
"""Gradio makes functions of text where a component has a script: hence 'unsafe-eval'. Its styles are inline."""


def page(body: bytes, frame_ancestors: Sequence[str]) -> str:
    """The Content-Security-Policy of a page: its inline scripts run, by their hashes, and no others."""
    scripts = _Scripts()
    scripts.feed(body.decode("utf-8", "replace"))
    scripts.close()
    digests = (hashlib.sha256(text.encode()).digest() for text in scripts.texts)
    hashes = [f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in dict.fromkeys(digests)]
    return _PAGE.format(scripts="".join(hashes), ancestors=" ".join(["'self'", *frame_ancestors]))


def cookie(value: bytes, framed: bool) -> bytes:
    """A login's cookie for the page alone: no other site's page sends it, unless those may frame this one.

    Then browsers are to keep it apart for each framing site.
    """
    if b"samesite=none" not in value.lower():
        return value
    if framed:
        return value + b"; Partitioned"
    return b"; ".join(b"SameSite=lax" if part.lower() == b"samesite=none" else part for part in value.split(b"; "))


class _Scripts(HTMLParser):
    """The inline scripts of a page, as a browser takes them out of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A script without an address begins."""
        self._inside = tag == "script" and not any(name == "src" for name, _ in attrs)
        if self._inside:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        self._inside = False

    def handle_data(self, data: str) -> None:
        """Its text, in one piece or several."""
        if self._inside:
            self.texts[-1] += data
