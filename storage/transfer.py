"""Sessions between a store and files: export, and import that never overwrites what is there."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from grm_core.errors import UsageError
from grm_core.formats import lines, sessions
from grm_core.formats.lines import digest
from grm_core.formats.runs import run_name
from grm_core.formats.sessions import Block, ItemSamples
from grm_core.types import Params, Run, Sample, Session
from storage.errors import StoreError
from storage.store import Store

_SESSIONS_AT_ONCE = 100
"""Sessions that are imported in one transaction, or whose samples are in memory together while a store is exported."""


class Imported(NamedTuple):
    """The fate of one item of a file."""

    session_id: str
    item_id: str
    added: int
    """Samples that the store did not have."""
    state: str
    """new, grown (the session was there with fewer samples), unchanged, or copied (its id was taken)."""


def export_store(store: Store, session_ids: Sequence[str] | None, out: TextIO) -> int:
    """Write these sessions (None = all, in order of arrival) and return how many; StoreError for an unknown id."""
    return sessions.dump(sessions_of(store, session_ids), out)


def import_file(store: Store, path: str | Path | BinaryIO, restore: bool = True) -> list[Imported]:
    """Add every session of a file, or none when a line is broken. `restore`: take those that are in the bin out of it.

    A session that is there already gets the samples that it lacks. When its id belongs to another item or run, or one
    of its samples differs, the file's session is kept beside it under a new id.
    """
    return import_blocks(store, list(sessions.read_samples(path)), lines.name_of(path), restore)


def import_blocks(store: Store, blocks: Sequence[Block], path: str, restore: bool = True) -> list[Imported]:
    """Add every session of these blocks of a file, as `import_file` does."""
    for block in blocks:
        for item in block.items:
            if item.example is None:
                raise UsageError(
                    f"{path}, line {item.line}: item {item.item_id!r} has no item line; "
                    "a session needs its query and responses (vote and curve work without)"
                )
    imports: list[Imported] = []
    for block in blocks:
        run = _kept_run(store, block)
        for items in _batches(block.items):
            with store.transaction():  # a commit waits for the disk
                imports += [_import_item(store, run, item) for item in items]
    for imported in imports if restore else ():
        if imported.state != "new":
            store.restore(imported.session_id)
    return imports


def sessions_of(store: Store, session_ids: Sequence[str] | None) -> Iterator[tuple[Run, Session, list[Sample]]]:
    """These sessions (None = all, in order of arrival) with run and samples; StoreError for an unknown id."""
    ids = store.session_ids() if session_ids is None else session_ids
    for start in range(0, len(ids), _SESSIONS_AT_ONCE):
        some = ids[start : start + _SESSIONS_AT_ONCE]
        sessions, samples = store.sessions_by_id(some), store.samples_by_session(some)
        runs = store.runs_by_id(session.run_id for session in sessions.values())
        for session_id in some:
            if session_id not in sessions:
                raise StoreError(f"there is no session {session_id}")
            session = sessions[session_id]
            yield runs[session.run_id], session, samples[session_id]


def _batches(items: Sequence[ItemSamples]) -> Iterator[list[ItemSamples]]:
    """Items that are imported in one transaction; one that names a session again comes after what it may change."""
    batch: list[ItemSamples] = []
    names: set[str] = set()
    for item in items:
        name = item.session.id if item.session else item.item_id
        if name in names or len(batch) == _SESSIONS_AT_ONCE:
            yield batch
            batch, names = [], set()
        batch.append(item)
        names.add(name)
    if batch:
        yield batch


def _kept_run(store: Store, block: Block) -> Run:
    """The block's run as the store has it: under another id when its own belongs to a different run."""
    run = block.run or _unknown_run(block)
    if not run.k:
        run = replace(run, k=min((len(item.samples) for item in block.items), default=0))
    stored = store.run(run.id)
    if stored is not None and block.run is None:
        return stored
    if stored is not None and stored != run:
        run = replace(run, id=digest(run_name(run)))
    return run


def _unknown_run(block: Block) -> Run:
    items = "".join(sessions.item_line(item.example) for item in block.items if item.example)
    run_id = f"import-{digest(items)}"
    return Run(run_id, "", "unknown", "unknown", "unknown", "", Params(), 0, None, 0)


def _import_item(store: Store, run: Run, item: ItemSamples) -> Imported:
    assert item.example is not None  # import_file has looked
    session = sessions.session_of(run, item, item.example)
    samples = _news(store, session, item.samples)
    copied = samples is None
    if samples is None:
        # The new id follows from the content, so that importing the file once more adds nothing.
        line = sessions.item_line(session.example, session)
        session = replace(session, id=digest(run_name(run) + line))
        samples = _news(store, session, item.samples)
    if samples is None:
        session = replace(session, id=uuid.uuid4().hex)
        samples = list(item.samples)
    return _keep(store, run, session, samples, copied)


def _keep(store: Store, run: Run, session: Session, samples: Sequence[Sample], copied: bool) -> Imported:
    exists = store.session(session.id) is not None
    with store.transaction():
        if not exists:
            store.add_run(run)
            store.add_new(session, [sessions.with_session(sample, session.id) for sample in samples])
        for sample in samples if exists else ():
            store.add_sample(sessions.with_session(replace(sample, meta_logit=None), session.id))
            if sample.meta_logit is not None:
                store.set_meta_logit(f"{session.id}/{sample.index}", sample.meta_logit)
    state = ("grown" if samples else "unchanged") if exists else ("copied" if copied else "new")
    return Imported(session.id, session.example.id, len(samples), state)


def _news(store: Store, session: Session, samples: Sequence[Sample]) -> list[Sample] | None:
    """The samples that the store lacks of this session; None when the id is taken by something else."""
    known = store.session(session.id)
    if known is None:
        return list(samples)
    if (known.run_id, known.example) != (session.run_id, session.example):
        return None
    stored = {sample.index: sample for sample in store.samples(session.id)}
    news = []
    for sample in samples:
        have = stored.get(sample.index)
        if have is None or (have.error is not None and sample.error is None):
            news.append(sample)
        elif have.error is not None or sample.error is not None:
            continue
        elif replace(sessions.with_session(sample, session.id), meta_logit=have.meta_logit) != have:
            return None
        elif sample.meta_logit is not None and have.meta_logit is None:
            news.append(sample)
        elif sample.meta_logit not in (None, have.meta_logit):
            return None
    return news
