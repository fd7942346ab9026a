"""Answers to the Inspect view while it is read: public endpoints, so everything is checked here."""

from grm_core.types import Method
from ui import detail
from ui.pages.inspect import lab
from ui.pages.inspect.dials import Dials
from ui.pages.inspect.viewer import Viewer
from ui.view import served
from ui.wire.inspect import Differences, Drawn, Said, View, Voted
from ui.wire.shared import Case, Detail, Panel

_WORDS_MOST = 500


class Answers:
    """The answers. What makes no sense gets None."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    @served()
    def view(self, session_id: str) -> View:
        """A session at this moment."""
        return self.viewer.view(session_id)

    @served()
    def document(self, session_id: str, kind: str) -> str | None:
        """A session as html, md, csv or jsonl."""
        return self.viewer.document(session_id, kind)

    @served()
    def case(self, session_id: str) -> Case | None:
        """The query and responses of a session."""
        example = self.viewer.jobs.example(session_id)
        return None if example is None else detail.case(example)

    @served()
    def sample(self, session_id: str, index: int) -> Detail | None:
        """One sample's texts."""
        sample, example = self.viewer.sample(session_id, index), self.viewer.jobs.example(session_id)
        return None if sample is None or example is None else detail.detail(example, sample)

    @served()
    def voted(self, session_id: str, method: str, k: int | None, k_meta: int | None) -> Voted | None:
        """The samples under these dials; a number below 1 is as good as none."""
        if method not in list(Method):
            return None
        return self.viewer.voted(session_id, Dials(Method(method), _positive(k), _positive(k_meta)))

    @served()
    def drawn(self, session_id: str, method: str, k: int | None, k_meta: int | None) -> Drawn | None:
        """Margin over k under these dials."""
        if method not in list(Method):
            return None
        return self.viewer.over_k(session_id, Dials(Method(method), _positive(k), _positive(k_meta)))

    @served()
    def panels(self, session_id: str, k: int | None, k_meta: int | None) -> list[Panel] | None:
        """Every question about the vote of a session, with its plot and numbers."""
        example = self.viewer.jobs.example(session_id)
        dials = Dials(k=_positive(k), k_meta=_positive(k_meta))
        if example is None:
            return None
        return lab.panels(example, self.viewer.store.samples(session_id), dials, self.viewer.alone(session_id))

    @served()
    def about(self, session_id: str, response: int) -> list[Said] | None:
        """Every sample's words on one response."""
        return detail.about(self.viewer.store.samples(session_id), response) if response >= 0 else None

    @served()
    def differences(self, session_id: str, base: int, other: int) -> Differences | None:
        """How the words of two samples differ."""
        one, two = self.viewer.sample(session_id, base), self.viewer.sample(session_id, other)
        return None if one is None or two is None else detail.differences(one, two)

    @served()
    def holding(self, session_id: str, words: str) -> list[int]:
        """The samples with a principle or critique that holds the words."""
        return detail.holding(self.viewer.store.samples(session_id), words[:_WORDS_MOST].strip())


def _positive(number: int | None) -> int | None:
    return number if number is not None and number > 0 else None
