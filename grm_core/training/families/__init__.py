"""The families of program-made preference tasks: SEEN ones make training items, UNSEEN ones only measure."""

from grm_core.training.families import conduct, facts, layout, numbers, reading, unseen, unseen_content, wording
from grm_core.training.families.base import Aspect, Draft, Family, Mark

SEEN = (
    *wording.FAMILIES, *layout.FAMILIES, *numbers.FAMILIES, *facts.FAMILIES, *reading.FAMILIES, *conduct.FAMILIES,
)  # fmt: skip
UNSEEN = (*unseen.FAMILIES, *unseen_content.FAMILIES)

__all__ = ["SEEN", "UNSEEN", "Aspect", "Draft", "Family", "Mark"]
