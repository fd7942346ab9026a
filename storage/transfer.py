"""Sessions between a store and files: export, and import that never overwrites what is there."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from grm_core.errors import UsageError
from grm_core.formats import lines, sessions
from grm_core.formats.lines import digest
from grm_core.formats.runs import run_line, run_name
from grm_core.formats.samples import sample_line
from grm_core.formats.sessions import Block, ItemSamples
from grm_core.types import Params, Run, Sample, Session
from storage.errors import StoreError
from storage.store import Store

_SESSIONS_AT_ONCE = 100
"""Sessions that are imported in one transaction, travel together, or are in memory together while all are exported."""
_PORTION = 2**20
"""Characters, about, of the sessions that travel together."""
_UNKNOWN = "import-"
"""How the id begins of a run of which a file says nothing."""


class Imported(NamedTuple):
    """The fate of one item of a file."""

    session_id: str
    item_id: str
    added: int
    """Samples that the store did not have, or had without a meta logit or completion that the file has."""
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
    return keep(store, named(list(sessions.read_samples(path)), lines.name_of(path)), restore)


def named(blocks: Sequence[Block], path: str) -> list[Block]:
    """The blocks of a file, each with its run; UsageError where an item says not what was judged."""
    for block in blocks:
        for item in block.items:
            if item.example is None:
                raise UsageError(
                    f"{path}, line {item.line}: item {item.item_id!r} has no item line; "
                    "a session needs its query and responses (vote and curve work without)"
                )
    return [Block(_run_of(block), block.items) for block in blocks]


def keep(store: Store, blocks: Sequence[Block], restore: bool = True) -> list[Imported]:
    """Add every session of blocks that have their runs, as `import_file` does; all of it once more changes nothing."""
    imports: list[Imported] = []
    for block in blocks:
        assert block.run is not None
        run = _kept_run(store, block.run)
        for items in _batches(block.items):
            with store.transaction():  # a commit waits for the disk
                imports += [_import_item(store, run, item) for item in items]
    for imported in imports if restore else ():
        if imported.state != "new":
            store.restore(imported.session_id)
    return imports


def portions(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks that have their runs, cut into small ones; every session stays in one piece."""
    for block in blocks:
        some: list[ItemSamples] = []
        size = 0
        for item in block.items:
            length = _length(item)
            if some and (size + length > _PORTION or len(some) == _SESSIONS_AT_ONCE):
                yield Block(block.run, tuple(some))
                some, size = [], 0
            some.append(item)
            size += length
        if some:
            yield Block(block.run, tuple(some))


def text_of(block: Block) -> str:
    """A block that has its run, as it stands in SAMPLES.jsonl."""
    assert block.run is not None
    written = [run_line(block.run)]
    for item in block.items:
        assert item.example is not None
        session = None if item.session is None else sessions.session_of(block.run, item, item.example)
        written.append(sessions.item_line(item.example, session))
        written += [sample_line(item.item_id, sample) for sample in item.samples]
    return "".join(f"{line}\n" for line in written)


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


def _length(item: ItemSamples) -> int:
    """About how many bytes an item and its samples are."""
    example = item.example
    texts = [] if example is None else [*example.responses, *(turn.content for turn in example.query)]
    answers = [sample.completion for sample in item.samples if sample.completion is not None]
    texts += [text for answer in answers for text in (answer.text, answer.reasoning or "")]
    return sum(map(len, texts)) + 500 * len(item.samples)


def _run_of(block: Block) -> Run:
    run = block.run or _unknown_run(block)
    return run if run.k else replace(run, k=min((len(item.samples) for item in block.items), default=0))


def _kept_run(store: Store, run: Run) -> Run:
    """The run as the store has it: under another id when its own belongs to a different run."""
    stored = store.run(run.id)
    if stored is None or stored == run:
        return run
    # Nothing is stored of an unknown run but its items, from which its id follows.
    return stored if run.id.startswith(_UNKNOWN) else replace(run, id=digest(run_name(run)))


def _unknown_run(block: Block) -> Run:
    items = "".join(sessions.item_line(item.example) for item in block.items if item.example)
    return Run(f"{_UNKNOWN}{digest(items)}", "", "unknown", "unknown", "unknown", "", Params(), 0, None, 0)


def _import_item(store: Store, run: Run, item: ItemSamples) -> Imported:
    assert item.example is not None  # `named` has looked
    session = sessions.session_of(run, item, item.example)
    for name in _names(run, item, session):
        stored = store.session(name)
        news = item.samples if stored is None else _news(store, stored, replace(session, id=name), item.samples)
        if news is not None:
            return _keep(store, run, replace(session, id=name), news, stored is not None, name != session.id)
    return _keep(store, run, replace(session, id=uuid.uuid4().hex), item.samples, False, True)


def _names(run: Run, item: ItemSamples, session: Session) -> Iterator[str]:
    """Its own id, then new ones that follow from the content: importing the file once more adds nothing."""
    yield session.id
    about = run_name(run) + sessions.item_line(session.example, session)
    yield digest(about)
    yield digest(about + "".join(sample_line(item.item_id, sample) for sample in item.samples))


def _keep(store: Store, run: Run, session: Session, samples: Sequence[Sample], exists: bool, copied: bool) -> Imported:
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


def _news(store: Store, known: Session, session: Session, samples: Sequence[Sample]) -> list[Sample] | None:
    """The samples that the store lacks of this session; None when the id is taken by something else."""
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
