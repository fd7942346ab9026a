"""What the Inspect view asks the server for while it is read: public endpoints, so everything is checked here."""

from collections.abc import Callable
from typing import Any

from grm_core.types import Method
from ui import detail, lab, render
from ui.dials import Dials
from ui.view import Viewer

_WORDS_MOST = 500


def functions(viewer: Viewer) -> list[Callable[..., Any]]:
    """The functions by the names that assets/inspect/ calls; several arguments arrive as one list, nonsense gets None.

    Gradio marks each of them, which a bound method does not allow.
    """
    asked = Asked(viewer)

    def case(given: Any) -> Any:
        return asked.answer(asked.case, [given], str)

    def view(given: Any) -> Any:
        return asked.answer(viewer.view, [given], str)

    def sample(given: Any) -> Any:
        return asked.answer(asked.sample, given, str, int)

    def document(given: Any) -> Any:
        return asked.answer(viewer.document, given, str, str)

    def about(given: Any) -> Any:
        return asked.answer(asked.about, given, str, int)

    def differences(given: Any) -> Any:
        return asked.answer(asked.differences, given, str, int, int)

    def holding(given: Any) -> Any:
        return asked.answer(asked.holding, given, str, str)

    return [case, view, sample, document, about, differences, holding, *_dialled(asked)]


def _dialled(asked: "Asked") -> list[Callable[..., Any]]:
    """Those that depend on the dials."""

    def voted(given: Any) -> Any:
        return asked.answer(asked.voted, given, str, str, int | None, int | None)

    def drawn(given: Any) -> Any:
        return asked.answer(asked.drawn, given, str, str, int | None, int | None)

    def panels(given: Any) -> Any:
        return asked.answer(asked.panels, given, str, int | None, int | None)

    return [voted, drawn, panels]


class Asked:
    """The answers, for arguments of the right types."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def answer(self, function: Callable[..., Any], given: Any, *types: Any) -> Any:
        """What the function says, ready to be sent; None where number or type of the arguments is wrong."""
        if not isinstance(given, list) or len(given) != len(types):
            return None
        if any(
            isinstance(value, bool) or not isinstance(value, kind) for value, kind in zip(given, types, strict=True)
        ):
            return None
        return render.sendable(function(*given))

    def case(self, session_id: str) -> Any:
        """The query and responses of a session."""
        example = self.viewer.jobs.example(session_id)
        return None if example is None else detail.case(example)

    def sample(self, session_id: str, index: int) -> Any:
        """One sample's texts."""
        found, example = self.viewer.sample(session_id, index), self.viewer.jobs.example(session_id)
        return None if found is None or example is None else detail.detail(example, found)

    def voted(self, session_id: str, method: str, k: int | None, k_meta: int | None) -> Any:
        """The samples under these dials; a number below 1 is as good as none."""
        if method not in list(Method):
            return None
        return self.viewer.voted(session_id, Dials(Method(method), _positive(k), _positive(k_meta)))

    def drawn(self, session_id: str, method: str, k: int | None, k_meta: int | None) -> Any:
        """Margin over k under these dials."""
        if method not in list(Method):
            return None
        return self.viewer.drawn(session_id, Dials(Method(method), _positive(k), _positive(k_meta)))

    def panels(self, session_id: str, k: int | None, k_meta: int | None) -> Any:
        """Every question about the vote of a session, with its plot and numbers."""
        example = self.viewer.jobs.example(session_id)
        dials = Dials(k=_positive(k), k_meta=_positive(k_meta))
        if example is None:
            return None
        return lab.panels(example, self.viewer.store.samples(session_id), dials, self.viewer.alone(session_id))

    def about(self, session_id: str, response: int) -> Any:
        """What every sample says of one response."""
        return detail.about(self.viewer.store.samples(session_id), response) if response >= 0 else None

    def differences(self, session_id: str, base: int, other: int) -> Any:
        """How the words of two samples differ."""
        pair = self.viewer.sample(session_id, base), self.viewer.sample(session_id, other)
        return None if None in pair else detail.differences(*pair)  # type: ignore[arg-type]

    def holding(self, session_id: str, words: str) -> Any:
        """The samples with a principle that holds the words."""
        return detail.holding(self.viewer.store.samples(session_id), words[:_WORDS_MOST].strip())


def _positive(number: int | None) -> int | None:
    return number if number is not None and number > 0 else None
