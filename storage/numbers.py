"""The numbers of a run's samples without their texts, read from an index that holds nothing else."""

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grm_core.formats.scores import ItemScores
from storage import rows
from storage.store import Store

_SAMPLES = """SELECT s.seq, p."index", p."order", p.shown_scores, p.meta_logit
    FROM session AS s CROSS JOIN sample AS p INDEXED BY sample_numbers ON p.session_id = s.id
    WHERE s.run_id = ? AND s.binned_at IS NULL AND p.error IS NULL ORDER BY s.seq DESC, p."index\""""
_ITEMS = """SELECT seq, n, json_extract(example, '$.id', '$.subset', '$.labels') FROM session
    WHERE run_id = ? AND binned_at IS NULL ORDER BY seq DESC"""


def of_run(store: Store, run_id: str) -> list[ItemScores]:
    """The items of a run outside the bin, the newest first, with the samples that have a completion."""
    with store.reading() as conn:
        return _of_run(conn, run_id)


def _of_run(conn: sqlite3.Connection, run_id: str) -> list[ItemScores]:
    key = rows.pack(run_id)
    stored = {seq: list(mine) for seq, mine in groupby(conn.execute(_SAMPLES, (key,)), key=lambda row: row[0])}
    items = conn.execute(_ITEMS, (key,)).fetchall()
    table = {
        n: _own({seq: stored.get(seq, []) for seq, responses, _ in items if responses == n}, n)
        for n in {responses for _, responses, _ in items}
    }
    return [_item(json.loads(about), stored.get(seq, []), table[n][seq]) for seq, n, about in items]


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
    """(lists, n) of JSON lists of n whole numbers, read in one go."""
    return np.array(json.loads(f"[{','.join(lists)}]"), dtype=np.int64)
