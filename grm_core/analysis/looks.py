"""When an item has samples enough: at how many it is looked at, and what ends it. The arithmetic is in settling."""

from dataclasses import dataclass

from grm_core.errors import UsageError
from grm_core.types import Method

LEAST = 4
"""Below so many valid samples nothing is said: every guess would be too sure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When an item has samples enough: looked at after 4, 6, 8, 12, 18, 26, ... of them, it ends at `most` or before.

    It ends at a look where settling.chance is below risk / number of looks. Each look takes an equal share of the
    risk because a vote that is looked at often has many occasions to seem settled (Bonferroni's bound): the verdict
    then differs from that of all `most` samples with at most `risk`, also where the judge cannot tell the responses
    apart. docs/adaptive.md has how often it did. Only the first samples by index are looked at, never the first to
    arrive, so what is drawn follows from the seed.
    """

    risk: float = 0.05
    most: int = 32
    method: Method = Method.NAIVE

    def __post_init__(self) -> None:
        """Raise UsageError for a risk that is no probability."""
        check_level(self.risk)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of samples after which the vote is looked at, ascending and even; `most` is not among them."""
        looks = [LEAST]
        while looks[-1] < self.most:
            looks.append(looks[-1] + max(2, looks[-1] // 4 * 2))
        return tuple(looks[:-1])

    def after(self, count: int) -> int:
        """How many samples an item has at the look that follows the one at `count` (0 = none so far)."""
        return next((look for look in self.looks if look > count), self.most)

    @property
    def level(self) -> float:
        """The share of the risk that each look has."""
        return self.risk / max(1, len(self.looks))

    def settles(self, chance: float | None) -> bool:
        """Whether an item ends at a look with this chance."""
        return chance is not None and chance < self.level


def check_level(level: float) -> float:
    """The level at which a run may stop; UsageError unless it is a probability above 0 and below 1."""
    if not 0 < level < 1:
        raise UsageError(f"the level is {level}; it must lie between 0 and 1, such as 0.05")
    return level
