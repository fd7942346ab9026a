"""Why a server refused, in its own words, whatever the shape of its answer: JSON of many kinds, HTML, plain text."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

MOST_JSON, MOST_TEXT = 1000, 300
"""Characters of a reason: a sentence is kept whole, a page or a log is not."""
_SENTENCES = (
    "error", "title", "message", "msg", "detail", "details", "description", "reason", "errors", "error_msg",
    "error_message", "errormessage", "error_description", "status_msg", "base_resp", "fault", "faultstring", "cause",
    "fieldviolations", "metadata", "raw",
)  # fmt: skip
"""Where a sentence may stand in an object, in the order in which the parts are read out."""
_CODES = ("code", "status", "status_code", "statusCode", "http_status")
_KINDS = ("type", "code", "status")
_HEADER = re.compile(r"(?i)(?:^|-)(?:error|errormessage|reason|problem)(?:-?(?:message|detail|description|reason))?$")
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style|svg)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)
_REFUSALS = re.compile(
    r"invalid|unsupported|not_?found|permission|forbidden|authentication|unprocessable|bad_?request"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A server's words on a failure."""

    words: str
    """Its sentence; '' where it says nothing."""
    code: int | None = None
    """The HTTP status that the answer's body names."""
    param: str = ""
    """The field of the request that the body names."""
    kind: str = ""
    """Its word for the kind of failure, in lower case."""

    @property
    def refuses(self) -> bool | None:
        """Whether the same request would be refused again; None where the body does not tell."""
        if self.code is not None:
            return 400 <= self.code < 500 and self.code not in (408, 409, 425, 429)
        return True if _REFUSALS.search(self.kind) else None


def of_body(raw: bytes) -> Reason:
    """The reason in an answer's body."""
    text = raw[:65536].decode("utf-8", "replace")
    try:
        return of_value(json.loads(text))
    except ValueError:
        return Reason(_shortened(_seen(text) if _PAGE.match(text) else text, MOST_TEXT))


def of_value(value: Any) -> Reason:
    """The reason in an answer that was JSON."""
    words = _shortened(_sentence(value), MOST_JSON)
    if not words and value not in (None, {}, [], ""):
        words = _shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), MOST_TEXT)
    inner = _objects(value)
    codes = (_status(each.get(name)) for each in inner for name in _CODES)
    params = (each.get("param") for each in inner)
    kinds = (each.get(name) for each in inner for name in _KINDS)
    return Reason(
        words,
        next((code for code in codes if code is not None), None),
        next((param for param in params if isinstance(param, str) and param != "None"), ""),
        " ".join(kind.lower() for kind in kinds if isinstance(kind, str)),
    )


def of_head(status: int, phrase: str, headers: Mapping[str, str]) -> str:
    """The reason in the head of an answer without a body: a header named for it, or else the status line's words."""
    named = next((value for name, value in headers.items() if _HEADER.search(name)), "")
    usual = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return _shortened(named or ("" if phrase.lower() == usual.lower() else phrase), MOST_TEXT)


def page_words(text: str) -> str:
    """The beginning of what a page or a text says, for somebody who expected JSON."""
    return _shortened(_seen(text) if _PAGE.match(text) else text, 120)


def _objects(value: Any) -> list[dict[str, Any]]:
    """An answer and the objects in which it may tell of its error, the innermost first."""
    if isinstance(value, list):
        return _objects(value[0]) if value else []
    if not isinstance(value, dict):
        return []
    inner = [each for name in ("error", "message", "detail") for each in _objects(value.get(name))]
    return [*inner, value]


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 400 <= value < 600 else None


def _sentence(value: Any) -> str:
    if isinstance(value, str):
        return _unwrapped(value)
    if isinstance(value, list):
        return "; ".join(dict.fromkeys(filter(None, map(_sentence, value))))
    if not isinstance(value, dict):
        return ""
    lower = {str(name).lower(): each for name, each in value.items()}
    if isinstance(lower.get("errors"), dict):
        lower["errors"] = [f"{name}: {_sentence(each)}" for name, each in lower["errors"].items()]
    parts = [_sentence(lower[name]) for name in _SENTENCES if name in lower]
    place = lower.get("loc") or lower.get("field")
    if parts and place:
        steps = place if isinstance(place, list) else [place]
        parts.append(".".join(str(step) for step in steps if step != "body"))
    return ": ".join(dict.fromkeys(filter(None, parts)))


def _unwrapped(text: str) -> str:
    """A sentence; that of the JSON document where the text holds one, as a gateway passes on what it was told."""
    if text.lstrip().startswith(("{", "[{")):
        try:
            return _sentence(json.loads(text)) or text
        except ValueError:
            pass
    return _seen(text) if _PAGE.match(text) else text


def _seen(page: str) -> str:
    """The text that a reader of a page sees."""
    return html.unescape(_UNSEEN.sub(" ", page))


def _shortened(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1] + "…"
