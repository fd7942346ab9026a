"""Annotators' queues: made from a run, a tag or everything by rules, also while the run grows."""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from grm_core.analysis import queues
from grm_core.analysis.queues import Case, Item
from runs.batches import run_id
from storage.batches import PAUSED, RUNNING, WAITING
from storage.desk import Queue
from storage.listing import SessionRow, Wanted
from storage.store import Store

SESSIONS_MOST = 2000
"""Sessions that one queue looks at."""


class Source(NamedTuple):
    """Where a queue's sessions come from; '' leaves a criterion out."""

    run: str
    tag: str
    rules: tuple[str, ...]
    overlap: float
    """Share 0..1 of the items that two annotators look at."""
    control: float
    """Random sessions that no rule chose, as a share of the chosen ones."""
    seed: int
    grows: bool = False
    """Whether sessions that come later are added."""


class Plan(NamedTuple):
    """The items that a queue would have."""

    items: list[Item]
    sessions: list[str]
    """Ids of the sessions that the rules looked at."""
    pending: int
    """Sessions whose run has not drawn all their samples yet; they are left out for now."""

    @property
    def by_rule(self) -> dict[str, int]:
        """Rule -> its items; '' stands for a queue without rules."""
        return dict(Counter(item.reason.partition(":")[0] for item in self.items))


def plan(store: Store, source: Source, without: Sequence[str] | set[str] = ()) -> Plan:
    """The queue that would be made now of the sessions that are not in `without`."""
    wanted = Wanted(run=source.run, tag=source.tag, sort="oldest")
    growing = {run_id(b.id) for b in store.batches.all() if b.phase in (WAITING, RUNNING, PAUSED)}
    listed = store.sessions(wanted, limit=SESSIONS_MOST)
    rows = [row for row in listed if row.samples and row.session.id not in without]
    ready = [row for row in rows if _is_ready(row, growing)]
    samples = store.samples_by_session(row.session.id for row in ready)
    cases = [Case(row.session.id, row.session.example, tuple(samples[row.session.id])) for row in ready]
    items = queues.build(cases, source.rules, source.overlap, source.control, source.seed + len(without))
    return Plan(items, [case.session_id for case in cases], len(rows) - len(ready))


def make(store: Store, title: str, source: Source, planned: Plan) -> Queue:
    """Keep the planned queue."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = json.dumps({"run": source.run, "tag": source.tag, "control": source.control}) if source.grows else ""
    queue = Queue(uuid.uuid4().hex[:12], title, source.rules, source.overlap, source.seed, now, kept)
    store.desk.add_queue(queue, _rows(planned), planned.sessions if source.grows else ())
    return queue


def grow(store: Store, queue: Queue) -> int:
    """Add what the queue's run has finished since; returns how many items that are."""
    if not queue.source or store.read_only:
        return 0
    kept = json.loads(queue.source)
    run, tag, control = kept["run"], kept["tag"], kept["control"]
    seen = store.desk.seen(queue.id)
    if store.count_sessions(Wanted(run=run, tag=tag)) <= len(seen):
        return 0
    planned = plan(store, Source(run, tag, queue.rules, queue.overlap, control, queue.seed), seen)
    if not planned.sessions:
        return 0
    store.desk.grow(queue.id, _rows(planned), planned.sessions)
    return len(planned.items)


def _is_ready(row: SessionRow, growing: set[str]) -> bool:
    return row.session.run_id not in growing or row.samples >= row.k_asked


def _rows(planned: Plan) -> list[tuple[str, str, int]]:
    return [(item.session_id, item.reason, item.need) for item in planned.items]
