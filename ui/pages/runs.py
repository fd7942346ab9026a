"""The Runs page: the items of a run beside its plots, and several runs on the same items."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence

from grm_core.analysis import accuracy, audit
from grm_core.analysis.accuracy import Items
from grm_core.analysis.standing import Standing, standings
from grm_core.errors import UsageError
from grm_core.formats.lines import compact, digest
from grm_core.formats.scores import ItemScores, digest_of
from grm_core.outcome import has_preference
from grm_core.types import Finding
from reports.words import interval, run_title
from storage import numbers
from storage.numbers import Listed
from storage.store import Store
from ui import compared, run_panels
from ui.view import View, calls, served
from ui.wire.runs import Archive, ComparedRuns, Counted, RunItem, RunItems
from ui.wire.shared import Choice, Failed, Panel, Panels

_SINGLE_MOST = 50
"""Runs of one session that are offered where there are no larger ones."""
_FINDINGS_MOST = 100
"""Sessions whose texts are looked through in one call."""
_EDITION = 3
"""Goes up when a panel of the same samples becomes another one: what was kept before is then made anew."""


class RunPage:
    """A view that asks the server for the run that its address names."""

    def __init__(self, store: Store, zipped: Callable[[Store, Sequence[str]], bytes]) -> None:
        """`zipped` makes the static site of runs."""
        self.store, self.zipped = store, zipped
        View("runs", calls(self)).place({}, elem_id="run")

    @served(wrong=[])
    def choices(self) -> list[Choice]:
        """The runs of more than one session; those of one where there are no others."""
        stored = self.store.runs(least=2) or self.store.runs(_SINGLE_MOST)
        return [
            Choice(id=run.id, title=f"{run_title(run)} ({sessions:,} session{'' if sessions == 1 else 's'})")
            for run, sessions in stored
        ]

    @served(wrong=0)
    def size(self, names: list[str]) -> int:
        """How many samples these runs have so far, of at most as many runs as can be compared."""
        return sum(samples for name in names[: compared.MOST] for _, samples in self.store.run_sessions(name))

    @served()
    def items(self, name: str) -> RunItems | Failed:
        """Every item of a run in a line, the newest first."""
        if self.store.run(name) is None:
            return _unknown(name)
        return run_items(numbers.listed(self.store, name))

    @served(wrong=[])
    def findings(self, sessions: list[str]) -> list[Counted]:
        """How many findings these sessions have, of at most 100 of them."""
        judged = self.store.judged(sessions[:_FINDINGS_MOST])
        return [counted(session, audit.find(example, samples)) for session, (example, samples) in judged.items()]

    @served()
    def run(self, name: str, part: str) -> Panels | Failed:
        """The panels of a run, all its items counted: "first" is what is shown while the others are computed, "rest".

        What was computed once is kept in the database by the samples' content.
        """
        run = self.store.run(name)
        if run is None:
            return _unknown(name)
        items = voted(numbers.of_run(self.store, name))
        if not items:
            return Failed(error="No session of this run has two responses or more: there is nothing to vote on.")
        key = digest(f"runs {_EDITION} {part} {digest_of(items)}")
        kept = self.store.kept(key)
        made: list[Panel] = json.loads(kept) if kept else run_panels.MADE[part](items)
        if kept is None:
            self.store.keep(key, compact(made))
        return Panels(title=run_title(run), said=[], panels=made)

    @served()
    def site(self, names: list[str]) -> Archive | Failed:
        """A run, or several compared, as a static site in a ZIP archive."""
        if not 1 <= len(set(names)) <= compared.MOST:
            raise UsageError(f"a site holds from 1 to {compared.MOST} runs")
        data = self.zipped(self.store, names)
        return Archive(name=f"grm-lens-{names[0]}.zip", base64=base64.b64encode(data).decode())

    @served()
    def compared(self, names: list[str]) -> ComparedRuns | Failed:
        """Two runs or more on the items that all of them judged; the first is what the others are set against."""
        if not 2 <= len(set(names)) <= compared.MOST:
            raise UsageError(f"from 2 to {compared.MOST} different runs can be compared")
        runs = self.store.runs_by_id(names)
        if len(runs) < len(set(names)):
            return Failed(error="One of these runs is not here any more.")
        return compared.compare(self.store, [runs[name] for name in dict.fromkeys(names)])


def voted(items: list[ItemScores]) -> list[ItemScores]:
    """The items that a vote is about: of those with labels where there are any, else all."""
    items = [item for item in items if item.scores.shape[1] > 1 and len(item.indices)]
    return [item for item in items if item.labels] or items


def run_items(listed: list[Listed]) -> RunItems:
    """The items as the page lists them."""
    items = [each.item for each in listed]
    lines = standings(items)
    return RunItems(
        k=max((line.samples for line in lines), default=0),
        labelled=any(line.right is not None for line in lines),
        subsets=sorted({line.subset for line in lines}),
        said=_said(items, lines),
        items=[_item(each, line) for each, line in zip(listed, lines, strict=True)],
    )


def counted(session: str, findings: Sequence[Finding]) -> Counted:
    """How many findings a session has; those that are no reason to look do not count."""
    counts = Counter(finding.severity for finding in findings)
    return Counted(session=session, error=counts["error"], warning=counts["warning"], note=counts["note"])


def _item(listed: Listed, line: Standing) -> RunItem:
    return RunItem(
        session=listed.session,
        title=listed.title,
        item=line.item_id,
        subset=line.subset,
        best=list(line.best),
        winner=line.winner,
        margin=line.margin,
        agreement=line.agreement,
        alone=line.alone,
        right=line.right,
        settles=line.settles,
        samples=line.samples,
        unread=line.unread,
    )


def _unknown(name: str) -> Failed:
    return Failed(error=f"There is no run {name}.")


def _said(items: Items, lines: list[Standing]) -> str:
    labelled = [item for item in accuracy.in_numbers(items) if has_preference(item.labels) and len(item.indices)]
    if not labelled:
        return f"{len(lines):,} items, none with labels."
    k = max(len(item.indices) for item in labelled)
    one, every = (accuracy.estimate(accuracy.at_k(labelled, each), 2000) for each in (1, k))
    right, tied = (sum(line.right == kind for line in lines) for kind in ("right", "tie"))
    ties = f", {tied:,} tied" if tied else ""
    shares = [f"k = {at}: {interval(each.mean, each.low, each.high)}" for at, each in ((k, every), (1, one))]
    return f"{right:,} of {len(labelled):,} labelled items right{ties}. Accuracy at {', at '.join(shares)}."
