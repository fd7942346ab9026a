"""The Sessions page: everything judged so far, searched, filtered, tagged, deleted, restored, reopened or compared."""

from collections.abc import Callable

from grm_core.analysis.standing import Standing, standings
from grm_core.errors import UsageError
from grm_core.types import Run
from runs.job import SETTLED
from runs.jobs import Jobs
from runs.logins import ADMIN, ANNOTATOR
from storage import numbers
from storage.listing import SORTS, SessionRow, Wanted
from storage.store import Store
from ui.people import person
from ui.view import View, calls, served
from ui.wire.sessions import Act, AuditLog, Done, Found, Listed, SessionList, SessionsSettings
from ui.wire.sessions import Wanted as Fields
from ui.wire.shared import Failed

PAGE = 50
_PASSAGES = 12
_TAGS_MOST, _TEXT_MOST, _FIELD_MOST = 20, 300, 10_000
_CANNOT = "that cannot be done"
_DID = {
    "rename": "renamed a session",
    "tag": "tagged a session",
    "bin": "deleted a session",
    "restore": "restored a session",
    "delete": "deleted a session for good",
}


class SessionsPage:
    """A list that asks the server for each page of itself."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self.store, self.jobs = store, jobs
        settings = SessionsSettings(sorts=list(SORTS), may=not store.read_only)
        View("sessions", calls(self)).place(settings)

    @served()
    def find(self, fields: Fields) -> SessionList:
        """One page of the wanted sessions, how many there are, and by what they can be filtered."""
        wanted = _wanted(fields)
        try:
            count = self.store.count_sessions(wanted)
            offset = max(0, min(fields["offset"], max(0, count - 1) // PAGE * PAGE))
            rows = self.rows(self.store.sessions(wanted, PAGE, offset))
            tags, models = self.store.facets()
        except UsageError as error:
            return SessionList(rows=[], text=f"{error}.", tags=[], models=[], offset=0, count=0)
        text = _summary(count, offset, len(rows), wanted)
        return SessionList(rows=rows, text=text, tags=tags, models=models, offset=offset, count=count)

    @served(wrong=[])
    def passages(self, fields: Fields, offset: int) -> list[Found]:
        """Passages that hold the words, in the sessions that fit otherwise: best first, 12 from `offset` on."""
        hits = self.store.search(_wanted(fields), _PASSAGES, max(0, offset))
        sessions = self.store.sessions_by_id(hit.session_id for hit in hits)
        return [
            Found(
                session=hit.session_id,
                title=sessions[hit.session_id].title,
                sample=hit.sample_index,
                field=hit.field,
                snippet=hit.snippet,
            )
            for hit in hits
        ]

    @served(wrong=Done(error=_CANNOT))
    def change(self, what: str, session_id: str, value: str | None) -> Done:
        """Rename, tag, bin, restore or delete one session; says what was wrong in `error`."""
        text = (value or "")[:_FIELD_MOST]
        acts: dict[str, Callable[[], None]] = {
            "rename": lambda: self.store.rename(session_id, text.strip() or "(no title)"),
            "tag": lambda: self.store.tag(session_id, _tags(text)),
            "bin": lambda: self.store.bin(session_id),
            "restore": lambda: self.store.restore(session_id),
            "delete": lambda: self.store.delete(session_id),
        }
        running, who = self.jobs.snapshot(session_id), person()
        if what not in acts:
            raise UsageError(_CANNOT)
        if what == "tag":
            who.check(ANNOTATOR)
        else:
            who.check_owner(self.store.acts.owner(session_id))
        if what in ("bin", "delete") and running is not None and running.running:
            raise UsageError("this session is being sampled; stop it first")
        with self.store.transaction():
            acts[what]()
            self.store.acts.note(who.name, _DID[what], f"{session_id} {text}".strip())
        return Done(error="")

    @served()
    def log(self) -> AuditLog | Failed:
        """The newest lines of the audit log, for admins."""
        person().check(ADMIN)
        lines = [Act(at=act.at, who=act.who, what=act.what, target=act.target) for act in self.store.acts.newest()]
        return AuditLog(lines=lines)

    def rows(self, stored: list[SessionRow]) -> list[Listed]:
        """Sessions as the list shows them, each with its run and its vote."""
        runs = self.store.runs_by_id(row.session.run_id for row in stored)
        items = numbers.of_sessions(self.store, [row.session.id for row in stored])
        lines = dict(zip(items, standings(list(items.values())), strict=True))
        return [self.row(row, runs[row.session.run_id], lines[row.session.id]) for row in stored]

    def row(self, stored: SessionRow, run: Run, line: Standing) -> Listed:
        """One session as the list shows it."""
        progress = self.jobs.snapshot(stored.session.id)
        if progress is not None and progress.running:
            state = "running"
        elif stored.foreign:
            state = "imported"
        elif stored.samples >= stored.k_asked:
            state = "complete"
        else:
            state = SETTLED if SETTLED in stored.session.tags else "interrupted"
        return Listed(
            id=stored.session.id,
            title=stored.session.title,
            tags=list(stored.session.tags),
            snippet=stored.snippet,
            model=stored.model,
            run=run.id,
            settings=f"{run.template}, temperature {run.params.temperature:g}",
            item=stored.session.example.id,
            winner=line.winner,
            margin=line.margin,
            right=line.right,
            foreign=stored.foreign,
            n=stored.n,
            k=max(stored.k_asked, stored.samples),
            samples=stored.samples,
            valid=stored.valid,
            state=state,
            created=stored.session.created_at.replace("T", " ")[:16],
        )


def _wanted(fields: Fields) -> Wanted:
    words, tag, model, run, sort = (fields[name][:_FIELD_MOST] for name in ("words", "tag", "model", "run", "sort"))
    return Wanted(words, tag, model, fields["labelled"], run=run, binned=fields["binned"], sort=sort or "newest")


def _tags(text: str) -> list[str]:
    tags = [part.strip()[:_TEXT_MOST] for part in text.split(",") if part.strip()]
    if len(tags) > _TAGS_MOST:
        raise UsageError(f"{len(tags)} tags; a session has at most {_TAGS_MOST}")
    return tags


def _summary(count: int, offset: int, shown: int, wanted: Wanted) -> str:
    if count:
        return f"{offset + 1} to {offset + shown} of {count:,} session{'' if count == 1 else 's'}"
    if wanted.binned:
        return "No session is deleted."
    if wanted == Wanted(sort=wanted.sort):
        return "Nothing has been judged yet."
    return "No session fits."
