"""The app's door: other processes of the same user hand their records to the one that may write the database."""

import hmac
import logging

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grm_core.errors import UsageError
from runs import writing
from storage.errors import Refused, StoreError
from storage.store import Store

log = logging.getLogger("grm_lens")

PATH = "door"
_LARGEST = 512 * 2**20
"""Bytes of a portion: a session travels whole, however many samples it has."""


def routes(store: Store, token: str) -> list[BaseRoute]:
    """Where portions of records are taken by who knows the token."""

    async def take(request: Request) -> Response:
        said = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(said, f"Bearer {token}".encode()):
            return JSONResponse({"error": "the token is not this app's"}, 401)
        keep = writing.TAKERS.get(request.path_params["kind"])
        if keep is None:
            raise HTTPException(404)
        data = await _body(request)
        if data is None:
            return JSONResponse({"error": f"a portion has at most {_LARGEST:,} bytes"}, 413)
        try:
            return JSONResponse(await run_in_threadpool(keep, store, data))
        except UsageError as error:
            # A full disk may have room later, what does not fit never will.
            passing = isinstance(error, StoreError) and not isinstance(error, Refused)
            log.warning("records of another process were refused: %s", error)
            return JSONResponse({"error": str(error)}, 507 if passing else 400)

    return [Route(f"/{PATH}/{{kind}}", take, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """The request's body; None where it is too large to be held."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > _LARGEST:
            return None
    return bytes(data)
