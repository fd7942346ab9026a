"""The form as data; every bound is checked here, on the server."""

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grm_core.errors import UsageError
from grm_core.formats.foreign import reading
from grm_core.formats.items import read_item
from grm_core.formats.lines import located
from grm_core.types import Example, Message
from runs.settings import Sampling
from ui.asking import read_sampling

SETTLE = {"never": None, "below 10%": 0.1, "below 5%": 0.05, "below 1%": 0.01}
"""When a run may end early: the chance that the verdict would still change."""
_ITEMS_MOST = 2000
_TEXT_MOST = 2 * 2**20
"""Characters of a query, a response or any other text; what a model takes is far less and is told by its tokens."""
_PASTED_MOST = 10 * 2**20
_PLAIN = Sampling()
_TURN = re.compile(r"^(system|user|assistant):[ \t]*\n?", re.MULTILINE | re.IGNORECASE)


def read_form(form: Mapping[str, Any], base: Sampling = _PLAIN) -> tuple[Example, Sampling]:
    """The composer's fields by name as an example and what is asked of it; UsageError says which field is wrong.

    `base`: what holds of settings that have no field.
    """
    settle = form["settle"]
    if settle not in SETTLE:
        raise UsageError(f"stop early is one of {', '.join(SETTLE)}")
    _check_sizes(form)
    asked = read_sampling(form, base)
    return _example(form), replace(asked, settle=SETTLE[settle])


def _check_sizes(form: Mapping[str, Any]) -> None:
    """Refuse texts that no model reads, before anything is done with them."""
    texts = {name: form[name] for name in ("query", "turns", "reference", "labels", "principles")}
    texts |= {f"response {number}": text for number, text in enumerate(form["responses"], 1)}
    for name, text in texts.items():
        if len(text or "") > _TEXT_MOST:
            raise UsageError(f"{name}: {len(text):,} characters; the page takes {_TEXT_MOST:,}")


def _example(form: Mapping[str, Any]) -> Example:
    query, reference = form["query"] or "", form["reference"] or ""
    turns = read_turns(form["turns"] or "")
    texts = tuple(text or "" for text in form["responses"])
    # The query alone, not the turns before it, is what must not be empty.
    messages = (*turns, Message("user", query)) if query.strip() else ()
    if turns and not messages:
        raise UsageError("the query is empty; the last thing that the user said belongs there")
    return Example(
        id=_digest(*(f"{turn.role}\1{turn.content}" for turn in turns), query, *texts),
        query=messages or (Message("user", query),),
        responses=texts,
        labels=read_labels(form["labels"] or "", len(texts)),
        reference=reference if reference.strip() else None,
    )


def read_turns(text: str) -> tuple[Message, ...]:
    """The turns before the query: lines that begin with system:, user: or assistant: open one, or a JSON list."""
    if not text.strip():
        return ()
    if text.lstrip().startswith("["):
        record = {"id": "-", "query": _json(text), "responses": ["-"]}
        with located("earlier turns", 1):
            return read_item(record).query
    heads = list(_TURN.finditer(text))
    if not heads or text[: heads[0].start()].strip():
        raise UsageError("earlier turns: each begins with user:, assistant: or system: at the start of a line")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return tuple(
        Message(head[1].lower(), text[head.end() : end].strip("\r\n")) for head, end in zip(heads, ends, strict=True)
    )


def write_turns(turns: tuple[Message, ...]) -> str:
    """The text that `read_turns` reads as these turns: words where that works, else JSON."""
    plain = "\n".join(f"{turn.role}: {turn.content}" for turn in turns)
    try:
        if read_turns(plain) == turns:
            return plain
    except UsageError:
        pass  # such as an empty list, or a text that begins with a bracket
    return json.dumps([{"role": turn.role, "content": turn.content} for turn in turns], indent=1) if turns else ""


def read_labels(text: str, n: int) -> tuple[float, ...] | None:
    """'1, 0' as labels, the highest is the best; None when nothing is given."""
    if not text.strip():
        return None
    try:
        labels = tuple(float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        raise UsageError(f"labels are numbers with commas between them, not {text.strip()[:40]!r}") from None
    if len(labels) != n or not all(abs(label) < 1e9 for label in labels):
        raise UsageError(f"{len(labels)} labels for {n} responses; give one finite number each")
    return labels


def read_pasted(text: str, name: str = "what was pasted") -> list[Example]:
    """Items in any form that `score` reads; ids may be missing. UsageError names the line."""
    if len(text) > _PASTED_MOST:
        raise UsageError(f"{len(text):,} characters were pasted; the page takes {_PASTED_MOST:,}, and more as a file")
    return read_uploaded(text.encode("utf-8", "surrogatepass"), name)


def read_uploaded(data: bytes, name: str) -> list[Example]:
    """The items of a file's bytes, as `read_pasted` reads them."""
    items = reading.read_items(io.BytesIO(data), name, "pasted").items
    if len(items) > _ITEMS_MOST:
        raise UsageError(f"{name}: {len(items):,} items; the page takes {_ITEMS_MOST:,}, `app.py score` any number")
    return items


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON: {str(error)[:80]}") from None


def _digest(*texts: str) -> str:
    """An item id that depends on the content: the same question with the same seed sees the same orders."""
    return "page-" + hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
