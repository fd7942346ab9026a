"""Calls of the pages' functions: what none of them is, is refused in words before Gradio looks for it."""

import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.guard import API, path_of

_KINDS = {
    "component_server": {"component_id": int, "fn_name": str, "session_hash": str},
    "queue/join": {"fn_index": int, "session_hash": str, "data": list},
    "run/predict": {"fn_index": int, "session_hash": str, "data": list},
    "cancel": {"fn_index": int, "session_hash": str, "event_id": str},
}
"""Path below /gradio_api -> the fields that a call has to have."""
_NAME_MOST = 100


class Calls:
    """Passes calls on whose fields have the right types and name something that there is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say what is wrong with it."""
        kinds = None
        if scope["type"] == "http" and scope["method"] == "POST":
            kinds = _KINDS.get(path_of(scope).removeprefix(f"{API}/").rstrip("/"))
        if kinds is None:
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return  # who asked has gone
        wrong = _wrong(body, kinds, scope["app"].get_blocks())
        if wrong:
            await JSONResponse({"error": wrong, "detail": wrong}, 400)(scope, receive, send)
            return
        read = False

        async def again() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _body(receive: Receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _wrong(body: bytes, kinds: dict[str, type], blocks: Any) -> str:
    """What is wrong with a call; '' for nothing."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return "this is not JSON"
    if not isinstance(call, dict):
        return "a call is a JSON object"
    for name, kind in kinds.items():
        value = call.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"the call has no valid {name}"
        if isinstance(value, str) and (len(value) > _NAME_MOST or not value.isprintable()):
            return f"the call's {name} is not valid"
    if "component_id" in kinds:
        block = blocks.blocks.get(call["component_id"])
        if "data" not in call or not getattr(getattr(block, call["fn_name"], None), "_is_server_fn", False):
            return "there is no such function; reload the page"
    elif call["fn_index"] not in blocks.fns:
        return "there is no such event; reload the page"
    if "data" in kinds and len(call["data"]) != len(blocks.fns[call["fn_index"]].inputs):
        return "the event has not the right number of values; reload the page"
    return ""
