"""The plan for sampling an example: the settings that decide every prompt, order and seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from grm_core import families, prompts, shuffling
from grm_core.errors import UsageError
from grm_core.prompts import Template
from grm_core.shuffling import Slot
from grm_core.types import CONTEXTS, Example, Params


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """The plan for sampling one example."""

    example: Example
    template: Template
    params: Params
    k: int
    seed: int = 0
    order: str = "random"
    session_id: str = ""
    have: frozenset[int] = frozenset()
    """Indices that exist already and are not sampled again."""
    principles: tuple[str, ...] = ()
    """Principles given by the user; empty when the GRM generates its own."""
    context: str = "joint"
    """One of CONTEXTS, see `contexts` and `apart`; what is judged alone or in both orders is not shuffled, whatever
    `order` says."""
    opens: bool = False
    """Whether the model was trained to open each critique with the response's first words and a verdict word; in
    single only."""

    @property
    def single(self) -> bool:
        """Whether each response is judged in a prompt of its own."""
        return self.context == "single"

    @property
    def apart(self) -> bool:
        """Whether a sample is put together of whole replies to several prompts, see `apart`."""
        if self.context == "pairs":
            return len(self.example.responses) > 2
        return self.single and self.template.name in families.FAMILIES

    def missing(self) -> list[Slot]:
        """The slots of the samples that are still to be drawn, by index."""
        order = shuffling.OWN if self.single or self.apart else self.order
        slots = shuffling.plan(len(self.example.responses), self.k, self.seed, self.example.id, order)
        return [slot for slot in slots if slot.index not in self.have]


@dataclass(frozen=True, slots=True)
class Reading:
    """One judgment as the meta RM reads it."""

    example: Example
    order: tuple[int, ...]
    """order[p] = own index of the response shown at position p."""
    text: str
    """The GRM's text."""
    plan: SamplingPlan | None = None
    """How the GRM was asked; only `self` needs it, to find the same prompts in the engine's cache."""


def template_of(example: Example, principles: tuple[str, ...], style: str, context: str, name: str = "") -> Template:
    """The template of this name, or the one that fits the example and the family (`style`) that the model knows.

    In single, given principles begin the replies instead of standing in a prompt. Raises UsageError where the template
    does not show all that is given, or cannot be used in this context.
    """
    if context not in CONTEXTS:
        raise UsageError(f"context is {context!r}; it must be {' or '.join(CONTEXTS)}")
    only = families.context_of(name)
    if only not in ("", context):
        raise UsageError(f"template {name} is for --context {only} only")
    shown = () if context == "single" and not only else principles
    template = prompts.load(name or prompts.choose(example, shown, style))
    if context == "single":
        prompts.alone(template, example)
    prompts.shows(template, example, shown)
    return template


def request_key(example_id: str, order: Iterable[int], seed: int) -> str:
    """The name of a request: what it shows, in which order, and the seed of its first completion.

    A sample keeps the name under which it alone would be asked for: which others travelled with it depends on what a
    stopped run had already, and a run that was stopped is to end with the same bytes as one that was not.
    """
    return f"{example_id}|{'-'.join(map(str, order))}|{seed}"


def grouped(slots: Iterable[Slot]) -> list[list[Slot]]:
    """Slots of one order and consecutive seeds, together: one request each; groups in lexicographic order."""
    ranked = sorted(slots, key=lambda slot: (slot.order, slot.seed))
    # Seeds that rise in step with their place belong to one run of consecutive seeds.
    runs = groupby(enumerate(ranked), key=lambda placed: (placed[1].order, placed[1].seed - placed[0]))
    return [[slot for _, slot in run] for _, run in runs]
