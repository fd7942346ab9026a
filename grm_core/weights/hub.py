"""The base from the Hugging Face hub: asked for in three seconds, downloaded in one file, resumed where it was cut."""

import http.client
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grm_core.weights.base import Base, Unavailable
from grm_core.weights.pieces import append
from grm_core.weights.progress import Meter

PROBE_S = 3.0
"""How long the hub has to show that it can be reached."""
STALL_S = 10.0
"""A connection that is silent for so long is cut."""
TRIES = 5
"""Times in a row that a cut connection may bring nothing."""
FIRST_PAUSE_S = 1.0
"""Before the first further try; doubled before each that follows."""
_CHUNK = 1 << 20
_CUT = (OSError, http.client.HTTPException)  # urllib's errors and timeouts are OSErrors


def offline() -> bool:
    """Whether the user has forbidden the hub with HF_HUB_OFFLINE."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE")


def cached(base: Base) -> Path | None:
    """The file in the hub's own cache on this machine; None where it is not."""
    from huggingface_hub import try_to_load_from_cache

    for revision in base.revisions:
        path = try_to_load_from_cache(base.repository, base.file, revision=revision)
        if isinstance(path, str) and Path(path).stat().st_size == base.size:
            return Path(path)
    return None


def address(base: Base) -> str:
    """The file's address on a hub that answers and has it. Raises Unavailable, after PROBE_S at the latest."""
    if offline():
        raise Unavailable("the hub is switched off by HF_HUB_OFFLINE")
    replies: list[str | Exception] = []
    # In a thread of its own: looking up a name takes as long as it likes, whatever the timeout of a connection is.
    asking = threading.Thread(target=lambda: replies.append(_answer(base)), daemon=True)
    asking.start()
    asking.join(PROBE_S)
    if not replies:
        raise Unavailable(f"the hub did not answer within {PROBE_S:.0f} s")
    if isinstance(replies[0], Exception):
        raise replies[0]
    return replies[0]


def fill(base: Base, url: str, partial: Path, meter: Meter) -> None:
    """Append what the partial file lacks. Raises Unavailable when the hub gives no more; what came is kept."""
    fruitless = 0
    while (done := _size(partial)) < base.size:
        try:
            _pour(base, url, partial, meter)
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                raise Unavailable(f"the hub refused with status {error.code}") from error
            reason = f"the hub answered with status {error.code}"
        except _Lost as error:
            reason = f"the connection was cut ({error})"
        if (now := _size(partial)) >= base.size:
            return
        fruitless = 0 if now >= done + _CHUNK else fruitless + 1
        if fruitless >= TRIES:
            raise Unavailable(f"{reason}, {TRIES} times in a row")
        _pause(FIRST_PAUSE_S * 2 ** max(0, fruitless - 1), lambda: meter.at(now))


class _Lost(Exception):
    """The connection is gone; unlike an OSError of the disk, that is a reason to go on."""


def _pour(base: Base, url: str, partial: Path, meter: Meter) -> None:
    """One connection: from where the file ends to where the file or the connection does."""
    done = _size(partial)
    try:
        answer = _open(url, f"bytes={done}-", STALL_S)
    except urllib.error.HTTPError:
        raise
    except _CUT as error:
        raise _Lost(str(error)) from error
    with answer:
        if answer.status != 206:  # whoever does not know Range sends all of it
            done = 0
        elif not answer.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            raise Unavailable("the hub sent another part than it was asked for")
        with partial.open("ab", buffering=0) as file:
            file.truncate(done)
            while done < base.size:
                try:
                    chunk = answer.read1(min(_CHUNK, base.size - done))  # what there is, without waiting for more
                except _CUT as error:
                    raise _Lost(str(error)) from error
                if not chunk:
                    return
                append(file, chunk)
                done += len(chunk)
                meter.at(done)


def _answer(base: Base) -> str | Exception:
    """The address of the first revision that has the file with the right size, or why there is none."""
    reason = Unavailable("the hub was not asked")
    for revision in base.revisions:
        url = f"{_endpoint()}/{base.repository}/resolve/{revision}/{base.file}"
        try:
            with _open(url, "bytes=0-0", PROBE_S) as answer:
                size = answer.headers.get("Content-Range", "").rpartition("/")[2] or answer.headers["Content-Length"]
            if size == str(base.size):
                return url
            reason = Unavailable("the hub has another file of this name")
        except urllib.error.HTTPError as error:
            reason = Unavailable(f"the hub refused with status {error.code}")
        except _CUT as error:
            return Unavailable(f"the hub cannot be reached ({getattr(error, 'reason', error)})")
    return reason


def _endpoint() -> str:
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def _open(url: str, part: str, timeout: float) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Range": part}), timeout=timeout)


def _pause(seconds: float, alive: Callable[[], None]) -> None:
    """Wait; `alive` is called meanwhile, and may end it."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(0.25, left))
        alive()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
