"""Held-out items to measure a GRM on: everyday ones, pairs of the dev split, items of seen and unseen families."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from grm_core.errors import UsageError
from grm_core.training import pairs, tasks
from grm_core.training.families import SEEN, UNSEEN, Family
from grm_core.training.written import material
from grm_core.types import Example

SETS = ("everyday", "dev", "seen", "unseen")
DEMOS = Path(__file__).resolve().parent.parent.parent / "assets" / "training"
"""The written judgments of this repository; a tenth of them is never trained on."""
_FIRST = 900_000
"""Seeds from here on belong to measuring; training stays far below."""
_SIZES = (2, 2, 2, 2, 2, 2, 3, 4)
"""Mostly pairs, as in training."""


def items(name: str, count: int, seed: int, source: Path | None = None, longest: int = 600) -> list[Example]:
    """`count` items of a set, drawn by the seed; `source` is the file of pairs for dev.

    Pairs are spread over their sources, items of families over these: pairs and a few longer lists. Raises UsageError
    for an unknown name and for dev without a file.
    """
    if name == "everyday":
        everyday = material.everyday([DEMOS])
        return random.Random(seed).sample(everyday, min(count, len(everyday)))
    if name == "dev":
        if source is None:
            raise UsageError("dev items come from a file of pairs: give it with --pairs")
        return spread(pairs.read(source, "dev", longest), count, seed)
    if name not in SETS:
        raise UsageError(f"there is no set {name!r}; there are {', '.join(SETS)}")
    return _made(SEEN if name == "seen" else UNSEEN, count, seed)


def spread(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """`count` of the items, drawn by the seed, as evenly as there are over their subsets (of pairs: their sources)."""
    rng = random.Random(seed)
    parts: dict[str, list[Example]] = {}
    for example in rng.sample(list(examples), len(examples)):
        parts.setdefault(example.subset or "", []).append(example)
    turns = zip_longest(*(parts[name] for name in sorted(parts)))
    return [example for turn in turns for example in turn if example is not None][:count]


def _made(families: Sequence[Family], count: int, seed: int) -> list[Example]:
    examples = []
    for place in range(count):
        family = families[place % len(families)]
        size = random.Random(f"{seed}|{place}").choice(_SIZES)
        made = tasks.draw(family, _FIRST + 1000 * seed + place, size).example
        examples.append(replace(made, id=f"{made.id}-n{size}"))
    return examples
