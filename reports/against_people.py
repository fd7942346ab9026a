"""The GRM as a judge against people's blind labels, as a document and as CSV."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from grm_core.analysis import against_people, gold
from grm_core.analysis.frames import letter
from grm_core.analysis.labels import GOLD, TIE
from grm_core.formats.annotations import JudgedById
from grm_core.types import Annotation
from grm_core.voting import vote
from reports import sections
from reports.sections import Section
from reports.table import Table
from reports.words import count
from storage.store import Store

TITLE = "The GRM against people"
AGREEMENT = (
    "Items in which people chose blind; the gold label where they were settled. Agreement with 95% intervals "
    "(Wilson), Cohen's kappa with 95% bootstraps over items."
)
CHOICES = (
    "True positives: of the items in which people chose this, the share where the GRM does (TPR). True negatives: of "
    "the others, the share where it does not (TNR). Both with 95% intervals (Wilson). Share: of the GRM's verdicts on "
    "all items of the run. Corrected: that share without the GRM's errors, (share + TNR - 1) / (TPR + TNR - 1) (Rogan "
    "and Gladen 1978), with the interval of Lang and Reiczigel (2014); none where the GRM does no better than a coin. "
    "As labelled: the choice is a response that the data's label calls best; corrected, it says how often people "
    "would agree with the data."
)


@dataclass(frozen=True, slots=True)
class AgainstPeople:
    """How a run's GRM judges beside people."""

    said: str
    agreement: pd.DataFrame
    """See against_people.agreement."""
    choices: pd.DataFrame
    """See against_people.by_choice."""


def make(annotations: Sequence[Annotation], judged: JudgedById) -> AgainstPeople:
    """The report over the sessions of one run, `judged`, by the votes over all samples."""
    best = [each for each in annotations if each.kind.removeprefix(GOLD) == "best" and each.session_id in judged]
    settled, unsettled = gold.gold(best)
    winners = _winners(judged)
    examples = {session: example for session, (example, _) in judged.items()}
    table = against_people.choices(settled, examples, winners)
    rows = [
        (examples[session].subset or "", choice, against_people.right_choice(examples[session], choice))
        for session, choice in winners.items()
    ]
    run = pd.DataFrame(rows, columns=["subset", "judge", "judge_right"])
    how = table["how"].value_counts()
    parts = [f"{how[name]} {words}" for name, words in _HOW.items() if name in how]
    said = f"People chose in {count(len(table), 'item')} of {len(winners)} with a verdict"
    said += f" ({', '.join(parts)})." if parts else "."
    if unsettled:
        said += f" What is not settled is left out ({unsettled})."
    return AgainstPeople(said, against_people.agreement(table), against_people.by_choice(table, run))


_SESSIONS_MOST = 20_000
_HOW = {gold.AGREED: "agreed", gold.ADJUDICATED: "settled", gold.SINGLE: "by one annotator"}


def runs_of(store: Store, standing: Sequence[Annotation]) -> dict[str, int]:
    """Run id -> its blind labels, the run with most of them first."""
    blind = [each.session_id for each in standing if each.kind == "best"]
    sessions = store.sessions_by_id(set(blind))
    counts = Counter(sessions[session].run_id for session in blind)
    return dict(counts.most_common())


def judged_of(store: Store, run_id: str) -> JudgedById:
    """The sessions of a run outside the bin, with their samples."""
    sessions = store.newest_of_runs([run_id], _SESSIONS_MOST)
    return store.judged(session.id for session in sessions)


def parts(report: AgainstPeople) -> list[Section]:
    """Agreement, then the rates by choice, as a reader is shown them."""
    one, other = report.agreement, report.choices
    agreement = pd.DataFrame(
        {
            "subset": one["subset"],
            "items": one["n"],
            "agreement": _shown(one, "agreed", "low", "high"),
            "kappa": [
                "–" if value != value else f"{value:.2f}" + ("" if low != low else f" ({low:.2f} to {high:.2f})")
                for value, low, high in zip(
                    *(_numbers(one, f"kappa{end}") for end in ("", "_low", "_high")), strict=True
                )
            ],
        }
    )
    choices = pd.DataFrame(
        {
            "subset": other["subset"],
            "choice": other["choice"],
            "people": other["positives"],
            "true positives": _shown(other, "tpr", "tpr_low", "tpr_high"),
            "true negatives": _shown(other, "tnr", "tnr_low", "tnr_high"),
            "items of the run": other["items"],
            "share": _shown(other, "share"),
            "corrected": _shown(other, "corrected", "corrected_low", "corrected_high"),
        }
    )
    return [Section("Agreement", AGREEMENT, agreement), Section("By choice", CHOICES, choices)]


def _shown(frame: pd.DataFrame, *names: str) -> list[str]:
    """Shares in per cent, with their intervals where two more columns are named."""
    rows = zip(*(_numbers(frame, name) for name in names), strict=True)
    return [
        "–"
        if row[0] != row[0]
        else f"{100 * row[0]:.1f}%" + ("" if len(row) < 3 else f" ({100 * row[1]:.1f}–{100 * row[2]:.1f})")
        for row in rows
    ]


def _numbers(frame: pd.DataFrame, name: str) -> list[float]:
    return [float(value) for value in frame[name].astype(float)]


def markdown(report: AgainstPeople) -> str:
    """The document to paste."""
    return sections.markdown(TITLE, [report.said], parts(report))


def html(report: AgainstPeople) -> str:
    """The document as a page that opens offline."""
    return sections.html("sections", TITLE, [report.said], parts(report))


def csv(report: AgainstPeople) -> str:
    """Both tables as one: agreement and kappa stand on the rows without a choice."""
    agreement = report.agreement.assign(choice=None)
    return Table.of(pd.concat([agreement, report.choices], ignore_index=True)).csv()


def _winners(judged: JudgedById) -> Mapping[str, str]:
    """Session -> the letter of the vote's winner or tie; sessions without a readable sample are left out."""
    winners = {}
    for session, (example, samples) in judged.items():
        verdict = vote(samples)
        if verdict.totals is not None and len(example.responses) > 1:
            winners[session] = TIE if verdict.winner is None else letter(verdict.winner)
    return winners
