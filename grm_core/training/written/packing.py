"""Groups of rows as one sequence of tokens: nothing is padded, and what the rows of a group share is computed once.

The responses of an item are each judged in a prompt of their own, and these prompts begin alike (instructions and
query). A mask lets every row see what its group shares and itself, nothing else; positions are those of the rows.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

import torch

from grm_core.training.written.forms import Group

_STEP = 256
"""What does not fit a pass of the usual size gets one whose number of tokens is a multiple of this."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Groups in one sequence of `width` tokens, what is left over filled with zeros that see only themselves."""

    ids: torch.Tensor
    """[1, width]"""
    positions: torch.Tensor
    """[1, width]"""
    mask: torch.Tensor
    """[1, 1, width, width], bool: whether the token of the row sees the token of the column."""
    starts: tuple[tuple[int, int, int], ...]
    """Per row of all groups: tokens that it shares, where these begin, and where its own begin."""

    def place(self, row: int, place: int) -> int:
        """Where the token of a row stands in the sequence."""
        shared, first, own = self.starts[row]
        return first + place if place < shared else own + place - shared


def shared(group: Group) -> int:
    """Tokens with which all rows of a group begin; 0 for a single row."""
    if len(group.rows) == 1:
        return 0
    columns = zip(*(row.ids for row in group.rows), strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def size(group: Group) -> int:
    """Tokens of a group in a sequence."""
    return sum(len(row.ids) for row in group.rows) - (len(group.rows) - 1) * shared(group)


def pack(groups: Sequence[Group], tokens: int = 0) -> Packed:
    """Put groups in one sequence. `tokens`: its length if they fit; 0: what they need."""
    ids: list[int] = []
    positions: list[int] = []
    owners: list[int] = []
    members: list[int] = []
    starts: list[tuple[int, int, int]] = []

    def add(part: Sequence[int], first: int, owner: int, member: int) -> int:
        start = len(ids)
        ids.extend(part)
        positions.extend(range(first, first + len(part)))
        owners.extend([owner] * len(part))
        members.extend([member] * len(part))
        return start

    for member, group in enumerate(groups):
        common = shared(group)
        first = add(group.rows[0].ids[:common], 0, -1, member)
        for row in group.rows:
            starts.append((common, first, add(row.ids[common:], common, len(starts), member)))
    width = max(len(ids), tokens) if len(ids) <= tokens or not tokens else -(-len(ids) // _STEP) * _STEP
    rest = width - len(ids)
    mask = _mask(torch.tensor(owners + [-2] * rest), torch.tensor(members + [-1] * rest))
    return Packed(
        torch.tensor([ids + [0] * rest]), torch.tensor([positions + [0] * rest]), mask[None, None], tuple(starts)
    )


def _mask(owners: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """Which token sees which: no later one, only those of its group, of these the shared ones (-1) and its own row."""
    places = torch.arange(len(owners))
    before = places[None, :] <= places[:, None]
    mine = (owners[None, :] == owners[:, None]) | (owners[None, :] == -1)
    together = (members[None, :] == members[:, None]) & (members[:, None] >= 0)
    return (before & mine & together) | torch.eye(len(owners), dtype=torch.bool)


def batches(groups: Iterator[Group], count: int, tokens: int, pool: int = 8) -> Iterator[list[list[Group]]]:
    """Steps of about `count` groups, each cut into passes of at most `tokens` tokens.

    A group is never cut: its rows are ranked against each other. One that is longer than a pass stands alone.
    """
    while pooled := list(islice(groups, count * pool)):
        passes: list[list[Group]] = []
        room: list[int] = []
        for group in sorted(pooled, key=size, reverse=True):
            needed = size(group)
            fitting = [place for place, left in enumerate(room) if needed <= left]
            if fitting:
                best = min(fitting, key=room.__getitem__)
                passes[best].append(group)
                room[best] -= needed
            else:
                passes.append([group])
                room.append(tokens - needed)
        random.Random(len(pooled[0].rows[0].ids) + pooled[-1].rows[0].ids[-1]).shuffle(passes)
        each = max(1, round(len(passes) * count / len(pooled)))
        for start in range(0, len(passes), each):
            yield passes[start : start + each]
