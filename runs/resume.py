"""A run that was stopped: what it has already, and whether it may go on under today's settings."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from grm_core.errors import UsageError
from grm_core.formats import sessions
from grm_core.formats.sessions import Block, ItemSamples
from grm_core.meta_rm import IN_VERSIONS
from grm_core.plan import SamplingPlan
from grm_core.prompts import Template
from grm_core.types import Example, Run, Sample
from runs.drive import Task
from runs.run import ADAPTIVE

SETTINGS = ("context", "template", "template_hash", "params", "seed", "order", "principles")
"""Settings that a resumed run shares with the one in the file, beside model and meta RM."""


def check_items(before: Block | None, examples: Iterable[Example], out: Path) -> None:
    """UsageError when a stopped run's file holds another item under one of the ids."""
    items = {} if before is None else {item.item_id: item.example for item in before.items}
    for example in examples:
        if items.get(example.id, example) != example:
            raise UsageError(f"{out}: item {example.id!r} differs from the one that was scored; choose another --out")


def check_same(before: Run, now: Run, names: Iterable[str], out: Path) -> None:
    """UsageError when a stopped run was made with other settings: its samples must not be mixed with new ones."""
    for name in names:
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            raise UsageError(
                f"{out} was made with {name} {old!r}, not {new!r}; use the same settings or another --out"
            )


def check_meta(before: Run, now: Run, out: Path) -> None:
    """UsageError when other samples of the file were read by another meta RM: a vote cannot rank by two scales."""
    old, new = before.versions.get(IN_VERSIONS), now.versions[IN_VERSIONS]
    if old not in (None, new):
        raise UsageError(
            f"{out} was made with meta RM {old}, not {new}; use the same --meta, or have `meta` read all anew"
        )


def check_adaptive(before: Run, now: Run, out: Path) -> None:
    """UsageError when a stopped run's items ended by another rule, or by none."""
    old, new = before.extra.get(ADAPTIVE), now.extra.get(ADAPTIVE)
    if old != new or (new is not None and before.k != now.k):
        words = [
            f"--k {run.k}" if rule is None else f"--k auto --k-max {run.k} and {rule}"
            for run, rule in ((before, old), (now, new))
        ]
        raise UsageError(f"{out} was made with {words[0]}, not {words[1]}; use the same settings or another --out")


def is_whole(before: Block, k: int, examples: Iterable[Example]) -> bool:
    """Whether a stopped run had ended: every example is there with k samples, none of them failed."""
    have = {item.item_id: _answered(item) for item in before.items}
    return all(have.get(example.id, frozenset()).issuperset(range(k)) for example in examples)


def tasks(
    run: Run,
    before: Block | None,
    k: int,
    items: Sequence[tuple[Example, Template]],
    tags: tuple[str, ...] = (),
    opens: bool = False,
) -> list[Task]:
    """Every item with the samples that are missing; failed ones are missing too. New sessions get the tags.

    `opens`: as the model's card says, see SamplingPlan.
    """
    stopped = {} if before is None else {item.item_id: item for item in before.items}
    due = []
    for example, template in items:
        item = stopped.get(example.id)
        session = sessions.session_of(run, item, example) if item else sessions.new_session(run, example, tags)
        have = _answered(item) if item else frozenset[int]()
        due.append(Task(plan_of(run, example, template, k, session.id, have, opens), session))
    return due


def plan_of(
    run: Run,
    example: Example,
    template: Template,
    k: int,
    session_id: str = "",
    have: frozenset[int] = frozenset(),
    opens: bool = False,
) -> SamplingPlan:
    """How a run asks about an example."""
    return SamplingPlan(
        example, template, run.params, k, run.seed, run.order, session_id, have, run.principles, run.context, opens
    )


def held(before: Block | None) -> dict[str, list[Sample]]:
    """Item id -> the answered samples that a stopped run left."""
    items = () if before is None else before.items
    return {item.item_id: [sample for sample in item.samples if sample.error is None] for item in items}


def _answered(item: ItemSamples) -> frozenset[int]:
    return frozenset(sample.index for sample in item.samples if sample.error is None)
