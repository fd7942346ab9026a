"""A judge under attack as the Benchmarks page shows it: the report of `attack`, and every attacked item's session."""

from grm_core.analysis.robustness import Battery, Fate
from grm_core.attacks import SOURCE
from grm_core.errors import UsageError
from reports import attack as documents
from storage.listing import Wanted
from storage.store import Store
from ui.panels import panel
from ui.wire.benchmarks import AttackedItem, Attacks


def attacks_of(store: Store, run: str) -> Attacks:
    """The report of a run of `attack`; UsageError for another run."""
    if not run or SOURCE not in store.newest_tags(run).get(run, ()):
        raise UsageError("there is no such run of attack; choose one of the list")
    rows = store.sessions(Wanted(run=run, sort="oldest"), limit=None)
    samples = store.samples_by_session([row.session.id for row in rows])
    judged = [(row.session.example, samples[row.session.id]) for row in rows]
    under = store.run(run)
    report = documents.made(Battery.of(judged, under is not None and under.single))
    sessions = {row.session.example.id: row.session.id for row in rows}
    return Attacks(
        said=documents.sentences(report),
        panels=[panel(part.name, part.title, part.frame, part.figure, part.note) for part in documents.parts(report)],
        items=[_item(fate, sessions[fate.id]) for fate in report.fates],
    )


def _item(fate: Fate, session: str) -> AttackedItem:
    return AttackedItem(
        item=fate.item,
        attack=fate.attack,
        domain=fate.domain,
        winner=fate.winner,
        flipped=fate.flipped,
        findings=", ".join(fate.findings),
        session=session,
    )
