"""Adaptive k: items are drawn in rounds, each up to its next look, until verdicts are settled or the budget ends.

Which items a round takes follows from samples alone, never from when they arrived: a run that was stopped is gone
through again from its first round with what it left, and ends with the same samples as one that was not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grm_core.analysis import settling
from grm_core.analysis.looks import Rule
from grm_core.types import Sample, Session
from runs.drive import Arrival, Progress, Sink, Source, Task, drive
from runs.screen import Say


@dataclass(slots=True)
class _Item:
    """An item while it grows."""

    task: Task
    samples: dict[int, Sample]
    """By index: those that a stopped run left, and those that were drawn since."""
    at: int = 0
    """Samples at its last look."""
    chance: float = 1.0
    """Of another verdict, at that look."""

    def first(self, count: int) -> list[Sample] | None:
        """Its first samples by index; None where one of them is missing."""
        first = [self.samples[index] for index in range(count) if index in self.samples]
        return first if len(first) == count else None


class Growing:
    """The items of a run that have not ended, and how they go on."""

    def __init__(
        self, tasks: Sequence[Task], held: Mapping[str, Sequence[Sample]], rule: Rule, budget: int | None = None
    ) -> None:
        """`tasks`: every item up to rule.most; `held`: item id -> the answered samples that a stopped run left.

        `budget`: samples of all items together, those held among them; None = as many as the rule wants.
        """
        self.rule, self.left, self.spent = rule, budget, 0
        self.open = {
            task.plan.example.id: _Item(task, {sample.index: sample for sample in held.get(task.plan.example.id, ())})
            for task in tasks
        }

    def round(self) -> list[Task]:
        """The open items that go on, most open verdicts first, each up to its next look; [] when all is done."""
        tasks = []
        for item in sorted(self.open.values(), key=lambda item: -item.chance):
            look = self.rule.after(item.at)
            if self.left is not None:
                if look - item.at > self.left:
                    continue
                self.left -= look - item.at
            self.spent += look - item.at
            have = frozenset(index for index in item.samples if index < look)
            tasks.append(item.task._replace(plan=replace(item.task.plan, k=look, have=have)))
        return tasks

    def keep(self, arrival: Arrival) -> None:
        """Take account of a sample that was kept."""
        if arrival.sample is not None and arrival.sample.error is None:
            self.open[arrival.example.id].samples[arrival.sample.index] = arrival.sample

    def look(self, tasks: Sequence[Task]) -> int:
        """Look at the items of a round; returns how many ended: settled, complete, or because a sample failed."""
        before = len(self.open)
        for task in tasks:
            item = self.open[task.plan.example.id]
            first, item.at = item.first(task.plan.k), task.plan.k
            if first is None or item.at >= self.rule.most:
                del self.open[task.plan.example.id]
                continue
            chance = settling.chance(self.rule, first)
            if self.rule.settles(chance):
                del self.open[task.plan.example.id]
            item.chance = 1.0 if chance is None else chance
        return before - len(self.open)


async def grow(source: Source, growing: Growing, sink: Sink, progress: Progress, say: Say) -> None:
    """Draw round after round into the sink; an item whose sample failed goes no further until it is had."""
    keeping = _Keeping(sink, growing)
    while tasks := growing.round():
        await drive(source, tasks, keeping, progress, say, whole=False)
        progress.items_done += growing.look(tasks)
    progress.items_done += len(growing.open)


class _Keeping:
    """The sink of a round: what it keeps is what verdicts are looked at by."""

    def __init__(self, sink: Sink, growing: Growing) -> None:
        self.sink, self.growing = sink, growing

    def begin(self, session: Session) -> None:
        """Keep the session."""
        self.sink.begin(session)

    def add(self, arrival: Arrival) -> bool:
        """Keep a sample."""
        more = self.sink.add(arrival)
        self.growing.keep(arrival)
        return more


def is_whole(growing: Growing) -> bool:
    """Whether nothing is to be drawn; the rounds are gone through on the way."""
    while tasks := growing.round():
        if any(task.missing for task in tasks):
            return False
        growing.look(tasks)
    return True
