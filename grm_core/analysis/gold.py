"""Gold labels: what annotators agree on, and the last word of an adjudicator where they differ.

Every annotator's own label stays as it was made.
"""

from collections.abc import Iterable
from typing import NamedTuple

from grm_core.analysis.agreement import units
from grm_core.analysis.labels import GOLD, SETTLED, UNSURE, standing
from grm_core.types import Annotation

AGREED, ADJUDICATED, SINGLE = "agreed", "adjudicated", "one annotator"

Target = tuple[str, str, int | None, int | None]
"""Session, kind, sample, place of the principle."""


class Gold(NamedTuple):
    """The label of one thing that stands for all annotators."""

    session: str
    kind: str
    """best, class or principle."""
    sample: int | None
    place: int | None
    label: str
    how: str
    """agreed, adjudicated or one annotator."""
    labels: dict[str, str]
    """Annotator -> the label given."""
    adjudicator: str
    """'' where nobody had to adjudicate."""
    settled_at: str
    note: str


def last_words(annotations: Iterable[Annotation]) -> dict[Target, Annotation]:
    """What was labelled -> the adjudicator's label that stands; the latest where there are several."""
    return {
        (each.session_id, each.kind.removeprefix(GOLD), each.sample, each.place): each
        for each in standing(annotations)
        if each.kind.startswith(GOLD)
    }


def gold(annotations: Iterable[Annotation]) -> tuple[list[Gold], int]:
    """The gold labels, and how many things annotators differ on that nobody has settled.

    Where one annotator cannot say and all others agree, their label stands.
    """
    made, settled, unsettled = list(annotations), [], 0
    words = last_words(made)
    for kind in SETTLED:
        table = units(made, kind)
        for unit, row in zip(table.index, table.to_dict("records"), strict=True):
            labels = {str(author): label for author, label in row.items() if isinstance(label, str)}
            target: Target = (unit[0], kind, unit[2], unit[3])
            one = _gold(target, labels, words.get(target))
            unsettled += one is None
            settled += [] if one is None else [one]
    return settled, unsettled


def _gold(target: Target, labels: dict[str, str], word: Annotation | None) -> Gold | None:
    session, kind, sample, place = target
    if word is not None:
        last = (word.label, ADJUDICATED, labels, word.author, word.created_at, word.note)
        return Gold(session, kind, sample, place, *last)
    said = {label for label in labels.values() if label != UNSURE} or {UNSURE}
    if len(said) > 1:
        return None
    how = SINGLE if len(labels) == 1 else AGREED
    return Gold(session, kind, sample, place, said.pop(), how, labels, "", "", "")
