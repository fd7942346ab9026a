"""What stands around every page: the engine's state, open runs, search."""

from grm_core import models
from grm_core.engines.base import EngineState
from grm_core.formats.sessions import title
from reports.words import run_title
from runs.jobs import Jobs
from storage.store import Store
from ui import render
from ui.view import View, calls, served
from ui.wire.shared import Choice, Line
from ui.wire.shell import Frame, Passage, Places, Running

_MOST = 12
_RUNS_MOST = 6
_RUNS_SEARCHED = 200
_WORDS_MOST = 200
_BAD = {"failed": "Engine failed", "away": "Engine gone"}
_WORDS = {"ready": "Ready", "closed": "Closed", "idle": "Not started"}


class Shell:
    """Answers for the frame; each page has its view."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self.store, self.jobs = store, jobs

    def place(self) -> None:
        """Put the view into the page that is being made."""
        View("shell", calls(self)).place(None, elem_id="shell-view")

    @served()
    def state(self) -> Frame:
        """The engine and the runs at this moment."""
        engine = self.jobs.engine
        state = engine.state()
        note = models.note(engine.model, engine.untrained)
        lines = render.engine_lines(engine.name, engine.model, state, note)
        if self.store.read_only:
            held = f"Another process ({self.store.holder}) writes this database: sessions can be read, not judged."
            lines.append(Line(kind="warn", text=held))
        kind, word = _standing(engine.name, state, bool(note), self.store.read_only)
        message = "" if state.phase == "ready" else _sentences(state)
        running = [
            Running(id=name, title=title(example), done=snapshot.done, k=snapshot.k)
            for name, (example, snapshot) in self.jobs.running().items()
        ]
        return Frame(kind=kind, word=word, lines=lines, message=message, running=running)

    @served()
    def find(self, words: str) -> Places:
        """Sessions, samples and runs that hold the words; the newest of each for none."""
        words = words[:_WORDS_MOST].strip()
        return Places(passages=self._passages(words) if words else self._newest(), runs=self._runs(words))

    def _newest(self) -> list[Passage]:
        rows = self.store.sessions(limit=_RUNS_MOST)
        return [Passage(session=row.session.id, sample=None, title=row.session.title, snippet="") for row in rows]

    def _passages(self, words: str) -> list[Passage]:
        """Each session or sample once, at its best passage."""
        hits = {(hit.session_id, hit.sample_index): hit for hit in reversed(self.store.search(words, 4 * _MOST))}
        best = list(reversed(hits.values()))[:_MOST]
        sessions = self.store.sessions_by_id(hit.session_id for hit in best)
        return [
            Passage(
                session=hit.session_id,
                sample=hit.sample_index,
                title=sessions[hit.session_id].title,
                snippet="" if hit.field == "title" else hit.snippet,
            )
            for hit in best
            if hit.session_id in sessions
        ]

    def _runs(self, words: str) -> list[Choice]:
        wanted = words.lower().split()
        titles = [(run.id, run_title(run)) for run, _ in self.store.runs(_RUNS_SEARCHED, least=2)]
        fitting = [(name, text) for name, text in titles if all(word in text.lower() for word in wanted)]
        return [Choice(id=name, title=text) for name, text in fitting[:_RUNS_MOST]]


def _sentences(state: EngineState) -> str:
    """What the engine says of itself, and what to do."""
    said = f"{state.message[:1].upper()}{state.message[1:].rstrip('.')}." if state.message else ""
    return f"{said} {state.hint}".strip()


def _standing(engine: str, state: EngineState, noted: bool, read_only: bool) -> tuple[str, str]:
    """The dot's kind and the word beside it."""
    if state.phase in _BAD:
        return "bad", _BAD[state.phase]
    if read_only:
        return "warn", "Read-only"
    if state.phase != "ready":
        return "busy", _WORDS.get(state.phase, "Starting")
    return "warn" if noted else "ok", "Replay" if engine == "replay" else "Ready"
