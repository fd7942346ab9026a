"""Material to train on, as endless streams of groups: written judgments, and labelled pairs."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grm_core import outcome
from grm_core.training import pairs
from grm_core.training.rounds import rounds
from grm_core.training.written import demonstrations, forms
from grm_core.training.written.demonstrations import Demonstration, Judgment
from grm_core.training.written.forms import Group
from grm_core.types import Example

MOST = 3
"""Responses of one item in one step, at most."""
_TEXT = 0.45
"""Share of the single judgments that are learned with their critiques; of the others the verdict word alone, which
costs a third of the tokens: how to write is learned from few items, which response is better from many."""
_BARE, _GIVEN = 0.55, 0.25
"""Shares of the single judgments that are shown without principles, and with their own; of the others, verdicts alone
are shown with those of another item, critiques without any. Those of a demonstration know its responses, and a GRM
that learns to lean on them is lost with those that it states itself (right on .86 of items with them, on .66 with its
own or none)."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that may be trained on."""

    shown: list[Demonstration]
    labelled: list[Example]


def everyday(paths: Sequence[Path]) -> list[Example]:
    """The held-out tenth of the demonstrations, those with several responses: the set `everyday`."""
    examples = [each.example for each in demonstrations.read(paths) if demonstrations.held_out(each.example.id)]
    return [example for example in examples if len(example.responses) > 1]


def gather(demos: Sequence[Path], labelled: Path | None, longest: int) -> Material:
    """Demonstrations but the tenth that is held out, and labelled pairs of the training split, at most so long."""
    shown = [each for each in demonstrations.read(demos) if not demonstrations.held_out(each.example.id)]
    examples = [] if labelled is None else pairs.read(labelled, "train", longest)
    return Material(shown, [example for example in examples if outcome.has_preference(example.labels)])


def streams(tokenizer: Any, corpus: Material, seed: str) -> dict[str, Iterator[Group]]:
    """Endless groups by kind, every item once before any comes again."""
    several = [(each, judgment) for each in corpus.shown for judgment in each.judgments]

    def judgments(kind: str) -> Iterator[tuple[Demonstration, Judgment, random.Random]]:
        for number, (each, judgment) in enumerate(endless(several, f"{seed}|{kind}")):
            yield each, judgment, random.Random(f"{seed}|{kind}|{number}")

    groups: dict[str, Iterator[Group]] = {
        "single": (_single(tokenizer, s, j, corpus.shown, rng) for s, j, rng in judgments("single")),
        "joint": (forms.joint(tokenizer, s, j, shuffled(s.example, rng)) for s, j, rng in judgments("joint")),
        "principles": (forms.principles_only(tokenizer, s, j, ()) for s, j, _ in judgments("principles")),
    }
    if corpus.labelled:
        groups["pair-single"] = (
            forms.pair_single(tokenizer, each) for each in endless(corpus.labelled, f"{seed}|single")
        )
        groups["pair-joint"] = (
            forms.pair_joint(tokenizer, each, random.Random(f"{seed}|{number}"))
            for number, each in enumerate(endless(corpus.labelled, f"{seed}|joint"))
        )
    return groups


def _single(
    tokenizer: Any, shown: Demonstration, judgment: Judgment, others: Sequence[Demonstration], rng: random.Random
) -> Group:
    """One response at a time: with critiques and the judgment's principles or none, or the verdicts alone."""
    part = rng.random()
    if rng.random() < _TEXT:
        return forms.single(tokenizer, shown, judgment, chosen(shown.example, rng), None if part < _GIVEN else "")
    principles = ""
    if part < _GIVEN:
        principles = forms.principles_text(judgment)
    elif part > _GIVEN + _BARE:
        principles = forms.principles_text(rng.choice(rng.choice(others).judgments))
    return forms.verdicts(tokenizer, shown, judgment, chosen(shown.example, rng, MOST + 1), principles)


def chosen(example: Example, rng: random.Random, most: int = MOST) -> list[int]:
    """The best response and others, `most` in all, in a random order: what fits one step."""
    labels = example.labels or ()
    order = shuffled(example, rng)
    best = outcome.best_labels(labels)[0]
    kept = [best, *[own for own in order if own != best][: most - 1]]
    return [own for own in order if own in kept]


def shuffled(example: Example, rng: random.Random) -> list[int]:
    """The responses in a random order."""
    return rng.sample(range(len(example.responses)), len(example.responses))


def mixed(shares: dict[str, float], groups: dict[str, Iterator[Group]], seed: str) -> Iterator[Group]:
    """Groups of the kinds by their shares, without end."""
    rng, kinds = random.Random(f"{seed}|mixed"), list(shares)
    while True:
        yield next(groups[rng.choices(kinds, [shares[kind] for kind in kinds])[0]])


def endless(items: Sequence[Any], seed: str) -> Iterator[Any]:
    """The items in an order drawn anew each time round, without end."""
    return (item for _, item in rounds(items, seed))
