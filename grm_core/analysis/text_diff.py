"""How two texts differ, word by word."""

import re
from difflib import SequenceMatcher
from typing import Literal

Change = tuple[Literal["same", "added", "removed"], str]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST = 4000
"""Words of a text that are compared; the rest is taken as it is, because the time grows with the square."""


def difference(base: str, other: str) -> list[Change]:
    """The words of both texts in reading order: `same`, `removed` (only in base) or `added` (only in other).

    `same` and `added` put together give `other`, `same` and `removed` give `base`.
    """
    old, new = _WORDS.findall(base), _WORDS.findall(other)
    changes: list[Change] = []
    for kind, i, j, k, m in SequenceMatcher(None, old[:_MOST], new[:_MOST], autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(("same", "".join(old[i:j])))
            continue
        if i < j:
            changes.append(("removed", "".join(old[i:j])))
        if k < m:
            changes.append(("added", "".join(new[k:m])))
    for change in (("removed", "".join(old[_MOST:])), ("added", "".join(new[_MOST:]))):
        changes += [change] if change[1] else []  # type: ignore[list-item]
    return changes
