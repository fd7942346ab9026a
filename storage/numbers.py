"""The numbers of a run's samples without their texts, read from an index that holds nothing else."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grm_core.formats.scores import ItemScores
from storage import rows
from storage.store import Store

_SAMPLES = """SELECT s.seq, p."index", p."order", p.shown_scores, p.meta_logit
    FROM session AS s CROSS JOIN sample AS p INDEXED BY sample_numbers ON p.session_id = s.id
    WHERE WANTED AND p.error IS NULL ORDER BY s.seq DESC, p."index\""""
_ITEMS = """SELECT s.seq, s.n, json_extract(s.example, '$.id', '$.subset', '$.labels'), s.id, s.title
    FROM session AS s WHERE WANTED ORDER BY s.seq DESC"""
_OF_RUN = "s.run_id = ? AND s.binned_at IS NULL"
_CONTENTS = """SELECT id, json_extract(example, '$.query', '$.responses') FROM session
    WHERE run_id = ? AND binned_at IS NULL"""


class Listed(NamedTuple):
    """An item of a run with the session that holds it."""

    session: str
    title: str
    item: ItemScores


def of_run(store: Store, run_id: str) -> list[ItemScores]:
    """The items of a run outside the bin, the newest first, with the samples that have a completion."""
    return [each.item for each in listed(store, run_id)]


def listed(store: Store, run_id: str) -> list[Listed]:
    """The same with the session of each."""
    with store.reading() as conn:
        return _listed(conn, _OF_RUN, (rows.pack(run_id),))


def of_sessions(store: Store, session_ids: Sequence[str]) -> dict[str, ItemScores]:
    """Session -> its item, of those that there are; a page of them at a time."""
    wanted = f"s.id IN ({', '.join('?' * len(session_ids))})"
    with store.reading() as conn:
        return {each.session: each.item for each in _listed(conn, wanted, tuple(map(rows.pack, session_ids)))}


def contents(store: Store, run_id: str) -> dict[str, str]:
    """Session -> what its query and responses are, as a short digest: equal ones are the same item."""
    with store.reading() as conn:
        stored = conn.execute(_CONTENTS, (rows.pack(run_id),)).fetchall()
    return {rows.unpack(session): hashlib.sha256(text.encode()).hexdigest() for session, text in stored}


def _listed(conn: sqlite3.Connection, wanted: str, values: Sequence[str | bytes | None]) -> list[Listed]:
    """The items of the sessions that fit the SQL `wanted`."""
    samples = conn.execute(_SAMPLES.replace("WANTED", wanted), values)
    stored = {seq: list(mine) for seq, mine in groupby(samples, key=lambda row: row[0])}
    items = conn.execute(_ITEMS.replace("WANTED", wanted), values).fetchall()
    table = {
        n: _own({seq: stored.get(seq, []) for seq, responses, *_ in items if responses == n}, n)
        for n in {responses for _, responses, *_ in items}
    }
    return [
        Listed(rows.unpack(session), rows.unpack(title), _item(json.loads(about), stored.get(seq, []), table[n][seq]))
        for seq, n, about, session, title in items
    ]


def _item(about: list[Any], mine: Sequence[tuple[Any, ...]], scores: NDArray[Any]) -> ItemScores:
    item_id, subset, labels = about
    indices = np.array([row[1] for row in mine], dtype=np.int64)
    logits = np.array([np.nan if row[4] is None else row[4] for row in mine], dtype=np.float64)
    return ItemScores(item_id, indices, scores, logits, None if labels is None else tuple(labels), subset or "")


def _own(stored: dict[int, list[tuple[Any, ...]]], n: int) -> dict[int, NDArray[Any]]:
    """Session -> (k, n) scores in own order, zeros where there are none; all sessions have n responses."""
    everything = [row for mine in stored.values() for row in mine]
    read = [place for place, row in enumerate(everything) if row[3] is not None]
    shown = _parsed([everything[place][3] for place in read])
    order = _parsed([everything[place][2] for place in read])
    own = np.zeros((len(everything), n), dtype=np.int8)
    if read:
        placed = np.empty_like(shown)
        np.put_along_axis(placed, order, shown, axis=1)
        own[read] = placed
    ends = np.cumsum([len(mine) for mine in stored.values()], dtype=np.int64)
    return dict(zip(stored, np.split(own, ends[:-1]), strict=True)) if stored else {}


def _parsed(lists: Sequence[str]) -> NDArray[Any]:
    """(lists, n) of JSON lists of n whole numbers; equal ones, which are many, are read once."""
    places: dict[str, int] = {}
    which = [places.setdefault(text, len(places)) for text in lists]
    return np.array(json.loads(f"[{','.join(places)}]"), dtype=np.int64)[which]
