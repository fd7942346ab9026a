"""One writer, many doors: what a command wants to keep, written here or handed to the process that holds the file.

Records travel in portions, each kept whole or not at all and on disk when it is acknowledged. A portion that comes
twice changes nothing, so one that got no answer is simply sent again, to whoever holds the file then.
"""

import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grm_core.analysis import codebook, labels
from grm_core.errors import UsageError
from grm_core.formats import annotations, codebooks, lines, sessions
from grm_core.formats.sessions import Block
from grm_core.types import Annotation, CodeEvent
from storage import door, transfer
from storage.door import Door
from storage.store import Store
from storage.transfer import Imported

SESSIONS, ANNOTATIONS = "sessions", "annotations"
"""What goes through a door, and what its addresses end with."""
_PATIENCE_S = 15.0
"""For a process that holds the file to open its door, or to end."""
_ASK_EVERY_S = 0.25
_ANSWER_S = 300.0
_STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy stands between two processes of one machine."""


class Writer:
    """Keeps records of one database, through the app where that is running."""

    def __init__(self, path: Path) -> None:
        """Open the file, or the door of its holder; StoreError or UsageError where neither can be had."""
        self.path = path
        self.store, self.door = _way(path)

    @property
    def words(self) -> str:
        """Where records go, for a person."""
        return str(self.path) if self.door is None else f"{self.path}, through the running app"

    def keep(self, blocks: Sequence[Block]) -> Iterator[Imported]:
        """Keep all sessions of blocks that have their runs; each is on disk when it is yielded."""
        for portion in transfer.portions(blocks):
            if self.door is not None:
                records = self._hand(SESSIONS, transfer.text_of(portion))
                yield from (Imported(**each) for each in records)
            else:
                yield from keep_sessions(self.store, [portion])

    def annotate(self, additions: Sequence[Annotation], events: Sequence[CodeEvent] = ()) -> int:
        """Keep all of the annotations and changes of code books, or none; returns how many annotations were new."""
        if self.door is None:
            return keep_labels(self.store, additions, events)
        check_labels(self.store, additions, events)
        records = [*map(codebooks.event_record, events), *map(annotations.annotation_record, additions)]
        return int(self._hand(ANNOTATIONS, "".join(f"{lines.canonical(record)}\n" for record in records)))

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def _hand(self, kind: str, text: str) -> Any:
        """What became of a portion, of whoever takes it."""
        end = time.monotonic() + _PATIENCE_S
        while self.door is not None:
            try:
                return _post(self.door, kind, text.encode())
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > end:
                    raise UsageError(f"process {self.door.process} holds {self.path} and does not answer") from error
            time.sleep(_ASK_EVERY_S)  # one that is dying lets go of the file in a moment
            self.store.close()
            self.store, self.door = _way(self.path)
        return TAKERS[kind](self.store, text.encode())


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A writer of the database, closed at the end of the block."""
    writer = Writer(path)
    try:
        yield writer
    finally:
        writer.close()


def keep_sessions(store: Store, blocks: Sequence[Block]) -> list[Imported]:
    """Keep the sessions of blocks that have their runs: all of them or none."""
    with store.transaction():
        return transfer.keep(store, blocks)


def keep_labels(store: Store, additions: Sequence[Annotation], events: Sequence[CodeEvent]) -> int:
    """Keep annotations and changes of code books, all or none; returns how many annotations were new."""
    check_labels(store, additions, events)
    with store.transaction():
        store.codes.add(events)
        return store.desk.add_all(additions)


def check_labels(store: Store, additions: Sequence[Annotation], events: Sequence[CodeEvent]) -> None:
    """UsageError where a change does not fit its code book, or an annotation what it is about."""
    stored = store.codes.events()
    there = {event.id for event in stored}
    all_events = [*stored, *(event for event in events if event.id not in there)]
    codebook.books(all_events)
    codes = codebook.codes(all_events)
    judged = store.judged(each.session_id for each in additions)
    for annotation in additions:
        if annotation.session_id not in judged:
            raise UsageError(f"{annotation.id}: there is no session {annotation.session_id} here")
        example, samples = judged[annotation.session_id]
        sample = next((each for each in samples if each.index == annotation.sample), None)
        try:
            labels.check(annotation, example, sample, codes)
        except UsageError as error:
            raise UsageError(f"{annotation.id}: {error}") from None


def _take_sessions(store: Store, data: bytes) -> list[dict[str, Any]]:
    blocks = transfer.named(list(sessions.read_samples(io.BytesIO(data), "the portion")), "the portion")
    return [imported._asdict() for imported in keep_sessions(store, blocks)]


def _take_annotations(store: Store, data: bytes) -> int:
    portion = codebooks.read_labels(io.BytesIO(data))
    return keep_labels(store, portion.annotations, portion.events)


TAKERS = {SESSIONS: _take_sessions, ANNOTATIONS: _take_annotations}
"""Kind -> what keeps a portion, read as bytes, and says what became of it in JSON; UsageError says what is wrong."""


def _way(path: Path) -> tuple[Store, Door | None]:
    """The open file, and the door of its holder where that is another process."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        store = Store(path)
        try:
            if not store.read_only:
                return store, None
            if (way := door.of(path, store.holder)) is not None:
                return store, way
            if store.holder == os.getpid() or time.monotonic() > end:
                raise UsageError(
                    f"{path} is in use by process {store.holder} (the running app?), which takes no records; "
                    "close it and try again"
                )
        except BaseException:
            store.close()
            raise
        store.close()
        time.sleep(_ASK_EVERY_S)


def _post(way: Door, kind: str, data: bytes) -> Any:
    """The answer of the process behind a door.

    OSError or HTTPException where it gives none, UsageError where it refuses.
    """
    headers = {"Authorization": f"Bearer {way.token}", "Content-Type": "application/jsonl", "Host": "127.0.0.1"}
    request = urllib.request.Request(f"{way.url}/{kind}", data, headers)
    try:
        with _STRAIGHT.open(request, timeout=_ANSWER_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            said = refusal.read().decode("utf-8", "replace")
        if refusal.code in (502, 503, 504):
            raise ConnectionError(said) from None
        raise UsageError(f"process {way.process} refuses: {_reason(said)}") from None


def _reason(said: str) -> str:
    try:
        return str(json.loads(said)["error"])
    except (ValueError, KeyError, TypeError):
        return said[:200]
